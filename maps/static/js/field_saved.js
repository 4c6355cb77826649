// The map page of a saved area.

import { colour, onTheme } from "./colours.js";
import { NO_COMPARE } from "./compare_state.js";
import { el } from "./dom.js";
import { SavedPage, needsNetwork, readKept } from "./field_page.js";
import { isInBox } from "./field_plan.js";
import { PAST_SITES } from "./field_save.js";
import { readSaved, savedId } from "./field_store.js";
import { kilometres, shortMoment } from "./field_words.js";
import { t } from "./i18n.js";
import { readState, withoutDrawn } from "./state.js";
import { toSweref } from "./sweref.js";

const L = window.L;
// What of the address holds on a saved page; the rest is as it was saved.
const FREE = ["view", "cell", "opacity", "siteOpacity", "baseOpacity", "off", "list"];

// Null on a live page.
export const findSaved = () => (savedId ? new SavedMap() : null);

const words = () => ({
  gone: t("What was saved here has expired and been deleted."),
  deleted: t("The saved area has been deleted from this device."),
  needed: t("The live map needs the network."),
  open: t("Open the live map"),
  live: t("The network is back: open the live map"),
  remove: t("Delete this area from the device"),
  label: t("Saved area"),
});

class SavedMap extends SavedPage {
  constructor() {
    super({ page: "", content: () => document.getElementById("workbench"), words });
  }

  find(path, query) {
    if (path === "api/cells/at") return answerCell(Number(query.get("lon")), Number(query.get("lat")));
    if (path === "api/sites") return answerSites(query);
    return super.find(path);
  }

  // Whether visits and findings were saved too.
  get hasPast() {
    return Number.isFinite(this.manifest?.past);
  }

  settle(state) {
    const start = readState(this.manifest.start);
    return { ...withoutDrawn(start), ...NO_COMPARE, ...Object.fromEntries(FREE.map((name) => [name, state[name]])) };
  }

  // Tiles come from the zooms that were saved; nearer they are enlarged.
  setUpTiles({ options }) {
    options.minNativeZoom = this.manifest.from;
    options.maxNativeZoom = this.manifest.to;
  }

  show(map) {
    const { manifest } = this;
    const [west, south, east, north] = manifest.box;
    const style = () => ({ color: colour("accent"), weight: 2, dashArray: "6 5", fill: false, interactive: false });
    const outline = L.rectangle([[south, west], [north, east]], style()).addTo(map);
    onTheme(() => outline.setStyle(style()));
    const facts = { when: shortMoment(manifest.saved), name: manifest.name, size: kilometres(manifest), until: shortMoment(manifest.expires) };
    this.begin([el("strong", {}, t("Offline: saved {when}.", facts)), " ", t("{name}, {size}, until {until}.", facts)]);
    document.getElementById("ranking-hint").hidden = true;
  }
}

// Squares on the map's grid; the western and southern edges are a cell's own.
async function answerCell(lon, lat) {
  const { cell_m: side, cells } = await readKept("cells.json");
  const { easting, northing } = toSweref(lon, lat);
  const within = (at, centre) => at >= centre - side / 2 && at < centre + side / 2;
  const found = cells.find((one) => within(easting, one.easting) && within(northing, one.northing));
  if (!found) throw needsNetwork();
  return readKept(`api/cells/${encodeURIComponent(found.id)}`);
}

async function answerSites(query) {
  const box = query.get("bbox").split(",").map(Number);
  const layers = query.getAll("layer");
  const past = await readSaved(PAST_SITES);
  const kept = [await readKept("api/sites"), past ? await past.json() : { sites: [] }];
  const sites = kept.flatMap((answer) => answer.sites).filter((one) => layers.includes(one.layer) && isInBox(box, one));
  return { sites, total: sites.length, truncated: false };
}
