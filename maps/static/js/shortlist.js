// The shortlist: cells and sites put aside, in one's own order. It is kept by the server, seen by nobody else, and may be
// changed in another tab meanwhile.

import { getJson, latestOnly, sendJson } from "./api.js";
import { language } from "./i18n.js";

export class Shortlist {
  // "shortlist" is told whenever the entries may be others.
  constructor({ surface, events }) {
    Object.assign(this, { surface, events });
    this.entries = null;
    this.asked = null;
    this.changes = 0;
    this.latest = latestOnly();
  }

  // Whether the entries' scores are those of the surface in view.
  get isFresh() {
    return this.entries !== null && this.asked === this.surface.info.id;
  }

  async load() {
    const asked = this.surface.info.id;
    const { changes } = this;
    const answer = await this.latest((signal) => getJson("api/shortlist", this.query(), signal));
    if (!answer) return;
    // What was changed meanwhile may not be in the answer.
    if (changes !== this.changes) {
      await this.load();
      return;
    }
    this.asked = asked;
    this.tell(answer.entries);
  }

  // The entry for {kind: "cell", cell_id} or {kind: "site", layer, record_id}, if it is on the list.
  find(what) {
    const same = (entry) => entry.kind === what.kind && (what.kind === "cell" ? entry.cell_id === what.cell_id : entry.layer === what.layer && entry.record_id === what.record_id);
    return this.entries?.find(same);
  }

  async add({ kind, cell_id, layer, record_id, note = "" }, position = null) {
    const what = kind === "cell" ? { kind, cell_id, note } : { kind, layer, record_id, note };
    const entry = await this.change("POST", "", what);
    if (this.entries === null) {
      await this.load();
      return entry;
    }
    const others = this.entries.filter((one) => one.entry_id !== entry.entry_id);
    if (others.length === this.entries.length) this.tell([...others, entry]);
    if (position !== null && position < others.length) await this.move(entry, position);
    return entry;
  }

  // To a position from 0.
  async move(entry, position) {
    const moved = await this.change("PUT", `/${entry.entry_id}`, { position: position + 1 });
    const others = this.entries.filter((one) => one.entry_id !== entry.entry_id);
    this.tell([...others.slice(0, position), moved, ...others.slice(position)]);
  }

  // In the place of the note's version that was seen; where there is another by now, that is in the list from then on.
  async setNote(entry, note, version) {
    try {
      this.replace(await this.change("PUT", `/${entry.entry_id}`, { note, version }));
    } catch (error) {
      if (error.current) this.replace(error.current);
      throw error;
    }
  }

  replace(changed) {
    this.tell(this.entries.map((one) => (one.entry_id === changed.entry_id ? changed : one)));
  }

  async remove(entry) {
    await this.change("DELETE", `/${entry.entry_id}`);
    this.tell(this.entries.filter((one) => one.entry_id !== entry.entry_id));
  }

  async change(method, path, value = undefined) {
    try {
      return await sendJson(method, `api/shortlist${path}`, value, method === "DELETE" ? {} : this.query());
    } finally {
      this.changes += 1;
    }
  }

  query() {
    return { surface: this.surface.info.id, lang: language() };
  }

  tell(entries) {
    this.entries = entries;
    this.events.tell("shortlist", entries);
  }
}
