// A session that ends while a page is open: what is on the page stays, and what was asked for goes on once somebody is
// signed in again. `api.js` is the only one to ask this.

import { el } from "./dom.js";
import { forgetAll } from "./field_store.js";
import { t } from "./i18n.js";

const ROOT = new URL("../../", import.meta.url);
const LOOK_EVERY_MS = 4000;
const lang = document.documentElement.lang;

// Somebody else is signed in than whoever the page was made for.
export class SessionError extends Error {}

let waiting = null;

// Who is signed in: their id; null where nobody is, or nobody can be asked.
async function findUser() {
  try {
    const response = await fetch(new URL("api/me", ROOT), { headers: { accept: "application/json" }, cache: "no-store" });
    return response.ok ? (await response.json()).user_id : null;
  } catch {
    return null;
  }
}

// Whoever the page was made for; nobody else goes on with it.
const owner = document.body.dataset.user;

function makeNote() {
  const link = new URL("sign-in", ROOT);
  link.search = new URLSearchParams({ lang, next: `${ROOT.pathname}signed-in?lang=${lang}` });
  return el(
    "div",
    { class: "session-note", role: "alert" },
    el("p", {}, el("strong", {}, t("You have been signed out.")), " ", t("What you see and have typed stays here.")),
    el("p", {}, el("a", { class: "button", href: link.href, target: "_blank", rel: "noopener" }, t("Sign in in a new tab"))),
  );
}

function startWaiting() {
  // What was saved for work without a network is for whoever is signed in.
  forgetAll().catch(() => {});
  const note = makeNote();
  document.body.append(note);
  return new Promise((resolve, reject) => {
    let timer = 0;
    const stop = (settle, value) => {
      clearInterval(timer);
      window.removeEventListener("focus", look);
      note.remove();
      waiting = null;
      settle(value);
    };
    const look = async () => {
      const user = await findUser();
      if (user === null) return;
      if (!owner || user === owner) stop(resolve);
      // what somebody else may see is not for this page
      else stop(reject, new SessionError());
    };
    timer = setInterval(look, LOOK_EVERY_MS);
    window.addEventListener("focus", look);
  });
}

// Resolves when whoever the page was made for is signed in again; several questions wait together.
export function signInAgain(signal = undefined) {
  waiting ??= startWaiting();
  if (!signal) return waiting;
  const aborted = new Promise((_, reject) => {
    const stop = () => reject(new DOMException("no longer wanted", "AbortError"));
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
  return Promise.race([waiting, aborted]);
}
