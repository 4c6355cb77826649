// A plan's page: the plan as it stands, what is done to it one change after the other, and what others did meanwhile.

import { announce, clearProblem, showProblem } from "./announce.js";
import { getJson, sendJson } from "./api.js";
import { el, fill } from "./dom.js";
import { guardUnsaved } from "./drafts.js";
import { language, number, t, textsOf, useLanguage } from "./i18n.js";
import { Candidates } from "./plan_candidates.js";
import { Checklist } from "./plan_checklist.js";
import { Edits } from "./plan_edits.js";
import { drawHistory, drawMoves } from "./plan_history.js";
import { PlanMap } from "./plan_map.js";
import { Outcomes } from "./plan_outcomes.js";
import { RouteCards } from "./plan_routes.js";
import { drawActual, drawHead, drawNotes } from "./plan_summary.js";
import { ROOT } from "./plan_words.js";
import { showToast } from "./toast.js";

const byId = (id) => document.getElementById(id);

class PlanPage {
  constructor() {
    this.id = document.body.dataset.plan;
    this.path = `${ROOT}api/plans/${encodeURIComponent(this.id)}`;
    this.queue = Promise.resolve();
    this.waiting = 0;
  }

  async start() {
    const lang = document.documentElement.lang;
    useLanguage(lang, await getJson(`${ROOT}i18n/${lang}.json`, textsOf(document.body)));
    const [plan, basemap] = await Promise.all([getJson(this.path, { lang }), getJson(`${ROOT}api/basemap`)]);
    this.plan = plan;
    this.map = new PlanMap(window.map_norrsyn, basemap, { onStop: (key) => this.cards.show(key) });
    this.edits = new Edits(this);
    this.outcomes = new Outcomes(this);
    this.cards = new RouteCards(this);
    this.checklist = new Checklist(this);
    this.candidates = new Candidates(this);
    guardUnsaved(() => this.edits.isWaiting || this.outcomes.isDirty || this.waiting > 0);
    byId("print-plan").addEventListener("click", () => window.print());
    this.draw();
    this.map.fit();
    await this.candidates.load();
  }

  // Whether stops, crews and days may change here; and whether what supports them may.
  get isDraft() {
    return this.mayChange && this.plan.state === "draft";
  }

  get isOpen() {
    return this.mayChange && ["draft", "ready"].includes(this.plan.state);
  }

  get mayChange() {
    return this.plan.may_change ?? Boolean(document.body.dataset.mayChange);
  }

  draw() {
    const focused = document.activeElement?.closest("[data-key]")?.dataset.key;
    drawHead(this.plan);
    drawMoves(this);
    drawNotes(this.plan);
    this.edits.draw();
    this.cards.draw();
    this.candidates.draw();
    this.checklist.draw();
    drawActual(this.plan);
    drawHistory(this);
    this.map.draw(this.plan);
    byId("routes").setAttribute("aria-busy", String(this.waiting > 0));
    if (focused) this.focus(focused);
  }

  // Where the focus was; a button that is at its end gives it to the one that goes the other way.
  focus(key) {
    const find = (one) => document.querySelector(`[data-key="${CSS.escape(one)}"]:not(:disabled)`);
    const other = key.endsWith(" up") ? key.replace(/ up$/, " down") : key.replace(/ down$/, " up");
    const title = key.replace(/ [\w-]+$/, " title");
    (find(key) ?? find(other) ?? find(title))?.focus({ preventScroll: true });
  }

  // One change after the other. `body` makes what is sent from the plan as it then stands, or null where there is nothing
  // to do by now; `said` are the words once it is done.
  change(method, path, body, { said = null, done = null, wait = null } = {}) {
    const order = { method, path, body, said, done, wait };
    this.queue = this.queue.then(() => this.attempt(order));
    return this.queue;
  }

  async attempt(order) {
    const { method, path, body, said, done, wait } = order;
    const value = body(this.plan);
    if (value === null) return;
    this.busy(1, wait);
    try {
      const plan = await sendJson(method, `${this.path}${path}`, { version: this.plan.version, ...value }, { lang: language() });
      clearProblem("plan");
      this.hideConflict();
      done?.(plan);
      this.take(plan);
      if (said) showToast(typeof said === "function" ? said(plan) : said);
    } catch (error) {
      if (error.current) this.meet(error.current, order);
      else {
        this.draw();
        showProblem("plan", error);
      }
    } finally {
      this.busy(-1);
    }
  }

  busy(step, words = null) {
    this.waiting += step;
    byId("routes").setAttribute("aria-busy", String(this.waiting > 0));
    byId("content").classList.toggle("is-busy", this.waiting > 0);
    if (step > 0 && words) announce(words);
    this.edits?.draw();
  }

  take(plan) {
    this.plan = plan;
    this.edits.meet(plan);
    this.draw();
  }

  // Somebody else was quicker: what they did is told and shown, and one's own change waits to be done on top of it.
  meet(current, order) {
    const theirs = current.history.slice(this.plan.history.length);
    this.take(current);
    const node = byId("conflict");
    const again = () => {
      this.hideConflict();
      this.change(order.method, order.path, order.body, order);
    };
    fill(
      node,
      el("p", {}, el("strong", {}, t("Somebody else changed the plan meanwhile.")), " ", t("Nothing of it is overwritten, and what you did is not lost: you see the plan as it is now, and choose.")),
      theirs.length > 0 && el("ul", { class: "conflict-list" }, theirs.map((one) => el("li", {}, el("bdi", {}, one.by), ": ", one.what_text))),
      el("p", { class: "row-buttons" }, el("button", { type: "button", class: "button button-main", onclick: again }, t("Do mine on top of it")), el("button", { type: "button", class: "plain-button", onclick: () => this.hideConflict() }, t("Leave it as it is now"))),
    );
    node.hidden = false;
    node.focus();
    node.scrollIntoView({ block: "center" });
  }

  hideConflict() {
    byId("conflict").hidden = true;
  }

  countStops() {
    return number(this.plan.routes.reduce((n, { stops }) => n + stops.length, 0));
  }
}

new PlanPage().start().catch((error) => {
  fill(byId("routes"));
  showProblem("start", error, () => window.location.reload());
});
