// A calm word that something was done, or could not be; it goes by itself and is also said aloud.

import { announce } from "./announce.js";
import { el, fill } from "./dom.js";

const SHOWN_MS = 8000;
let timer = 0;

export function showToast(text, ...more) {
  const node = document.getElementById("toast");
  clearTimeout(timer);
  fill(node, el("p", {}, text), more);
  node.hidden = false;
  announce(text);
  // What can be used stays.
  if (!more.length) timer = setTimeout(hideToast, SHOWN_MS);
}

export function hideToast() {
  document.getElementById("toast").hidden = true;
}
