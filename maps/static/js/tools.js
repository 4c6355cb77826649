// The toolbar over the map: one tool at a time, left with Esc. A tool has start(panel), stop() and, where it wants points,
// point(latlng), undo() and finish(). With one in use, Space puts a point in the map's middle, Enter ends, and Backspace
// undoes, as the tool's `keys` say.

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
      if (event.target !== container || !this.active?.point || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "Backspace") this.active.undo();
      else if (event.key === " ") this.active.point(map.getCenter().wrap());
      else return;
      event.preventDefault();
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

  start(name, { focus = true } = {}) {
    this.stop({ focus: false });
    const { tool, button } = this.tools.get(name);
    this.active = tool;
    this.button = button;
    button.setAttribute("aria-pressed", "true");
    if (tool.point) {
      this.map.getContainer().classList.add("sketching");
      this.map.doubleClickZoom.disable();
      // The keys are for the map, which says what they do.
      this.label = this.map.getContainer().getAttribute("aria-label");
      this.map.getContainer().setAttribute("aria-label", `${tool.title}. ${tool.keys}`);
      if (focus) this.map.getContainer().focus({ preventScroll: true });
    }
    byId("tool-panel").hidden = false;
    byId("map-stage").classList.add("has-tool");
    tool.start(new ToolPanel(tool, { map: this.map, onClose: () => this.stop() }));
  }

  stop({ focus = true } = {}) {
    const { active, button } = this;
    if (!active) return;
    this.active = null;
    active.stop();
    button.setAttribute("aria-pressed", "false");
    this.map.getContainer().classList.remove("sketching");
    this.map.doubleClickZoom.enable();
    if (active.point) this.map.getContainer().setAttribute("aria-label", this.label);
    byId("tool-panel").hidden = true;
    byId("map-stage").classList.remove("has-tool");
    if (focus) button.focus({ preventScroll: true });
  }

  // Whether a tool has taken the click, or Enter; else it is for the map itself. Enter ends: whoever has clicked corners
  // wants no other one in the map's middle.
  takes(latlng, { byKeyboard }) {
    if (!this.active?.point) return false;
    if (byKeyboard) this.active.finish();
    else this.active.point(latlng);
    return true;
  }
}

// What the tool in use says, and its buttons.
class ToolPanel {
  constructor(tool, { map, onClose }) {
    this.map = map;
    this.hint = el("p", { class: "hint" });
    this.keys = el("p", { class: "hint tool-keys" });
    this.result = el("p", { class: "tool-result" });
    this.buttons = el("div", { class: "tool-buttons" });
    const close = el("button", { type: "button", class: "icon-button", "aria-label": t("Close"), onclick: onClose }, el("span", { "aria-hidden": "true" }, "×"));
    fill(byId("tool-panel"), el("div", { class: "tool-head" }, el("h2", { class: "panel-title" }, tool.title), close), this.hint, this.keys, this.result, this.buttons);
    this.showHint(tool.hint, tool.keys);
    announce([tool.title, tool.hint].filter(Boolean).join(". "));
  }

  showHint(hint, keys) {
    for (const [node, text] of [[this.hint, hint], [this.keys, keys]]) {
      node.textContent = text ?? "";
      node.hidden = !text;
    }
  }

  // A button that has just been disabled under the focus would leave it nowhere.
  keepFocus(other) {
    const { activeElement } = document;
    if (!this.buttons.contains(activeElement) || !activeElement.disabled) return;
    (other.disabled ? this.map.getContainer() : other).focus({ preventScroll: true });
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
