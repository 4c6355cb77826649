// Puts the page together: one store of what is shown, and what follows from a change in it.

import { announce, clearProblem, showProblem } from "./announce.js";
import { getJson, latestOnly, onBusy } from "./api.js";
import { addBasemap } from "./basemap.js";
import { drawCell, drawNoCell } from "./cell.js";
import { setUpFilters } from "./controls.js";
import { debounce } from "./dom.js";
import { day, language, number, stateWords, t, term, useLanguage } from "./i18n.js";
import { drawLegend } from "./legend.js";
import { Marks, goTo, hasMoved, keepInSight, setExactView, setUpMap, showAll } from "./map.js";
import { FIRST, Ranking, cellEntry, placeEntry } from "./ranking.js";
import { setUpSearch } from "./search.js";
import { Sites } from "./sites.js";
import { createStore, isStep, readState, sameSectors, writeState } from "./state.js";
import { ScoreTiles } from "./surface.js";
import { drawSurfaceNote } from "./surface_note.js";

const byId = (id) => document.getElementById(id);

class App {
  constructor(map) {
    this.map = map;
    this.store = createStore(readState(window.location.search));
    this.info = null;
    this.cell = null;
    this.asked = FIRST;
    this.opener = null;
    this.restoring = false;
    this.latestScore = latestOnly();
    this.latestRanking = latestOnly();
    this.latestCell = latestOnly();
  }

  async start() {
    const lang = document.documentElement.lang;
    useLanguage(lang, await getJson(`i18n/${lang}.json`));
    const [surfaces, basemap, sectors] = await Promise.all([getJson("api/surfaces"), getJson("api/basemap"), getJson("api/reference/sectors")]);
    this.current = surfaces.surfaces.find((one) => one.id === surfaces.current) ?? surfaces.surfaces[0];
    if (!this.current) throw new Error(t("There is no scored surface yet. Run norrsyn score first."));
    this.counties = new Map(basemap.counties.features.map(({ properties }) => [properties.code, properties.name]));
    this.countyShapes = basemap.counties;
    this.setUpMapParts(basemap);
    this.setUpPanels(sectors);
    // What made no sense in the address goes out of it.
    this.writeAddress(this.store.get(), "replaceState");
    this.store.on((state, before) => this.follow(state, before));
    await this.useSurface();
    const { cell } = this.store.get();
    if (cell) await this.inspect(`api/cells/${encodeURIComponent(cell)}`, {}, { quiet: true });
  }

  setUpMapParts(basemap) {
    const { map } = this;
    const state = this.store.get();
    if (state.view) setExactView(map, state.view);
    setUpMap(map, { onInspect: (latlng, how) => this.inspectAt(latlng, how) });
    if (!state.view) showAll(map, window.L.geoJSON(basemap.counties).getBounds());
    const labels = addBasemap(map, basemap, { online: Boolean(window.tile_layer_base) });
    byId("attribution").textContent = document.body.dataset.attribution ?? "";
    this.tiles = new ScoreTiles(map, window.tile_layer_scores, { onError: () => showProblem("tiles", new Error(t("Some of the map could not be loaded.")), null, { minor: true }) });
    this.tiles.setOpacity(state.opacity / 100);
    this.sites = new Sites(map, byId("sites-note"));
    this.marks = new Marks(map, { onPlace: (entry) => this.openEntry(entry) });
    labels?.avoid(() => this.marks.takenBoxes());
    this.labels = labels;
    const keepView = debounce(() => {
      if (!hasMoved(map, this.store.get().view)) return;
      const { lat, lng } = map.getCenter();
      this.store.set({ view: { lat, lon: lng, zoom: map.getZoom() } });
    }, 250);
    map.on("moveend", keepView);
  }

  setUpPanels(sectors) {
    const counties = [...this.counties].map(([code, name]) => ({ code, name }));
    const title = language() === "sv" ? "title_sv" : "title";
    const risky = readRows(sectors).filter(({ role }) => role !== "denominator").map((row) => ({ code: row.sector, title: row[title] ?? row.title }));
    this.showFilters = setUpFilters({ sectors: risky, counties, state: this.store.get(), at: this.current.at, onChange: (change) => this.store.set(change) });
    this.ranking = new Ranking({
      onHover: (entry) => this.marks.showHover(entry),
      onChoose: (entry) => this.openEntry(entry, { focus: true }),
      onMore: (count) => {
        this.asked = count;
        this.loadRanking();
      },
      onList: (list) => this.store.set({ list }),
    });
    setUpSearch({ onChoose: (result) => this.openResult(result) });
    for (const button of document.querySelectorAll("button[data-sheet]")) button.addEventListener("click", () => this.showSheet(button.dataset.sheet));
    drawNoCell(byId("cell"));
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.cell && byId("cell").contains(document.activeElement)) this.closeCell();
    });
    window.addEventListener("popstate", () => this.restore());
  }

  // On a narrow screen one panel is seen at a time.
  showSheet(name) {
    byId("workbench").dataset.sheet = name;
    for (const button of document.querySelectorAll("button[data-sheet]")) button.setAttribute("aria-pressed", String(button.dataset.sheet === name));
  }

  follow(state, before) {
    this.writeAddress(state, isStep(state, before) && !this.restoring ? "pushState" : "replaceState");
    if (state.at !== before.at || !sameSectors(state, before)) this.useSurface();
    else if (state.county !== before.county) this.showCounty(state.county);
    else if (state.never !== before.never) this.showTiles();
    else if (state.list !== before.list) this.loadRanking();
    if (state.opacity !== before.opacity) this.tiles.setOpacity(state.opacity / 100);
  }

  writeAddress(state, how) {
    window.history[how](null, "", writeState(state, language()));
    for (const link of document.querySelectorAll("a[data-language]")) link.setAttribute("href", writeState(state, link.dataset.language));
  }

  withoutStep(action) {
    this.restoring = true;
    action();
    this.restoring = false;
  }

  // Back and forward: the page shows what its address says.
  restore() {
    if (!this.info) return;
    const wanted = readState(window.location.search);
    this.withoutStep(() => this.store.set(wanted));
    this.showFilters(wanted);
    this.drawLegend();
    if (wanted.view) setExactView(this.map, wanted.view);
    else this.showWhole(wanted.county);
    if (!wanted.cell) this.closeCell();
    else if (wanted.cell !== this.cell?.cell_id) this.inspect(`api/cells/${encodeURIComponent(wanted.cell)}`, {}, { quiet: true });
  }

  // Another date or other sectors: scored on demand, with the old surface in view until the new one is there.
  async useSurface() {
    const { at, sectors } = this.store.get();
    const usual = (!at || at === this.current.at) && !sectors;
    try {
      const info = usual ? this.current : await this.latestScore((signal) => getJson("api/score", { at: at ?? this.current.at, sector: sectors ?? [] }, signal));
      if (usual) this.latestScore.cancel();
      if (!info) return;
      clearProblem("score");
      const first = !this.info;
      this.info = info;
      if (!first) announce(t("Scored for {date}.", { date: day(info.at) }));
      await this.showSurface();
      if (!first && this.cell) await this.inspect(`api/cells/${encodeURIComponent(this.cell.cell_id)}`, {}, { quiet: true });
    } catch (error) {
      showProblem("score", error, () => this.useSurface());
      if (!this.info) {
        this.info = this.current;
        await this.showSurface();
      }
    }
  }

  async showSurface() {
    drawSurfaceNote(byId("surface-note"), this.info);
    byId("synthetic").hidden = !this.info.synthetic;
    this.drawLegend();
    this.showTiles();
    this.asked = FIRST;
    await this.loadRanking();
  }

  drawLegend() {
    drawLegend(byId("legend-body"), this.info, this.store.get(), { onNever: (never) => this.store.set({ never }), onOpacity: (opacity) => this.store.set({ opacity }) });
  }

  showCounty(code) {
    this.showWhole(code);
    return this.showSurface();
  }

  showWhole(county) {
    const features = this.countyShapes.features.filter(({ properties }) => !county || properties.code === county);
    showAll(this.map, window.L.geoJSON({ type: "FeatureCollection", features }).getBounds());
  }

  showTiles() {
    const { county, never } = this.store.get();
    clearProblem("tiles");
    this.tiles.show({ surface: this.info.id, county, never, bounds: this.info.bounds });
  }

  async loadRanking() {
    const { county, list } = this.store.get();
    const asked = { surface: this.info.id, n: this.asked, county, lang: language() };
    byId("ranking").setAttribute("aria-busy", "true");
    try {
      const answer = await this.latestRanking((signal) => getJson(list === "places" ? "api/places" : "api/top", asked, signal));
      if (!answer) return;
      clearProblem("ranking");
      const { classes } = this.info;
      this.entries = list === "places" ? answer.places.map((one) => placeEntry(one, classes)) : answer.cells.map((one) => cellEntry(one, classes));
      this.ranking.show(this.entries, { list, asked: this.asked });
      this.marks.showNumbers(this.entries);
      this.labels?.draw();
      this.markEntry();
      byId("ranking").setAttribute("aria-busy", "false");
    } catch (error) {
      byId("ranking").setAttribute("aria-busy", "false");
      showProblem("ranking", error, () => this.loadRanking());
    }
  }

  inspectAt({ lat, lng }, { byKeyboard }) {
    return this.inspect("api/cells/at", { lon: lng.toFixed(6), lat: lat.toFixed(6) }, { focus: byKeyboard });
  }

  async inspect(path, parameters, { focus = false, quiet = false } = {}) {
    const asked = { ...parameters, surface: this.info.id, lang: language() };
    try {
      const cell = await this.latestCell((signal) => getJson(path, asked, signal));
      if (!cell) return;
      clearProblem("cell");
      this.openCell(cell, { focus, quiet });
    } catch (error) {
      if (quiet) this.withoutStep(() => this.closeCell());
      showProblem("cell", error.status === 404 ? new Error(t("There is no cell here: the point lies outside Region Nord.")) : error);
    }
  }

  openCell(cell, { focus, quiet }) {
    this.cell = cell;
    const node = byId("cell");
    if (!node.contains(document.activeElement)) this.opener = document.activeElement;
    drawCell(node, cell, { countyName: this.counties.get(cell.county), onClose: () => this.closeCell(), onSite: (site) => this.showRecord(site) });
    node.hidden = false;
    byId("workbench").classList.add("has-cell");
    if (!quiet) {
      this.showSheet("cell");
      keepInSight(this.map, cell);
    }
    node.scrollTop = 0;
    this.marks.showCell(cell.bounds);
    this.markEntry();
    this.store.set({ cell: cell.cell_id });
    if (focus) byId("cell-title").focus({ preventScroll: true });
    if (!quiet) announce(`${cell.place || cell.municipality}: ${this.inShort(cell)}`);
  }

  inShort(cell) {
    const words = [stateWords(cell.state)];
    if (cell.state !== "nothing_known" && Number.isFinite(cell.score)) words.unshift(t("risk score {score}", { score: number(cell.score, 1) }), term(cell.class?.name ?? ""));
    return words.filter(Boolean).join(", ");
  }

  closeCell() {
    this.latestCell.cancel();
    const hadFocus = byId("cell").contains(document.activeElement);
    this.cell = null;
    this.marks.showCell(null);
    byId("workbench").classList.remove("has-cell");
    byId("cell").hidden = true;
    drawNoCell(byId("cell"));
    if (byId("workbench").dataset.sheet === "cell") this.showSheet("ranking");
    this.markEntry();
    this.store.set({ cell: null });
    if (!hadFocus) return;
    // Back to the row that opened it, if there is one still.
    const row = this.opener?.isConnected && this.opener.closest("#ranking");
    (row ? this.opener : this.map.getContainer()).focus({ preventScroll: true });
  }

  markEntry() {
    this.ranking.mark(this.cell);
    this.marks.markNumber(this.cell && this.ranking.find(this.cell));
  }

  openEntry(entry, { focus = false } = {}) {
    goTo(this.map, entry);
    this.inspect(`api/cells/${encodeURIComponent(entry.cell)}`, {}, { focus });
  }

  openResult(result) {
    goTo(this.map, { bounds: result.bounds, lon: result.lon, lat: result.lat, zoom: result.cell_id ? 12 : 11 });
    if (result.cell_id) this.inspect(`api/cells/${encodeURIComponent(result.cell_id)}`, {}, { focus: true });
    else if (!result.bounds) this.inspectAt({ lat: result.lat, lng: result.lon }, { byKeyboard: true });
  }

  showRecord(site) {
    this.marks.showRecord(site);
    goTo(this.map, { lon: site.lon, lat: site.lat, zoom: 13 });
  }
}

// A table comes as columns and rows; rows may be lists or objects.
function readRows({ columns, rows }) {
  return rows.map((row) => (Array.isArray(row) ? Object.fromEntries(columns.map((name, i) => [name, row[i]])) : row));
}

onBusy((busy) => {
  byId("progress").hidden = !busy;
  byId("map-stage").setAttribute("aria-busy", String(busy));
});

const app = new App(window.map_norrsyn);
app.start().catch((error) => showProblem("start", error, () => window.location.reload()));

