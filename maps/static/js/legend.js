// Classes with names, breaks and counts, the never inspected, what is not drawn; folded, a strip of the colours.

import { el, fill, swatch } from "./dom.js";
import { isFiltered } from "./filter_state.js";
import { number, t, term } from "./i18n.js";
import { layerTitle, siteMark } from "./layers.js";

const NARROW = "screen and (max-width: 820px), screen and (max-height: 540px)";
const STRIPED = "#f4ad22";
// Lighter than this, 0 to 255, a colour has darker stripes, else lighter ones, as in the tiles.
const MIDDLE_LIGHTNESS = 110;
const range = (one) => (one.low < 0 ? t("{low} to {high}", { low: one.low, high: one.high }) : `${number(one.low)}–${number(one.high)}`);

// The colour of a class; striped where the map stripes it.
function classSwatch({ colour, striped }) {
  if (!striped) return swatch(colour);
  const node = swatch(colour, "swatch swatch-striped");
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  node.classList.toggle("is-dark", 0.2126 * red + 0.7152 * green + 0.0722 * blue <= MIDDLE_LIGHTNESS);
  return node;
}

function classTable(classes, counted, measure) {
  const rows = [...classes].reverse().map((one) =>
    el(
      "tr",
      {},
      el("td", {}, classSwatch(one)),
      el("th", { scope: "row" }, term(one.name)),
      el("td", { class: "number" }, range(one)),
      el("td", { class: "number legend-count" }, number(one.n_cells)),
    ),
  );
  return el(
    "table",
    { class: "legend-table" },
    el(
      "thead",
      {},
      el("tr", {}, el("td", {}), el("th", { scope: "col" }, el("span", { class: "visually-hidden" }, t("Class"))), el("th", { scope: "col", class: "number" }, measure), el("th", { scope: "col", class: "number legend-count" }, counted)),
    ),
    el("tbody", {}, rows),
  );
}

const nothingKnown = (states) =>
  el(
    "p",
    { class: "legend-nothing" },
    el("span", { class: "swatch swatch-nothing", "aria-hidden": "true" }),
    el("span", {}, t("Nothing known: not drawn")),
    el("span", { class: "legend-count number" }, number(states.nothing_known)),
  );

const neverInspected = (states) =>
  el("p", { class: "legend-never" }, swatch(STRIPED, "swatch swatch-striped"), el("span", {}, t("Never inspected")), el("span", { class: "legend-count number" }, number(states.never_inspected)));

// Symbols of the layers whose sites are drawn, and what a number in one means.
const siteSymbols = ({ layers, hasGroups }) =>
  layers.length > 0 &&
  el(
    "ul",
    { class: "legend-sites" },
    layers.map((layer) => el("li", {}, siteMark(layer), el("span", {}, layerTitle(layer)))),
    hasGroups && el("li", {}, el("span", { class: "group-mark", "aria-hidden": "true" }, "9"), el("span", {}, t("Several close together"))),
  );

// The classes' colours between the names of the lowest and the highest.
export function drawStrip(node, classes) {
  const end = (one) => el("span", { class: "legend-end" }, term(one.name));
  fill(node, end(classes[0]), classes.map(classSwatch), end(classes.at(-1)));
}

// A legend for a file, where nothing changes.
export function drawClasses(node, info) {
  fill(node, classTable(info.classes, t("Cells"), t("Score")), neverInspected(info.states), nothingKnown(info.states));
}

export class Legend {
  constructor() {
    this.body = document.getElementById("legend-body");
    this.strip = document.getElementById("legend-strip");
    this.title = document.getElementById("legend-title");
    this.usualTitle = [...this.title.childNodes];
    this.counts = null;
    this.difference = null;
    this.sites = { layers: [], hasGroups: false };
    setUpFold();
  }

  // `counts` are those of the filter in use, {classes: [number], states}, where they are known; else the whole region's
  // stand there and say so.
  show(info, state, counts = null) {
    Object.assign(this, { info, counts, never: state.never, filtered: isFiltered(state) });
    this.setOpacity(state.opacity);
    this.draw();
  }

  // As on the map, where the ground shines through.
  setOpacity(opacity) {
    document.getElementById("legend").style.setProperty("--cover", String(opacity / 100));
  }

  // {layers: [name], hasGroups}: what the map draws of sites.
  showSites(sites) {
    if (JSON.stringify(sites) === JSON.stringify(this.sites)) return;
    this.sites = sites;
    this.draw();
  }

  // For comparing two surfaces: {title, classes: [{name, colour, striped, low, high, n_cells}]}; null for one surface.
  showDifference(difference) {
    this.difference = difference;
    document.getElementById("legend").classList.toggle("is-difference", Boolean(difference));
    this.draw();
  }

  draw() {
    const { info, filtered, never, counts, difference } = this;
    if (!info) return;
    const classes = difference?.classes ?? info.classes.map((one, i) => (counts ? { ...one, n_cells: counts.classes[i] } : one));
    const states = counts?.states ?? info.states;
    const counted = filtered && (difference || !counts) ? t("Cells, all four counties") : t("Cells");
    fill(this.title, difference?.title ?? this.usualTitle);
    drawStrip(this.strip, classes);
    fill(
      this.body,
      classTable(classes, counted, difference ? t("Change") : t("Score")),
      !difference && never && neverInspected(states),
      !difference && nothingKnown(states),
      siteSymbols(this.sites),
    );
  }
}

// Open where there is room for it beside the map, a strip where there is not.
export function setUpFold() {
  const fold = document.getElementById("legend-fold");
  const narrow = window.matchMedia(NARROW);
  const follow = () => {
    fold.open = !narrow.matches;
  };
  follow();
  narrow.addEventListener("change", follow);
}
