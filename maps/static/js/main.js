// Puts the page together: one store of what is shown, parts by subject that follow it, and events between them.

import { showProblem } from "./announce.js";
import { Address } from "./address.js";
import { answerFrom, getJson, latestOnly, onBusy } from "./api.js";
import { tellFaults } from "./address_faults.js";
import { addBasemap } from "./basemap.js";
import { AreaTotals } from "./area_totals.js";
import { CellFlow } from "./cell_flow.js";
import { ComparePanel } from "./compare.js";
import { setUpFilters } from "./controls.js";
import { setUpFilterControls } from "./filter_controls.js";
import { filterOf, isFiltered, sameFilter } from "./filter_state.js";
import { setUpCopyLink } from "./copy_link.js";
import { debounce } from "./dom.js";
import { DrawnArea } from "./drawn_area.js";
import { createEvents } from "./events.js";
import { findSaved } from "./field_saved.js";
import { FieldTool } from "./field_tool.js";
import { language, t, textsOf, useLanguage } from "./i18n.js";
import { LayerTree } from "./layer_tree.js";
import { Legend } from "./legend.js";
import { Locate } from "./locate.js";
import { Marks, hasMoved, setExactView, setUpMap, showAll } from "./map.js";
import { Measure } from "./measure.js";
import { planAddress } from "./plan_address.js";
import { Print } from "./print.js";
import { RankingFlow } from "./ranking_flow.js";
import { setUpSearch } from "./search.js";
import { showSeason } from "./season.js";
import { setUpSheets, showSheet } from "./sheets.js";
import { Shortlist } from "./shortlist.js";
import { ShortlistPanel } from "./shortlist_panel.js";
import { Sites } from "./sites.js";
import { createStore, readState, sameSectors, sameWeights } from "./state.js";
import { SurfaceFlow } from "./surface_flow.js";
import { readRows } from "./tables.js";
import { onTask, setUpTasks } from "./tasks.js";
import { ViewsPanel } from "./views_panel.js";
import { WeightsPanel } from "./weights.js";
import { WhatIfPanel } from "./what_if.js";
import { Tools } from "./tools.js";

const byId = (id) => document.getElementById(id);

class App {
  constructor(map) {
    this.map = map;
    this.store = createStore(readState(window.location.search));
    this.asked = window.location.search;
    this.events = createEvents();
    this.latestCount = latestOnly();
  }

  async start() {
    const lang = document.documentElement.lang;
    this.saved = findSaved();
    if (this.saved) answerFrom((url, options) => this.saved.answer(url, options));
    useLanguage(lang, await getJson(`i18n/${lang}.json`, textsOf(document.body)));
    if (this.saved && !(await this.openSaved())) return;
    const [surfaces, basemap, sectors, choices, components] = await Promise.all([getJson("api/surfaces", { lang }), getJson("api/basemap"), getJson("api/reference/sectors"), getJson("api/filters", { lang }), getJson("api/reference/model_components")]);
    const current = surfaces.surfaces.find((one) => one.id === surfaces.current) ?? surfaces.surfaces[0];
    if (!current) throw new Error(t("There is no scored surface yet. Run norrsyn score first."));
    this.counties = basemap.counties.features.map(({ properties }) => properties);
    this.countyShapes = basemap.counties;
    this.municipalityShapes = basemap.municipalities;
    this.sectorRows = readRows(sectors);
    this.partWeights = current.weights;
    this.store.set(this.known(this.store.get(), this.sectorRows));
    this.address = new Address(this.store, { onRestore: (wanted) => this.restore(wanted) });
    this.setUpMapParts(basemap, current);
    this.setUpPanels(choices, components);
    this.address.tidy();
    this.store.on((state, before) => this.follow(state, before));
    this.saved?.show(this.map);
    this.compare.begin();
    await this.surface.use();
    tellFaults(this.asked);
    const { cell, area, tries } = this.store.get();
    if (cell) await this.cells.inspectId(cell, { quiet: true });
    if (this.cells.cell) showSheet("cell");
    // What was drawn and tried comes last: it is about the surface, and about the cell where one is chosen.
    this.drawn.restore(area);
    await this.whatIf.restore(tries);
  }

  // Whether what was saved may still be shown.
  async openSaved() {
    const manifest = await this.saved.open();
    if (manifest) this.store.set(this.saved.settle(this.store.get()));
    else this.saved.showGone();
    return Boolean(manifest);
  }

  // Counties and sectors that an old address names and the reference tables do not have are left out, and so is a
  // municipality of another county than the one beside it.
  known({ county, municipality, sectors, weights }, rows) {
    const codes = new Set(rows.map(({ sector }) => sector));
    const left = sectors?.filter((code) => codes.has(code));
    const knownCounty = this.counties.some(({ code }) => code === county) ? county : "";
    return { county: knownCounty, municipality: municipality.startsWith(knownCounty) ? municipality : "", sectors: left?.length ? left : null, weights: this.knownWeights(weights) };
  }

  // Parts of the score that there are, and only for those who may weigh them; not where nothing would give points.
  knownWeights(weights) {
    const known = Object.entries(weights ?? {}).filter(([code]) => Object.hasOwn(this.partWeights, code));
    const sum = Object.values({ ...this.partWeights, ...Object.fromEntries(known) }).reduce((total, one) => total + one, 0);
    return byId("weights") && known.length && sum > 0 ? Object.fromEntries(known) : null;
  }

  setUpMapParts(basemap, current) {
    const { map, store, events, address } = this;
    const state = store.get();
    this.basemap = basemap;
    this.saved?.setUpTiles(window.tile_layer_scores);
    if (state.view) setExactView(map, state.view);
    setUpMap(map, { onInspect: (latlng, how) => this.tools?.takes(latlng, how) || this.cells?.inspectAt(latlng, how) });
    if (!state.view) this.showWhole(state);
    this.base = window.tile_layer_base ?? null;
    this.lines = addBasemap(map, basemap, { online: Boolean(this.base) });
    const { labels } = this.lines;
    byId("attribution").textContent = document.body.dataset.attribution ?? "";
    this.sites = new Sites(map, byId("sites-note"), { hidden: new Set(state.off), opacity: state.siteOpacity / 100 });
    events.on("surface", (info) => this.sites.showSurface(info));
    this.marks = new Marks(map, { onPlace: (entry) => this.cells.openEntry(entry) });
    labels?.avoid(() => this.marks.takenBoxes());
    events.on("ranking", () => labels?.draw());
    this.surface = new SurfaceFlow({ map, store, events, address, current });
    const { marks, surface } = this;
    this.countyName = (code) => this.counties.find((one) => one.code === code)?.name;
    this.cells = new CellFlow({ map, store, events, marks, surface, address, countyName: this.countyName });
    this.ranking = new RankingFlow({ store, events, marks, surface, onOpen: (entry) => this.cells.openEntry(entry, { focus: true }) });
    const keepView = debounce(() => {
      if (!hasMoved(map, store.get().view)) return;
      const { lat, lng } = map.getCenter();
      store.set({ view: { lat, lon: lng, zoom: map.getZoom() } });
    }, 250);
    map.on("moveend", keepView);
  }

  setUpPanels(choices, components) {
    const title = language() === "sv" ? "title_sv" : "title";
    const risky = this.sectorRows.filter(({ role }) => role !== "denominator").map((row) => ({ code: row.sector, title: row[title] ?? row.title }));
    this.showFilters = setUpFilters({ sectors: risky, counties: this.counties, state: this.store.get(), at: this.surface.current.at, onChange: (change) => this.store.set("county" in change ? { ...change, municipality: "" } : change) });
    this.setUpFilterControls(choices);
    setUpSearch({ onChoose: (result) => this.cells.openResult(result) });
    setUpSheets();
    setUpTasks();
    const { map, cells } = this;
    const parts = readRows(components).map(({ component, title }) => ({ code: component, title }));
    this.events.on("refused", (state) => {
      this.showFilters(state);
      this.weights.show(state);
    });
    this.weights = byId("weights") ? new WeightsPanel({ published: asPoints(this.surface.current.weights), components: parts, store: this.store }) : { show() {} };
    this.whatIf = new WhatIfPanel({ surface: this.surface, cells: this.cells, sectors: risky, events: this.events, store: this.store, address: this.address });
    this.sites.onMore = (site) => {
      map.closePopup();
      cells.showRecord(site);
    };
    cells.onWhatIf = (site) => this.whatIf.close(site);
    onTask((name) => name === "what-if" && this.whatIf.open());
    this.legend = new Legend();
    this.sites.onSymbols = (shown) => this.legend.showSites(shown);
    this.layers = new LayerTree({ store: this.store, hasOnline: Boolean(this.base), hasNames: Boolean(this.lines.names), hasPast: !this.saved || this.saved.hasPast });
    this.events.on("surface", (info) => this.countCells(info));
    // How sure the scores are is known once the list that is filtered by it is there.
    this.events.on("ranking", () => this.store.get().certainty && this.countCells(this.surface.info, { isReady: true }));
    // The first view has what it needs before the year is scored.
    this.events.on("ranking", () => showSeason(this.surface.info, this.store.get()));
    this.showParts(this.store.get());
    const sectorName = (code) => risky.find((one) => one.code === code)?.title ?? code;
    this.setUpTools({ sectorName, parts });
    const { store, surface, legend, events } = this;
    this.compare = new ComparePanel({ map, store, surface, cells, legend, events, address: this.address, words: { parts, sectorName } });
    const planOf = byId("shortlist-plan") && (() => planAddress(this.shortlist?.entries ?? [], store.get()));
    this.areas = new AreaTotals({ surface, cells, events, planOf });
    this.setUpSaved({ sectorName });
  }

  setUpSaved({ sectorName }) {
    // An area that was saved for work without a network has no lists that the server keeps.
    byId("tab-saved").hidden = Boolean(this.saved);
    if (this.saved) return;
    const { store, surface, events, cells } = this;
    this.shortlist = new Shortlist({ surface, events });
    const shortlist = new ShortlistPanel({ shortlist: this.shortlist, store, cells, events, sectorName });
    const views = new ViewsPanel({ store, onOpen: (query) => this.openAddress(query) });
    const isShown = () => !byId("saved").hidden;
    const open = () => Promise.all([shortlist.open(), views.open()]);
    onTask((name) => name === "saved" && open());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && isShown() && open());
    // The first view has what it needs before the list is asked for; other scores are asked for when they are seen.
    events.on("ranking", () => (this.shortlist.entries === null || (isShown() && !this.shortlist.isFresh)) && shortlist.open());
  }

  // The legend's counts are those of the cells that the filter shows.
  async countCells(info, { isReady = false } = {}) {
    const state = this.store.get();
    this.legend.show(info, state, isReady ? this.legend.counts : null);
    this.latestCount.cancel();
    if (!isFiltered(state) || (state.certainty && !isReady)) return;
    try {
      const answer = await this.latestCount((signal) => getJson("api/distribution", { surface: info.id, ...filterOf(state) }, signal));
      if (answer) this.legend.show(info, this.store.get(), { classes: answer.classes.map(({ n_cells: n }) => n), states: answer.states });
    } catch {
      // The region's counts stay, and say that they are the region's.
    }
  }

  setUpFilterControls(choices) {
    const { show, stale } = setUpFilterControls({ choices, state: this.store.get(), onChange: (change) => this.store.set(change) });
    if (stale.length) this.store.set(Object.fromEntries(stale.map((name) => [name, ""])));
    this.showFilterControls = show;
  }

  setUpTools({ sectorName, parts }) {
    const { map, store, events, surface, countyName } = this;
    this.tools = new Tools(map);
    this.tools.add("measure", new Measure(map));
    this.drawn = new DrawnArea({ map, tools: this.tools, store, events });
    if (byId("tool-field") && !this.saved) this.tools.add("field", new FieldTool(map, { store, surface, basemap: this.basemap }));
    this.locate = new Locate(map, byId("tool-locate"), this.countyShapes.features);
    setUpCopyLink(byId("tool-link"));
    setUpLayersButton();
    this.print = new Print({ map, store, events, surface, countyName, sectorName, parts, compared: () => this.compare.describeShown(), changes: () => this.compare.listChanges() });
  }

  // What of the map is on, and how opaque; the scores' part is the surface's.
  showParts({ off, baseOpacity }) {
    for (const part of ["counties", "municipalities", "names"]) this.lines[part]?.(!off.includes(part));
    this.base?.setOpacity(off.includes("base") ? 0 : baseOpacity / 100);
  }

  follow(state, before) {
    this.address.follow(state, before);
    if (state.county !== before.county || state.municipality !== before.municipality) {
      this.surface.leave(state, before);
      this.showWhole(state);
    }
    if (!sameFilter(state, before)) this.showFilterControls(state);
    if (!sameWeights(state, before)) this.weights.show(state);
    this.surface.follow(state, before);
    this.ranking.follow(state, before);
    this.compare.follow(state, before, { isOther: state.at !== before.at || !sameSectors(state, before) || !sameWeights(state, before) });
    if (state.opacity !== before.opacity) this.legend.setOpacity(state.opacity);
    if (state.never !== before.never) this.legend.show(this.surface.info, state, this.legend.counts);
    if (state.siteOpacity !== before.siteOpacity) this.sites.setOpacity(state.siteOpacity / 100);
    if (String(state.off) === String(before.off) && state.baseOpacity === before.baseOpacity) return;
    this.sites.setHidden(new Set(state.off));
    this.showParts(state);
  }

  // Back and forward: the page shows what its address says.
  restore(wanted) {
    if (!this.surface?.info) return;
    if (this.saved) Object.assign(wanted, this.saved.settle(wanted));
    Object.assign(wanted, this.known(wanted, this.sectorRows));
    this.address.withoutStep(() => this.store.set(wanted));
    this.showFilters(wanted);
    this.weights.show(wanted);
    this.layers.show(wanted);
    if (wanted.view) setExactView(this.map, wanted.view);
    else this.showWhole(wanted);
    this.cells.restore(wanted.cell);
    this.address.withoutStep(() => this.drawn.restore(wanted.area));
    this.whatIf.restore(wanted.tries);
    tellFaults(window.location.search);
  }

  // A saved view, as a step that Back undoes.
  openAddress(query) {
    const parameters = new URLSearchParams(query);
    parameters.set("lang", language());
    window.history.pushState(null, "", `?${parameters}`);
    this.restore(readState(window.location.search));
  }

  showWhole({ municipality, county }) {
    const shapes = municipality ? this.municipalityShapes : this.countyShapes;
    const code = municipality || county;
    const features = shapes.features.filter(({ properties }) => !code || properties.code === code);
    if (features.length) showAll(this.map, window.L.geoJSON({ type: "FeatureCollection", features }).getBounds());
  }
}

// Beside the map, its panel of layers opens and closes; on a narrow screen it is one of the sheets.
function setUpLayersButton() {
  const button = byId("tool-layers");
  const panel = byId("layers");
  const show = (isOpen) => {
    panel.classList.toggle("is-open", isOpen);
    button.setAttribute("aria-expanded", String(isOpen));
  };
  button.addEventListener("click", () => {
    show(!panel.classList.contains("is-open"));
    if (panel.classList.contains("is-open")) byId("layers-title").focus({ preventScroll: true });
  });
  const close = () => {
    show(false);
    button.focus({ preventScroll: true });
  };
  byId("layers-close").addEventListener("click", close);
  panel.addEventListener("keydown", (event) => event.key === "Escape" && close());
}

// The model's weights are shares; people say points of 100.
const asPoints = (weights) => Object.fromEntries(Object.entries(weights).map(([code, share]) => [code, Math.round(share * 1000) / 10]));

onBusy((busy) => {
  byId("progress").hidden = !busy;
  byId("map-stage").setAttribute("aria-busy", String(busy));
});

const app = new App(window.map_norrsyn);
app.start().catch((error) => showProblem("start", error, () => window.location.reload()));
