// The page of what was saved, an area or a plan: every question is answered from what was saved, and what was not is said
// to need the network. Nothing here asks the network itself.

import { ApiError } from "./api.js";
import { el } from "./dom.js";
import { ROOT, addressOf, forgetArea, listAreas, readSaved, savedId } from "./field_store.js";
import { deleteButton, shortMoment } from "./field_words.js";
import { t } from "./i18n.js";

const LOOK_EVERY_MS = 60000;

export const needsNetwork = () => new ApiError(t("This needs the network. What was saved for the field is still here."), 0);

export async function readKept(path) {
  const kept = await readSaved(path);
  if (!kept) throw needsNetwork();
  return kept.json();
}

export class SavedPage {
  // `page` is the path of the live page; `content` finds the part of the page that holds what was saved; `words` are those
  // of its kind, made when a language is in use: gone, deleted, needed, open, live, remove, label.
  constructor({ page, content, words }) {
    Object.assign(this, { id: savedId, manifest: null, page, content, words });
  }

  // The manifest; null where it has expired, and is gone now.
  async open() {
    this.manifest = (await listAreas()).find((one) => one.id === this.id) ?? null;
    if (!this.manifest) await forgetArea(this.id);
    return this.manifest;
  }

  // In place of the server.
  async answer(url, { method = "GET" } = {}) {
    const [path, search] = url.split("?");
    if (method !== "GET") throw needsNetwork();
    return this.find(path, new URLSearchParams(search));
  }

  find(path) {
    return readKept(path);
  }

  // `said` are the lines of the banner.
  async begin(said) {
    document.body.classList.add("is-saved");
    await this.showBanner(said);
    const look = async () => (await this.open()) || this.showGone();
    this.timer = setInterval(look, LOOK_EVERY_MS);
    document.addEventListener("visibilitychange", look);
  }

  async showBanner(said) {
    const words = this.words();
    const others = (await listAreas()).filter(({ id }) => id !== this.id);
    const live = el("a", { class: "button", href: ROOT.pathname + this.page + window.location.search, hidden: !navigator.onLine }, words.live);
    window.addEventListener("online", () => (live.hidden = false));
    window.addEventListener("offline", () => (live.hidden = true));
    const links = others.map((one) => el("li", {}, el("a", { href: `${addressOf(one.id)}${one.start}` }, el("bdi", {}, one.name), `, ${shortMoment(one.saved)}`)));
    const list = links.length > 0 && [el("h2", {}, t("Also saved here")), el("ul", {}, links)];
    const more = el("details", { class: "field-more" }, el("summary", {}, t("Saved here")), el("div", {}, list, deleteButton(words.remove, () => this.forget())));
    this.content().before(el("aside", { class: "field-banner", id: "field-banner", "aria-label": words.label }, el("p", {}, said), live, more));
  }

  async forget() {
    await forgetArea(this.id);
    this.showGone(this.words().deleted);
  }

  // Nothing of what was saved stays on the page.
  showGone(said = this.words().gone) {
    const content = this.content();
    if (!content) return;
    clearInterval(this.timer);
    document.getElementById("field-banner")?.remove();
    document.getElementById("synthetic").hidden = true;
    document.title = "Norrsyn";
    const { needed, open } = this.words();
    const title = el("h1", { tabindex: "-1" }, said);
    const main = el("main", { class: "field-gone" }, title, el("p", {}, needed), el("p", {}, el("a", { class: "button", href: ROOT.pathname + this.page }, open)));
    content.replaceWith(main);
    title.focus();
  }
}
