// The page's address follows what is shown, and Back and Forward bring it back.

import { language } from "./i18n.js";
import { isStep, readState, writeState } from "./state.js";

export class Address {
  constructor(store, { onRestore }) {
    this.store = store;
    this.restoring = false;
    window.addEventListener("popstate", () => onRestore(readState(window.location.search)));
  }

  // What made no sense in the address goes out of it.
  tidy() {
    this.write(this.store.get(), "replaceState");
  }

  follow(state, before) {
    this.write(state, isStep(state, before) && !this.restoring ? "pushState" : "replaceState");
  }

  write(state, how) {
    window.history[how](null, "", writeState(state, language()));
    for (const link of document.querySelectorAll("a[data-language]")) link.setAttribute("href", writeState(state, link.dataset.language));
  }

  withoutStep(action) {
    this.restoring = true;
    action();
    this.restoring = false;
  }
}
