// Sites inside the window, on canvas, once one is close enough to tell them apart. Each layer has a shape of its own.

import { getJson, latestOnly } from "./api.js";
import { showProblem, clearProblem } from "./announce.js";
import { colour, onTheme } from "./colours.js";
import { debounce, el } from "./dom.js";
import { day, metres, number, t, term } from "./i18n.js";
import { SITE_LAYERS, layerLook, layerName, layerTitle, shownLayers } from "./layers.js";

const L = window.L;
const LIMIT = 2000;
// What is asked for where only layers with few sites are wanted: all of them at once, whatever the map shows.
const WHOLE = L.latLngBounds([60, 10], [70.5, 26]);
// Below it sites close together are one hollow symbol with their number, so that the scores under a town can be read; the
// squares that make a group are about 45 pixels wide at every zoom.
const SINGLE_FROM_ZOOM = 14;
const groupSide = (zoom) => (zoom < SINGLE_FROM_ZOOM ? 1500 * 2 ** (11 - Math.floor(zoom)) : null);

const corners = {
  square: (r) => [[-r, -r], [r, -r], [r, r], [-r, r]],
  diamond: (r) => [[0, -r * 1.35], [r * 1.35, 0], [0, r * 1.35], [-r * 1.35, 0]],
  point: (r) => [[-r * 1.2, -r], [r * 1.2, -r], [0, r * 1.2]],
  cross: (r) => {
    const [long, short] = [r * 1.25, r * 0.42];
    return [[-short, -long], [short, -long], [short, -short], [long, -short], [long, short], [short, short], [short, long], [-short, long], [-short, short], [-long, short], [-long, -short], [-short, -short]];
  },
  triangle: (r) => [[0, -r * 1.2], [r * 1.15, r], [-r * 1.15, r]],
};

const SiteMarker = L.CircleMarker.extend({
  _updatePath() {
    const renderer = this._renderer;
    if (!renderer._drawing || this._empty()) return;
    const { x, y } = this._point;
    const context = renderer._ctx;
    const { shape, number: many, halo, color } = this.options;
    context.beginPath();
    if (shape === "circle") context.arc(x, y, this._radius, 0, 2 * Math.PI);
    else corners[shape](this._radius).forEach(([dx, dy], i) => context[i ? "lineTo" : "moveTo"](x + dx, y + dy));
    context.closePath();
    if (!many) {
      renderer._fillStroke(context, this);
      return;
    }
    // A line on a wider pale one, and the number on a pale ground, stand out from every class, which shines through.
    context.globalAlpha = 0.8;
    context.fillStyle = halo;
    context.fill();
    context.globalAlpha = 1;
    for (const [line, width] of [[halo, 3], [color, 1.5]]) Object.assign(context, { strokeStyle: line, lineWidth: width }).stroke();
    Object.assign(context, { font: "600 11px system-ui, sans-serif", textAlign: "center", textBaseline: "middle" });
    context.fillStyle = color;
    context.fillText(many, x, y);
  },
});

export class Sites {
  // `hidden` is a set of layer names.
  constructor(map, note, { hidden, opacity }) {
    Object.assign(this, { map, note, hidden });
    this.surface = null;
    this.answer = null;
    this.latest = latestOnly();
    map.createPane("sites").style.zIndex = "420";
    this.renderer = L.canvas({ pane: "sites", padding: 0.2, tolerance: 4 });
    this.group = L.layerGroup().addTo(map);
    // What follows when somebody wants to know more of a site, and when other symbols are drawn.
    this.onMore = null;
    this.onSymbols = null;
    this.refresh = debounce(() => this.load(), 200);
    map.on("moveend", this.refresh);
    onTheme(() => this.answer && this.draw());
    this.setOpacity(opacity);
  }

  // Sites are those of the surface's day.
  showSurface({ id }) {
    this.surface = id;
    this.answer = null;
    // Scores and ranking are what one waits for: they are asked for first.
    this.refresh();
  }

  setHidden(hidden) {
    this.hidden = hidden;
    this.load();
  }

  setOpacity(opacity) {
    this.map.getPane("sites").style.opacity = String(opacity);
  }

  async load() {
    if (!this.surface) return;
    const zoom = this.map.getZoom();
    const shown = shownLayers(this.hidden, zoom);
    this.waiting = shown.length < shownLayers(this.hidden, Infinity).length;
    this.tellSymbols(shown);
    if (!shown.length) {
      this.latest.cancel();
      this.answer = null;
      this.group.clearLayers();
      this.writeNote();
      return;
    }
    const sparse = SITE_LAYERS.every(({ name, fromZoom }) => !shown.includes(name) || fromZoom < 11);
    const box = sparse ? WHOLE : this.map.getBounds();
    const side = sparse ? null : groupSide(zoom);
    const key = String([this.surface, side, ...shown]);
    // Zooming in on an answer that held everything needs no other.
    if (this.answer?.key === key && !this.answer.truncated && this.answer.box.contains(box)) {
      this.latest.cancel();
      this.draw();
      return;
    }
    const bbox = [box.getWest(), box.getSouth(), box.getEast(), box.getNorth()].map((edge) => edge.toFixed(5)).join(",");
    try {
      const answer = await this.latest((signal) => getJson("api/sites", { bbox, layer: shown, surface: this.surface, limit: LIMIT, group_m: side }, signal));
      if (!answer) return;
      this.answer = { ...answer, key, box };
      this.draw();
      clearProblem("sites");
    } catch (error) {
      showProblem("sites", error, () => this.load());
    }
  }

  draw() {
    const view = this.map.getBounds().pad(0.2);
    const near = this.answer.sites.filter(({ lat, lon }) => view.contains([lat, lon]));
    this.map.closePopup();
    this.group.clearLayers();
    // Large ones first, so that small ones stay on top and can be pointed at.
    for (const site of near.sort((a, b) => (b.size ?? 0) - (a.size ?? 0))) this.group.addLayer(this.marker(site));
    for (const many of this.groupsIn(view)) this.group.addLayer(this.groupMarker(many));
    this.tellSymbols(shownLayers(this.hidden, this.map.getZoom()));
    this.writeNote();
  }

  tellSymbols(layers) {
    this.onSymbols?.({ layers, hasGroups: layers.length > 0 && this.groupsIn(this.map.getBounds()).length > 0 });
  }

  // An area that was saved has none.
  groupsIn(view) {
    return (this.answer?.groups ?? []).filter(({ lat, lon }) => view.contains([lat, lon]));
  }

  writeNote() {
    const { answer, waiting } = this;
    const hint = waiting ? t("Zoom in to see sites") : "";
    if (!answer || waiting) this.note.textContent = hint;
    else this.note.textContent = answer.truncated ? t("{shown} of {total} sites are shown, risk sectors and the largest first; zoom in to see all", { shown: count(answer.groups) + answer.sites.length, total: answer.total }) : t("Sites here: {total}", { total: this.countInView() });
  }

  countInView() {
    const view = this.map.getBounds();
    return this.answer.sites.filter(({ lat, lon }) => view.contains([lat, lon])).length + count(this.groupsIn(view));
  }

  marker(site) {
    const look = layerLook(site.layer);
    // Smaller from afar.
    const scale = this.map.getZoom() < SINGLE_FROM_ZOOM ? 0.7 : 1;
    // A finding lies where its visit does, and is seen around it.
    const radius = scale * (site.layer === "findings" ? 7 : Math.min(9, 3.5 + Math.sqrt(Math.max(0, site.size ?? 0)) * 0.35));
    const marker = new SiteMarker([site.lat, site.lon], {
      renderer: this.renderer,
      pane: "sites",
      shape: look.shape,
      radius,
      color: colour("site-edge"),
      weight: scale < 1 ? 0.75 : 1,
      fillColor: look.colour,
      fillOpacity: 0.9,
      bubblingMouseEvents: false,
    });
    marker.bindTooltip(() => el("span", {}, [site.title, site.on && day(site.on)].filter(Boolean).join(" · ")), { direction: "top", offset: [0, -radius] });
    marker.bindPopup(() => siteCard(site, this.onMore), { maxWidth: 280, closeButton: false });
    return marker;
  }

  // A click shows the group's sites by themselves.
  groupMarker(many) {
    const { shape, colour: line } = layerLook(many.layer);
    const radius = Math.min(12, 7 + Math.log10(many.n) * 1.7);
    const marker = new SiteMarker([many.lat, many.lon], { renderer: this.renderer, pane: "sites", shape, radius, number: number(many.n), color: line, halo: colour("halo"), bubblingMouseEvents: false });
    marker.bindTooltip(() => el("span", {}, `${layerTitle(many.layer)}: ${number(many.n)}`), { direction: "top", offset: [0, -radius] });
    marker.on("click", () => this.map.setView([many.lat, many.lon], Math.min(SINGLE_FROM_ZOOM, Math.floor(this.map.getZoom()) + 1), { animate: false }));
    return marker;
  }
}

const count = (groups = []) => groups.reduce((sum, { n }) => sum + n, 0);

const capitalised = (word) => word.charAt(0).toUpperCase() + word.slice(1);

export function siteCard(site, onMore = null) {
  const facts = [
    [t("Layer"), layerName(site.layer)],
    [t("Sector"), site.sector && term(site.sector)],
    [t("Date"), site.on && day(site.on)],
    [t("Agencies"), site.agencies?.join(", ")],
    [t("Kind"), site.kind && site.kind !== site.title && term(site.kind)],
    // "Employees: 1" is right for any number.
    [site.size_unit && capitalised(term(site.size_unit)), site.size_unit && Number.isFinite(site.size) ? number(site.size) : null],
    [t("Position"), site.position && (site.spread_m ? t("{position}, within {distance}", { position: term(site.position), distance: metres(site.spread_m) }) : term(site.position))],
    [t("Number"), site.id],
  ].filter(([, value]) => value);
  return el(
    "div",
    { class: "site-card" },
    el("h3", {}, site.title),
    el("dl", {}, facts.map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])),
    onMore && el("button", { type: "button", class: "plain-button", onclick: () => onMore(site) }, t("More about this place")),
    site.synthetic && el("p", { class: "site-synthetic" }, t("Synthetic: made up for demonstration")),
  );
}
