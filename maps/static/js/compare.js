// Another date, or another surface, beside the one in view: as their difference, or side by side with a line between.

import { announce, clearProblem, showProblem } from "./announce.js";
import { ApiError, getJson, latestOnly } from "./api.js";
import { NO_COMPARE, compareWithDay, compareWithSurface, parseCompare } from "./compare_state.js";
import { el, fill } from "./dom.js";
import { coordinates, day, language, number, t } from "./i18n.js";
import { isFiltered } from "./filter_state.js";
import { isScoringDay, weightParameters } from "./state.js";
import { ScoreTiles } from "./surface.js";
import { describeSurface, describeSurfaces } from "./surface_words.js";
import { toSweref } from "./sweref.js";
import { Swipe } from "./swipe.js";
import { onTask, showTask } from "./tasks.js";

const byId = (id) => document.getElementById(id);
const LISTED = 5;
// Not allowed, not there, not comparable: asking again would change nothing.
const FINAL = new Set([403, 404, 422]);

export class ComparePanel {
  // `words` are {parts: [{code, title}], sectorName}, to tell surfaces by.
  constructor({ map, store, surface, cells, legend, events, address, words }) {
    Object.assign(this, { map, store, surface, cells, legend, address, words });
    this.other = parseCompare(store.get().compare);
    this.others = [];
    this.answer = null;
    this.swipe = null;
    this.latest = latestOnly();
    this.tiles = new ScoreTiles(map, window.tile_layer_scores, { onError: () => {} });
    byId("compare-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.choose();
    });
    byId("compare-surface").addEventListener("change", () => {
      byId("compare-date-field").hidden = Boolean(byId("compare-surface").value);
    });
    byId("compare-stop").addEventListener("click", () => {
      store.set(NO_COMPARE);
      byId("compare-surface").focus();
    });
    for (const button of document.querySelectorAll("[data-compare]")) button.addEventListener("click", () => store.set({ compareAs: button.dataset.compare }));
    onTask((name) => name === "compare" && this.list());
    events.on("surface", (info) => {
      if (this.other && (this.isWaiting || info.id !== this.answer?.surface)) this.compare();
      else this.sayWhole();
    });
  }

  // What the address asks for when the page opens.
  begin() {
    if (!this.other) return;
    showTask("compare");
    this.showChoice();
  }

  // `isOther`: the surface in view is about to be another one, which is compared when it is there.
  follow(state, before, { isOther }) {
    if (state.compare === before.compare) {
      if (this.answer && state.compareAs !== before.compareAs) this.show();
      else if (this.swipe && state.compareLine !== before.compareLine) this.swipe.moveTo(state.compareLine);
      return;
    }
    this.other = parseCompare(state.compare);
    if (!this.other) {
      this.stop();
      return;
    }
    this.showChoice();
    this.isWaiting = isOther;
    if (!isOther) this.compare();
  }

  // The form says what is compared, however that came about.
  async showChoice() {
    const { day: date, id } = this.other;
    if (date) byId("compare-date").value = date;
    await this.list();
    byId("compare-surface").value = id ?? "";
    if (id && byId("compare-surface").selectedIndex < 0) byId("compare-surface").value = "";
    byId("compare-date-field").hidden = Boolean(byId("compare-surface").value);
  }

  // The surfaces that there are besides the one in view.
  async list() {
    try {
      const { surfaces } = await getJson("api/surfaces", { lang: language() });
      const select = byId("compare-surface");
      const chosen = select.value;
      const [another] = select.options;
      this.others = surfaces.filter(({ id }) => id !== this.surface.info.id);
      const described = describeSurfaces(this.others, this.words);
      fill(select, another, this.others.map((one, i) => el("option", { value: one.id }, described[i])));
      select.value = chosen;
      if (!byId("compare-date").value) byId("compare-date").value = this.surface.info.at;
    } catch (error) {
      showProblem("compare", error, () => this.list());
    }
  }

  async choose() {
    const id = byId("compare-surface").value;
    const date = byId("compare-date").value;
    const wrong = !id && !isScoringDay(date);
    byId("compare-problem").hidden = !wrong;
    if (wrong) return;
    const info = this.others.find((one) => one.id === id);
    const compare = id ? compareWithSurface({ id, at: info.at, sectors: info.sectors ?? [], weights: weightsOf(info) }) : compareWithDay(date);
    // The same again is asked for again.
    if (compare === this.store.get().compare) await this.compare();
    else this.store.set({ compare });
  }

  async compare() {
    this.isWaiting = false;
    byId("compare").setAttribute("aria-busy", "true");
    try {
      const answer = await this.latest((signal) => this.ask(signal));
      if (!answer || !this.other) return;
      clearProblem("compare");
      this.answer = answer;
      this.draw();
      this.show();
    } catch (error) {
      // What can never be compared goes out of the address; what did not answer can be asked again.
      const isFinal = FINAL.has(error.status);
      if (isFinal) this.address.withoutStep(() => this.store.set(NO_COMPARE));
      showProblem("compare", error, isFinal ? null : () => this.compare());
    } finally {
      byId("compare").setAttribute("aria-busy", "false");
    }
  }

  async ask(signal) {
    const info = await this.findOther(this.other, signal);
    const answer = await getJson("api/compare", { surface: this.surface.info.id, other: info.id, n: LISTED, lang: language() }, signal);
    return { ...answer, info };
  }

  // Another day has the sectors and weights that are in view. A surface that nobody remembers is scored again.
  async findOther({ day: date, id, at, sectors, weights }, signal) {
    const { sectors: shown, weights: own } = this.store.get();
    if (date) return getJson("api/score", { at: date, sector: shown ?? [], weight: weightParameters(own) }, signal);
    const known = this.others.find((one) => one.id === id);
    if (known) return known;
    try {
      return await getJson(`api/surfaces/${encodeURIComponent(id)}`, { lang: language() }, signal);
    } catch (error) {
      if (error.status !== 404 || !at) throw error.status === 404 ? new ApiError(t("The surface that this address compares with is not there any more. Choose another one."), 404) : error;
      const info = await getJson("api/score", { at, sector: sectors, weight: weights, lang: language() }, signal);
      announce(t("The surface that was compared with was scored again, from the data there are now."));
      return info;
    }
  }

  show() {
    const { compareAs: mode, compareLine } = this.store.get();
    this.mode = mode;
    for (const button of document.querySelectorAll("[data-compare]")) button.setAttribute("aria-pressed", String(button.dataset.compare === mode));
    this.swipe?.remove();
    this.swipe = null;
    const { surface, other, legend } = this.answer;
    const isDifference = mode === "difference";
    this.surface.showInstead(isDifference ? `compare/${surface}/${other}` : null);
    this.legend.showDifference(isDifference ? { title: this.describeChange(), classes: legend } : null);
    if (isDifference) {
      this.tiles.clear();
      return;
    }
    this.tiles.setOpacity(this.store.get().opacity / 100);
    this.tiles.show({ surface: other, query: "never=0", bounds: this.surface.info.bounds });
    this.swipe = new Swipe(this.map, () => [this.surface.tiles.container, this.tiles.container], { left: day(this.answer.at), right: day(this.answer.other_at), at: compareLine, onMoved: (at) => this.store.set({ compareLine: at }) });
  }

  stop() {
    this.latest.cancel();
    this.other = null;
    this.answer = null;
    this.swipe?.remove();
    this.swipe = null;
    this.tiles.clear();
    this.surface.showInstead(null);
    this.legend.showDifference(null);
    byId("compare-result").hidden = true;
    fill(byId("compare-answer"));
  }

  draw() {
    const { answer } = this;
    const facts = [
      [t("In view"), day(answer.at)],
      [t("Compared with"), day(answer.other_at)],
      [t("Rank correlation"), answer.rank_correlation === null ? "–" : number(answer.rank_correlation, 2)],
      [t("Of the 20 highest, in common"), answer.top20_overlap === null ? "–" : t("{count} of {all}", { count: Math.round(answer.top20_overlap * 20), all: 20 })],
    ];
    fill(
      byId("compare-answer"),
      el("dl", { class: "facts" }, facts.map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])),
      this.changeTable(t("Largest rises"), answer.rises),
      this.changeTable(t("Largest falls"), answer.falls),
    );
    this.sayWhole();
    byId("compare-result").hidden = false;
  }

  // Neither a county nor a filter narrows what is compared.
  sayWhole() {
    byId("compare-whole").hidden = !isFiltered(this.store.get());
  }

  // Which way changes are counted; surfaces of one date are told apart by what else they are.
  describeChange() {
    const { at, other_at: otherAt, info } = this.answer;
    return t("Change in points from {from} to {to}", { from: day(at), to: at === otherAt ? describeSurface(info, this.words) : day(otherAt) });
  }

  // What the map shows beside or instead of the surface in view, in words for a print; empty where it shows none.
  describeShown() {
    const { info } = this.answer ?? {};
    if (!info) return "";
    const what = describeSurface(info, { ...this.words, isFull: true });
    return this.mode === "difference" ? t("Change to {what}", { what }) : t("Side by side with {what}", { what });
  }

  // What changed most, for a print; null where nothing is compared.
  listChanges() {
    if (!this.answer?.info) return null;
    const { rises, falls, at, other_at: otherAt } = this.answer;
    const titles = isFiltered(this.store.get()) ? [t("Largest rises, whole region"), t("Largest falls, whole region")] : [t("Largest rises"), t("Largest falls")];
    return [[titles[0], rises], [titles[1], falls]].map(([title, changes]) => ({ title, changes, heads: [day(at), day(otherAt)] }));
  }

  changeTable(caption, changes) {
    if (!changes.length) return null;
    // Neighbours of one place are told apart by where they are.
    const isOneOfSeveral = ({ name }) => changes.filter((other) => other.name === name).length > 1;
    const where = (one) => [one.component.name, isOneOfSeveral(one) && readOff(one)].filter(Boolean).join(" · ");
    const row = (one) =>
      el(
        "tr",
        {},
        el("td", {}, el("button", { type: "button", class: "link-button", onclick: () => this.cells.openEntry({ ...one, cell: one.cell_id }) }, one.name), el("span", { class: "row-where" }, where(one))),
        el("td", { class: "number" }, number(one.before, 1)),
        el("td", { class: "number" }, number(one.after, 1)),
        el("td", { class: "number" }, `${one.delta > 0 ? "+" : ""}${number(one.delta, 1)}`),
      );
    const heads = [t("Cell"), day(this.answer.at), day(this.answer.other_at), t("Change")];
    return el("table", { class: "moved" }, el("caption", {}, caption), el("thead", {}, el("tr", {}, heads.map((head, i) => el("th", { scope: "col", class: i ? "number" : null }, head)))), el("tbody", {}, changes.map(row)));
  }
}

function readOff({ lon, lat }) {
  const { easting, northing } = toSweref(lon, lat);
  return coordinates(easting, northing);
}

// The points of a surface's own, as the address writes them.
const weightsOf = (info) => weightParameters(Object.fromEntries(Object.entries(info.changed_weights ?? {}).map(([code, [, points]]) => [code, Math.round(points)])));
