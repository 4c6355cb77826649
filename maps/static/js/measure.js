// Distance along points, and the area they enclose.

import { areaOf, lengthOf } from "./ground.js";
import { area, metres, t } from "./i18n.js";
import { Sketch } from "./sketch.js";

export class Measure {
  constructor(map) {
    this.map = map;
    this.title = t("Measure");
    this.hint = t("Click points on the map, or move it with the arrow keys and press Enter for a point in its middle. Lengths are those on the ground, computed in SWEREF 99 TM.");
  }

  start(panel) {
    this.panel = panel;
    this.sketch = new Sketch(this.map);
    this.undoButton = panel.addButton(t("Take back the last point"), () => this.undo());
    this.clearButton = panel.addButton(t("Start over"), () => this.clear());
    this.tell({ aloud: false });
  }

  stop() {
    this.sketch.remove();
  }

  point(latlng) {
    if (this.sketch.add(latlng)) this.tell();
  }

  undo() {
    this.sketch.undo();
    this.tell();
  }

  clear() {
    this.sketch.set([]);
    this.tell();
  }

  tell(how) {
    const points = this.sketch.inMetres();
    const words = [];
    if (points.length < 2) words.push(points.length ? t("One point. The next one gives a distance.") : t("No points yet."));
    else words.push(t("Distance {distance}", { distance: metres(lengthOf(points)) }));
    if (points.length > 2) words.push(t("enclosed area {area}", { area: area(areaOf(points)) }));
    this.panel.say(words.join(", "), how);
    for (const button of [this.undoButton, this.clearButton]) button.disabled = points.length === 0;
  }
}
