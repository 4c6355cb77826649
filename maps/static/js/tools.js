// The toolbar over the map: one tool at a time, left with Esc. A tool has start(panel), stop() and, where it wants points,
// point(latlng), undo() and finish().

import { announce } from "./announce.js";
import { el, fill } from "./dom.js";
import { t } from "./i18n.js";

const byId = (id) => document.getElementById(id);

export class Tools {
  constructor(map) {
    this.map = map;
    this.tools = new Map();
    this.active = null;
    const container = map.getContainer();
    container.addEventListener("keydown", (event) => {
      if (event.key !== "Backspace" || event.target !== container || !this.active?.undo) return;
      event.preventDefault();
      this.active.undo();
    });
    document.addEventListener(
      "keydown",
      (event) => {
        if (event.key !== "Escape" || !this.active || !this.isHere(document.activeElement)) return;
        event.stopPropagation();
        this.stop();
      },
      { capture: true },
    );
    // On a narrow screen the tool lies over the sheets: choosing one leaves it.
    for (const tab of document.querySelectorAll("button[data-sheet]")) tab.addEventListener("click", () => this.stop({ focus: false }));
    map.on("dblclick", () => this.active?.finish?.());
  }

  // In a panel of its own Esc means that panel.
  isHere(node) {
    return !node || node === document.body || byId("map-stage").contains(node) || byId("tool-panel").contains(node);
  }

  add(name, tool) {
    const button = byId(`tool-${name}`);
    this.tools.set(name, { tool, button });
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => (this.active === tool ? this.stop() : this.start(name)));
  }

  start(name) {
    this.stop({ focus: false });
    const { tool, button } = this.tools.get(name);
    this.active = tool;
    this.button = button;
    button.setAttribute("aria-pressed", "true");
    if (tool.point) {
      this.map.getContainer().classList.add("sketching");
      this.map.doubleClickZoom.disable();
      // Enter puts a point in the map's middle.
      this.map.getContainer().focus({ preventScroll: true });
    }
    byId("tool-panel").hidden = false;
    byId("map-stage").classList.add("has-tool");
    tool.start(new ToolPanel(tool, () => this.stop()));
  }

  stop({ focus = true } = {}) {
    const { active, button } = this;
    if (!active) return;
    this.active = null;
    active.stop();
    button.setAttribute("aria-pressed", "false");
    this.map.getContainer().classList.remove("sketching");
    this.map.doubleClickZoom.enable();
    byId("tool-panel").hidden = true;
    byId("map-stage").classList.remove("has-tool");
    if (focus) button.focus({ preventScroll: true });
  }

  // Whether a tool has taken the point; else it is for the map itself.
  takes(latlng) {
    if (!this.active?.point) return false;
    this.active.point(latlng);
    return true;
  }
}

// What the tool in use says, and its buttons.
class ToolPanel {
  constructor(tool, onClose) {
    this.result = el("p", { class: "tool-result" });
    this.buttons = el("div", { class: "tool-buttons" });
    const close = el("button", { type: "button", class: "icon-button", "aria-label": t("Close"), onclick: onClose }, el("span", { "aria-hidden": "true" }, "×"));
    fill(byId("tool-panel"), el("div", { class: "tool-head" }, el("h2", { class: "panel-title" }, tool.title), close), tool.hint && el("p", { class: "hint" }, tool.hint), this.result, this.buttons);
    announce([tool.title, tool.hint].filter(Boolean).join(". "));
  }

  // Shown, and said to those who do not see it.
  say(text, { aloud = true } = {}) {
    this.result.textContent = text;
    if (aloud && text) announce(text);
  }

  addButton(text, onclick, { main = false } = {}) {
    const button = el("button", { type: "button", class: main ? "plain-button button-strong" : "plain-button", onclick }, text);
    this.buttons.append(button);
    return button;
  }
}
