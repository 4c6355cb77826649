// Distance along points, and the area they enclose.

import { areaOf, lengthOf } from "./ground.js";
import { area, metres, t } from "./i18n.js";
import { Sketch } from "./sketch.js";

export class Measure {
  constructor(map) {
    this.map = map;
    this.title = t("Measure");
    this.hint = t("Click or tap points on the map; a double click ends the line. Lengths are those on the ground, computed in SWEREF 99 TM.");
    this.keys = t("Keys: arrows move the map, Space puts a point in its middle, Enter ends, Backspace undoes, Esc closes.");
  }

  start(panel) {
    this.panel = panel;
    this.sketch = new Sketch(this.map);
    this.isDone = false;
    this.undoButton = panel.addButton(t("Undo"), () => this.undo());
    this.clearButton = panel.addButton(t("Start over"), () => this.clear());
    this.tell({ aloud: false });
  }

  stop() {
    this.sketch.remove();
  }

  // After the end of a line, the next one.
  point(latlng) {
    if (this.isDone) this.sketch.set([]);
    this.isDone = false;
    if (this.sketch.add(latlng)) this.tell();
  }

  finish() {
    if (this.sketch.points.length < 2) return;
    this.isDone = true;
    this.sketch.stopFollowing();
    this.tell();
  }

  undo() {
    if (this.isDone) this.sketch.startFollowing();
    else this.sketch.undo();
    this.isDone = false;
    this.tell();
  }

  clear() {
    this.isDone = false;
    this.sketch.set([]);
    this.tell();
  }

  tell(how) {
    const points = this.sketch.inMetres();
    const words = [];
    if (points.length < 2) words.push(points.length ? t("One point. The next one gives a distance.") : t("No points yet."));
    else words.push(t("Distance {distance}", { distance: metres(lengthOf(points)) }));
    if (points.length > 2) words.push(t("enclosed area {area}", { area: area(areaOf(points)) }));
    if (this.isDone) words.push(t("the next point begins another line"));
    this.panel.say(words.join(", "), how);
    for (const button of [this.undoButton, this.clearButton]) button.disabled = points.length === 0;
    this.panel.keepFocus(this.undoButton);
  }
}
