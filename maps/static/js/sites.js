// Sites inside the window, on canvas, once one is close enough to tell them apart. Each layer has a shape of its own.

import { getJson, latestOnly } from "./api.js";
import { showProblem, clearProblem } from "./announce.js";
import { colour, onTheme } from "./colours.js";
import { debounce, el } from "./dom.js";
import { metres, number, t, term } from "./i18n.js";
import { SITE_LAYERS, layerLook, layerName } from "./layers.js";

const L = window.L;
const LIMIT = 2000;
// What is asked for where only layers with few sites are wanted: all of them at once, whatever the map shows.
const WHOLE = L.latLngBounds([60, 10], [70.5, 26]);
// Below it sites are drawn smaller.
const FULL_SIZE_FROM_ZOOM = 13;

const corners = {
  square: (r) => [[-r, -r], [r, -r], [r, r], [-r, r]],
  diamond: (r) => [[0, -r * 1.35], [r * 1.35, 0], [0, r * 1.35], [-r * 1.35, 0]],
  triangle: (r) => [[0, -r * 1.2], [r * 1.15, r], [-r * 1.15, r]],
};

const SiteMarker = L.CircleMarker.extend({
  _updatePath() {
    const renderer = this._renderer;
    if (this.options.shape === "circle") {
      renderer._updateCircle(this);
      return;
    }
    if (!renderer._drawing || this._empty()) return;
    const { x, y } = this._point;
    const context = renderer._ctx;
    context.beginPath();
    corners[this.options.shape](this._radius).forEach(([dx, dy], i) => context[i ? "lineTo" : "moveTo"](x + dx, y + dy));
    context.closePath();
    renderer._fillStroke(context, this);
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
    // What follows when somebody wants to know more of a site.
    this.onMore = null;
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
    const wanted = SITE_LAYERS.filter(({ name }) => !this.hidden.has(name));
    const shown = wanted.filter(({ fromZoom }) => zoom >= fromZoom).map(({ name }) => name);
    this.waiting = shown.length < wanted.length;
    if (!shown.length) {
      this.latest.cancel();
      this.answer = null;
      this.group.clearLayers();
      this.writeNote();
      return;
    }
    const sparse = SITE_LAYERS.every(({ name, fromZoom }) => !shown.includes(name) || fromZoom < 11);
    const box = sparse ? WHOLE : this.map.getBounds();
    const key = String([this.surface, ...shown]);
    // Zooming in on an answer that held everything needs no other.
    if (this.answer?.key === key && !this.answer.truncated && this.answer.box.contains(box)) {
      this.latest.cancel();
      this.draw();
      return;
    }
    const bbox = [box.getWest(), box.getSouth(), box.getEast(), box.getNorth()].map((edge) => edge.toFixed(5)).join(",");
    try {
      const answer = await this.latest((signal) => getJson("api/sites", { bbox, layer: shown, surface: this.surface, limit: LIMIT }, signal));
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
    this.writeNote();
  }

  writeNote() {
    const { answer, waiting } = this;
    const hint = waiting ? t("Zoom in to see sites") : "";
    if (!answer || waiting) this.note.textContent = hint;
    else this.note.textContent = answer.truncated ? t("{shown} of {total} sites shown; zoom in to see all", { shown: answer.sites.length, total: answer.total }) : t("Sites here: {total}", { total: this.countInView() });
  }

  countInView() {
    const view = this.map.getBounds();
    return this.answer.sites.filter(({ lat, lon }) => view.contains([lat, lon])).length;
  }

  marker(site) {
    const look = layerLook(site.layer);
    // Smaller from afar, where a town's hundreds of workplaces lie on each other.
    const scale = Math.min(1, Math.max(0.6, 1 - 0.2 * (FULL_SIZE_FROM_ZOOM - this.map.getZoom())));
    const radius = scale * Math.min(9, 3.5 + Math.sqrt(Math.max(0, site.size ?? 0)) * 0.35);
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
    marker.bindTooltip(() => el("span", {}, site.title), { direction: "top", offset: [0, -radius] });
    marker.bindPopup(() => siteCard(site, this.onMore), { maxWidth: 280, closeButton: false });
    return marker;
  }
}

const capitalised = (word) => word.charAt(0).toUpperCase() + word.slice(1);

export function siteCard(site, onMore = null) {
  const facts = [
    [t("Layer"), layerName(site.layer)],
    [t("Sector"), site.sector && term(site.sector)],
    [t("Kind"), site.kind && term(site.kind)],
    // "Employees: 1" is right for any number.
    [site.size_unit ? capitalised(term(site.size_unit)) : t("Size"), Number.isFinite(site.size) ? number(site.size) : null],
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
