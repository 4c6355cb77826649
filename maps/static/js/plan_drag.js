// Stops dragged by their handle, with mouse or finger, within a list or to another one. Keys have buttons for the same.

import { el } from "./dom.js";

const FROM_PX = 5;
const EDGE_PX = 70;
const STEP_PX = 14;

// `root` holds lists `[data-route]` of items `[data-stop]` with a `.stop-handle`; onDrop(key of the stop, key of the list,
// position from 0).
export function setUpDrag(root, { onDrop }) {
  let drag = null;

  const stop = () => {
    if (!drag) return;
    cancelAnimationFrame(drag.frame);
    drag.mark.remove();
    drag.item.classList.remove("is-dragged");
    root.classList.remove("is-dragging");
    window.removeEventListener("keydown", cancel, { capture: true });
    drag = null;
  };

  const cancel = (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    stop();
  };

  const place = () => {
    const under = document.elementFromPoint(drag.x, drag.y);
    const list = under?.closest("[data-route]") ?? under?.closest(".route-card")?.querySelector("[data-route]");
    if (!list || !root.contains(list)) return;
    const items = [...list.querySelectorAll("[data-stop]")].filter((one) => one !== drag.item);
    const next = items.find((one) => {
      const box = one.getBoundingClientRect();
      return drag.y < box.top + box.height / 2;
    });
    if (next) next.before(drag.mark);
    else list.append(drag.mark);
    drag.to = { list, position: next ? items.indexOf(next) : items.length };
  };

  const scroll = () => {
    const below = drag.y - (window.innerHeight - EDGE_PX);
    const above = EDGE_PX - drag.y;
    if (below > 0 || above > 0) {
      window.scrollBy(0, below > 0 ? STEP_PX : -STEP_PX);
      place();
    }
    drag.frame = requestAnimationFrame(scroll);
  };

  root.addEventListener("pointerdown", (event) => {
    const handle = event.target.closest(".stop-handle");
    if (!handle || event.button !== 0 || drag) return;
    event.preventDefault();
    handle.setPointerCapture(event.pointerId);
    drag = { item: handle.closest("[data-stop]"), x: event.clientX, y: event.clientY, startY: event.clientY, startX: event.clientX, mark: el("li", { class: "drop-mark", "aria-hidden": "true" }), to: null, isOn: false };
  });
  root.addEventListener("pointermove", (event) => {
    if (!drag) return;
    Object.assign(drag, { x: event.clientX, y: event.clientY });
    if (!drag.isOn) {
      if (Math.hypot(drag.x - drag.startX, drag.y - drag.startY) < FROM_PX) return;
      drag.isOn = true;
      drag.item.classList.add("is-dragged");
      root.classList.add("is-dragging");
      window.addEventListener("keydown", cancel, { capture: true });
      drag.frame = requestAnimationFrame(scroll);
    }
    place();
  });
  root.addEventListener("pointerup", () => {
    const done = drag?.isOn ? drag : null;
    stop();
    if (done?.to) onDrop(done.item.dataset.stop, done.to.list.dataset.route, done.to.position);
  });
  root.addEventListener("pointercancel", stop);
}
