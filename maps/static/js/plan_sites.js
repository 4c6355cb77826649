// Sites of one's shortlist in the form for a new plan: must be visited, as their priority says, or not, with a reason.

import { getJson } from "./api.js";
import { el, fill } from "./dom.js";
import { language, t } from "./i18n.js";
import { ROOT, keyOf } from "./plan_words.js";

const byId = (id) => document.getElementById(id);
const LAYERS = ["workplaces", "accommodation"];
const MOST_NAMED = 6;
// A shorter title would be found inside other words.
const SHORTEST_NAME = 3;

export class SiteChoices {
  // `wanted` are keys such as "workplaces/123" that must be visited from the beginning.
  // `excluded` is a key to the code of the reason for which the site is left out.
  constructor(wanted, excluded = new Map()) {
    this.wanted = new Set(wanted);
    this.excluded = excluded;
    this.sites = [];
    this.left = [];
  }

  async load() {
    const sites = await this.find().catch(() => null);
    this.sites = sites ?? [];
    const others = [...this.wanted, ...this.excluded.keys()].filter((key) => !this.sites.some((site) => keyOf(site) === key));
    const looked = await Promise.all(others.map((key) => this.look(key)));
    this.sites = [...this.sites, ...looked];
    if (sites === null) this.left = [];
    this.draw(sites === null);
  }

  async find() {
    const { entries } = await getJson(`${ROOT}api/shortlist`, { lang: language() });
    const isSite = (one) => one.kind === "site" && LAYERS.includes(one.layer);
    const there = entries.filter((one) => one.is_there);
    this.left = there.filter((one) => !isSite(one));
    return there.filter(isSite);
  }

  // A site that the address names and the shortlist does not.
  async look(key) {
    const [layer, ...rest] = key.split("/");
    const id = rest.join("/");
    const site = { layer, record_id: id, title: id, layer_title: null, place: null, municipality: null };
    try {
      const found = await getJson(`${ROOT}api/sites/${encodeURIComponent(layer)}/${encodeURIComponent(id)}`, { lang: language() });
      return { ...site, title: found.title ?? id, layer_title: found.layer_title ?? null, municipality: found.municipality ?? null };
    } catch {
      return site;
    }
  }

  draw(failed) {
    const words = failed ? t("The shortlist cannot be read just now. The plan can be made without it, and sites pinned afterwards.") : this.sites.length ? t("Sites that must be visited are in the plan whatever their priority; those that must not be need a reason.") : t("No sites are on your shortlist. Put some there on the map, or pin sites when you see the plan.");
    fill(byId("sites-hint"), words, this.left.length > 0 && [" ", this.leftWords()]);
    fill(byId("sites"), this.sites.map((site, i) => this.row(site, i)));
  }

  // What a crew cannot drive to: which entries are left out, and what to do about it.
  leftWords() {
    const name = ({ title, cell_id: id }) => (id ? el("a", { href: `${ROOT}?${new URLSearchParams({ lang: language(), cell: id })}` }, el("bdi", {}, title ?? id)) : el("bdi", {}, title));
    const more = this.left.length - MOST_NAMED;
    return [
      t("A plan takes workplaces and accommodation, which a crew can drive to; these entries of your shortlist are left out:"),
      " ",
      this.left.slice(0, MOST_NAMED).map((one, i) => [i > 0 && ", ", name(one)]),
      more > 0 && [" ", t("and {n} more", { n: more })],
      ". ",
      t("Open one on the map and put a workplace or an accommodation in it on your shortlist instead."),
    ];
  }

  row(site, i) {
    const field = el(
      "select",
      { id: `site-${i}`, "aria-describedby": `site-${i}-where` },
      el("option", { value: "" }, t("As its priority says")),
      el("option", { value: "pin" }, t("Must be visited")),
      el("optgroup", { label: t("Not to be visited, because") }, byId("exclusion-options").content.cloneNode(true)),
    );
    field.value = this.wanted.has(keyOf(site)) ? "pin" : (this.excluded.get(keyOf(site)) ?? "");
    const where = [site.layer_title, site.place, site.municipality].filter((one, k, all) => one && all.indexOf(one) === k && one !== site.title);
    return el("li", {}, el("div", {}, el("label", { for: `site-${i}` }, el("bdi", {}, site.title)), el("p", { class: "hint", id: `site-${i}-where` }, where.join(" · "))), field);
  }

  // The field of the site that a message names first, by its title or its layer and id.
  fieldNamed(words) {
    const places = this.sites.flatMap(({ title, layer, record_id }, i) => [title, `${layer} ${record_id}`].map((name) => ({ i, at: name.length < SHORTEST_NAME ? -1 : words.indexOf(name), length: name.length })));
    const [first] = places.filter(({ at }) => at >= 0).sort((a, b) => a.at - b.at || b.length - a.length);
    return first ? `site-${first.i}` : null;
  }

  // The field of what was sent as the nth that must be visited, or as the nth that must not.
  fieldAt(what, n) {
    const { layer, record_id } = this.values[what][n] ?? {};
    const i = this.sites.findIndex((site) => site.layer === layer && site.record_id === record_id);
    return `site-${Math.max(i, 0)}`;
  }

  get values() {
    const chosen = this.sites.map(({ layer, record_id }, i) => ({ layer, record_id, what: byId(`site-${i}`)?.value ?? "" }));
    const bare = ({ layer, record_id }) => ({ layer, record_id });
    return {
      pinned: chosen.filter(({ what }) => what === "pin").map(bare),
      excluded: chosen.filter(({ what }) => what && what !== "pin").map((one) => ({ ...bare(one), reason: one.what })),
    };
  }
}
