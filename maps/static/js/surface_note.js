// One line about the surface in view: its date, the age of its data, and the way to its information page.

import { buildUrl } from "./api.js";
import { el, fill } from "./dom.js";
import { day, language, t } from "./i18n.js";

const DAY_MS = 86400000;

export function drawSurfaceNote(node, info, { onReset, onFresh }) {
  const age = dataAge(info);
  const isChanged = Object.keys(info.changed_weights ?? {}).length > 0;
  fill(
    node,
    el("span", {}, t("Scored for {date}", { date: day(info.at) })),
    age && el("span", {}, age),
    isChanged && el("span", { class: "own-weights" }, el("strong", {}, t("Your own weights")), el("button", { type: "button", class: "link-button", onclick: onReset }, t("Back to the published ones"))),
    info.is_newer && !info.is_published && el("span", { class: "own-weights" }, t("Rests on newer data than the published surface")),
    info.is_stale && el("span", { class: "own-weights" }, t("Records have changed since, so reasons are not shown"), el("button", { type: "button", class: "link-button", onclick: onFresh }, t("Score with today's records"))),
    info.rests_on && el("span", { class: "own-weights" }, info.rests_on),
    el("a", { href: buildUrl(`surfaces/${encodeURIComponent(info.id)}`, { lang: language() }) }, t("About this surface")),
  );
}

// The calendar's day there, as the moment at which it begins in UTC.
const dayInSweden = (moment) => Date.parse(new Intl.DateTimeFormat("sv-SE", { timeZone: "Europe/Stockholm" }).format(moment));

// How old the newest data are, in words; empty where no layer knows.
export function dataAge(info) {
  const added = info.layers.map((layer) => layer.added_at).filter(Boolean).sort().at(-1);
  if (!added) return "";
  const days = Math.round((dayInSweden(Date.now()) - dayInSweden(new Date(added))) / DAY_MS);
  if (!(days > 0)) return t("Data added today");
  return days === 1 ? t("Data added yesterday") : t("Data added {days} days ago", { days });
}
