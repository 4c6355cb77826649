// A plan's page: the plan as it stands, what is done to it one change after the other, and what others did meanwhile.

import { announce, clearProblem, showProblem } from "./announce.js";
import { answerFrom, getJson, sendJson } from "./api.js";
import { el, fill } from "./dom.js";
import { guardUnsaved } from "./drafts.js";
import { findSavedPlan } from "./field_plan_page.js";
import { language, number, t, textsOf, useLanguage } from "./i18n.js";
import { Candidates } from "./plan_candidates.js";
import { Checklist } from "./plan_checklist.js";
import { Edits } from "./plan_edits.js";
import { drawHistory, drawMoves } from "./plan_history.js";
import { setUpPlanField } from "./plan_field.js";
import { PlanMap } from "./plan_map.js";
import { Orders } from "./plan_orders.js";
import { Outcomes } from "./plan_outcomes.js";
import { RouteCards } from "./plan_routes.js";
import { drawActual, drawHead, drawNotes } from "./plan_summary.js";
import { findPlace, noteFolds } from "./plan_place.js";
import { ROOT, isOneself } from "./plan_words.js";
import { showToast } from "./toast.js";

const byId = (id) => document.getElementById(id);

class PlanPage {
  constructor() {
    this.id = document.body.dataset.plan;
    this.path = `${ROOT}api/plans/${encodeURIComponent(this.id)}`;
    this.waiting = 0;
    this.theirs = [];
    this.orders = new Orders({
      plan: () => this.plan,
      send: (order, value) => this.send(order, value),
      done: (plan, order) => this.end(plan, order),
      refused: (current, order) => this.meet(current, order),
      failed: (error, order) => {
        this.draw();
        showProblem(`plan ${order.topic}`, error);
      },
    });
  }

  async start() {
    const lang = document.documentElement.lang;
    this.saved = findSavedPlan();
    if (this.saved) answerFrom((url, options) => this.saved.answer(url, options));
    useLanguage(lang, await getJson(`${ROOT}i18n/${lang}.json`, textsOf(document.body)));
    if (this.saved && !(await this.saved.open())) {
      this.saved.showGone();
      return;
    }
    const [plan, basemap] = await Promise.all([getJson(this.path, { lang }), getJson(`${ROOT}api/basemap`)]);
    this.plan = plan;
    this.map = new PlanMap(window.map_norrsyn, basemap, { onStop: (key) => this.cards.show(key) });
    this.edits = new Edits(this);
    this.outcomes = new Outcomes(this);
    this.cards = new RouteCards(this);
    this.checklist = new Checklist(this);
    this.candidates = new Candidates(this);
    guardUnsaved(() => this.edits.isWaiting || this.outcomes.isDirty || this.waiting > 0 || this.orders.undone.length > 0);
    byId("print-plan").addEventListener("click", () => window.print());
    this.draw();
    this.map.fit();
    if (this.saved) {
      await this.saved.show();
      return;
    }
    this.field = setUpPlanField(this);
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
    return !this.saved && (this.plan.may_change ?? Boolean(document.body.dataset.mayChange));
  }

  draw() {
    const focused = document.activeElement?.closest("[data-key]")?.dataset.key;
    const restoreFolds = noteFolds(byId("content"));
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
    restoreFolds();
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

  // One change after the other. `what` calls it by name, and `about` is what in the plan it is about. `body` makes what is
  // sent from the plan as it then stands, or null where there is nothing to do by now; `said` are the words once it is
  // done. `compare(plan, theirs)` is null unless doing it again would replace what somebody else did: then it has `words`
  // that say so, what the button that goes on is called (`act`), and maybe `show`, which shows both instead of sending.
  // `theirs` is what others did to the plan since the order was given or last agreed to.
  change(method, path, body, { what, about = "", said = null, done = null, wait = null, compare = () => null }) {
    return this.orders.add({ method, path, body, what, topic: `${method} ${path} ${about}`, said, done, wait, compare, theirs: [], key: findPlace().key });
  }

  async send({ method, path, wait }, value) {
    this.busy(1, wait);
    try {
      return await sendJson(method, `${this.path}${path}`, value, { lang: language() });
    } finally {
      this.busy(-1);
    }
  }

  end(plan, { topic, done, said }) {
    clearProblem(`plan ${topic}`);
    done?.(plan);
    this.take(plan);
    if (!byId("conflict").hidden) this.drawConflict();
    if (said) showToast(typeof said === "function" ? said(plan) : said);
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
    this.field?.showList();
  }

  // Somebody else was quicker: what they did is told and shown, and one's own changes wait to be done on top of it. Once
  // it is settled, the page is where it was.
  meet(current, { key }) {
    const conflict = byId("conflict");
    if (conflict.hidden || !conflict.contains(document.activeElement)) this.place = { ...findPlace(), key: findPlace().key ?? key };
    const news = current.history.slice(this.plan.history.length);
    this.theirs.push(...news);
    for (const order of this.orders.undone) order.theirs = [...order.theirs, ...news];
    this.take(current);
    this.drawConflict();
    conflict.focus();
    conflict.scrollIntoView({ block: "center" });
  }

  // Back to where somebody was, unless they have gone elsewhere themselves.
  goBack() {
    const { place } = this;
    this.place = null;
    if (!place || (document.activeElement !== document.body && !byId("conflict").contains(document.activeElement))) return null;
    return () => {
      if (place.key) this.focus(place.key);
      place.scroll();
    };
  }

  drawConflict() {
    const { undone } = this.orders;
    const node = byId("conflict");
    const goBack = undone.length === 0 ? this.goBack() : null;
    node.hidden = undone.length === 0;
    if (node.hidden) {
      this.theirs = [];
      goBack?.();
      return;
    }
    const isOwn = this.theirs.length > 0 && this.theirs.every(({ by }) => isOneself(by));
    const leave = () => {
      this.orders.undone = [];
      this.drawConflict();
    };
    fill(
      node,
      el("p", {}, el("strong", {}, isOwn ? t("You changed the plan meanwhile, in another tab.") : t("Somebody else changed the plan meanwhile.")), " ", t("Nothing of it is overwritten, and what you did is not lost: you see the plan as it is now, and choose.")),
      this.theirs.length > 0 && el("ul", { class: "conflict-list" }, this.theirs.map((one) => el("li", {}, isOneself(one.by) ? t("You, in another tab") : el("bdi", {}, one.by), ": ", one.what_text))),
      el("p", {}, t("Yours, not sent or not saved: {n}", { n: undone.length })),
      el("ul", { class: "conflict-list" }, undone.map((order) => el("li", {}, this.undoneRow(order)))),
      el("p", { class: "row-buttons" }, el("button", { type: "button", class: "plain-button", onclick: leave }, t("Leave it as it is now"))),
    );
  }

  undoneRow(order) {
    const clash = order.compare(this.plan, order.theirs);
    const act = clash ? clash.act : t("Do mine on top of it");
    return [
      el("p", {}, el("bdi", {}, order.what), clash && [". ", clash.words]),
      el("p", { class: "row-buttons" }, el("button", { type: "button", class: "button button-main", "aria-label": `${act}: ${order.what}`, onclick: () => this.redo(order, clash) }, act)),
    ];
  }

  // Whoever sends it again has seen what others did.
  redo(order, clash) {
    order.theirs = [];
    if (clash?.show) this.orders.drop(order);
    else this.orders.again(order);
    this.drawConflict();
    clash?.show?.();
  }

  countStops() {
    return number(this.plan.routes.reduce((n, { stops }) => n + stops.length, 0));
  }
}

new PlanPage().start().catch((error) => {
  fill(byId("routes"));
  showProblem("start", error, () => window.location.reload());
});
