// Changes to try on the surface in view, and what would follow from them. Nothing is written anywhere but in the address,
// which brings them back.

import { tellLeftOut } from "./address_faults.js";
import { clearProblem, showProblem } from "./announce.js";
import { getJson, latestOnly, sendJson } from "./api.js";
import { el, fill } from "./dom.js";
import { coordinates, language, number, t, term } from "./i18n.js";
import { fromSweref, toSweref } from "./sweref.js";
import { readRows } from "./tables.js";
import { showTask } from "./tasks.js";
import { MOST_CHANGES, readChange, writeChange } from "./what_if_state.js";

const byId = (id) => document.getElementById(id);
const LISTED = 10;
// A record is looked for so many degrees around its place.
const AROUND = 0.002;
const WHOLE_REGION = "-180,-85,180,85";

// What a planner most often asks about.
const USUAL = { housing_type: "work_camp", phase: "construction_peak", sector: "construction" };
// The fields of each kind of change: name of the field, what it is for, and how it is filled in.
const FIELDS = {
  add_accommodation: ["place", "beds", "housing_type"],
  add_establishment: ["place", "workforce", "phase", "sector"],
  set_phase: ["establishment_id", "phase"],
  close_site: ["record"],
  withdraw_sector: ["sector", "share"],
};

export class WhatIfPanel {
  constructor({ surface, cells, sectors, events, store, address }) {
    Object.assign(this, { surface, cells, sectors, events, store, address });
    this.changes = [];
    this.lists = null;
    this.opening = null;
    this.latest = latestOnly();
    this.record = null;
    byId("change-kind").addEventListener("change", () => this.drawFields());
    byId("what-if-form").addEventListener("submit", async (event) => {
      event.preventDefault();
      // pressed before the fields are there: what it says would be gone when they come
      await this.open();
      if (this.lists) this.add();
    });
    byId("what-if-ask").addEventListener("click", () => this.ask());
    byId("what-if-clear").addEventListener("click", () => this.clear());
    events.on("cell", () => this.drawPlace());
    events.on("surface", () => fill(byId("what-if-answer")));
  }

  // What the fields are chosen from is asked for when the panel is first opened.
  async open() {
    if (this.lists) return;
    this.opening ??= this.load().finally(() => {
      this.opening = null;
    });
    await this.opening;
  }

  async load() {
    try {
      const [phases, housing, establishments] = await Promise.all([getJson("api/reference/establishment_phases"), getJson("api/reference/housing_types"), getJson("api/sites", { bbox: WHOLE_REGION, layer: "establishments", limit: 2000, lang: language() })]);
      this.lists = { phase: named(phases, "phase"), housing_type: named(housing, "housing_type"), establishment_id: establishments.sites.map(({ id, title, lon, lat }) => ({ code: id, title, ...placeOf(lon, lat) })).sort((a, b) => a.title.localeCompare(b.title, language())) };
      clearProblem("what-if");
      this.drawFields();
    } catch (error) {
      showProblem("what-if", error, () => this.open());
    }
  }

  // From a site's card: what if this one closed?
  async close({ layer, id, title, lon, lat }) {
    showTask("what-if");
    await this.open();
    byId("change-kind").value = "close_site";
    this.record = { layer, id, title, ...placeOf(lon, lat) };
    this.drawFields();
    this.add();
  }

  drawFields() {
    if (!this.lists) return;
    const kind = byId("change-kind").value;
    report("");
    fill(byId("change-fields"), FIELDS[kind].map((name) => this.field(name)));
    this.drawPlace();
  }

  field(name) {
    if (name === "place") return el("p", { class: "change-place", id: "change-place" });
    if (name === "record") return this.recordField();
    if (name === "beds") return numberField(name, numberTitle(name), { min: 1, max: 100000, value: 400 });
    if (name === "workforce") return numberField(name, numberTitle(name), { min: 1, max: 100000, value: 500 });
    if (name === "share") return numberField(name, t("Share of them, per cent"), { min: 1, max: 100, value: 100 });
    const titles = { phase: t("Phase"), housing_type: t("Kind of housing"), establishment_id: t("Establishment"), sector: t("Sector") };
    return selectField(name, titles[name], name === "sector" ? this.sectors : this.lists[name]);
  }

  recordField() {
    if (!this.record) return el("p", { class: "hint" }, t("Choose a site on the map and press “What if this closed?” on its card."));
    return el("p", {}, this.record.title);
  }

  drawPlace() {
    const node = byId("change-place");
    if (!node) return;
    const { cell } = this.cells;
    fill(node, cell ? t("In the middle of the chosen cell: {place}", { place: `${cell.place || cell.municipality}, ${coordinates(cell.easting, cell.northing)}` }) : t("Choose a cell on the map first: the change happens in its middle."));
  }

  add() {
    if (this.changes.length >= MOST_CHANGES) {
      report(t("At most {most} changes at a time.", { most: MOST_CHANGES }));
      return;
    }
    const kind = byId("change-kind").value;
    const change = { kind };
    const words = [];
    // What the address keeps of it, where that is not in the change itself.
    const kept = {};
    for (const name of FIELDS[kind]) {
      const problem = this.read(name, change, words, kept);
      if (problem) {
        report(problem);
        byId(`change-${name}`)?.focus();
        return;
      }
    }
    report("");
    const title = byId("change-kind").selectedOptions[0].textContent;
    this.changes.push({ change, words: `${title}: ${words.join(", ")}`, text: writeChange({ ...change, ...kept }) });
    this.record = null;
    this.drawFields();
    this.drawChanges();
    this.keep();
  }

  // The address tells what is tried.
  keep() {
    this.store.set({ tries: this.changes.map(({ text }) => text) });
  }

  // What the address tells, in the place of what is tried now; scored at once, as it was.
  async restore(tries) {
    if (String(tries) === String(this.changes.map(({ text }) => text))) return;
    if (!tries.length) {
      this.empty();
      return;
    }
    await this.open();
    if (!this.lists) return;
    const made = await Promise.all(tries.map((text) => this.remake(text)));
    // Back again, or something else, meanwhile.
    if (String(this.store.get().tries) !== String(tries)) return;
    this.changes = made.filter(Boolean);
    this.drawChanges();
    fill(byId("what-if-answer"));
    const left = tries.length - this.changes.length;
    if (left) {
      this.address.withoutStep(() => this.keep());
      tellLeftOut(left);
    }
    if (!this.changes.length) return;
    showTask("what-if");
    await this.ask();
  }

  // A change by its text; null where a code is unknown, or no record, or more than one, stands at the place that it tells.
  async remake(text) {
    const fields = readChange(text);
    const { kind } = fields;
    const change = { kind };
    const words = [];
    for (const name of FIELDS[kind]) {
      const found = await this.remakePart(name, fields);
      if (!found) return null;
      Object.assign(change, found.change);
      words.push(found.words);
    }
    return { change, words: `${byId("change-kind").querySelector(`[value="${kind}"]`).textContent}: ${words.join(", ")}`, text };
  }

  async remakePart(name, fields) {
    const { easting, northing } = fields;
    const isThere = (one) => one.easting === easting && one.northing === northing;
    if (name === "place") return { change: { easting, northing }, words: coordinates(easting, northing) };
    if (name === "share") return { change: { share: fields.percent / 100 }, words: `${number(fields.percent)} %` };
    if (name === "beds" || name === "workforce") return { change: { [name]: fields[name] }, words: numberWords(name, fields[name]) };
    if (name === "record") {
      const record = await this.findRecord(fields.layer, isThere, fields);
      return record && { change: { layer: fields.layer, record_id: record.id }, words: record.title };
    }
    if (name === "establishment_id") {
      const found = onlyOne(this.lists[name].filter(isThere), ({ code }) => code);
      return found && { change: { establishment_id: found.code }, words: found.title };
    }
    const choice = (name === "sector" ? this.sectors : this.lists[name]).find(({ code }) => code === fields[name]);
    return choice && { change: { [name]: choice.code }, words: choice.title };
  }

  async findRecord(layer, isThere, { easting, northing }) {
    const { lon, lat } = fromSweref(easting, northing);
    const bbox = [lon - AROUND, lat - AROUND, lon + AROUND, lat + AROUND].map((edge) => edge.toFixed(5)).join(",");
    try {
      const { sites } = await getJson("api/sites", { bbox, layer, limit: 500, lang: language() });
      return onlyOne(sites.filter((one) => isThere(placeOf(one.lon, one.lat))), ({ id }) => id);
    } catch {
      return null;
    }
  }

  // Puts a field's value into the change and says it in words; returns what is wrong with it, if anything is.
  read(name, change, words, kept) {
    if (name === "place") {
      const { cell } = this.cells;
      if (!cell) return t("Choose a cell on the map first: the change happens in its middle.");
      Object.assign(change, { easting: cell.easting, northing: cell.northing });
      words.push(cell.place || cell.municipality);
      return "";
    }
    if (name === "record") {
      if (!this.record) return t("Choose a site on the map and press “What if this closed?” on its card.");
      Object.assign(change, { layer: this.record.layer, record_id: this.record.id });
      Object.assign(kept, { easting: this.record.easting, northing: this.record.northing });
      words.push(this.record.title);
      return "";
    }
    const field = byId(`change-${name}`);
    if (field.tagName === "SELECT") {
      if (!field.value) return t("There is nothing to choose from here.");
      change[name] = field.value;
      words.push(field.selectedOptions[0].textContent);
      if (name === "establishment_id") {
        const { easting, northing } = this.lists[name].find(({ code }) => code === field.value);
        Object.assign(kept, { easting, northing });
      }
      return "";
    }
    // People and beds are whole.
    const value = Math.round(Number(field.value));
    if (!field.value.trim() || !Number.isFinite(value) || value < Number(field.min) || value > Number(field.max)) return t("{field}: give a number from {low} to {high}.", { field: field.labels[0].textContent, low: Number(field.min), high: Number(field.max) });
    change[name] = name === "share" ? value / 100 : value;
    if (name === "share") kept.percent = value;
    words.push(name === "share" ? `${number(value)} %` : numberWords(name, value));
    return "";
  }

  drawChanges() {
    fill(
      byId("changes"),
      this.changes.map((one, i) =>
        el("li", {}, el("span", { class: "change-words" }, one.words), el("button", { type: "button", class: "icon-button", "aria-label": t("Take away: {what}", { what: one.words }), onclick: () => this.remove(i) }, el("span", { "aria-hidden": "true" }, "×"))),
      ),
    );
    byId("what-if-run").hidden = !this.changes.length;
  }

  remove(i) {
    this.changes.splice(i, 1);
    this.drawChanges();
    this.keep();
    fill(byId("what-if-answer"));
    (byId("changes").querySelector("button") ?? byId("change-kind")).focus();
  }

  clear() {
    this.empty();
    this.keep();
    byId("change-kind").focus();
  }

  empty() {
    this.changes = [];
    this.latest.cancel();
    report("");
    this.drawChanges();
    fill(byId("what-if-answer"));
  }

  async ask() {
    const { cell } = this.cells;
    const body = { changes: this.changes.map(({ change }) => change), n: LISTED, interval: byId("what-if-interval").checked, cell_id: cell?.cell_id ?? null };
    byId("what-if").setAttribute("aria-busy", "true");
    try {
      const answer = await this.latest((signal) => sendJson("POST", "api/what-if", body, { surface: this.surface.info.id, lang: language() }, signal));
      if (!answer) return;
      clearProblem("what-if");
      this.drawAnswer(answer);
    } catch (error) {
      showProblem("what-if", error, () => this.ask());
    } finally {
      byId("what-if").setAttribute("aria-busy", "false");
    }
  }

  drawAnswer(answer) {
    const facts = [
      [t("Cells that change"), number(answer.cells_changed)],
      [t("Highest rise"), signed(answer.most_up)],
      [t("Deepest fall"), signed(answer.most_down)],
      [t("Newly among the 20 highest"), number(answer.enter_top.length)],
      [t("No longer among them"), number(answer.leave_top.length)],
    ];
    fill(
      byId("what-if-answer"),
      el("h3", {}, t("What would follow")),
      el("dl", { class: "facts" }, facts.map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])),
      answer.cell && this.difference(answer.cell),
      answer.cells.length > 0 && this.movedTable(answer.cells),
    );
  }

  difference({ before, after, delta, interval, reasons }) {
    return el(
      "section",
      { class: "cell-part" },
      el("h3", {}, before.place || before.municipality),
      el("p", { class: "what-if-delta" }, t("{before} → {after} points ({delta})", { before: number(before.score, 1), after: number(after.score, 1), delta: signed(delta) })),
      interval && el("p", { class: "hint" }, t("90 % of the draws lie between {low} and {high}.", { low: signed(interval[0]), high: signed(interval[2]) })),
      el("ul", { class: "reasons" }, reasons.map((reason) => el("li", {}, reason))),
    );
  }

  movedTable(moved) {
    const row = (one) =>
      el(
        "tr",
        {},
        el("td", {}, el("button", { type: "button", class: "link-button", onclick: () => this.cells.openEntry({ cell: one.cell_id, ...fromSweref(one.easting, one.northing) }) }, one.place), el("span", { class: "row-where" }, coordinates(one.easting, one.northing))),
        el("td", { class: "number" }, number(one.before, 1)),
        el("td", { class: "number" }, number(one.after, 1)),
        el("td", { class: "number" }, signed(one.delta)),
      );
    const heads = [t("Cell"), t("Now"), t("Then"), t("Change")];
    return el("table", { class: "moved" }, el("caption", {}, t("Cells that move most")), el("thead", {}, el("tr", {}, heads.map((head, i) => el("th", { scope: "col", class: i ? "number" : null }, head)))), el("tbody", {}, moved.map(row)));
  }
}

// Where a record stands, in whole metres on the map's grid.
function placeOf(lon, lat) {
  const { easting, northing } = toSweref(lon, lat);
  return { easting: Math.round(easting), northing: Math.round(northing) };
}

// The one that is found; null where there is none, or more than one.
const onlyOne = (found, keyOf) => (new Set(found.map(keyOf)).size === 1 ? found[0] : null);

const numberTitle = (name) => (name === "beds" ? t("Beds") : t("People at work"));

const numberWords = (name, value) => `${numberTitle(name).toLowerCase()} ${number(value)}`;

const signed = (value) => `${value > 0 ? "+" : ""}${number(value, 1)}`;

function named(table, key) {
  const title = language() === "sv" ? "title_sv" : "title";
  return readRows(table).map((record) => ({ code: record[key], title: record[title] ?? term(record.title) }));
}

function numberField(name, label, { min, max, value }) {
  const id = `change-${name}`;
  return el("div", { class: "field" }, el("label", { for: id }, label), el("input", { type: "number", id, min, max, value, step: "1", inputmode: "numeric" }));
}

function selectField(name, label, choices) {
  const id = `change-${name}`;
  return el("div", { class: "field" }, el("label", { for: id }, label), el("select", { id }, choices.map(({ code, title }) => el("option", { value: code, selected: code === USUAL[name] }, title))));
}

function report(text) {
  const node = byId("change-problem");
  node.textContent = text;
  node.hidden = !text;
}
