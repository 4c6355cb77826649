// Views of the map kept under a name: one's own, and those that others of the circle share.

import { announce, clearProblem, showProblem } from "./announce.js";
import { getJson, latestOnly, sendJson } from "./api.js";
import { el, fill } from "./dom.js";
import { Drafts, focusIn, guardUnsaved, makeDraftForm } from "./drafts.js";
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
    this.drafts = new Drafts({ id: (view) => view.view_id, text: (view) => view.name });
    guardUnsaved(() => byId("view-name").value.trim() !== "");
    this.latest = latestOnly();
    byId("view-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.save();
    });
    byId("view-name").addEventListener("input", () => {
      report(byId("view-name"), byId("view-problem"), "");
      this.offer(null);
    });
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
      // As they are now: another tab may have saved one.
      await this.open();
      const same = this.findSame(name);
      if (same) {
        this.offer(same);
        return;
      }
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

  // A view of one's own that is called the same, as far as one can see: nobody tells "Vecka 30" from "vecka 30 ".
  findSame(name, exceptId = null) {
    return this.views.find((view) => view.is_own && view.view_id !== exceptId && nameKey(view.name) === nameKey(name));
  }

  // Two views of one name: which is meant is asked, and nothing is written before it is answered.
  offer(view) {
    const node = byId("view-same");
    node.hidden = !view;
    fill(node);
    if (!view) return;
    const replace = async () => {
      this.offer(null);
      byId("view-name").value = "";
      await this.overwrite(view, { is_shared: view.is_shared || byId("view-shared").checked });
      byId("view-shared").checked = false;
      this.focus(`${view.view_id} open`);
    };
    const rename = () => {
      this.offer(null);
      byId("view-name").focus();
      byId("view-name").select();
    };
    fill(
      node,
      el("p", {}, t("You already have a view called {name}, saved {date}.", { name: view.name, date: day(view.changed_at.slice(0, 10)) })),
      el("div", { class: "saved-buttons" }, el("button", { type: "button", class: "plain-button", onclick: replace }, t("Replace it with what the map shows now")), el("button", { type: "button", class: "plain-button", onclick: rename }, t("Choose another name"))),
    );
    announce(node.querySelector("p").textContent);
    node.querySelector("button:last-child").focus({ preventScroll: true });
    node.scrollIntoView({ block: "start" });
  }

  draw() {
    const focused = document.activeElement?.closest("#views [data-key]")?.dataset.key;
    const own = this.views.filter((view) => view.is_own);
    const shared = this.views.filter((view) => !view.is_own);
    this.drafts.meet(own);
    fill(
      byId("views"),
      this.drafts.gone().map((draft) => el("div", { class: "saved-row" }, el("p", {}, el("strong", {}, el("bdi", {}, draft.item.name))), this.nameForm(draft))),
      own.length ? el("ul", { class: "views", "aria-labelledby": "views-title" }, own.map((view) => this.row(view))) : el("p", { class: "hint" }, t("You have no saved views yet.")),
      shared.length > 0 && [el("h3", { id: "shared-title" }, t("Shared by others in your circle")), el("ul", { class: "views", "aria-labelledby": "shared-title" }, shared.map((view) => this.row(view)))],
    );
    if (focused) this.focus(focused);
  }

  focus(key) {
    focusIn(document.querySelector(`#views [data-key="${key}"]`));
  }

  row(view) {
    const draft = this.drafts.get(view.view_id);
    if (draft) return el("li", { class: "saved-row" }, this.nameForm(draft));
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
          act("overwrite", t("Overwrite"), t("Overwrite with what the map shows now: {name}", { name }), () => this.overwrite(view)),
          act("share", view.is_shared ? t("Stop sharing") : t("Share"), view.is_shared ? t("Stop sharing: {name}", { name }) : t("Share with your circle: {name}", { name }), () => this.share(view)),
          act("delete", t("Delete"), t("Delete: {name}", { name }), () => this.remove(view)),
        ),
    );
  }

  nameForm(draft) {
    return makeDraftForm(this.drafts, draft, {
      makeField: (attributes, text) => el("input", { ...attributes, type: "text", autocomplete: "off", value: text }),
      label: t("New name"),
      save: t("Save the name"),
      again: t("Save as a new view"),
      onSave: () => this.rename(draft),
      onAgain: () => this.saveAgain(draft),
      onLeave: () => this.leave(draft),
    });
  }

  write(view) {
    this.drafts.start(view);
    this.draw();
    this.focus(`${view.view_id} text`);
  }

  leave({ id }) {
    this.drafts.drop(id);
    this.draw();
    this.focus(`${id} rename`);
  }

  // Whether a name can be sent; else what is wrong with it stands below it.
  check(draft) {
    const same = this.findSame(draft.text, draft.id);
    draft.fault = findNameFault(draft.text) || (same ? t("You already have a view called {name}. Choose another name, or delete that one first.", { name: same.name }) : "");
    if (!draft.fault) return true;
    this.draw();
    this.focus(`${draft.id} text`);
    return false;
  }

  async rename(draft) {
    if (!this.check(draft)) return;
    draft.sent = draft.text;
    const { id, text: name, version } = draft;
    await this.attempt(async () => {
      this.replace(await sendJson("PUT", `api/views/${id}`, { name, version }));
      // what was typed meanwhile goes on being written
      if (this.drafts.isDirty(id)) return;
      this.leave(draft);
      announce(t("The view is called {name} now.", { name: name.trim() }));
    });
    if (this.drafts.has(id)) this.focus(`${id} text`);
  }

  // A name that was being written for a view that is there no more.
  saveAgain(draft) {
    if (!this.check(draft)) return undefined;
    const { query, is_shared } = draft.item;
    return this.attempt(async () => {
      const view = await sendJson("POST", "api/views", { name: draft.text, query, is_shared });
      this.drafts.drop(draft.id);
      this.views = [view, ...this.views];
      this.draw();
      this.focus(`${view.view_id} open`);
      showToast(t("The view {name} is saved.", { name: view.name }));
    });
  }

  share(view) {
    return this.attempt(async () => {
      const changed = await sendJson("PUT", `api/views/${view.view_id}`, { is_shared: !view.is_shared, version: view.version });
      this.replace(changed);
      showToast(changed.is_shared ? t("Everybody in your circle can open {name} now.", { name: view.name }) : t("{name} is only yours now.", { name: view.name }));
    }, view);
  }

  // The map as it is shown now, in the place of what the view showed.
  overwrite(view, change = {}) {
    return this.attempt(async () => {
      const changed = await sendJson("PUT", `api/views/${view.view_id}`, { query: writeState(this.store.get(), language()), version: view.version, ...change });
      this.replace(changed);
      const undo = async () => {
        hideToast();
        await this.attempt(async () => this.replace(await sendJson("PUT", `api/views/${view.view_id}`, { query: view.query, is_shared: view.is_shared, version: changed.version })), changed);
      };
      showToast(t("{name} shows what the map shows now.", { name: view.name }), toastButton(t("Undo"), undo), toastButton(t("Close"), hideToast));
    }, view);
  }

  remove(view) {
    return this.attempt(async () => {
      await sendJson("DELETE", `api/views/${view.view_id}`);
      this.views = this.views.filter((one) => one.view_id !== view.view_id);
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
      showToast(t("The view {name} is deleted.", { name: view.name }), toastButton(t("Undo"), undo), toastButton(t("Close"), hideToast));
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

  // `seen` is the view as it was when the action was asked for.
  async attempt(action, seen = null) {
    try {
      await action();
      clearProblem("views");
    } catch (error) {
      if (error.current) {
        this.replace(error.current);
        if (seen) showToast(t("{name} was changed in another tab and is shown as it is now. Nothing was overwritten; press again to do so.", { name: seen.name }));
        return;
      }
      if (error.status !== 404) {
        showProblem("views", error);
        return;
      }
      showToast(t("The view was deleted in another tab."));
      await this.open();
    }
  }
}

const nameKey = (name) => name.normalize("NFC").replace(/\s+/g, " ").trim().toLocaleLowerCase("sv");

const toastButton = (words, onclick) => el("button", { type: "button", class: "plain-button", onclick }, words);

function report(field, node, text) {
  node.textContent = text;
  node.hidden = !text;
  if (text) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
}
