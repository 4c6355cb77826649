// Classes with names, breaks and counts; the never inspected stripes; opacity.

import { el, fill, swatch } from "./dom.js";
import { number, t, term } from "./i18n.js";

const range = (one) => `${number(one.low)}–${number(one.high)}`;

function classTable(info, county) {
  const rows = [...info.classes].reverse().map((one) =>
    el(
      "tr",
      {},
      el("td", {}, swatch(one.colour)),
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
      el("tr", {}, el("td", {}), el("th", { scope: "col" }, el("span", { class: "visually-hidden" }, t("Class"))), el("th", { scope: "col", class: "number" }, t("Score")), el("th", { scope: "col", class: "number legend-count" }, county ? t("Cells, all four counties") : t("Cells"))),
    ),
    el("tbody", {}, rows),
  );
}

const nothingKnown = (info) =>
  el(
    "p",
    { class: "legend-nothing" },
    el("span", { class: "swatch swatch-nothing", "aria-hidden": "true" }),
    el("span", {}, t("Nothing known: not drawn")),
    el("span", { class: "legend-count number" }, number(info.states.nothing_known)),
  );

const neverInspected = (info, words) => [
  swatch("#f4ad22", "swatch swatch-striped"),
  el("span", {}, words),
  el("span", { class: "legend-count number" }, number(info.states.never_inspected)),
];

// A legend without anything to set, for a file.
export function drawClasses(node, info) {
  fill(node, classTable(info, ""), el("p", { class: "legend-never" }, neverInspected(info, t("Never inspected"))), nothingKnown(info));
}

export function drawLegend(node, info, state, { onNever, onOpacity }) {
  const never = el("input", { type: "checkbox", id: "never", checked: state.never, onchange: () => onNever(never.checked) });
  const opacity = el("input", { type: "range", id: "opacity", min: 10, max: 100, step: 5, value: state.opacity, oninput: () => change() });
  // The colours here are those on the map, where the ground shines through.
  const cover = () => node.style.setProperty("--cover", String(opacity.value / 100));
  const change = () => {
    cover();
    onOpacity(Number(opacity.value));
  };
  cover();
  fill(
    node,
    classTable(info, state.county),
    el("label", { class: "legend-never", for: "never" }, never, neverInspected(info, t("Stripe the never inspected"))),
    nothingKnown(info),
    el("label", { class: "legend-opacity", for: "opacity" }, el("span", {}, t("Opacity")), opacity),
  );
}
