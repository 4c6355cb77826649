// Where the reader is: asked of the browser only on a click, shown on the map, never sent anywhere. The map moves to a
// rounded place nearby, so that neither its address nor what it loads tells the position.

import { announce } from "./announce.js";
import { colour } from "./colours.js";
import { metres, t } from "./i18n.js";
import { setExactView } from "./map.js";
import { isInside } from "./region.js";
import { showToast } from "./toast.js";

const L = window.L;
const ZOOM = 11;
const STEP = { lat: 0.02, lon: 0.05 };
const WAIT_MS = 15000;

const rounded = (value, step) => Math.round(value / step) * step;

export class Locate {
  constructor(map, button, counties) {
    Object.assign(this, { map, button, counties });
    this.group = L.layerGroup().addTo(map);
    button.addEventListener("click", () => this.ask());
  }

  ask() {
    if (!navigator.geolocation) {
      showToast(t("This browser does not tell where you are."));
      return;
    }
    this.button.setAttribute("aria-busy", "true");
    announce(t("Looking for your position"));
    navigator.geolocation.getCurrentPosition((found) => this.show(found.coords), (error) => this.explain(error), { enableHighAccuracy: true, timeout: WAIT_MS, maximumAge: 60000 });
  }

  explain({ code }) {
    this.button.removeAttribute("aria-busy");
    // 1: refused, 3: took too long.
    if (code === 1) showToast(t("Your position was not given to this page. You can allow it in the browser's settings for this address."));
    else showToast(t("Your position could not be found just now."));
  }

  show({ latitude, longitude, accuracy }) {
    this.button.removeAttribute("aria-busy");
    this.group.clearLayers();
    if (!isInside(this.counties, longitude, latitude)) {
      showToast(t("You are outside Region Nord, so the map stays where it is."));
      return;
    }
    const usual = { interactive: false, color: colour("outline-halo"), fillColor: colour("sketch") };
    L.circle([latitude, longitude], { ...usual, radius: accuracy, weight: 1, fillOpacity: 0.12 }).addTo(this.group);
    L.circleMarker([latitude, longitude], { ...usual, radius: 8, weight: 3, fillOpacity: 1 }).addTo(this.group);
    setExactView(this.map, { lat: rounded(latitude, STEP.lat), lon: rounded(longitude, STEP.lon), zoom: ZOOM });
    showToast(t("You are here, within {distance}. Your position stays in this browser.", { distance: metres(accuracy) }));
  }
}
