// One sheet of paper: the map as it is seen, its legend, the ten highest, and what the sheet must say about itself.

import { el, fill } from "./dom.js";
import { FILTERS } from "./filter_state.js";
import { day, moment, number, t, term } from "./i18n.js";
import { dataAge } from "./surface_note.js";
import { ownWeights } from "./surface_words.js";

const L = window.L;
const PX_PER_MM = 96 / 25.4;
// What print.css leaves for the map on A4, landscape.
const MAP_MM = { width: 184, height: 146 };
// What it leaves below it where what changed most is listed.
const LOWER_MM = 119;
const FEWER_ROWS = 7;
const MOST_CHANGES = 5;
const ROWS = 10;

const byId = (id) => document.getElementById(id);

// The county and the filters in use as the page's own controls name them, "Municipality: Umeå".
function filterWords() {
  const fields = ["county", ...FILTERS.map((name) => `filter-${name}`)].map(byId).filter(({ value }) => value);
  return fields.map((field) => `${field.labels[0].textContent}: ${field.selectedOptions[0].textContent}`);
}

// A canvas of Leaflet's, drawn anew on a fresh one beside it: the colours may just have changed, and a canvas is printed as
// the commands that it gets from now on, of which clearing it would paint all below it white.
function drawForPrint(renderer) {
  const { _container: shown, _ctx: context, _bounds: bounds } = renderer;
  if (!bounds) return null;
  const copy = document.createElement("canvas");
  copy.className = `${shown.className} print-canvas`;
  copy.width = shown.width;
  copy.height = shown.height;
  copy.style.cssText = shown.style.cssText;
  const fresh = copy.getContext("2d");
  if (L.Browser.retina) fresh.scale(2, 2);
  fresh.translate(-bounds.min.x, -bounds.min.y);
  shown.after(copy);
  renderer._ctx = fresh;
  renderer._redrawBounds = null;
  renderer._draw();
  renderer._ctx = context;
  return copy;
}

export class Print {
  // `compared` says in words what the surface in view is compared with, `changes` lists what changed most, and
  // `parts` are [{code, title}] of the score.
  constructor({ map, store, events, surface, countyName, sectorName, parts, compared, changes }) {
    Object.assign(this, { map, store, surface, countyName, sectorName, parts, compared, changes, entries: [], cell: null });
    events.on("ranking", (entries) => {
      this.entries = entries;
    });
    events.on("cell", (cell) => {
      this.cell = cell;
    });
    byId("tool-print").addEventListener("click", () => window.print());
    window.addEventListener("beforeprint", () => this.prepare());
    window.addEventListener("afterprint", () => this.putBack());
  }

  prepare() {
    const { info } = this.surface;
    if (!info) return;
    const changes = this.changes();
    byId("workbench").classList.toggle("prints-changes", Boolean(changes));
    fill(byId("print-changes"), changes?.map((one) => this.changeTable(one)));
    this.fitMap(changes ? LOWER_MM : MAP_MM.height);
    this.fold = byId("legend-fold").open;
    byId("legend-fold").open = true;
    fill(byId("print-head"), el("h1", {}, this.title()), el("p", {}, this.facts(info).join(" · ")));
    fill(byId("print-places"), this.table(changes ? FEWER_ROWS : ROWS));
    const by = document.body.dataset.userName;
    const now = moment(new Date());
    const mark = by ? t("Printed by {name}, {time}", { name: by, time: now }) : t("Printed {time}", { time: now });
    fill(byId("print-foot"), el("p", {}, t("Working material. May be subject to secrecy under the Public Access to Information and Secrecy Act (2009:400).")), el("p", {}, mark));
    fill(byId("print-mark"), [by, now].filter(Boolean).join(" · "));
  }

  putBack() {
    for (const copy of this.copies ?? []) copy?.remove();
    byId("legend-fold").open = this.fold ?? true;
  }

  // The map keeps its size in pixels and is shrunk or enlarged as a whole, so that no tile is missing and its scale bar
  // stays right.
  fitMap(heightMm) {
    const { x, y } = this.map.getSize();
    const scale = Math.min((MAP_MM.width * PX_PER_MM) / x, (heightMm * PX_PER_MM) / y);
    const stage = byId("map-stage");
    for (const [name, value] of Object.entries({ width: `${x}px`, height: `${y}px`, scale })) stage.style.setProperty(`--print-${name}`, String(value));
    this.copies = [];
    this.map.eachLayer((layer) => layer instanceof L.Canvas && this.copies.push(drawForPrint(layer)));
  }

  changeTable({ title, changes, heads }) {
    const row = (one) => el("tr", {}, el("th", { scope: "row" }, el("div", { class: "print-place" }, one.name)), el("td", { class: "number" }, number(one.before, 1)), el("td", { class: "number" }, number(one.after, 1)), el("td", { class: "number" }, `${one.delta > 0 ? "+" : ""}${number(one.delta, 1)}`));
    return el("table", {}, el("caption", {}, title), el("thead", {}, el("tr", {}, [t("Cell"), ...heads, t("Change")].map((head, i) => el("th", { scope: "col", class: i ? "number" : null }, head)))), el("tbody", {}, changes.slice(0, MOST_CHANGES).map(row)));
  }

  title() {
    const { county } = this.store.get();
    const where = this.cell ? this.cell.place || this.cell.municipality : county ? this.countyName(county) : t("Region Nord");
    return t("Risk map: {where}", { where });
  }

  facts(info) {
    const { sectors } = this.store.get();
    return [
      t("Scored for {date}", { date: day(info.at) }),
      this.compared(),
      dataAge(info),
      sectors?.length && t("Sectors: {sectors}", { sectors: sectors.map((code) => this.sectorName(code)).join(", ") }),
      ownWeights(info, this.parts),
      ...filterWords(),
      t("Model version {version}", { version: info.model_version }),
      info.rests_on,
      info.synthetic && t("Synthetic data"),
    ].filter(Boolean);
  }

  table(most) {
    const rows = [...this.entries].sort((a, b) => a.rank - b.rank).slice(0, most);
    const where = ({ name, where: within }) => [el("span", { class: "print-name" }, name), within && el("span", { class: "print-where" }, ` ${within}`)];
    return el(
      "table",
      {},
      el("caption", {}, t("The highest, at most {count}", { count: most })),
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, t("No.")), el("th", { scope: "col" }, t("Place")), el("th", { scope: "col", class: "number" }, t("Score")))),
      el("tbody", {}, rows.map((entry) => el("tr", {}, el("td", {}, number(entry.rank)), el("th", { scope: "row" }, el("div", { class: "print-place" }, where(entry))), el("td", { class: "number" }, `${number(entry.score, 1)} ${term(entry.className)}`)))),
    );
  }
}
