// Routes on the map: a line for each crew and day in the crew's colour and dashes, and a pin with letter and number for
// each stop; with the day in front of them as long as more than one day is shown.

import { addBasemap } from "./basemap.js";
import { colour, onTheme } from "./colours.js";
import { el, fill } from "./dom.js";
import { t } from "./i18n.js";
import { setUpMap } from "./map.js";
import { colourOf, dashOf, keyOf, letterOf, routesOf, shortDay, span } from "./plan_words.js";

const L = window.L;
const byId = (id) => document.getElementById(id);
// Half of what a pin takes, in pixels; one with the day is wider, and a depot hangs below the point that it stands for.
const HALF = { stop: [17, 15], dated: [26, 15] };
const DEPOT = { left: 11, right: 11, top: -4, bottom: 28 };
// Zoom buttons and half a pin at the right; the line with coordinates, the scale and a depot's pin below.
const CLEAR = { paddingTopLeft: [36, 34], paddingBottomRight: [74, 84] };

export class PlanMap {
  constructor(map, basemap, { onStop }) {
    Object.assign(this, { map, onStop, day: null, plan: null });
    setUpMap(map, { onInspect: () => {} });
    map.getContainer().setAttribute("aria-label", t("Map of the routes. Arrow keys move it, plus and minus zoom. The lists of stops say the same in words."));
    this.taken = [];
    const { labels } = addBasemap(map, basemap, { online: Boolean(window.tile_layer_base) });
    this.labels = labels;
    map.createPane("routes").style.zIndex = "420";
    this.renderer = L.svg({ pane: "routes" });
    this.whole = L.geoJSON(basemap.counties).getBounds();
    this.group = L.layerGroup().addTo(map);
    onTheme(() => this.plan && this.draw(this.plan));
    // paper has a size of its own, and the map is drawn before the page is laid out for it
    window.addEventListener("beforeprint", () => this.print(true));
    window.addEventListener("afterprint", () => this.print(false));
  }

  draw(plan) {
    this.plan = plan;
    if (this.day && !plan.days.includes(this.day)) this.day = null;
    this.drawSwitch();
    this.drawLegend();
    this.group.clearLayers();
    this.taken = [];
    const shown = this.shown();
    for (const route of shown) this.drawLine(route);
    this.drawDepots(shown);
    for (const route of shown) this.drawStops(route);
    // Names of towns keep clear of the pins where they can.
    this.labels?.avoid(() => this.takenBoxes());
  }

  // Without the day, the first stop of one day would look like the first of another.
  get isDated() {
    return !this.day && this.plan.days.length > 1;
  }

  shown() {
    return routesOf(this.plan).filter(({ on, stops }) => stops.length && (!this.day || on === this.day));
  }

  homeOf({ crewIndex }) {
    const { depot } = this.plan.crews[crewIndex];
    return [depot.lat, depot.lon];
  }

  drawLine(route) {
    const home = this.homeOf(route);
    const line = [home, ...route.stops.map(({ lat, lon }) => [lat, lon]), home];
    const options = { pane: "routes", renderer: this.renderer, interactive: false };
    L.polyline(line, { ...options, color: colour("outline-halo"), weight: 6, opacity: 0.75 }).addTo(this.group);
    L.polyline(line, { ...options, color: colour(colourOf(route.crewIndex)), weight: 3, dashArray: dashOf(route.crewIndex) }).addTo(this.group);
  }

  // One for each place, with the letters of all crews that begin there; below every stop.
  drawDepots(routes) {
    const crews = new Map();
    for (const { crewIndex } of routes) {
      const key = JSON.stringify(this.homeOf({ crewIndex }));
      crews.set(key, new Set(crews.get(key)).add(crewIndex));
    }
    for (const [key, found] of crews) {
      const all = [...found].sort((a, b) => a - b);
      const at = JSON.parse(key);
      this.pin(at, all.map(letterOf).join(" "), colour(all.length > 1 ? "outline" : colourOf(all[0])), "stop-pin depot-pin", -2000);
      this.taken.push({ at, ...DEPOT });
    }
  }

  drawStops(route) {
    const ink = colour(colourOf(route.crewIndex));
    const [x, y] = this.isDated ? HALF.dated : HALF.stop;
    route.stops.forEach((stop, i) => {
      const label = `${letterOf(route.crewIndex)}${i + 1}`;
      const at = [stop.lat, stop.lon];
      const marker = this.pin(at, this.isDated ? `${this.plan.days.indexOf(route.on) + 1}·${label}` : label, ink, this.isDated ? "stop-pin is-dated" : "stop-pin");
      this.taken.push({ at, left: x, right: x, top: y, bottom: y });
      marker.bindTooltip(() => el("span", {}, stop.title, el("br"), `${shortDay(route.on)} ${span(stop.start_minute, stop.end_minute)}`), { direction: "top", offset: [0, -14] });
      marker.on("click", () => this.onStop(keyOf(stop)));
    });
  }

  takenBoxes() {
    return this.taken.map(({ at, left, right, top, bottom }) => {
      const { x, y } = this.map.latLngToLayerPoint(at);
      return { left: x - left, right: x + right, top: y - top, bottom: y + bottom };
    });
  }

  pin(at, words, ink, className, zIndexOffset = 0) {
    const html = el("span", { class: className }, words);
    html.style.setProperty("--swatch", ink);
    // the lists are the way to stops by keyboard
    return L.marker(at, { icon: L.divIcon({ className: "pin-anchor", html, iconSize: [0, 0] }), keyboard: false, zIndexOffset }).addTo(this.group);
  }

  drawSwitch() {
    const node = byId("day-switch");
    node.hidden = this.plan.days.length < 2;
    const button = (day, words) => el("button", { type: "button", class: "segment", "data-key": `day ${day ?? "all"}`, "aria-pressed": String(this.day === day), onclick: () => this.choose(day) }, words);
    fill(node, button(null, t("All days")), this.plan.days.map((day) => button(day, shortDay(day))));
  }

  choose(day) {
    this.day = day;
    this.draw(this.plan);
    this.fit();
    document.querySelector(`[data-key="day ${day ?? "all"}"]`)?.focus();
  }

  drawLegend() {
    const days = this.plan.days.map((day, i) => `${i + 1}· ${shortDay(day)}`).join(", ");
    fill(
      byId("crew-legend"),
      this.plan.crews.map((crew, i) => el("li", {}, lineSample(i), el("strong", {}, letterOf(i)), " ", el("bdi", {}, crew.name))),
      this.isDated && el("li", { class: "legend-days" }, t("The day stands before the dot: {days}", { days })),
    );
  }

  print(isOn) {
    byId("plan-map").classList.toggle("is-printed", isOn);
    this.fit();
  }

  fit() {
    const places = this.shown().flatMap((route) => [...route.stops, this.plan.crews[route.crewIndex].depot]).map(({ lat, lon }) => [lat, lon]);
    this.map.invalidateSize({ animate: false });
    const bounds = places.length ? L.latLngBounds(places) : this.whole;
    this.map.fitBounds(bounds, { ...CLEAR, maxZoom: 12, animate: false });
  }
}

// A piece of a crew's line, for legends and headings.
export function lineSample(i) {
  const svg = L.SVG.create("svg");
  for (const [name, value] of Object.entries({ viewBox: "0 0 44 8", width: 44, height: 8, "aria-hidden": "true", focusable: "false", class: "line-sample" })) svg.setAttribute(name, value);
  const line = L.SVG.create("path");
  for (const [name, value] of Object.entries({ d: "M1 4h42", "stroke-dasharray": dashOf(i) ?? "none" })) line.setAttribute(name, value);
  svg.dataset.crew = colourOf(i).at(-1);
  svg.append(line);
  return svg;
}
