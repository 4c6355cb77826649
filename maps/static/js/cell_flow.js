// Choosing a cell, by click, key, list, search or address, and why it has its score.

import { announce, clearProblem, showProblem } from "./announce.js";
import { getJson, latestOnly } from "./api.js";
import { drawCell, drawNoCell, isKnown } from "./cell.js";
import { certaintyPart, showCertainty } from "./cell_certainty.js";
import { establishmentPart, standingPart, visitPart } from "./cell_nearby.js";
import { language, number, stateWords, t, term } from "./i18n.js";
import { goTo, keepInSight } from "./map.js";
import { showSheet, shownSheet } from "./sheets.js";
import { openSite } from "./site_panel.js";

const REASONS_FIRST_MS = 250;

const byId = (id) => document.getElementById(id);

export class CellFlow {
  constructor({ map, store, events, marks, surface, address, countyName }) {
    Object.assign(this, { map, store, events, marks, surface, address, countyName });
    this.cell = null;
    // What follows when somebody asks what if a site closed.
    this.onWhatIf = null;
    this.opener = null;
    // A site that is shown in the cell's place.
    this.record = null;
    // A place that the map goes to in a moment.
    this.heading = null;
    this.latest = latestOnly();
    drawNoCell(byId("cell"));
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.cell && byId("cell").contains(document.activeElement)) this.close();
    });
    events.on("surface", ({ id }) => this.cell && this.cell.surface !== id && this.inspectId(this.cell.cell_id, { quiet: true }));
  }

  // What the address says is chosen.
  restore(id) {
    if (!id) this.close();
    else if (this.record || id !== this.cell?.cell_id) this.inspectId(id, { quiet: true });
  }

  inspectAt({ lat, lng }, { byKeyboard }) {
    return this.inspect("api/cells/at", { lon: lng.toFixed(6), lat: lat.toFixed(6) }, { focus: byKeyboard });
  }

  inspectId(id, how) {
    return this.inspect(`api/cells/${encodeURIComponent(id)}`, {}, how);
  }

  async inspect(path, parameters, { focus = false, quiet = false } = {}) {
    const asked = { ...parameters, surface: this.surface.info.id, lang: language() };
    if (!quiet) this.heading = null;
    try {
      const cell = await this.latest((signal) => getJson(path, asked, signal));
      if (!cell) return;
      clearProblem("cell");
      this.open(cell, { focus, quiet });
    } catch (error) {
      if (quiet) this.address.withoutStep(() => this.close());
      showProblem("cell", error.status === 404 ? new Error(t("There is no cell here: the point lies outside Region Nord.")) : error);
    }
  }

  open(cell, { focus, quiet }) {
    this.cell = cell;
    this.record = null;
    const node = byId("cell");
    if (!node.contains(document.activeElement)) this.opener = document.activeElement;
    drawCell(node, cell, { countyName: this.countyName(cell.county), onClose: () => this.close(), onSite: (site) => this.showRecord(site), served: servedParts(cell, (site) => this.showRecord(site)) });
    showCertainty(cell, { isPublished: cell.surface === this.surface.current.id });
    node.hidden = false;
    byId("workbench").classList.add("has-cell");
    if (!quiet) {
      showSheet("cell");
      if (!this.heading) keepInSight(this.map, cell);
    }
    node.scrollTop = 0;
    this.marks.showCell(cell.bounds);
    this.events.tell("cell", cell);
    this.store.set({ cell: cell.cell_id });
    if (focus) byId("cell-title").focus({ preventScroll: true });
    if (!quiet) announce(`${cell.place || cell.municipality}: ${inShort(cell)}`);
  }

  close() {
    this.latest.cancel();
    this.heading = null;
    const hadFocus = byId("cell").contains(document.activeElement);
    this.cell = null;
    this.record = null;
    this.marks.showCell(null);
    byId("workbench").classList.remove("has-cell");
    byId("cell").hidden = true;
    drawNoCell(byId("cell"));
    if (shownSheet() === "cell") showSheet("tasks");
    this.events.tell("cell", null);
    this.store.set({ cell: null });
    if (!hadFocus) return;
    // Back to the row that opened it, if there is one still.
    const row = this.opener?.isConnected && this.opener.closest("#ranking");
    (row ? this.opener : this.map.getContainer()).focus({ preventScroll: true });
  }

  // The reasons first, then the map: tiles of where it goes are asked of the same server. They do not wait for long.
  openEntry(entry, { focus = false } = {}) {
    const answered = this.inspectId(entry.cell, { focus });
    // Until something else is chosen: then the map no longer goes there.
    this.heading = entry;
    const go = () => {
      if (this.heading !== entry) return;
      this.heading = null;
      // The panel has taken its room from the map by now, and must not cover what it is about.
      this.map.invalidateSize({ animate: false });
      this.map.once("moveend", () => this.cell?.cell_id === entry.cell && keepInSight(this.map, this.cell));
      goTo(this.map, entry);
    };
    setTimeout(go, REASONS_FIRST_MS);
    return answered.finally(go);
  }

  openResult(result) {
    goTo(this.map, { bounds: result.bounds, lon: result.lon, lat: result.lat, zoom: result.cell_id ? 12 : 11 });
    if (result.cell_id) this.inspectId(result.cell_id, { focus: true });
    else if (!result.bounds) this.inspectAt({ lat: result.lat, lng: result.lon }, { byKeyboard: true });
  }

  showRecord(site) {
    this.heading = null;
    if (!this.record) this.address.step();
    this.record = site;
    const node = byId("cell");
    if (!node.contains(document.activeElement)) this.opener = document.activeElement;
    openSite(node, site, { surface: this.surface.info.id, onCell: (id) => this.inspectId(id, { focus: true }), onClose: () => this.close(), onWhatIf: this.onWhatIf, actions: this.siteActions });
    showSheet("cell");
    this.marks.showRecord(site);
    goTo(this.map, { lon: site.lon, lat: site.lat, zoom: 13 });
  }
}

function inShort(cell) {
  const words = [stateWords(cell.state, { hasVisit: cell.n_visits > 0 })];
  if (cell.state !== "nothing_known" && Number.isFinite(cell.score)) words.unshift(t("risk score {score}", { score: number(cell.score, 1) }), term(cell.class?.name ?? ""));
  return words.filter(Boolean).join(", ");
}

const servedParts = (cell, onSite) => ({
  certainty: isKnown(cell) && certaintyPart(),
  around: [visitPart(cell), establishmentPart(cell, onSite), isKnown(cell) && Number.isFinite(cell.score) && standingPart(cell)],
});
