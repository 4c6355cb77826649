// Sites that a draft does not hold: those that were ranked and not chosen, and those of one's shortlist.

import { getJson } from "./api.js";
import { el, fill } from "./dom.js";
import { language, t } from "./i18n.js";
import { targetMenu } from "./plan_edits.js";
import { ROOT, keyOf, points, whereOf } from "./plan_words.js";

const byId = (id) => document.getElementById(id);
const LAYERS = ["workplaces", "accommodation"];
const SHOWN = 8;

export class Candidates {
  constructor(page) {
    Object.assign(this, { page, listed: [], isAll: false });
  }

  async load() {
    if (!this.page.isDraft) return;
    try {
      const { entries } = await getJson(`${ROOT}api/shortlist`, { lang: language() });
      this.listed = entries.filter((one) => one.kind === "site" && one.is_there && LAYERS.includes(one.layer));
    } catch {
      // the plan is whole without it
      this.listed = [];
    }
    this.draw();
  }

  draw() {
    const { plan } = this.page;
    const there = new Set(plan.routes.flatMap(({ stops }) => stops.map(keyOf)));
    const free = (sites) => sites.filter((site) => !there.has(keyOf(site)));
    const own = free(this.listed);
    const ranked = free(plan.candidates).filter((site) => !own.some((one) => keyOf(one) === keyOf(site)));
    byId("candidates-part").hidden = !this.page.isDraft;
    const shown = this.isAll ? ranked : ranked.slice(0, SHOWN);
    fill(
      byId("candidates"),
      own.length > 0 && [el("h3", {}, t("On your shortlist")), el("ul", { class: "candidates" }, own.map((site) => this.row(site)))],
      ranked.length > 0 && [el("h3", {}, t("Candidates that were not chosen")), el("ul", { class: "candidates" }, shown.map((site) => this.row(site)))],
      ranked.length > shown.length && el("button", { type: "button", class: "plain-button", onclick: () => this.showAll() }, t("Show all {n}", { n: ranked.length })),
      !own.length && !ranked.length && el("p", { class: "hint" }, t("None: put sites on your shortlist on the map to pin them here."), " ", el("a", { href: `${ROOT}?lang=${language()}` }, t("To the map"))),
    );
  }

  showAll() {
    this.isAll = true;
    this.draw();
    byId("candidates").querySelectorAll(".candidates:last-of-type [data-key]")[SHOWN]?.focus();
  }

  row(site) {
    const key = keyOf(site);
    const { edits } = this.page;
    const isPinned = edits.pinned.has(key);
    const what = site.title;
    const excluded = (this.page.plan.exclusions ?? []).find((one) => keyOf(one) === key);
    return el(
      "li",
      {},
      el("div", {}, el("p", { class: "stop-title" }, el("bdi", {}, what)), el("p", { class: "row-where" }, whereOf(site)), el("p", { class: "hint" }, [typeof site.priority === "number" && t("Priority {points}", { points: points(site.priority) }), excluded && t("Left out: {reason}", { reason: excluded.reason_title }), site.reasons?.[0]].filter(Boolean).join(" · "))),
      el(
        "div",
        { class: "stop-acts" },
        el("button", { type: "button", class: "act", "data-key": `${key} pin`, "aria-pressed": String(isPinned), "aria-label": isPinned ? t("Do not pin: {what}", { what }) : t("Pin, so that it is visited: {what}", { what }), onclick: () => edits.pin(site, !isPinned) }, isPinned ? t("Pinned") : t("Pin")),
        targetMenu(this.page, site, { words: t("Put in …"), label: t("Put into the plan: {what}", { what }), key: `${key} to` }),
      ),
    );
  }
}
