// A link that has ended, seen from a page that is still open: what it showed is cleared, and whom to ask is said.

import { el } from "./dom.js";
import { t } from "./i18n.js";

let isOver = false;
// Another link may be opened in this browser: then this page's is refused what it asks for, and shows nothing of the other.
export const link = document.getElementById("content").dataset.link;

const LONGEST_WAIT_MS = 2 ** 31 - 1;

// Whatever the link shows is refused with 404 once it has ended, and nothing that this page asks for is anything else.
const ENDED = 404;

export async function ask(path, options = {}) {
  const address = new URL(path, document.baseURI);
  address.searchParams.set("link", link);
  const response = await fetch(address, { cache: "no-store", ...options });
  if (response.status === ENDED) endMap();
  return response;
}

export function endMap() {
  if (isOver) return;
  isOver = true;
  const main = document.getElementById("content");
  const { contact } = main.dataset;
  // Emptied rather than removed: what is under way of it would fail otherwise.
  const map = window.map_norrsyn?.off();
  map?.eachLayer((layer) => layer.remove());
  for (const name of ["texts", "expires", "contact", "link"]) delete main.dataset[name];
  const title = el("h1", { tabindex: "-1" }, t("This map is shown no more"));
  main.className = "text-column narrow";
  main.replaceChildren(
    title,
    el("p", { class: "lead" }, t("Its link has ended, another one was opened in this browser, or the map was left alone for long. What it showed has been cleared from this screen.")),
    el("p", { class: "verbatim" }, t("Open the link from the message again. If it does not open, ask: {contact}", { contact })),
  );
  document.querySelector(".share-leave")?.remove();
  document.getElementById("problem")?.setAttribute("hidden", "");
  document.title = `${t("This map is shown no more")} – Norrsyn`;
  title.focus();
}

export const hasEnded = () => isOver;

// The lightest of what a link's pages ask for; HEAD is no view.
const probe = () => isOver || ask("share/skeleton.css", { method: "HEAD" }).catch(() => null);

// Whoever comes back to a page, and whoever looks at it when the link ends, sees that it has. A print is noted by asking
// for the page for printing.
export function watchForTheEnd(printPath) {
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && probe());
  window.addEventListener("pageshow", ({ persisted }) => persisted && probe());
  const left = Number(document.getElementById("content").dataset.expires) * 1000 - Date.now();
  if (left < LONGEST_WAIT_MS) setTimeout(probe, Math.max(left, 0) + 1000);
  window.addEventListener("beforeprint", () => isOver || ask(printPath, { keepalive: true }).catch(() => null));
}
