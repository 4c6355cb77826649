// The page's address follows what is shown, and Back and Forward bring it back.

import { language } from "./i18n.js";
import { changedWeights, isStep, readState, withoutDrawn, writeState } from "./state.js";

// A slider that rests so long has been set.
const SLIDE_MS = 1000;

export class Address {
  constructor(store, { onRestore }) {
    this.store = store;
    this.restoring = false;
    this.slide = { code: "", until: 0 };
    window.addEventListener("popstate", () => onRestore(readState(window.location.search)));
  }

  // What the address does not tell was opened: Back closes it.
  step() {
    window.history.pushState(null, "", window.location.href);
  }

  // What made no sense in the address goes out of it.
  tidy() {
    this.write(this.store.get(), "replaceState");
  }

  follow(state, before) {
    const isNew = isStep(state, before) && !this.restoring && !this.goesOn(state, before);
    this.write(state, isNew ? "pushState" : "replaceState");
  }

  // Whether one slider goes on moving: what it passes is no step of its own.
  goesOn(state, before) {
    const [code = "", ...others] = changedWeights(state, before);
    const now = Date.now();
    const isSame = code !== "" && !others.length && code === this.slide.code && now < this.slide.until;
    this.slide = { code: others.length ? "" : code, until: now + SLIDE_MS };
    return isSame;
  }

  write(state, how) {
    window.history[how](null, "", writeState(state, language()));
    // Pages that show what the map shows.
    for (const link of document.querySelectorAll("a[data-with-view]")) link.setAttribute("href", `${link.getAttribute("href").split("?")[0]}${writeState(withoutDrawn(state), language())}`);
    for (const link of document.querySelectorAll("a[data-language]")) link.setAttribute("href", writeState(state, link.dataset.language));
  }

  withoutStep(action) {
    this.restoring = true;
    action();
    this.restoring = false;
  }
}
