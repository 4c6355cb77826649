// The tool that draws an area, the address that keeps what it has drawn, and whoever else is told of it.

import { DrawArea } from "./draw_area.js";

export class DrawnArea {
  constructor({ map, tools, store, events }) {
    Object.assign(this, { tools, store });
    this.tool = new DrawArea(map, {
      onArea: (polygon, panel) => {
        events.tell("area", { polygon, panel });
        store.set({ area: polygon ? this.tool.text : "" });
      },
    });
    tools.add("area", this.tool);
  }

  // What the address tells is drawn; where it tells nothing, whatever is drawn goes.
  restore(text) {
    const isActive = this.tools.active === this.tool;
    if (!text) {
      if (isActive && this.tool.isDone) this.tools.stop({ focus: false });
      return;
    }
    if (isActive && this.tool.text === text) return;
    if (!isActive) this.tools.start("area", { focus: false });
    this.tool.restore(text);
  }
}
