// The shortlist beside the map: to order, to note on, to open and to copy, with mouse, keys and screen reader alike.

import { announce, clearProblem, showProblem } from "./announce.js";
import { copyText } from "./copy_text.js";
import { el, fill, swatch } from "./dom.js";
import { number, stateWords, t } from "./i18n.js";
import { makeShortlistButton, removeWithUndo } from "./shortlist_button.js";
import { writeShortlist } from "./shortlist_text.js";
import { findNoteFault } from "./texts.js";
import { showToast } from "./toast.js";

// What can be visited; a visit or finding is no place to choose.
const SITES = ["workplaces", "accommodation", "establishments"];
const byId = (id) => document.getElementById(id);

export class ShortlistPanel {
  constructor({ shortlist, store, cells, events }) {
    Object.assign(this, { shortlist, store, cells });
    // Notes that are being written, by entry; they outlive every drawing of the list.
    this.drafts = new Map();
    events.on("shortlist", () => this.draw());
    events.on("cell", (cell) => cell && this.drawButton(cell));
    cells.siteActions = ({ layer, id, title }) => SITES.includes(layer) && makeShortlistButton(shortlist, { kind: "site", layer, record_id: id, title });
    byId("shortlist-copy").addEventListener("click", () => this.copy());
  }

  // Asked for anew whenever it comes into view: another tab may have changed it.
  async open() {
    try {
      await this.shortlist.load();
      clearProblem("shortlist");
    } catch (error) {
      showProblem("shortlist", error, () => this.open());
    }
  }

  drawButton(cell) {
    const title = cell.place || cell.municipality;
    fill(byId("cell-actions"), makeShortlistButton(this.shortlist, { kind: "cell", cell_id: cell.cell_id, title }));
  }

  draw() {
    const { entries } = this.shortlist;
    const focused = document.activeElement?.closest("#shortlist [data-key]")?.dataset.key;
    fill(byId("shortlist"), entries.map((entry, i) => this.row(entry, i)));
    byId("shortlist-count").textContent = entries.length ? `(${number(entries.length)})` : "";
    byId("shortlist-copy").hidden = !entries.length;
    if (!entries.length) byId("shortlist-hint").textContent = t("Nothing yet: open a cell and press “Add to the shortlist”. Nobody else sees the list.");
    else byId("shortlist-hint").textContent = t("Cells and sites that you have put aside, in your order. Nobody else sees them.");
    if (focused) this.focus(focused);
  }

  // Where the focus was; at either end, the button that goes the other way.
  focus(key) {
    const [id, action] = key.split(" ");
    const other = { up: "down", down: "up" }[action] ?? "note";
    const find = (name) => document.querySelector(`#shortlist [data-key="${id} ${name}"]:not(:disabled)`);
    (find(action) ?? find(other))?.focus({ preventScroll: true });
  }

  row(entry, i) {
    const what = entry.is_there ? entry.title : t("No longer there, or not for your circle");
    const last = this.shortlist.entries.length - 1;
    const act = (name, sign, label, onclick, disabled = false) => el("button", { type: "button", class: "icon-button", "data-key": `${entry.entry_id} ${name}`, "aria-label": label, title: label, disabled, onclick }, el("span", { "aria-hidden": "true" }, sign));
    const isWritten = this.drafts.has(entry.entry_id);
    return el(
      "li",
      { class: "saved-row" },
      el("div", { class: "saved-words" }, entry.is_there ? this.entryWords(entry) : el("p", { class: "hint" }, what), isWritten ? this.noteForm(entry, what) : entry.note && el("p", { class: "saved-note", dir: "auto" }, entry.note)),
      el(
        "div",
        { class: "saved-acts" },
        act("up", "↑", t("Move up: {what}", { what }), () => this.move(entry, i - 1, what), i === 0),
        act("down", "↓", t("Move down: {what}", { what }), () => this.move(entry, i + 1, what), i === last),
        act("note", "✎", t("Write a note: {what}", { what }), () => this.write(entry)),
        act("remove", "×", t("Take off the list: {what}", { what }), () => this.remove(entry, i)),
      ),
    );
  }

  entryWords(entry) {
    const where = [entry.layer_title, entry.kind === "site" && entry.place, entry.municipality].filter((one) => one && one !== entry.title);
    const known = Number.isFinite(entry.score);
    return [
      el("button", { type: "button", class: "link-button", "data-key": `${entry.entry_id} open`, onclick: () => this.show(entry) }, el("bdi", {}, entry.title)),
      where.length > 0 && el("p", { class: "row-where" }, where.join(" · ")),
      el("p", { class: "saved-score" }, known ? [el("strong", {}, number(entry.score, 1)), " ", swatch(entry.score_class?.colour, "swatch swatch-small"), " ", entry.score_class?.name] : stateWords(entry.state)),
      entry.reason && el("p", { class: "row-reason" }, entry.reason),
    ];
  }

  noteForm(entry, what) {
    const { text, fault } = this.drafts.get(entry.entry_id);
    const id = `note-${entry.entry_id}`;
    const field = el("textarea", { id, rows: 3, dir: "auto", "data-key": `${entry.entry_id} text`, "aria-label": t("Note: {what}", { what }), "aria-invalid": fault ? "true" : null, "aria-describedby": `${id}-problem` }, text);
    field.addEventListener("input", () => this.drafts.set(entry.entry_id, { text: field.value, fault: "" }));
    return el(
      "form",
      {
        class: "note-form",
        novalidate: true,
        onsubmit: (event) => {
          event.preventDefault();
          this.keep(entry);
        },
        onkeydown: (event) => event.key === "Escape" && this.leave(entry),
      },
      field,
      el("p", { class: "field-problem", id: `${id}-problem`, role: "alert", hidden: !fault }, fault),
      el("div", { class: "saved-buttons" }, el("button", { type: "submit", class: "plain-button" }, t("Save the note")), el("button", { type: "button", class: "plain-button", onclick: () => this.leave(entry) }, t("Cancel"))),
    );
  }

  write(entry) {
    if (!this.drafts.has(entry.entry_id)) this.drafts.set(entry.entry_id, { text: entry.note, fault: "" });
    this.draw();
    this.focus(`${entry.entry_id} text`);
  }

  leave(entry) {
    this.drafts.delete(entry.entry_id);
    this.draw();
    this.focus(`${entry.entry_id} note`);
  }

  async keep(entry) {
    const { text } = this.drafts.get(entry.entry_id);
    const fault = findNoteFault(text);
    if (fault) {
      this.drafts.set(entry.entry_id, { text, fault });
      this.draw();
      this.focus(`${entry.entry_id} text`);
      return;
    }
    await this.attempt(async () => {
      await this.shortlist.setNote(entry, text);
      this.leave(entry);
      announce(t("The note is saved."));
    });
  }

  move(entry, position, what) {
    return this.attempt(async () => {
      await this.shortlist.move(entry, position);
      announce(t("{what} is number {rank} of {count}.", { what, rank: position + 1, count: this.shortlist.entries.length }));
    });
  }

  remove(entry, i) {
    return this.attempt(async () => {
      await removeWithUndo(this.shortlist, entry);
      this.drafts.delete(entry.entry_id);
      const next = byId("shortlist").children[Math.min(i, this.shortlist.entries.length - 1)];
      (next?.querySelector('[data-key$=" remove"]') ?? byId("tab-saved")).focus({ preventScroll: true });
    });
  }

  // What was removed in another tab meanwhile is no failure: the list says how it is now.
  async attempt(action) {
    try {
      await action();
      clearProblem("shortlist");
    } catch (error) {
      if (error.status !== 404) {
        showProblem("shortlist", error);
        return;
      }
      showToast(t("The entry was removed in another tab."));
      await this.open();
    }
  }

  show(entry) {
    const { layer, record_id: id, title, lon, lat } = entry;
    if (entry.kind === "site") this.cells.showRecord({ layer, id, title, lon, lat });
    else this.cells.openEntry({ cell: entry.cell_id, lon, lat, zoom: 12 }, { focus: true });
  }

  async copy() {
    if (!this.shortlist.isFresh) await this.open();
    const text = writeShortlist(this.shortlist.entries, this.store.get(), this.shortlist.surface.info);
    await copyText(text, { done: t("The shortlist is copied as text."), label: t("The shortlist as text"), opener: byId("shortlist-copy") });
  }
}
