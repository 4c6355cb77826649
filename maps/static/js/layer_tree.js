// What the map shows, as a tree of groups: scores, sites, visits and findings, borders and names, the online map; each on or off, some more or
// less opaque. What is off stands in the address.

import { el, fill, swatch } from "./dom.js";
import { number, t } from "./i18n.js";
import { SITE_LAYERS, layerTitle, siteMark } from "./layers.js";

const STRIPED = "#f4ad22";
const percent = (value) => `${number(value)} %`;

export class LayerTree {
  constructor({ store, hasOnline, hasNames, hasPast }) {
    this.store = store;
    const state = store.get();
    this.boxes = new Map();
    this.ranges = new Map();
    const scores = [this.box("scores", t("Score surface")), this.range("opacity", t("Opacity of the scores"), state.opacity), this.neverBox(state)];
    const boxes = (past) => SITE_LAYERS.filter(({ isPast }) => Boolean(isPast) === past).map(({ name }) => this.box(name, layerTitle(name), siteMark(name)));
    const sites = [...boxes(false), this.range("siteOpacity", t("Opacity of the sites"), state.siteOpacity)];
    const past = hasPast && boxes(true);
    const lines = [this.box("counties", t("County borders"), line("counties")), this.box("municipalities", t("Municipality borders"), line("municipalities")), hasNames && this.box("names", t("Place names"))];
    const online = hasOnline && [this.box("base", t("Online map")), this.range("baseOpacity", t("Opacity of the online map"), state.baseOpacity)];
    fill(document.getElementById("layers-body"), group(t("Scores"), scores), group(t("Sites"), sites), past && group(t("What has been inspected"), past), group(t("Borders and names"), lines), online && group(t("Background"), online));
    this.show(state);
  }

  box(name, title, mark = null) {
    const input = el("input", { type: "checkbox", id: `layer-${name}`, onchange: () => this.turn(name, input.checked) });
    this.boxes.set(name, input);
    return el("label", { class: "check layer", for: input.id }, input, el("span", {}, title), mark);
  }

  turn(name, isOn) {
    const off = new Set(this.store.get().off);
    if (isOn) off.delete(name);
    else off.add(name);
    this.store.set({ off: [...off].sort() });
  }

  neverBox(state) {
    this.never = el("input", { type: "checkbox", id: "never", checked: state.never, onchange: () => this.store.set({ never: this.never.checked }) });
    return el("label", { class: "check layer layer-under", for: "never" }, this.never, el("span", {}, t("Stripe the never inspected")), swatch(STRIPED, "swatch swatch-striped"));
  }

  range(name, title, value) {
    const input = el("input", { type: "range", id: name, min: 10, max: 100, step: 5, value, "aria-label": title, "aria-valuetext": percent(value) });
    const output = el("output", { for: name, class: "number" }, percent(value));
    const say = () => {
      input.setAttribute("aria-valuetext", percent(Number(input.value)));
      output.textContent = percent(Number(input.value));
    };
    input.addEventListener("input", () => {
      say();
      this.store.set({ [name]: Number(input.value) });
    });
    this.ranges.set(name, { input, say });
    return el("div", { class: "layer-range layer-under" }, el("span", { "aria-hidden": "true" }, t("Opacity")), input, output);
  }

  // Sets the controls to what is shown.
  show(state) {
    for (const [name, input] of this.boxes) input.checked = !state.off.includes(name);
    this.never.checked = state.never;
    for (const [name, { input, say }] of this.ranges) {
      input.value = String(state[name]);
      say();
    }
  }
}

const line = (name) => el("span", { class: `layer-line layer-line-${name}`, "aria-hidden": "true" });

const group = (title, rows) => el("details", { class: "layer-group", open: true }, el("summary", {}, title), el("fieldset", {}, el("legend", { class: "visually-hidden" }, title), rows));
