// Follows an import: the server tells each step, and in the end where the report is.

import { getJson } from "./api.js";
import { number, t, useLanguage } from "./i18n.js";

const FOLLOW_AGAIN_MS = 1000;
const byId = (id) => document.getElementById(id);
const node = byId("job");
const lang = document.documentElement.lang;

function nameStage(stage) {
  if (stage === "waiting") return t("Waiting for another import to end");
  if (stage.startsWith("reading")) return t("Reading the file");
  if (stage === "comparing rows") return t("Comparing rows with each other");
  if (stage === "writing it down") return t("Writing to the store");
  return t("Working");
}

function showStage({ stage, rows_done: rows }) {
  const name = nameStage(stage);
  if (byId("job-stage").textContent !== name) byId("announcer").textContent = name;
  byId("job-stage").textContent = name;
  byId("job-rows").textContent = rows ? t("{rows} rows", { rows: number(rows) }) : "";
}

// The report has an address of its own, except that of a trial and of an import that failed: this page, loaded anew.
function showEnd({ outcome }) {
  node.setAttribute("aria-busy", "false");
  const imported = outcome?.imported;
  if (!imported) window.location.reload();
  else window.location.replace(`${node.dataset.report}${imported.import_id}?lang=${lang}${imported.is_known ? "&known=1" : ""}`);
}

function follow() {
  const events = new EventSource(node.dataset.events);
  events.addEventListener("progress", (event) => {
    byId("problem").hidden = true;
    showStage(JSON.parse(event.data));
  });
  for (const end of ["done", "failed"]) {
    events.addEventListener(end, (event) => {
      events.close();
      showEnd(JSON.parse(event.data));
    });
  }
  events.addEventListener("error", () => {
    // The browser asks again by itself; it gives up where the server does not know the import any more, and where the
    // session has ended.
    if (events.readyState === EventSource.CLOSED) getJson(node.dataset.events.replace(/\/events$/, "")).then(() => setTimeout(follow, FOLLOW_AGAIN_MS), () => {});
    byId("problem").textContent = t("The connection was lost. The import may go on; reload the page to see.");
    byId("problem").hidden = false;
  });
}

// Without its texts the page follows all the same, in English.
getJson(`${node.dataset.report}../i18n/${lang}.json`).then((texts) => useLanguage(lang, texts), () => {}).finally(follow);
