// Said aloud by screen readers; problems are also shown, calmly, until they are closed or over.

import { el, fill } from "./dom.js";
import { t } from "./i18n.js";

let shown = null;

export function announce(text) {
  const node = document.getElementById("announcer");
  // The same words twice in a row are only said if the text changes in between.
  node.textContent = "";
  setTimeout(() => {
    node.textContent = text;
  }, 30);
}

// `topic` says what the problem is about, so that success there takes it away again. A minor one does not push another
// aside.
export function showProblem(topic, error, retry = null, { minor = false } = {}) {
  if (error?.name === "AbortError" || (minor && shown !== null)) return;
  shown = topic;
  const node = document.getElementById("problem");
  fill(
    node,
    el("p", {}, error?.message || String(error), error?.detail && el("span", { class: "problem-detail", lang: error.detailLang ?? "en" }, error.detail)),
    retry && el("button", { type: "button", class: "plain-button", onclick: retry }, t("Try again")),
    el("button", { type: "button", class: "plain-button", onclick: () => clearProblem() }, t("Close")),
  );
  node.hidden = false;
}

export function clearProblem(topic = null) {
  if (topic !== null && topic !== shown) return;
  shown = null;
  document.getElementById("problem").hidden = true;
}
