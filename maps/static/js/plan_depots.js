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
    onTheme(() => this.draw(this.places ?? []));
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
