// The map page of a saved area: every question is answered from what was saved, and what was not is said to need the
// network. Nothing here asks the network itself.

import { ApiError } from "./api.js";
import { colour, onTheme } from "./colours.js";
import { NO_COMPARE } from "./compare_state.js";
import { el } from "./dom.js";
import { isInBox } from "./field_plan.js";
import { PAST_SITES } from "./field_save.js";
import { ROOT, addressOf, forgetArea, listAreas, readSaved, savedId } from "./field_store.js";
import { deleteButton, kilometres, shortMoment } from "./field_words.js";
import { t } from "./i18n.js";
import { readState } from "./state.js";
import { toSweref } from "./sweref.js";

const L = window.L;
const LOOK_EVERY_MS = 60000;
// What of the address holds on a saved page; the rest is as it was saved.
const FREE = ["view", "cell", "opacity", "siteOpacity", "baseOpacity", "off", "list"];

// Null on a live page.
export const findSaved = () => (savedId ? new SavedPage(savedId) : null);

const needsNetwork = () => new ApiError(t("This needs the network. What was saved for the field is still here."), 0);

async function read(path) {
  const kept = await readSaved(path);
  if (!kept) throw needsNetwork();
  return kept.json();
}

class SavedPage {
  constructor(id) {
    this.id = id;
    this.manifest = null;
  }

  // The manifest; null where the area has expired, and is gone now.
  async open() {
    this.manifest = (await listAreas()).find((one) => one.id === this.id) ?? null;
    if (!this.manifest) await forgetArea(this.id);
    return this.manifest;
  }

  // In place of the server.
  async answer(url, { method = "GET" } = {}) {
    const [path, search] = url.split("?");
    const query = new URLSearchParams(search);
    if (method !== "GET") throw needsNetwork();
    if (path === "api/cells/at") return answerCell(Number(query.get("lon")), Number(query.get("lat")));
    if (path === "api/sites") return answerSites(query);
    return read(path);
  }

  // Whether visits and findings were saved too.
  get hasPast() {
    return Number.isFinite(this.manifest?.past);
  }

  settle(state) {
    const start = readState(this.manifest.start);
    return { ...start, ...NO_COMPARE, ...Object.fromEntries(FREE.map((name) => [name, state[name]])) };
  }

  // Tiles come from the zooms that were saved; nearer they are enlarged.
  setUpTiles({ options }) {
    options.minNativeZoom = this.manifest.from;
    options.maxNativeZoom = this.manifest.to;
  }

  show(map) {
    document.body.classList.add("is-saved");
    const [west, south, east, north] = this.manifest.box;
    const style = () => ({ color: colour("accent"), weight: 2, dashArray: "6 5", fill: false, interactive: false });
    const outline = L.rectangle([[south, west], [north, east]], style()).addTo(map);
    onTheme(() => outline.setStyle(style()));
    this.showBanner();
    const look = async () => (await this.open()) || this.showGone(t("What was saved here has expired and been deleted."));
    this.timer = setInterval(look, LOOK_EVERY_MS);
    document.addEventListener("visibilitychange", look);
  }

  async showBanner() {
    const { manifest } = this;
    const others = (await listAreas()).filter(({ id }) => id !== this.id);
    const live = el("a", { class: "button", href: ROOT.pathname + window.location.search, hidden: !navigator.onLine }, t("The network is back: open the live map"));
    window.addEventListener("online", () => (live.hidden = false));
    window.addEventListener("offline", () => (live.hidden = true));
    const links = others.map((one) => el("li", {}, el("a", { href: `${addressOf(one.id)}${one.start}` }, `${one.name}, ${shortMoment(one.saved)}`)));
    const list = links.length > 0 && [el("h2", {}, t("Other saved areas")), el("ul", {}, links)];
    const more = el("details", { class: "field-more" }, el("summary", {}, t("Saved areas")), el("div", {}, list, deleteButton(t("Delete this area from the device"), () => this.forget())));
    const facts = { when: shortMoment(manifest.saved), name: manifest.name, size: kilometres(manifest), until: shortMoment(manifest.expires) };
    const banner = el(
      "aside",
      { class: "field-banner", id: "field-banner", "aria-label": t("Saved area") },
      el("p", {}, el("strong", {}, t("Offline: saved {when}.", facts)), " ", t("{name}, {size}, until {until}.", facts)),
      live,
      more,
    );
    document.getElementById("workbench").before(banner);
    document.getElementById("ranking-hint").hidden = true;
  }

  async forget() {
    await forgetArea(this.id);
    this.showGone(t("The saved area has been deleted from this device."));
  }

  // Nothing of the area stays on the page.
  showGone(words) {
    const workbench = document.getElementById("workbench");
    if (!workbench) return;
    clearInterval(this.timer);
    document.getElementById("field-banner")?.remove();
    document.getElementById("synthetic").hidden = true;
    const title = el("h1", { tabindex: "-1" }, words);
    const main = el("main", { class: "field-gone" }, title, el("p", {}, t("The live map needs the network.")), el("p", {}, el("a", { class: "button", href: ROOT.pathname }, t("Open the live map"))));
    workbench.replaceWith(main);
    title.focus();
  }
}

// Squares on the map's grid; the western and southern edges are a cell's own.
async function answerCell(lon, lat) {
  const { cell_m: side, cells } = await read("cells.json");
  const { easting, northing } = toSweref(lon, lat);
  const within = (at, centre) => at >= centre - side / 2 && at < centre + side / 2;
  const found = cells.find((one) => within(easting, one.easting) && within(northing, one.northing));
  if (!found) throw needsNetwork();
  return read(`api/cells/${encodeURIComponent(found.id)}`);
}

async function answerSites(query) {
  const box = query.get("bbox").split(",").map(Number);
  const layers = query.getAll("layer");
  const past = await readSaved(PAST_SITES);
  const kept = [await read("api/sites"), past ? await past.json() : { sites: [] }];
  const sites = kept.flatMap((answer) => answer.sites).filter((one) => layers.includes(one.layer) && isInBox(box, one));
  return { sites, total: sites.length, truncated: false };
}
