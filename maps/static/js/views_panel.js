// Views of the map kept under a name: one's own, and those that others of the circle share.

import { announce, clearProblem, showProblem } from "./announce.js";
import { getJson, latestOnly, sendJson } from "./api.js";
import { el, fill } from "./dom.js";
import { day, language, t } from "./i18n.js";
import { writeState } from "./state.js";
import { findNameFault } from "./texts.js";
import { hideToast, showToast } from "./toast.js";

const byId = (id) => document.getElementById(id);
const MOST_VIEWS = 200;

export class ViewsPanel {
  // `onOpen` is given a view's address after the question mark.
  constructor({ store, onOpen }) {
    Object.assign(this, { store, onOpen });
    this.views = [];
    // The name that is being written for a view, by the view's id.
    this.drafts = new Map();
    this.latest = latestOnly();
    byId("view-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.save();
    });
    byId("view-name").addEventListener("input", () => report(byId("view-name"), byId("view-problem"), ""));
  }

  async open() {
    try {
      const answer = await this.latest((signal) => getJson("api/views", {}, signal));
      if (!answer) return;
      clearProblem("views");
      this.views = answer.views;
      this.draw();
    } catch (error) {
      showProblem("views", error, () => this.open());
    }
  }

  async save() {
    const field = byId("view-name");
    const name = field.value;
    const isFull = this.views.filter((view) => view.is_own).length >= MOST_VIEWS;
    const fault = isFull ? t("You have {most} saved views, which is as many as are kept. Delete one first.", { most: MOST_VIEWS }) : findNameFault(name);
    report(field, byId("view-problem"), fault);
    if (fault) {
      field.focus();
      return;
    }
    const button = byId("view-form").querySelector("[type=submit]");
    button.disabled = true;
    try {
      const view = await sendJson("POST", "api/views", { name, query: writeState(this.store.get(), language()), is_shared: byId("view-shared").checked });
      clearProblem("views");
      field.value = "";
      byId("view-shared").checked = false;
      this.views = [view, ...this.views];
      this.draw();
      showToast(t("The view {name} is saved.", { name: view.name }));
    } catch (error) {
      // What was typed stays.
      if (error.status === 422) report(field, byId("view-problem"), `${error.message} ${error.detail}`);
      else showProblem("views", error);
    } finally {
      button.disabled = false;
    }
  }

  draw() {
    const focused = document.activeElement?.closest("#views [data-key]")?.dataset.key;
    const own = this.views.filter((view) => view.is_own);
    const shared = this.views.filter((view) => !view.is_own);
    fill(
      byId("views"),
      own.length ? el("ul", { class: "views", "aria-labelledby": "views-title" }, own.map((view) => this.row(view))) : el("p", { class: "hint" }, t("You have no saved views yet.")),
      shared.length > 0 && [el("h3", { id: "shared-title" }, t("Shared by others in your circle")), el("ul", { class: "views", "aria-labelledby": "shared-title" }, shared.map((view) => this.row(view)))],
    );
    if (focused) this.focus(focused);
  }

  focus(key) {
    document.querySelector(`#views [data-key="${key}"]`)?.focus({ preventScroll: true });
  }

  row(view) {
    if (this.drafts.has(view.view_id)) return el("li", { class: "saved-row" }, this.nameForm(view));
    const { name } = view;
    const act = (code, words, label, onclick) => el("button", { type: "button", class: "plain-button", "data-key": `${view.view_id} ${code}`, "aria-label": label, onclick }, words);
    const facts = view.is_own ? [t("Saved {date}", { date: day(view.changed_at.slice(0, 10)) }), view.is_shared && t("shared with your circle")] : [t("Saved by {owner}", { owner: view.owner }), day(view.changed_at.slice(0, 10))];
    return el(
      "li",
      { class: "saved-row" },
      el("div", { class: "saved-words" }, el("button", { type: "button", class: "link-button", "data-key": `${view.view_id} open`, onclick: () => this.show(view) }, el("bdi", {}, name)), el("p", { class: "row-where" }, facts.filter(Boolean).join(" · "))),
      view.is_own &&
        el(
          "div",
          { class: "saved-buttons" },
          act("rename", t("Rename"), t("Rename: {name}", { name }), () => this.write(view)),
          act("share", view.is_shared ? t("Stop sharing") : t("Share"), view.is_shared ? t("Stop sharing: {name}", { name }) : t("Share with your circle: {name}", { name }), () => this.share(view)),
          act("delete", t("Delete"), t("Delete: {name}", { name }), () => this.remove(view)),
        ),
    );
  }

  nameForm(view) {
    const id = `name-${view.view_id}`;
    const { text, fault } = this.drafts.get(view.view_id);
    const field = el("input", { type: "text", id, dir: "auto", autocomplete: "off", value: text, "data-key": `${view.view_id} text`, "aria-invalid": fault ? "true" : null, "aria-describedby": `${id}-problem` });
    field.addEventListener("input", () => this.drafts.set(view.view_id, { text: field.value, fault: "" }));
    return el(
      "form",
      {
        class: "note-form",
        novalidate: true,
        onsubmit: (event) => {
          event.preventDefault();
          this.rename(view);
        },
        onkeydown: (event) => event.key === "Escape" && this.leave(view),
      },
      el("label", { for: id }, t("New name")),
      field,
      el("p", { class: "field-problem", id: `${id}-problem`, role: "alert", hidden: !fault }, fault),
      el("div", { class: "saved-buttons" }, el("button", { type: "submit", class: "plain-button" }, t("Save the name")), el("button", { type: "button", class: "plain-button", onclick: () => this.leave(view) }, t("Cancel"))),
    );
  }

  write(view) {
    this.drafts.set(view.view_id, { text: view.name, fault: "" });
    this.redraft(view);
  }

  redraft(view) {
    this.draw();
    this.focus(`${view.view_id} text`);
  }

  leave(view) {
    this.drafts.delete(view.view_id);
    this.draw();
    this.focus(`${view.view_id} rename`);
  }

  async rename(view) {
    const { text } = this.drafts.get(view.view_id);
    const fault = findNameFault(text);
    if (fault) {
      this.drafts.set(view.view_id, { text, fault });
      this.redraft(view);
      return;
    }
    await this.attempt(async () => {
      this.replace(await sendJson("PUT", `api/views/${view.view_id}`, { name: text }));
      this.leave(view);
      announce(t("The view is called {name} now.", { name: text.trim() }));
    });
  }

  share(view) {
    return this.attempt(async () => {
      const changed = await sendJson("PUT", `api/views/${view.view_id}`, { is_shared: !view.is_shared });
      this.replace(changed);
      showToast(changed.is_shared ? t("Everybody in your circle can open {name} now.", { name: view.name }) : t("{name} is only yours now.", { name: view.name }));
    });
  }

  remove(view) {
    return this.attempt(async () => {
      await sendJson("DELETE", `api/views/${view.view_id}`);
      this.views = this.views.filter((one) => one !== view);
      this.draw();
      byId("view-name").focus({ preventScroll: true });
      const undo = async () => {
        hideToast();
        await this.attempt(async () => {
          const { name, query, is_shared } = view;
          this.views = [await sendJson("POST", "api/views", { name, query, is_shared }), ...this.views];
          this.draw();
        });
      };
      showToast(t("The view {name} is deleted.", { name: view.name }), el("button", { type: "button", class: "plain-button", onclick: undo }, t("Undo")), el("button", { type: "button", class: "plain-button", onclick: hideToast }, t("Close")));
    });
  }

  show(view) {
    this.onOpen(view.query);
    announce(t("The map shows {name}.", { name: view.name }));
  }

  replace(changed) {
    this.views = this.views.map((one) => (one.view_id === changed.view_id ? changed : one));
    this.draw();
  }

  async attempt(action) {
    try {
      await action();
      clearProblem("views");
    } catch (error) {
      if (error.status !== 404) {
        showProblem("views", error);
        return;
      }
      showToast(t("The view was deleted in another tab."));
      await this.open();
    }
  }
}

function report(field, node, text) {
  node.textContent = text;
  node.hidden = !text;
  if (text) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
}
