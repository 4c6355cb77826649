// An area drawn by its corners or as a rectangle, handed on as GeoJSON. Crossed sides are shown at once and not handed on.

import { MOST_CORNERS, readCorners, roundCorner, toPolygon, writeArea } from "./area_state.js";
import { el } from "./dom.js";
import { areaOf, crossings } from "./ground.js";
import { area, t } from "./i18n.js";
import { Sketch } from "./sketch.js";

const L = window.L;
const MOST_STEPS = 400;
// As large as a finger: the first corner, chosen again, ends the area.
const FIRST_CORNER_PX = 14;

export class DrawArea {
  // `onArea(polygon, panel)` gets a GeoJSON Polygon when the area is done, and null when it is taken away; `text` then is how
  // the address keeps it.
  constructor(map, { onArea }) {
    Object.assign(this, { map, onArea });
    this.title = t("Draw an area");
    this.keys = t("Keys: arrows move the map, Space puts a corner in its middle, Enter ends, Backspace undoes, Esc closes.");
    this.kind = "polygon";
    // What was there before each step; it outlasts the panel, so that an area that was closed by mistake comes back.
    this.past = [];
  }

  get hint() {
    if (this.kind === "rectangle") return t("Click or tap two opposite corners on the map.");
    return t("Click or tap the corners on the map. Done, a double click or the first corner again ends the area.");
  }

  start(panel) {
    this.panel = panel;
    this.points = [];
    this.isDone = false;
    this.sketch = new Sketch(this.map, { closed: true });
    panel.buttons.append(this.kinds());
    this.doneButton = panel.addButton(t("Done"), () => this.finish(), { main: true });
    this.undoButton = panel.addButton(t("Undo"), () => this.undo());
    this.clearButton = panel.addButton(t("Start over"), () => this.clear());
    this.tell({ aloud: false });
  }

  stop() {
    const { isDone } = this;
    if (this.points.length) this.remember();
    this.sketch.remove();
    if (isDone) this.onArea(null, this.panel);
  }

  kinds() {
    const choices = [["polygon", t("Corners")], ["rectangle", t("Rectangle")]].map(([kind, name]) => el("button", { type: "button", class: "segment", "data-kind": kind, onclick: () => this.choose(kind) }, name));
    this.choices = choices;
    return el("div", { class: "segments", role: "group", "aria-label": t("Shape") }, choices);
  }

  choose(kind) {
    if (kind === this.kind) return;
    this.step({ kind, points: [], isDone: false });
  }

  get text() {
    return this.isDone ? writeArea(this.points) : "";
  }

  // An area that the address tells, as if it had been drawn.
  restore(text) {
    this.show({ kind: this.kind, points: readCorners(text).map(({ lat, lng }) => L.latLng(lat, lng)), isDone: true });
  }

  point(clicked) {
    const { points } = this;
    const { lat, lng } = roundCorner(clicked.wrap());
    const latlng = L.latLng(lat, lng);
    if (this.isDone) {
      this.panel.say(t("The area is drawn. Undo goes on with it, Start over draws another."));
      return;
    }
    if (this.kind === "polygon" && points.length > 2 && this.sketch.isAt(points[0], latlng, FIRST_CORNER_PX)) {
      this.finish();
      return;
    }
    if (points.length >= MOST_CORNERS) {
      this.panel.say(t("An area has at most {most} corners. Done ends it.", { most: MOST_CORNERS }));
      return;
    }
    if (points.length && this.sketch.isAt(points.at(-1), latlng)) return;
    if (this.kind === "rectangle" && points.length === 1) {
      const box = L.latLngBounds([points[0], latlng]);
      this.step({ points: [box.getSouthWest(), box.getSouthEast(), box.getNorthEast(), box.getNorthWest()], isDone: true });
      return;
    }
    this.step({ points: [...points, latlng] });
  }

  undo() {
    const last = this.past.pop();
    if (last) this.show(last);
  }

  clear() {
    if (this.points.length) this.step({ points: [], isDone: false });
  }

  finish() {
    if (!this.isDone && this.isRight) this.step({ isDone: true });
    else this.tell();
  }

  // A change that can be undone.
  step(change) {
    this.remember();
    this.show({ kind: this.kind, points: this.points, isDone: this.isDone, ...change });
  }

  remember() {
    this.past = [...this.past, { kind: this.kind, points: this.points, isDone: this.isDone }].slice(-MOST_STEPS);
  }

  show({ kind, points, isDone }) {
    const wasDone = this.isDone;
    Object.assign(this, { kind, points, isDone });
    this.sketch.set(points, { follows: !isDone });
    this.tell();
    if (isDone) this.onArea(toPolygon(this.points), this.panel);
    else if (wasDone) this.onArea(null, this.panel);
  }

  get isRight() {
    return this.points.length > 2 && this.crossed.length === 0;
  }

  tell(how) {
    const points = this.sketch.inMetres();
    this.crossed = points.length > 3 ? crossings(points) : [];
    this.sketch.markCrossings(this.crossed);
    this.panel.showHint(this.isDone ? "" : this.hint, this.isDone ? "" : this.keys);
    this.panel.say(this.words(points), how);
    this.panel.result.classList.toggle("tool-wrong", this.crossed.length > 0);
    for (const choice of this.choices) choice.setAttribute("aria-pressed", String(choice.dataset.kind === this.kind));
    this.doneButton.disabled = !this.isRight || this.isDone;
    this.undoButton.disabled = this.past.length === 0;
    this.clearButton.disabled = points.length === 0;
    this.panel.keepFocus(this.undoButton);
  }

  words(points) {
    if (this.crossed.length) return t("The sides cross each other where the map has a cross. Undo the last corner.");
    if (points.length < 3) return this.kind === "rectangle" ? t("Corners: {count} of 2", { count: points.length }) : t("Corners: {count}; at least 3 are needed", { count: points.length });
    const size = area(areaOf(points));
    return this.isDone ? t("The area is drawn: {area}", { area: size }) : t("Corners: {count}, area {area}", { count: points.length, area: size });
  }
}
