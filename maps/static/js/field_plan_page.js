// The page of a plan that was saved for work without a network: it is read, and nothing in it can be changed.

import { el } from "./dom.js";
import { SavedPage } from "./field_page.js";
import { ROOT, savedId } from "./field_store.js";
import { shortMoment } from "./field_words.js";
import { t } from "./i18n.js";

const pathOf = (id) => `plans/${encodeURIComponent(id)}`;

// Null on a live page.
export const findSavedPlan = () => (savedId ? new SavedPlan() : null);

const words = () => ({
  gone: t("What was saved here has expired and been deleted."),
  deleted: t("The saved plan has been deleted from this device."),
  needed: t("The live plan needs the network."),
  open: t("Open the live plan"),
  live: t("The network is back: open the live plan"),
  remove: t("Delete this plan from the device"),
  label: t("Saved plan"),
});

class SavedPlan extends SavedPage {
  constructor() {
    super({ page: pathOf(document.body.dataset.plan), content: () => document.getElementById("content"), words });
  }

  // The page asks by the path from the server's root, below which it lies itself.
  find(path) {
    return super.find(path.slice(new URL(`field/${this.id}/`, ROOT).pathname.length));
  }

  show() {
    const facts = { when: shortMoment(this.manifest.saved), until: shortMoment(this.manifest.expires) };
    return this.begin([el("strong", {}, t("Offline: saved {when}; it may have been changed since.", facts)), " ", t("Kept until {until}. Outcomes are recorded where there is a network.", facts)]);
  }
}
