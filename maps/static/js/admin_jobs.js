// Follows imports under way: asks for each, and loads the page anew when one of them is over.

import { getJson } from "./api.js";
import { number, t, useLanguage } from "./i18n.js";

const ASK_EVERY_MS = 2000;
const { lang } = document.documentElement;
const table = document.getElementById("jobs");

function show(row, job) {
  const status = row.querySelector(".job-status");
  const words = job.status === "waiting" ? t("Waits") : t("Is being imported");
  if (status.textContent !== words) status.textContent = words;
  row.querySelector(".job-rows").textContent = number(job.rows_done);
}

async function look(rows) {
  if (!document.hidden) {
    for (const row of rows) {
      const job = await getJson(`${table.dataset.jobs}${row.dataset.job}`);
      if (job.status === "done" || job.status === "failed") {
        window.location.reload();
        return;
      }
      show(row, job);
    }
  }
  setTimeout(follow, ASK_EVERY_MS, rows);
}

// A server that does not answer is asked again; an import that it does not know any more is shown by loading anew.
function follow(rows) {
  look(rows).catch((error) => {
    if (error.status === 404) window.location.reload();
    else if (error.status !== 401) setTimeout(follow, 5 * ASK_EVERY_MS, rows);
  });
}

const rows = [...(table?.querySelectorAll("[data-job]") ?? [])];
if (rows.length) {
  const texts = new URL(`../../i18n/${lang}.json`, import.meta.url);
  getJson(texts.href).then((found) => useLanguage(lang, found), () => {}).finally(() => follow(rows));
}
