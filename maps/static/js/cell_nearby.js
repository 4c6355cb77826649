// What has happened and what is planned around a cell: visits, those that found nothing too, and establishments.

import { buildUrl } from "./api.js";
import { el } from "./dom.js";
import { day, language, metres, number, t } from "./i18n.js";

const VISITS_SHOWN = 5;

export function visitPart(cell) {
  const { visits = [], n_visits: all = 0 } = cell;
  if (!all) {
    const farther = cell.state === "inspected" && [" ", t("Visits farther away count for this cell.")];
    return el("section", { class: "cell-part" }, el("h3", {}, t("Past visits")), el("p", { class: "hint" }, t("No visit is known in the cell or within 2 km."), farther));
  }
  const more = visits.slice(VISITS_SHOWN);
  return el(
    "section",
    { class: "cell-part" },
    el("h3", {}, t("Past visits: {count}", { count: all })),
    visitList(visits.slice(0, VISITS_SHOWN)),
    more.length > 0 && el("details", { class: "more-visits" }, el("summary", {}, t("{count} more", { count: more.length })), visitList(more)),
  );
}

export const visitList = (visits) =>
  el(
    "ul",
    { class: "visits" },
    visits.map(({ on, outcome, agencies, distance_m: away }) =>
      el("li", {}, el("span", { class: "visit-day" }, day(on)), el("span", { class: `tag visit-${outcome.code === "nothing_found" ? "nothing" : "found"}` }, outcome.name), el("span", { class: "row-where" }, [agencies.map(({ name }) => name).join(", "), Number.isFinite(away) && t("{distance} away", { distance: metres(away) })].filter(Boolean).join(" · "))),
    ),
  );

export function establishmentPart({ establishments = [] }, onSite) {
  if (!establishments.length) return null;
  return el(
    "section",
    { class: "cell-part" },
    el("h3", {}, t("Nearest establishments")),
    el(
      "ul",
      { class: "top-sites" },
      establishments.map((one) => {
        const next = one.next_phase && t("{phase} in {months} months", { phase: one.next_phase.name, months: one.months_to_next });
        const facts = [one.phase.name, next, t("{distance} away", { distance: metres(one.distance_m) })].filter(Boolean).join(" · ");
        return el("li", {}, el("button", { type: "button", class: "site-button", onclick: () => onSite(one) }, el("span", { class: "site-mark site-diamond", "aria-hidden": "true" }), el("span", { class: "site-title" }, one.title), el("span", { class: "site-facts" }, facts)));
      }),
    ),
  );
}

// Where the cell stands among all scores; the page of charts has the numbers as a table.
export function standingPart(cell) {
  const asked = { surface: cell.surface, cell: cell.cell_id, lang: language() };
  const words = t("Distribution of scores with this cell marked: {score} points", { score: number(cell.score, 1) });
  return el(
    "section",
    { class: "cell-part" },
    el("h3", {}, t("Among all scores")),
    el("img", { class: "cell-chart", src: buildUrl("charts/distribution.svg", { ...asked, size: "narrow", theme: shownTheme() }), alt: words, loading: "lazy", width: 340, height: 200 }),
    el("p", {}, el("a", { href: `${buildUrl("charts", asked)}#distribution` }, t("Charts with their numbers as tables"))),
  );
}

const shownTheme = () => (getComputedStyle(document.documentElement).colorScheme.includes("dark") ? "dark" : "light");
