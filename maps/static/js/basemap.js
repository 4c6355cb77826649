// Our own base map: land, county and municipality lines on canvas, place names as text over the scores.

import { colour, onTheme } from "./colours.js";
import { el } from "./dom.js";

const L = window.L;

// From the outside in: what carries a name at each zoom, and how large.
const SMALLEST_NAMED = { 4: 60000, 5: 35000, 6: 14000, 7: 7000, 8: 3000, 9: 1500, 10: 700 };
// Inhabitants from, class, and width of a letter in pixels.
const SIZES = [[40000, "label-city", 8.6], [10000, "label-town", 7.9], [2000, "label-large", 7.2], [0, "label-small", 6.9]];
const MAX_LABELS = 90;
const ALWAYS_NAMED = 10000;

// Parts that can be shown and hidden: counties, municipalities, names; names are null over an online map, which has its
// own.
export function addBasemap(map, data, { online }) {
  pane(map, "land", 150);
  pane(map, "borders", 350);
  pane(map, "labels", 450);
  // One canvas each, so that lines lie over the scores and land below them.
  const land = L.canvas({ pane: "land", padding: 0.3 });
  const borders = L.canvas({ pane: "borders", padding: 0.3 });
  const ground = online ? null : L.geoJSON(data.counties, { pane: "land", renderer: land, interactive: false, style: landStyle }).addTo(map);
  const municipalities = L.geoJSON(data.municipalities, { pane: "borders", renderer: borders, interactive: false, style: municipalityLine }).addTo(map);
  const counties = L.geoJSON(data.counties, { pane: "borders", renderer: borders, interactive: false, style: countyLine }).addTo(map);
  onTheme(() => {
    ground?.setStyle(landStyle());
    municipalities.setStyle(municipalityLine());
    counties.setStyle(countyLine());
  });
  const names = online ? null : new Labels(map, data.localities);
  const show = (layer) => (isShown) => (isShown ? layer.addTo(map) : layer.remove());
  return {
    counties: show(counties),
    municipalities: show(municipalities),
    names: names && ((isShown) => names.show(isShown)),
    labels: names,
  };
}

const landStyle = () => ({ stroke: false, fillColor: colour("land"), fillOpacity: 1 });
const municipalityLine = () => ({ color: colour("municipality-line"), weight: 0.6, opacity: 0.7, fill: false });
const countyLine = () => ({ color: colour("county-line"), weight: 1.3, opacity: 0.85, fill: false });

function pane(map, name, zIndex) {
  const node = map.createPane(name);
  node.style.zIndex = String(zIndex);
  node.style.pointerEvents = "none";
}

class Labels {
  constructor(map, localities) {
    this.map = map;
    this.localities = localities;
    this.taken = () => [];
    this.isShown = true;
    this.group = L.layerGroup().addTo(map);
    map.on("zoomend moveend", () => this.draw());
    this.draw();
  }

  // `taken` gives the boxes, in layer pixels, that names must keep clear of.
  avoid(taken) {
    this.taken = taken;
    this.draw();
  }

  show(isShown) {
    this.isShown = isShown;
    this.draw();
  }

  draw() {
    const { map, group } = this;
    group.clearLayers();
    if (!this.isShown) return;
    const pins = this.taken();
    const boxes = [];
    const zoom = Math.floor(map.getZoom());
    const floor = SMALLEST_NAMED[zoom] ?? (zoom > 10 ? 0 : 100000);
    const view = map.getBounds().pad(0.1);
    let drawn = 0;
    // Most inhabitants first, as the server sends them: the larger place wins the room.
    for (const place of this.localities) {
      if (place.population < floor || drawn >= MAX_LABELS) continue;
      const at = L.latLng(place.lat, place.lon);
      if (!view.contains(at)) continue;
      const [, size, letter] = SIZES.find(([from]) => place.population >= from);
      const sides = labelBoxes(map.latLngToLayerPoint(at), place.name.length * letter);
      const isFree = (one, others) => !others.some((other) => overlaps(sides[one], other));
      const free = Object.keys(sides).filter((one) => isFree(one, boxes));
      // A city keeps its name even where numbers crowd around it.
      const side = free.find((one) => isFree(one, pins)) ?? (place.population >= ALWAYS_NAMED ? leastCovered(free, sides, pins) : null);
      if (!side) continue;
      boxes.push(sides[side]);
      drawn += 1;
      const html = el("span", { class: `place-label ${size} label-${side}` }, el("i", { class: "place-dot" }), el("span", {}, place.name));
      const icon = L.divIcon({ className: "place-anchor", html, iconSize: [0, 0] });
      L.marker(at, { icon, pane: "labels", interactive: false, keyboard: false }).addTo(group);
    }
  }
}

// In order of preference; the last ones leave room for a pin in the middle of the town, ever wider.
const labelBoxes = ({ x, y }, width) => ({
  right: { left: x - 4, right: x + 10 + width, top: y - 9, bottom: y + 9 },
  left: { left: x - 10 - width, right: x + 4, top: y - 9, bottom: y + 9 },
  "far-right": { left: x + 13, right: x + 17 + width, top: y - 9, bottom: y + 9 },
  "far-left": { left: x - 17 - width, right: x - 13, top: y - 9, bottom: y + 9 },
  "farther-right": { left: x + 27, right: x + 31 + width, top: y - 9, bottom: y + 9 },
  "farther-left": { left: x - 31 - width, right: x - 27, top: y - 9, bottom: y + 9 },
});

const leastCovered = (free, sides, pins) => {
  const covers = (one) => pins.filter((pin) => overlaps(sides[one], pin)).length;
  return [...free].sort((a, b) => covers(a) - covers(b))[0];
};

export const overlaps = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
