// The stand-alone file: everything it shows came with it, nothing is fetched.

import { announce } from "./announce.js";
import { addBasemap } from "./basemap.js";
import { drawCell } from "./cell.js";
import { el, fill, swatch } from "./dom.js";
import { coordinates, day, stateWords, t, term, useLanguage } from "./i18n.js";
import { drawClasses, drawStrip, setUpFold } from "./legend.js";
import { Marks, goTo, setUpMap, showAll } from "./map.js";
import { Ranking, placeEntry } from "./ranking.js";
import { fromSweref, toSweref } from "./sweref.js";

const L = window.L;
const byId = (id) => document.getElementById(id);
const data = JSON.parse(byId("data").textContent);
useLanguage(data.lang, data.messages);

// Runs of equal cells, row by row: [key, length, key, length, …]; a key is twice the class, plus one where nobody has
// inspected.
function readCells({ n_rows: rows, n_cols: cols }, runs) {
  const keys = new Uint8Array(rows * cols);
  let at = 0;
  for (let i = 0; i < runs.length; i += 2) {
    keys.fill(runs[i], at, at + runs[i + 1]);
    at += runs[i + 1];
  }
  return keys;
}

class Standalone {
  constructor() {
    this.grid = data.grid;
    this.keys = readCells(data.grid, data.cells);
    this.map = L.map("map_norrsyn", { zoomControl: false, attributionControl: false, center: [65.35, 17.9], zoom: 5, maxZoom: 13 });
    L.control.scale({ imperial: false }).addTo(this.map);
  }

  start() {
    const { map } = this;
    setUpMap(map, { onInspect: (latlng, { byKeyboard }) => this.inspect(latlng, byKeyboard) });
    map.setMaxZoom(13);
    showAll(map, L.geoJSON(data.basemap.counties).getBounds());
    const { labels } = addBasemap(map, data.basemap, { online: false });
    this.showScores();
    map.on("zoomend", () => this.showScores());
    this.marks = new Marks(map, { onPlace: (entry) => this.open(entry, { move: true }) });
    this.entries = data.places.map((place) => ({ ...placeEntry(place, data.info.classes), place }));
    this.ranking = new Ranking({ onHover: (entry) => this.marks.showHover(entry), onChoose: (entry) => this.open(entry, { move: true, focus: true }), onMore: () => {}, onList: () => {} });
    this.ranking.show(this.entries, { list: "places", asked: Infinity });
    this.marks.showNumbers(this.entries);
    labels?.avoid(() => this.marks.takenBoxes());
    drawClasses(byId("legend-body"), data.info);
    drawStrip(byId("legend-strip"), data.info.classes);
    setUpFold();
    for (const button of document.querySelectorAll("button[data-sheet]")) button.addEventListener("click", () => this.showSheet(button.dataset.sheet));
    byId("surface-note").append(el("span", {}, t("Scored for {date}", { date: day(data.info.at) })), el("span", {}, t("Written {date}", { date: day(data.written) })));
  }

  // Each zoom has an image of its own, so that single cells and stripes are as clear from afar as they are close by.
  showScores() {
    const { images } = data;
    const wanted = Math.round(this.map.getZoom());
    const image = images.findLast(({ zoom }) => zoom <= wanted) ?? images[0];
    if (image === this.image) return;
    this.image = image;
    this.overlay?.remove();
    const [west, south, east, north] = image.bounds;
    this.overlay = L.imageOverlay(image.url, [[south, west], [north, east]], { opacity: 0.8, className: "score-tile", pane: "tilePane" });
    this.overlay.addTo(this.map);
  }

  showSheet(name) {
    byId("workbench").dataset.sheet = name;
    for (const button of document.querySelectorAll("button[data-sheet]")) button.setAttribute("aria-pressed", String(button.dataset.sheet === name));
  }

  inspect({ lat, lng }, focus) {
    const { easting, northing } = toSweref(lng, lat);
    const { x_min: west, y_max: north, cell_m: size, n_rows: rows, n_cols: cols } = this.grid;
    const col = Math.floor((easting - west) / size);
    const row = Math.ceil((north - northing) / size) - 1;
    const inside = col >= 0 && col < cols && row >= 0 && row < rows;
    const place = this.entries.find(({ bounds: [w, s, e, n] }) => lng >= w && lng <= e && lat >= s && lat <= n);
    if (place) this.open(place, { focus });
    else this.openCell({ key: inside ? this.keys[row * cols + col] : 0, x: west + col * size, y: north - (row + 1) * size, inside }, focus);
  }

  open(entry, { move = false, focus = false } = {}) {
    const { place } = entry;
    const components = data.components.map(({ name, title, max_points }) => ({ title, max_points, points: place.contributions[name] ?? 0, drivers: [] }));
    const cell = { ...place, class: { name: entry.className, colour: entry.colour }, place: place.name, cell_id: place.peak_cell_id, rank: null, components };
    if (move) goTo(this.map, entry);
    drawCell(byId("cell"), cell, { countyName: data.counties[place.county], onClose: () => this.close(), onSite: () => {} });
    this.showPanel({ corners: this.corners(place.easting - this.grid.cell_m / 2, place.northing - this.grid.cell_m / 2), entry, focus });
    announce(`${place.name}, ${entry.className}`);
  }

  // Of any other cell only its class is in the file.
  openCell({ key, x, y, inside }, focus) {
    const size = this.grid.cell_m;
    const one = data.info.classes[(key >> 1) - 1];
    const state = key % 2 ? "never_inspected" : "inspected";
    const name = one ? t("Class: {name}", { name: term(one.name) }) : t("Not drawn: outside the region, or nothing known");
    fill(
      byId("cell"),
      el("div", { class: "cell-head" }, el("h2", { class: "cell-title", id: "cell-title", tabindex: "-1" }, name), el("button", { type: "button", class: "icon-button", "aria-label": t("Close"), onclick: () => this.close() }, el("span", { "aria-hidden": "true" }, "×"))),
      one && el("p", { class: "score-facts" }, swatch(one.colour), el("span", { class: `tag tag-${state.replace("_", "-")}` }, stateWords(state))),
      el("p", { class: "cell-part" }, coordinates(x + size / 2, y + size / 2)),
      el("p", { class: "hint" }, t("Reasons are given for the ranked places only.")),
    );
    this.showPanel({ corners: inside ? this.corners(x, y) : null, entry: null, focus });
    announce(name);
  }

  corners(x, y) {
    const size = this.grid.cell_m;
    return [[x, y], [x, y + size], [x + size, y + size], [x + size, y]].map(([easting, northing]) => {
      const { lat, lon } = fromSweref(easting, northing);
      return [lat, lon];
    });
  }

  showPanel({ corners, entry, focus }) {
    if (!byId("cell").contains(document.activeElement)) this.opener = document.activeElement;
    byId("cell").hidden = false;
    byId("workbench").classList.add("has-cell");
    this.showSheet("cell");
    byId("cell").scrollTop = 0;
    this.marks.showCell(corners);
    this.mark(entry);
    if (focus) byId("cell-title").focus({ preventScroll: true });
  }

  mark(entry) {
    this.ranking.mark(entry && { cell_id: entry.cell, lon: entry.lon, lat: entry.lat });
    this.marks.markNumber(entry);
  }

  close() {
    byId("cell").hidden = true;
    byId("workbench").classList.remove("has-cell");
    this.showSheet("tasks");
    this.marks.showCell(null);
    this.mark(null);
    const row = this.opener?.isConnected && this.opener.closest("#ranking");
    (row ? this.opener : this.map.getContainer()).focus({ preventScroll: true });
  }
}

new Standalone().start();
