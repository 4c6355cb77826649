// Saving a plan for work without a network, on its own page, and the list of what is saved on this device.

import { announce } from "./announce.js";
import { el, fill } from "./dom.js";
import { pageOf, savePlan } from "./field_save_plan.js";
import { KEPT_DAYS, addressOf, canSave, forgetArea, forgetUnfinished, listAreas, startWorker } from "./field_store.js";
import { drawSaved, explainFailure, megabytes, shortMoment } from "./field_words.js";
import { language, t } from "./i18n.js";
import { hideToast, showToast } from "./toast.js";

const byId = (id) => document.getElementById(id);

export class PlanField {
  constructor(page) {
    this.page = page;
    this.saving = null;
    this.isTold = false;
    byId("field-part").hidden = false;
    if (!canSave()) {
      this.say(t("This browser cannot save anything here. It can over https, or on this machine itself."));
      return;
    }
    this.saveButton = el("button", { type: "button", class: "button", onclick: () => this.save() }, t("Save this plan"));
    this.cancelButton = el("button", { type: "button", class: "plain-button", hidden: true, onclick: () => this.saving?.abort() }, t("Cancel"));
    fill(byId("field-acts"), this.saveButton, this.cancelButton);
    byId("field-warning").textContent = t("It lies on this device, readable to whoever gets into it: save only on a device that is encrypted and locked. It is deleted when you sign out, when your session ends, and after {days} days.", { days: KEPT_DAYS });
    byId("field-warning").hidden = false;
    window.addEventListener("offline", () => this.tellOffline());
    window.addEventListener("online", () => this.isTold && hideToast());
    forgetUnfinished()
      .catch(() => {})
      .then(() => this.showList());
  }

  say(words, { aloud = true } = {}) {
    byId("field-result").textContent = words;
    if (aloud && words) announce(words);
  }

  async save() {
    const controller = new AbortController();
    this.saving = controller;
    this.showButtons();
    this.say(t("Saving …"));
    const { plan_id: id, name } = this.page.plan;
    try {
      await startWorker();
      const onProgress = (done) => this.say(t("Saving … {done} parts", { done }), { aloud: false });
      const manifest = await savePlan({ user: document.body.dataset.user, lang: language(), id, name }, { onProgress, signal: controller.signal });
      // The plan as it was before is of no use any more.
      for (const one of await this.ownSaved()) if (one.id !== manifest.id) await forgetArea(one.id);
      this.end(t("Saved: {name}, {mb}. Without a network, open this page as usual.", { name: manifest.name, mb: megabytes(manifest.bytes / 1e6) }));
    } catch (error) {
      // The worker too, where nothing else is saved.
      await forgetUnfinished().catch(() => {});
      this.end(error.name === "AbortError" ? t("Nothing was saved.") : `${t("Nothing was saved.")} ${explainFailure(error)}`);
    }
  }

  end(words) {
    this.saving = null;
    this.showButtons();
    this.say(words);
    this.showList();
  }

  showButtons() {
    const isSaving = Boolean(this.saving);
    const hadFocus = [this.saveButton, this.cancelButton].includes(document.activeElement);
    this.saveButton.hidden = isSaving;
    this.cancelButton.hidden = !isSaving;
    if (hadFocus) (isSaving ? this.cancelButton : this.saveButton).focus({ preventScroll: true });
  }

  // This plan as it was saved, the newest first.
  async ownSaved() {
    return (await listAreas()).filter(({ page }) => page === pageOf(this.page.plan.plan_id));
  }

  async showList() {
    const [own] = await this.ownSaved();
    this.saveButton.textContent = own ? t("Save this plan anew") : t("Save this plan");
    const isOld = own && own.version !== this.page.plan.version;
    fill(byId("field-changed"), isOld && t("The plan has been changed since it was saved {when}.", { when: shortMoment(own.saved) }));
    drawSaved(byId("field-list"), await listAreas(), (one) => this.forget(one));
  }

  async forget({ id, name }) {
    await forgetArea(id);
    this.say("");
    announce(t("{name} has been deleted from this device.", { name }));
    await this.showList();
    this.saveButton.focus({ preventScroll: true });
  }

  async tellOffline() {
    const [own] = await this.ownSaved();
    this.isTold = Boolean(own);
    if (own) showToast(t("The network is gone."), el("a", { class: "button", href: `${addressOf(own.id)}${own.start}` }, t("Open the saved plan")));
  }
}

export const setUpPlanField = (page) => (byId("field-part") ? new PlanField(page) : null);
