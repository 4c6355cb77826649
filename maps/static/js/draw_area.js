// An area drawn by its corners or as a rectangle, handed on as GeoJSON. Crossed sides are shown at once and not handed on.

import { el } from "./dom.js";
import { areaOf, crossings } from "./ground.js";
import { area, t } from "./i18n.js";
import { Sketch } from "./sketch.js";

const L = window.L;
const DECIMALS = 6;
const MOST_POINTS = 200;

export class DrawArea {
  // `onArea(polygon, panel)` gets a GeoJSON Polygon when the area is done, and null when it is taken away.
  constructor(map, { onArea }) {
    Object.assign(this, { map, onArea });
    this.title = t("Draw an area");
    this.hint = t("Click the corners on the map, or move it with the arrow keys and press Enter for a corner in its middle. A rectangle has two opposite corners.");
    this.kind = "polygon";
  }

  start(panel) {
    this.panel = panel;
    this.isDone = false;
    this.sketch = new Sketch(this.map, { closed: true });
    panel.buttons.append(this.kinds());
    this.doneButton = panel.addButton(t("Done"), () => this.finish(), { main: true });
    this.undoButton = panel.addButton(t("Take back the last point"), () => this.undo());
    this.clearButton = panel.addButton(t("Start over"), () => this.clear());
    this.tell({ aloud: false });
  }

  stop() {
    this.sketch.remove();
    if (this.isDone) this.onArea(null, this.panel);
  }

  kinds() {
    const choices = [["polygon", t("Corners")], ["rectangle", t("Rectangle")]].map(([kind, name]) => el("button", { type: "button", class: "segment", "aria-pressed": String(kind === this.kind), "data-kind": kind, onclick: () => this.choose(kind) }, name));
    this.choices = choices;
    return el("div", { class: "segments", role: "group", "aria-label": t("Shape") }, choices);
  }

  choose(kind) {
    this.kind = kind;
    for (const choice of this.choices) choice.setAttribute("aria-pressed", String(choice.dataset.kind === kind));
    this.clear();
  }

  point(latlng) {
    if (this.isDone || this.sketch.points.length >= MOST_POINTS || !this.sketch.add(latlng)) return;
    if (this.kind === "rectangle" && this.sketch.points.length === 2) {
      const box = L.latLngBounds(this.sketch.points);
      this.sketch.set([box.getSouthWest(), box.getSouthEast(), box.getNorthEast(), box.getNorthWest()]);
      this.tell({ aloud: false });
      this.finish();
      return;
    }
    this.tell();
  }

  undo() {
    if (this.kind === "rectangle" || this.isDone) {
      this.clear();
      return;
    }
    this.sketch.undo();
    this.tell();
  }

  clear() {
    const wasDone = this.isDone;
    this.sketch.remove();
    this.sketch = new Sketch(this.map, { closed: true });
    this.isDone = false;
    this.tell();
    if (wasDone) this.onArea(null, this.panel);
  }

  get isRight() {
    return this.sketch.points.length > 2 && this.crossed.length === 0;
  }

  finish() {
    if (this.isDone) return;
    if (!this.isRight) {
      this.tell();
      return;
    }
    this.isDone = true;
    this.sketch.stopFollowing();
    this.tell();
    this.onArea(this.toGeoJson(), this.panel);
  }

  // Counter-clockwise, as RFC 7946 has it.
  toGeoJson() {
    const ring = this.sketch.points.map((point) => point.wrap()).map(({ lat, lng }) => [Number(lng.toFixed(DECIMALS)), Number(lat.toFixed(DECIMALS))]);
    const turn = ring.reduce((sum, [x, y], i) => {
      const [u, v] = ring[(i + 1) % ring.length];
      return sum + x * v - u * y;
    }, 0);
    if (turn < 0) ring.reverse();
    return { type: "Polygon", coordinates: [[...ring, ring[0]]] };
  }

  tell(how) {
    const points = this.sketch.inMetres();
    this.crossed = points.length > 3 ? crossings(points) : [];
    this.sketch.markCrossings(this.crossed);
    this.panel.say(this.words(points), how);
    this.panel.result.classList.toggle("tool-wrong", this.crossed.length > 0);
    this.doneButton.disabled = !this.isRight || this.isDone;
    for (const button of [this.undoButton, this.clearButton]) button.disabled = points.length === 0;
  }

  words(points) {
    if (this.crossed.length) return t("The sides cross each other where the map has a cross. Take back the last point.");
    if (points.length < 3) return this.kind === "rectangle" ? t("Corners: {count} of 2", { count: points.length }) : t("Corners: {count}; at least 3 are needed", { count: points.length });
    const size = area(areaOf(points));
    return this.isDone ? t("The area is drawn: {area}", { area: size }) : t("Corners: {count}, area {area}", { count: points.length, area: size });
  }
}
