// Routes on the map: a line for each crew and day in the crew's colour and dashes, and a pin with letter and number for
// each stop.

import { addBasemap } from "./basemap.js";
import { colour, onTheme } from "./colours.js";
import { el, fill } from "./dom.js";
import { t } from "./i18n.js";
import { setUpMap } from "./map.js";
import { colourOf, dashOf, keyOf, letterOf, routesOf, shortDay, span } from "./plan_words.js";

const L = window.L;
const byId = (id) => document.getElementById(id);

export class PlanMap {
  constructor(map, basemap, { onStop }) {
    Object.assign(this, { map, onStop, day: null, plan: null });
    setUpMap(map, { onInspect: () => {} });
    map.getContainer().setAttribute("aria-label", t("Map of the routes. Arrow keys move it, plus and minus zoom. The lists of stops say the same in words."));
    addBasemap(map, basemap, { online: Boolean(window.tile_layer_base) });
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
    for (const route of this.shown()) this.drawRoute(route);
  }

  shown() {
    return routesOf(this.plan).filter(({ on, stops }) => stops.length && (!this.day || on === this.day));
  }

  drawRoute(route) {
    const { depot } = this.plan.crews[route.crewIndex];
    const home = [depot.lat, depot.lon];
    const line = [home, ...route.stops.map(({ lat, lon }) => [lat, lon]), home];
    const ink = colour(colourOf(route.crewIndex));
    const options = { pane: "routes", renderer: this.renderer, interactive: false };
    L.polyline(line, { ...options, color: colour("outline-halo"), weight: 6, opacity: 0.75 }).addTo(this.group);
    L.polyline(line, { ...options, color: ink, weight: 3, dashArray: dashOf(route.crewIndex) }).addTo(this.group);
    this.pin(home, letterOf(route.crewIndex), ink, "stop-pin depot-pin");
    route.stops.forEach((stop, i) => {
      const marker = this.pin([stop.lat, stop.lon], `${letterOf(route.crewIndex)}${i + 1}`, ink, "stop-pin");
      marker.bindTooltip(() => el("span", {}, stop.title, el("br"), `${shortDay(route.on)} ${span(stop.start_minute, stop.end_minute)}`), { direction: "top", offset: [0, -14] });
      marker.on("click", () => this.onStop(keyOf(stop)));
    });
  }

  pin(at, words, ink, className) {
    const html = el("span", { class: className }, words);
    html.style.setProperty("--swatch", ink);
    // the lists are the way to stops by keyboard
    return L.marker(at, { icon: L.divIcon({ className: "pin-anchor", html, iconSize: [0, 0] }), keyboard: false }).addTo(this.group);
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
    fill(byId("crew-legend"), this.plan.crews.map((crew, i) => el("li", {}, lineSample(i), el("strong", {}, letterOf(i)), " ", el("bdi", {}, crew.name))));
  }

  print(isOn) {
    byId("plan-map").classList.toggle("is-printed", isOn);
    this.fit();
  }

  fit() {
    const places = this.shown().flatMap((route) => [...route.stops, this.plan.crews[route.crewIndex].depot]).map(({ lat, lon }) => [lat, lon]);
    this.map.invalidateSize({ animate: false });
    const bounds = places.length ? L.latLngBounds(places) : this.whole;
    this.map.fitBounds(bounds, { padding: [34, 34], maxZoom: 12, animate: false });
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
