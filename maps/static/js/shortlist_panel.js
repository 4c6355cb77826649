// The shortlist beside the map: to order, to note on, to open and to copy, with mouse, keys and screen reader alike.

import { announce, clearProblem, showProblem } from "./announce.js";
import { copyText } from "./copy_text.js";
import { el, fill, swatch } from "./dom.js";
import { Drafts, focusIn, makeDraftForm } from "./drafts.js";
import { number, stateWords, t } from "./i18n.js";
import { planAddress } from "./plan_address.js";
import { makeShortlistButton, removeWithUndo } from "./shortlist_button.js";
import { writeShortlist } from "./shortlist_text.js";
import { findNoteFault } from "./texts.js";
import { showToast } from "./toast.js";

// What can be visited; a visit or finding is no place to choose.
const SITES = ["workplaces", "accommodation", "establishments"];
const byId = (id) => document.getElementById(id);
// What an entry is of; null where it is not told.
const keyOf = ({ is_there: isThere, kind, cell_id, layer, record_id }) => (isThere ? JSON.stringify(kind === "cell" ? [kind, cell_id] : [kind, layer, record_id]) : null);

export class ShortlistPanel {
  constructor({ shortlist, store, cells, events, sectorName }) {
    Object.assign(this, { shortlist, store, cells, sectorName });
    this.drafts = new Drafts({ id: (entry) => entry.entry_id, text: (entry) => entry.note, key: keyOf });
    events.on("shortlist", () => this.draw());
    events.on("cell", (cell) => cell && this.drawButton(cell));
    cells.siteActions = ({ layer, id, title }) => SITES.includes(layer) && makeShortlistButton(shortlist, { kind: "site", layer, record_id: id, title });
    byId("shortlist-copy").addEventListener("click", () => this.copy());
    // it leads to a plan of what is on the list and in view then
    for (const one of ["pointerdown", "click"]) byId("shortlist-plan")?.addEventListener(one, ({ currentTarget }) => (currentTarget.href = planAddress(shortlist.entries ?? [], store.get())));
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
    const focused = document.activeElement?.closest("#shortlist [data-key], #shortlist-drafts [data-key]")?.dataset.key;
    this.drafts.meet(entries);
    fill(byId("shortlist-drafts"), this.drafts.gone().map((draft) => this.goneRow(draft)));
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
    const find = (name) => document.querySelector(`:is(#shortlist, #shortlist-drafts) [data-key="${id} ${name}"]:not(:disabled)`);
    focusIn(find(action) ?? find(other));
  }

  row(entry, i) {
    const what = entry.is_there ? entry.title : t("No longer there, or not for your circle");
    const last = this.shortlist.entries.length - 1;
    const act = (name, sign, label, onclick, disabled = false) => el("button", { type: "button", class: "icon-button", "data-key": `${entry.entry_id} ${name}`, "aria-label": label, title: label, disabled, onclick }, el("span", { "aria-hidden": "true" }, sign));
    const draft = this.drafts.get(entry.entry_id);
    return el(
      "li",
      { class: "saved-row" },
      el("div", { class: "saved-words" }, entry.is_there ? this.entryWords(entry) : el("p", { class: "hint" }, what), draft ? this.noteForm(draft, what) : entry.note && el("p", { class: "saved-note", dir: "auto" }, entry.note)),
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
    const where = [entry.layer_title, entry.kind === "site" && entry.place, entry.municipality].filter((one, i, all) => one && one !== entry.title && all.indexOf(one) === i);
    const known = Number.isFinite(entry.score);
    return [
      el("button", { type: "button", class: "link-button", "data-key": `${entry.entry_id} open`, onclick: () => this.show(entry) }, el("bdi", {}, entry.title)),
      where.length > 0 && el("p", { class: "row-where" }, where.join(" · ")),
      el("p", { class: "saved-score" }, known ? [el("strong", {}, number(entry.score, 1)), " ", swatch(entry.score_class?.colour, "swatch swatch-small"), " ", entry.score_class?.name] : stateWords(entry.state)),
      entry.reason && el("p", { class: "row-reason" }, entry.reason),
    ];
  }

  noteForm(draft, what) {
    return makeDraftForm(this.drafts, draft, {
      makeField: (attributes, text) => el("textarea", { ...attributes, rows: 3, "aria-label": t("Note: {what}", { what }) }, text),
      save: t("Save the note"),
      again: keyOf(draft.item) === null ? null : t("Save as a new entry"),
      onSave: () => this.keep(draft),
      onAgain: () => this.putBack(draft),
      onLeave: () => this.leave(draft),
    });
  }

  // A note that is being written, and its entry is there no more.
  goneRow(draft) {
    const { item } = draft;
    const what = item.is_there ? item.title : t("No longer there, or not for your circle");
    return el("div", { class: "saved-row" }, el("p", {}, el("strong", {}, el("bdi", {}, what))), this.noteForm(draft, what));
  }

  write(entry) {
    this.drafts.start(entry);
    this.draw();
    this.focus(`${entry.entry_id} text`);
  }

  leave({ id }) {
    this.drafts.drop(id);
    this.draw();
    this.focus(`${id} note`);
  }

  // Whether a text can be sent; else what is wrong with it stands below it.
  check(draft) {
    draft.fault = findNoteFault(draft.text);
    if (!draft.fault) return true;
    this.draw();
    this.focus(`${draft.id} text`);
    return false;
  }

  async keep(draft) {
    if (!this.check(draft)) return;
    draft.sent = draft.text;
    await this.attempt(async () => {
      await this.shortlist.setNote(draft.item, draft.text, draft.version);
      // what was typed meanwhile goes on being written
      if (this.drafts.isDirty(draft.id)) return;
      this.leave(draft);
      announce(t("The note is saved."));
    });
    if (this.drafts.has(draft.id)) this.focus(`${draft.id} text`);
  }

  async putBack(draft) {
    if (!this.check(draft)) return;
    draft.sent = draft.text;
    await this.attempt(async () => {
      await this.shortlist.add({ ...draft.item, note: draft.text });
      if (this.drafts.isDirty(draft.id)) return;
      this.leave(draft);
      showToast(t("{what} is on the shortlist.", { what: draft.item.title }));
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
      const next = byId("shortlist").children[Math.min(i, this.shortlist.entries.length - 1)];
      (next?.querySelector('[data-key$=" remove"]') ?? byId("tab-saved")).focus({ preventScroll: true });
    });
  }

  // What was changed or removed in another tab meanwhile is no failure: the list says how it is now.
  async attempt(action) {
    try {
      await action();
      clearProblem("shortlist");
    } catch (error) {
      if (error.current) return;
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
    const text = writeShortlist(this.shortlist.entries, this.store.get(), this.shortlist.surface.info, this.sectorName);
    await copyText(text, { done: t("The shortlist is copied as text."), label: t("The shortlist as text"), opener: byId("shortlist-copy") });
  }
}
