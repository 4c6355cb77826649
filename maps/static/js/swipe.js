// Two layers of tiles side by side: the one ends and the other begins at a line that can be moved.

import { el } from "./dom.js";
import { t } from "./i18n.js";

const STEP = 0.01;
// Of what is cut, or of where it is cut: the map's own events, and new tiles in place of others.
const CHANGES = "move zoomend resize scoresshown";

export class Swipe {
  // `layers()` gives the two containers of tiles as they are now, left and right; either may be missing for a while.
  // It begins at `at`, in percent, and `onMoved` is told where it was left.
  constructor(map, layers, { left, right, at = 50, onMoved = () => {} }) {
    Object.assign(this, { map, layers });
    this.line = el("span", { class: "swipe-line", "aria-hidden": "true" });
    this.input = el("input", { type: "range", class: "swipe-input", min: 0, max: 1, step: STEP, value: at / 100, "aria-label": t("Where {left} ends and {right} begins", { left, right }) });
    this.node = el("div", { class: "swipe" }, this.line, el("span", { class: "swipe-name swipe-left" }, left), el("span", { class: "swipe-name swipe-right" }, right), this.input);
    document.getElementById("map-stage").append(this.node);
    this.cut = () => this.clip();
    this.input.addEventListener("input", this.cut);
    this.input.addEventListener("change", () => onMoved(Math.round(100 * Number(this.input.value))));
    map.on(CHANGES, this.cut);
    this.clip();
  }

  clip() {
    const { x: width, y: height } = this.map.getSize();
    const at = Number(this.input.value) * width;
    const corner = this.map.containerPointToLayerPoint([0, 0]);
    const end = this.map.containerPointToLayerPoint([width, height]);
    const middle = this.map.containerPointToLayerPoint([at, 0]).x;
    const [left, right] = this.layers();
    // An old property, and the one that cuts a layer of any size: the newer one needs a box with a size.
    if (left) left.style.clip = `rect(${corner.y}px, ${middle}px, ${end.y}px, ${corner.x}px)`;
    if (right) right.style.clip = `rect(${corner.y}px, ${end.x}px, ${end.y}px, ${middle}px)`;
    this.node.style.setProperty("--at", `${at}px`);
    this.input.setAttribute("aria-valuetext", `${Math.round(100 * Number(this.input.value))} %`);
  }

  moveTo(at) {
    this.input.value = at / 100;
    this.clip();
  }

  remove() {
    this.map.off(CHANGES, this.cut);
    for (const layer of this.layers()) if (layer) layer.style.clip = "";
    this.node.remove();
  }
}
