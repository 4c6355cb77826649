// One's own weights: how many points each part of the score may give. The region is scored anew as one slides; what
// everyone else sees stays as it is, and a changed weight is always said to be one.

import { el, fill, throttle } from "./dom.js";
import { number, t, term } from "./i18n.js";

const byId = (id) => document.getElementById(id);
const MOST = 100;
const SLIDING_MS = 60;

export class WeightsPanel {
  // `published` is component to points, `components` are [{code, title}] in the order of the model's table.
  constructor({ published, components, store }) {
    Object.assign(this, { published, store });
    this.components = components.filter(({ code }) => code in published);
    this.inputs = {};
    fill(byId("weight-sliders"), this.components.map((one) => this.row(one)));
    byId("weights-reset").addEventListener("click", () => this.reset());
    // Where all are 0 there is nothing to score: the panel says so, and the map stays as it was.
    this.tell = throttle(() => this.sum() > 0 && this.store.set({ weights: this.changed() }), SLIDING_MS);
    this.show(store.get());
  }

  row({ code, title }) {
    const id = `weight-${code}`;
    const output = el("output", { class: "weight-points number", for: id });
    const input = el("input", { type: "range", id, min: 0, max: MOST, step: 1, "aria-describedby": `${id}-note` });
    input.addEventListener("input", () => {
      this.say();
      this.tell();
    });
    this.inputs[code] = { input, output, note: el("span", { class: "weight-note", id: `${id}-note` }) };
    return el("div", { class: "weight" }, el("label", { for: id }, term(title)), output, input, this.inputs[code].note);
  }

  // What differs from the published weights; null where nothing does.
  changed() {
    const pairs = Object.entries(this.inputs).map(([code, { input }]) => [code, Number(input.value)]);
    const differing = pairs.filter(([code, points]) => points !== this.published[code]);
    return differing.length ? Object.fromEntries(differing) : null;
  }

  reset() {
    for (const [code, { input }] of Object.entries(this.inputs)) input.value = this.published[code];
    this.say();
    this.store.set({ weights: null });
  }

  // Sets the sliders to what is shown.
  show({ weights }) {
    for (const [code, { input }] of Object.entries(this.inputs)) input.value = weights?.[code] ?? this.published[code];
    this.say();
  }

  sum() {
    return Object.values(this.inputs).reduce((total, { input }) => total + Number(input.value), 0);
  }

  say() {
    const sum = this.sum();
    for (const [code, { input, output, note }] of Object.entries(this.inputs)) {
      const points = Number(input.value);
      const isChanged = points !== this.published[code];
      output.textContent = sum ? `${number((100 * points) / sum, 0)} %` : "–";
      input.setAttribute("aria-valuetext", t("{points} points", { points }));
      note.textContent = isChanged ? t("{points} instead of {published}", { points, published: this.published[code] }) : "";
    }
    byId("weights-problem").hidden = sum > 0;
    byId("weights-reset").hidden = this.changed() === null;
  }
}
