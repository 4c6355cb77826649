// Saving what the map shows for work without a network, and the list of what is saved on this device.

import { announce } from "./announce.js";
import { el } from "./dom.js";
import { planArea, MOST_MB, MOST_TILES } from "./field_plan.js";
import { saveArea } from "./field_save.js";
import { KEPT_DAYS, addressOf, canSave, forgetArea, forgetUnfinished, listAreas, startWorker } from "./field_store.js";
import { drawSaved, explainFailure, kilometres, megabytes } from "./field_words.js";
import { language, number, t } from "./i18n.js";
import { hideToast, showToast } from "./toast.js";

const L = window.L;

export class FieldTool {
  constructor(map, { store, surface, basemap }) {
    Object.assign(this, { map, store, surface, basemap });
    this.title = t("Save for the field");
    this.hint = t("What the map shows now can be used without a network: scores, ranked places with their reasons, sites, and the visits and findings that you may see.");
    this.saving = null;
    this.refresh = () => this.showPlan();
    this.isTold = false;
    window.addEventListener("offline", () => this.tellOffline());
    window.addEventListener("online", () => this.isTold && hideToast());
  }

  start(panel) {
    this.panel = panel;
    if (!canSave()) {
      panel.say(t("This browser cannot save areas here. They can be saved over https, or on this machine itself."));
      return;
    }
    this.saveButton = panel.addButton(t("Save this area"), () => this.save(), { main: true });
    this.cancelButton = panel.addButton(t("Cancel"), () => this.saving?.abort());
    this.list = el("div", { class: "field-list" });
    const warning = el("p", { class: "field-warning" }, t("It lies on this device, readable to whoever gets into it: save only on a device that is encrypted and locked. It is deleted when you sign out, when your session ends, and after {days} days.", { days: KEPT_DAYS }));
    panel.buttons.after(warning, this.list);
    this.map.on("moveend", this.refresh);
    this.showPlan();
    forgetUnfinished()
      .catch(() => {})
      .then(() => this.showList());
  }

  stop() {
    this.map.off("moveend", this.refresh);
    this.panel = null;
  }

  // What is seen, in degrees.
  plan() {
    const box = this.map.getBounds();
    return planArea([box.getWest(), box.getSouth(), box.getEast(), box.getNorth()], this.map.getZoom(), this.surface.info.cell_m);
  }

  showPlan() {
    if (!this.panel) return;
    const isSaving = Boolean(this.saving);
    this.cancelButton.hidden = !isSaving;
    this.saveButton.hidden = isSaving;
    if (isSaving) return;
    const plan = this.plan();
    const facts = { size: kilometres(plan), tiles: number(plan.tiles), mb: number(plan.mb, 1) };
    this.saveButton.disabled = plan.isTooLarge;
    if (plan.isTooLarge) this.panel.say(t("Too large: {size} are {tiles} map tiles, about {mb} MB. At most {most} tiles and {most_mb} MB can be saved; zoom in.", { ...facts, most: number(MOST_TILES), most_mb: number(MOST_MB) }), { aloud: false });
    else this.panel.say(t("{size}: {tiles} map tiles, about {mb} MB.", facts), { aloud: false });
  }

  async save() {
    const controller = new AbortController();
    this.saving = controller;
    const plan = this.plan();
    this.showPlan();
    this.panel.say(t("Saving …"));
    const onProgress = (done) => this.panel?.say(t("Saving … {done} parts", { done }), { aloud: false });
    try {
      await startWorker();
      const manifest = await saveArea(this.describe(plan), { onProgress, signal: controller.signal });
      this.end(t("Saved: {name}, {mb}. Without a network, open the map as usual.", { name: manifest.name, mb: megabytes(manifest.bytes / 1e6) }));
    } catch (error) {
      // The worker too, where nothing else is saved.
      await forgetUnfinished().catch(() => {});
      this.end(error.name === "AbortError" ? t("Nothing was saved.") : `${t("Nothing was saved.")} ${explainFailure(error)}`);
    }
  }

  end(words) {
    this.saving = null;
    this.showPlan();
    if (this.panel) this.panel.say(words);
    else showToast(words);
    this.showList();
  }

  describe(plan) {
    const { lat, lng } = this.map.getCenter();
    const [west, south, east, north] = plan.box;
    const box = L.latLngBounds([south, west], [north, east]);
    const municipalities = this.basemap.municipalities.features.filter((feature) => L.geoJSON(feature).getBounds().intersects(box));
    // Most inhabitants first, as the server sends them.
    const town = this.basemap.localities.find((one) => box.contains([one.lat, one.lon]));
    return {
      user: document.body.dataset.user,
      lang: language(),
      plan,
      name: town?.name ?? municipalities[0]?.properties.name ?? kilometres(plan),
      state: { ...this.store.get(), view: { lat, lon: lng, zoom: this.map.getZoom() } },
      info: this.surface.info,
      published: this.surface.current.id,
      municipalities: municipalities.map(({ properties }) => properties.code),
    };
  }

  async showList() {
    const areas = await listAreas();
    if (!this.panel) return;
    drawSaved(this.list, areas, (one) => this.forget(one));
  }

  async forget({ id, name }) {
    await forgetArea(id);
    announce(t("{name} has been deleted from this device.", { name }));
    await this.showList();
    this.saveButton.focus({ preventScroll: true });
  }

  async tellOffline() {
    const [newest] = (await listAreas()).filter(({ page }) => !page);
    this.isTold = Boolean(newest);
    if (newest) showToast(t("The network is gone."), el("a", { class: "button", href: `${addressOf(newest.id)}${newest.start}` }, t("Open the saved area")));
  }
}
