// The map itself: controls in the page's language, coordinates, keyboard, and what is marked on it.

import { overlaps } from "./basemap.js";
import { colour, onTheme } from "./colours.js";
import { el } from "./dom.js";
import { coordinates, number, t } from "./i18n.js";
import { toSweref } from "./sweref.js";

const L = window.L;
const LOWEST_ZOOM = 4;
const HIGHEST_ZOOM = 16;
const outline = () => ({ color: colour("outline"), weight: 3, fill: false });
const halo = () => ({ color: colour("outline-halo"), weight: 6, opacity: 0.9, fill: false });
// How many numbers below which zoom.
const MOST_NUMBERS = [[6, 10], [8, 20], [Infinity, Infinity]];
const hovered = () => ({ color: colour("accent"), weight: 2, dashArray: "5 4", fillColor: colour("accent"), fillOpacity: 0.08 });

export const animated = () => !window.matchMedia("(prefers-reduced-motion: reduce)").matches;

export function setUpMap(map, { onInspect }) {
  const container = map.getContainer();
  container.setAttribute("role", "application");
  container.setAttribute("aria-label", t("Map. Arrow keys move it, plus and minus zoom, Enter explains the cell in the middle."));
  if (!animated()) {
    // Leaflet reads these options only when it makes a map.
    Object.assign(map, { _zoomAnimated: false, _fadeAnimated: false });
    map.options.inertia = false;
  }
  map.setMinZoom(LOWEST_ZOOM).setMaxZoom(HIGHEST_ZOOM);
  L.control.zoom({ position: "topright", zoomInTitle: t("Zoom in"), zoomOutTitle: t("Zoom out") }).addTo(map);
  map.on("click", ({ latlng }) => onInspect(latlng.wrap(), { byKeyboard: false }));
  container.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target !== container) return;
    event.preventDefault();
    onInspect(map.getCenter().wrap(), { byKeyboard: true });
  });
  showCoordinates(map);
  showKeyboardUse(container);
  // The map's box changes with panels, fonts and turning a phone, not only with the window; its centre stays.
  new ResizeObserver(() => map.invalidateSize({ animate: false })).observe(container);
}

// Leaflet moves the focus to the map on every click; the ring and the cross are for those who came by keyboard.
function showKeyboardUse(container) {
  const note = (byKeyboard) => container.classList.toggle("by-keyboard", byKeyboard);
  document.addEventListener("keydown", () => note(true), { capture: true });
  document.addEventListener("pointerdown", () => note(false), { capture: true });
}

function showCoordinates(map) {
  const node = document.getElementById("coordinates");
  const write = (latlng) => {
    const { easting, northing } = toSweref(latlng.lng, latlng.lat);
    node.textContent = `SWEREF 99 TM  ${coordinates(easting, northing)}`;
  };
  map.on("mousemove", ({ latlng }) => write(latlng));
  map.on("move mouseout", () => write(map.getCenter()));
  write(map.getCenter());
}

// Outline of the chosen cell, box of the place pointed at, mark of a record, numbers of the ranked places.
export class Marks {
  constructor(map, { onPlace }) {
    this.map = map;
    this.onPlace = onPlace;
    map.createPane("outline").style.zIndex = "430";
    map.getPane("outline").style.pointerEvents = "none";
    this.renderer = L.svg({ pane: "outline" });
    this.cell = L.layerGroup().addTo(map);
    this.hover = L.layerGroup().addTo(map);
    this.record = L.layerGroup().addTo(map);
    this.numbers = L.layerGroup().addTo(map);
    this.pins = new Map();
    this.entries = [];
    map.on("zoomend", () => this.uncover());
    onTheme(() => this.showCell(this.corners ?? null));
  }

  showCell(corners) {
    this.cell.clearLayers();
    this.record.clearLayers();
    this.corners = corners;
    if (!corners) return;
    for (const style of [halo(), outline()]) L.polygon(corners, { ...style, pane: "outline", renderer: this.renderer, interactive: false }).addTo(this.cell);
  }

  showHover(entry) {
    this.hover.clearLayers();
    for (const [key, pin] of this.pins) pin.classList.toggle("pin-hover", key === entry?.cell);
    if (!entry?.bounds) return;
    const [west, south, east, north] = entry.bounds;
    L.rectangle([[south, west], [north, east]], { ...hovered(), pane: "outline", renderer: this.renderer, interactive: false }).addTo(this.hover);
  }

  showRecord(site) {
    this.record.clearLayers();
    for (const style of [halo(), outline()]) L.circleMarker([site.lat, site.lon], { ...style, radius: 11, pane: "outline", renderer: this.renderer, interactive: false }).addTo(this.record);
  }

  showNumbers(entries) {
    this.numbers.clearLayers();
    this.pins.clear();
    this.entries = entries;
    // Highest rank last, so that it lies on top.
    for (const entry of [...entries].reverse()) {
      const pin = el("span", { class: "pin" }, number(entry.rank));
      this.pins.set(entry.cell, pin);
      const icon = L.divIcon({ className: "pin-anchor", html: pin, iconSize: [0, 0] });
      // The list beside the map is the way to these places by keyboard.
      const marker = L.marker([entry.lat, entry.lon], { icon, keyboard: false, zIndexOffset: 1000 - entry.rank });
      marker.bindTooltip(() => el("span", {}, `${entry.name} · ${number(entry.score, 1)}`), { direction: "top", offset: [0, -12] });
      marker.on("click", () => this.onPlace(entry));
      marker.addTo(this.numbers);
    }
    this.uncover();
  }

  pinBox({ lat, lon }) {
    const { x, y } = this.map.latLngToLayerPoint([lat, lon]);
    return { left: x - 11, right: x + 11, top: y - 11, bottom: y + 11 };
  }

  // From afar only the highest ranks have their number, and none that a higher one would cover; the others come back as
  // one zooms in.
  uncover() {
    const most = MOST_NUMBERS.find(([below]) => this.map.getZoom() < below)[1];
    this.shownBoxes = [];
    for (const entry of [...this.entries].sort((a, b) => a.rank - b.rank)) {
      const box = this.pinBox(entry);
      const covered = this.shownBoxes.length >= most || this.shownBoxes.some((other) => overlaps(box, other));
      this.pins.get(entry.cell)?.classList.toggle("pin-covered", covered);
      if (!covered) this.shownBoxes.push(box);
    }
  }

  takenBoxes() {
    this.uncover();
    return this.shownBoxes;
  }

  markNumber(entry) {
    for (const [key, pin] of this.pins) pin.classList.toggle("pin-current", key === entry?.cell);
  }
}

// The zoom may lie between two whole ones, so that the region fills the screen. Leaflet draws tiles of the nearest whole
// zoom; below the half they are enlarged, so no cell is lost.
const MOST_BETWEEN = 0.45;
// The strip along the map's lower edge, and the tools along the upper one; on a narrow screen the legend's strip and the
// line about sites besides.
const NARROW_PX = 821;
const isNarrow = (map) => map.getSize().x < NARROW_PX && window.innerWidth < NARROW_PX;
const footPx = (map) => 26 + (isNarrow(map) ? 48 : 0);
const headPx = (map) => (document.querySelector(".toolbar")?.offsetHeight ?? -10) + 10 + (isNarrow(map) ? 34 : 0);

export function setExactView(map, { lat, lon, zoom }) {
  const snap = map.options.zoomSnap;
  map.options.zoomSnap = 0;
  map.setView([lat, lon], zoom, { animate: false });
  map.options.zoomSnap = snap;
}

export function showAll(map, bounds) {
  const snap = map.options.zoomSnap;
  map.options.zoomSnap = 0;
  const [head, foot] = [headPx(map), footPx(map)];
  const zoom = map.getBoundsZoom(bounds, false, L.point(24, 12 + foot + head));
  map.options.zoomSnap = snap;
  const whole = Math.floor(zoom);
  const fitted = whole + Math.min(zoom - whole, MOST_BETWEEN);
  const middle = map.project(bounds.getNorthWest(), fitted).add(map.project(bounds.getSouthEast(), fitted)).divideBy(2);
  const { lat, lng } = map.unproject(middle.add([0, (foot - head) / 2]), fitted);
  setExactView(map, { lat, lon: lng, zoom: fitted });
}

// Leaflet rounds to whole pixels when panels open and close; that is no move, and must not creep into the address.
export function hasMoved(map, view) {
  if (!view || view.zoom !== map.getZoom()) return true;
  return map.latLngToContainerPoint([view.lat, view.lon]).distanceTo(map.getSize().divideBy(2)) > 2;
}

// Around a chosen cell, however small it is drawn, and between it and what lies over the map.
const LEAST_HALF_PX = 28;
const GAP_PX = 12;
const MARGIN_PX = 60;

// After a panel has opened beside the map: keep what was clicked in sight, all of a cell that is drawn large.
export function keepInSight(map, { lon, lat, bounds = [] }) {
  map.invalidateSize({ animate: false });
  const drawn = L.bounds([[lat, lon], ...bounds].map((one) => map.latLngToContainerPoint(one)));
  const half = drawn.getSize().divideBy(2).add([GAP_PX, GAP_PX]);
  const least = (size, px) => Math.min(Math.max(MARGIN_PX, px), size / 2);
  const { x: width, y: height } = map.getSize();
  const side = least(width, half.x);
  map.panInside([lat, lon], { paddingTopLeft: [side, least(height, headPx(map) + half.y)], paddingBottomRight: [side, least(height, footPx(map) + half.y)], animate: false });
  clearOfLegend(map, [[lat, lon], ...bounds]);
}

// Nor must the legend cover it.
function clearOfLegend(map, places) {
  const stage = map.getContainer().getBoundingClientRect();
  const legend = document.getElementById("legend").getBoundingClientRect();
  const points = places.map((one) => map.latLngToContainerPoint(one));
  const [{ x, y }] = points;
  const box = L.bounds([...points, [x - LEAST_HALF_PX, y - LEAST_HALF_PX], [x + LEAST_HALF_PX, y + LEAST_HALF_PX]]);
  const right = legend.right - stage.left + GAP_PX;
  if (box.min.x >= right || box.max.y <= legend.top - stage.top - GAP_PX || right >= stage.width) return;
  const room = stage.width - right - GAP_PX;
  // A cell that has no room beside it has its middle there.
  const step = box.getSize().x <= room ? box.min.x - right : x - (right + room / 2);
  if (step < 0) map.panBy([step, 0], { animate: animated() });
}

export function goTo(map, { bounds, lon, lat, zoom = 11 }) {
  const animate = animated();
  if (bounds) {
    const [west, south, east, north] = bounds;
    map.fitBounds([[south, west], [north, east]], { maxZoom: zoom, padding: [40, 40], animate });
  } else {
    map.setView([lat, lon], Math.max(map.getZoom(), zoom), { animate });
  }
}
