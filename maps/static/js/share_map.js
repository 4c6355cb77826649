// The map of a share link: squares of its release as tiles, a panel for the one that is clicked, and nothing else. It
// asks below /share only, where every answer depends on the link being good at that moment.

import { clearProblem, showProblem } from "./announce.js";
import { addBasemap } from "./basemap.js";
import { colour, onTheme } from "./colours.js";
import { el, fill } from "./dom.js";
import { number, t, useLanguage } from "./i18n.js";
import { animated, setUpMap, showAll } from "./map.js";
import { ask, hasEnded, link, watchForTheEnd } from "./share_ended.js";
import { setUpTable } from "./share_table.js";
import { fromSweref, toSweref } from "./sweref.js";

const L = window.L;
const map = window.map_norrsyn;
const main = document.getElementById("content");
const stage = document.getElementById("share-map");
const lang = document.documentElement.lang;
useLanguage(lang, JSON.parse(main.dataset.texts));

// Squares that large tell of half a county: where there are finer ones, the map begins with those.
const FINE_M = 64000;
const STEPS = 8;
const NARROW = window.matchMedia("(max-width: 820px)");

class SharedMap {
  constructor(cells) {
    this.cells = cells;
    this.view = { layer: stage.dataset.layer, sector: stage.dataset.sector };
    map.createPane("outline").style.zIndex = "430";
    map.getPane("outline").style.pointerEvents = "none";
    this.renderer = L.svg({ pane: "outline" });
    this.outline = L.layerGroup().addTo(map);
    onTheme(() => this.mark(this.chosen));
    this.draw();
    this.showAll();
  }

  get shown() {
    return this.cells.flatMap((cell) => {
      const row = cell.rows.find(({ layer, sector }) => layer === this.view.layer && sector === this.view.sector);
      return row ? [{ ...cell, row }] : [];
    });
  }

  draw() {
    this.tiles?.remove();
    const { _url: address, options } = window.tile_layer_scores;
    this.tiles = L.tileLayer(address, { ...options, query: new URLSearchParams({ ...this.view, link }).toString(), className: "score-tile", opacity: 0.8 });
    this.tiles.on("tileerror", ({ tile }) => this.explain(tile.src));
    this.tiles.addTo(map);
    this.count();
  }

  // A tile that did not come: the link has ended, or the network is gone.
  async explain(address) {
    if (hasEnded()) return;
    try {
      const { ok } = await ask(address);
      if (!ok) throw new Error();
    } catch {
      if (!hasEnded()) showProblem("tiles", new Error(t("Parts of the map could not be loaded.")), () => this.again());
    }
  }

  again() {
    clearProblem("tiles");
    this.tiles.redraw();
  }

  show(view) {
    this.view = view;
    this.draw();
    this.mark(null);
    const query = new URLSearchParams({ lang, ...view });
    document.getElementById("share-print").href = `share/print?${query}&link=${link}`;
    for (const other of document.querySelectorAll(".languages a")) other.search = new URLSearchParams({ ...view, lang: other.lang });
    window.history.replaceState(null, "", `?${query}`);
  }

  count() {
    const counts = new Map();
    for (const { row } of this.shown) counts.set(row.score_class ?? 0, (counts.get(row.score_class ?? 0) ?? 0) + 1);
    const hasClasses = [...counts.keys()].some((code) => code > 0);
    for (const line of document.querySelectorAll("#share-legend [data-code]")) {
      const code = Number(line.dataset.code);
      line.hidden = code > 0 ? !hasClasses : !counts.has(0);
      line.querySelector(".legend-count").textContent = number(counts.get(code) ?? 0);
    }
  }

  showAll() {
    const fine = this.shown.filter(({ size_m: size }) => size <= FINE_M);
    const corners = (fine.length ? fine : this.shown).flatMap(findCorners);
    showAll(map, L.latLngBounds(corners));
  }

  // The finest square at a point: it is drawn above the others.
  find({ lat, lng }) {
    const { easting, northing } = toSweref(lng, lat);
    const around = this.shown.filter((one) => easting >= one.easting && easting < one.easting + one.size_m && northing >= one.northing && northing < one.northing + one.size_m);
    return around.sort((a, b) => a.size_m - b.size_m)[0] ?? null;
  }

  mark(cell) {
    this.chosen = cell;
    this.outline.clearLayers();
    if (!cell) return;
    const styles = [{ color: colour("outline-halo"), weight: 6, opacity: 0.9 }, { color: colour("outline"), weight: 3 }];
    for (const style of styles) L.polygon(findCorners(cell), { ...style, fill: false, pane: "outline", renderer: this.renderer, interactive: false }).addTo(this.outline);
  }

  async inspect(latlng, { byKeyboard }) {
    const cell = this.find(latlng);
    this.mark(cell);
    const body = document.getElementById("square-body");
    if (!cell) {
      fill(body, el("p", {}, t("Nothing is shown here: there are few employers, or none, or nothing is known.")));
    } else {
      try {
        const response = await ask(`share/cells/${cell.cell_id}?lang=${lang}`);
        if (hasEnded() || this.chosen !== cell) return;
        if (!response.ok) throw new Error();
        fill(body, describe(await response.json()));
      } catch {
        if (!hasEnded()) fill(body, el("p", {}, t("Nothing can be told of this square now.")));
      }
    }
    const panel = document.getElementById("square");
    if (byKeyboard) panel.focus({ preventScroll: true });
    // on a narrow screen it stands below the map
    if (NARROW.matches) panel.scrollIntoView({ block: "nearest", behavior: animated() ? "smooth" : "auto" });
  }
}

// Along the sides too, which are bent here.
function findCorners({ easting, northing, size_m: size }) {
  const ways = [[0, 0, 1, 0], [1, 0, 0, 1], [1, 1, -1, 0], [0, 1, 0, -1]];
  return ways.flatMap(([x, y, dx, dy]) =>
    Array.from({ length: STEPS }, (_, i) => {
      const { lat, lon } = fromSweref(easting + size * (x + (dx * i) / STEPS), northing + size * (y + (dy * i) / STEPS));
      return [lat, lon];
    }),
  );
}

function describe(square) {
  const facts = [[t("Municipalities"), square.municipalities], [t("Its middle"), square.middle], [t("Side"), square.size]];
  const row = (one) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, one.layer === "workplaces" ? one.sector_name : one.layer_name),
      el("td", { class: "number" }, number(one.n_employers)),
      el("td", {}, one.class_name || "–"),
    );
  return [
    el("p", { class: "verbatim share-id" }, square.cell_id),
    el("dl", { class: "share-facts" }, facts.filter(([, said]) => said).map(([name, said]) => el("div", {}, el("dt", {}, name), el("dd", {}, said)))),
    el(
      "table",
      { class: "data-table" },
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, t("What")), el("th", { scope: "col", class: "number" }, t("Employers")), el("th", { scope: "col" }, t("Class")))),
      el("tbody", {}, square.rows.map(row)),
    ),
    square.has_finer && el("p", { class: "hint" }, t("Less the smaller squares within it, which are told by themselves.")),
  ];
}

function fetchJson(path) {
  return ask(path).then((response) => {
    if (!response.ok) throw new Error(t("Parts of the map could not be loaded."));
    return response.json();
  });
}

async function start() {
  let shared = null;
  setUpMap(map, { onInspect: (latlng, how) => shared?.inspect(latlng, how) });
  setUpTable(document.getElementById("share-rows"), lang);
  watchForTheEnd(document.getElementById("share-print").href);
  const drawSquares = async () => {
    shared = new SharedMap((await fetchJson("share/cells.json")).cells);
    document.getElementById("share-view")?.addEventListener("change", ({ target }) => {
      const { layer, sector } = target.selectedOptions[0].dataset;
      shared.show({ layer, sector });
    });
  };
  // squares do not wait for the ground below them
  const drawGround = async () => addBasemap(map, await fetchJson("share/ground.json"), { online: false });
  try {
    await Promise.all([drawSquares(), drawGround()]);
  } catch {
    if (!hasEnded()) showProblem("map", new Error(t("Parts of the map could not be loaded.")), () => window.location.reload());
    return;
  }
  stage.dataset.ready = "";
}

start();
