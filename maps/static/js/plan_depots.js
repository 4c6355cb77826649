// The small map of a new plan: where each crew's day begins and ends.

import { addBasemap } from "./basemap.js";
import { colour, onTheme } from "./colours.js";
import { el } from "./dom.js";
import { t } from "./i18n.js";
import { setUpMap, showAll } from "./map.js";
import { colourOf, letterOf } from "./plan_words.js";

const L = window.L;

export class DepotMap {
  constructor(map, basemap, { onPick }) {
    this.map = map;
    setUpMap(map, { onInspect: ({ lat, lng }) => onPick({ lat, lon: lng }) });
    map.getContainer().setAttribute("aria-label", t("Map. Arrow keys move it, plus and minus zoom, Enter chooses the place in the middle."));
    addBasemap(map, basemap, { online: Boolean(window.tile_layer_base) });
    this.whole = L.geoJSON(basemap.counties).getBounds();
    this.marks = L.layerGroup().addTo(map);
    showAll(map, this.whole);
    this.areas = L.layerGroup().addTo(map);
    onTheme(() => {
      this.draw(this.places ?? []);
      this.drawArea(this.corners ?? []);
    });
  }

  // The area that sites are chosen from, where one was drawn.
  drawArea(corners) {
    const isNew = corners.length > 0 && corners !== this.corners;
    this.corners = corners;
    this.areas.clearLayers();
    if (!corners.length) return;
    const usual = { interactive: false, fill: false };
    L.polygon(corners, { ...usual, color: colour("sketch-halo"), weight: 6, opacity: 0.9 }).addTo(this.areas);
    L.polygon(corners, { ...usual, color: colour("sketch"), weight: 3 }).addTo(this.areas);
    // With room around it for where crews come from.
    if (isNew) this.map.fitBounds(L.latLngBounds(corners).pad(1), { animate: false, maxZoom: 11 });
  }

  // `places` are {lon, lat} by crew, null where none is chosen.
  draw(places) {
    this.places = places;
    this.marks.clearLayers();
    places.forEach((place, i) => {
      if (!place) return;
      // crews at one place stand side by side
      const before = places.slice(0, i).filter((one) => one && one.lat === place.lat && one.lon === place.lon).length;
      const html = el("span", { class: "stop-pin depot-pin" }, letterOf(i));
      html.style.setProperty("--swatch", colour(colourOf(i)));
      const icon = L.divIcon({ className: "pin-anchor", html, iconSize: [0, 0], iconAnchor: [-26 * before, 0] });
      L.marker([place.lat, place.lon], { icon, keyboard: false, interactive: false }).addTo(this.marks);
    });
  }
}
