// Why a cell has its score: in words, in points that add up, by the records behind them.

import { el, fill, swatch } from "./dom.js";
import { coordinates, metres, number, stateWords, t, term } from "./i18n.js";
import { layerLook, layerName } from "./layers.js";
import { roundToSum } from "./numbers.js";

const TOP_SITES = 8;

// `served` are the parts that only a server can fill: {certainty, around}, each a list of elements.
export function drawCell(node, cell, { countyName, onClose, onSite, served = null }) {
  fill(
    node,
    el(
      "div",
      { class: "cell-head" },
      el(
        "div",
        {},
        el("h2", { class: "cell-title", id: "cell-title", tabindex: "-1" }, cell.place || cell.municipality || t("Cell")),
        el("p", { class: "cell-where" }, [cell.municipality, countyName].filter(Boolean).join(" · ")),
      ),
      el("button", { type: "button", class: "icon-button", "aria-label": t("Close"), onclick: onClose }, el("span", { "aria-hidden": "true" }, "×")),
    ),
    el("div", { class: "cell-actions", id: "cell-actions" }),
    scoreBlock(cell),
    reasonList(cell),
    contributionTable(cell),
    served?.certainty,
    isKnown(cell) && siteList(cell, onSite),
    served?.around,
    whereabouts(cell),
  );
}

export function drawNoCell(node) {
  fill(
    node,
    el("h2", { class: "panel-title", id: "cell-title" }, t("Cell")),
    el("p", { class: "hint" }, t("Choose a place in the list or a point on the map to see why it has its score.")),
  );
}

export const isKnown = (cell) => cell.state !== "nothing_known";

function scoreBlock(cell) {
  const known = isKnown(cell) && Number.isFinite(cell.score);
  return el(
    "div",
    { class: "score-block" },
    known &&
      el(
        "p",
        { class: "score-line" },
        el("span", { class: "score-big" }, number(cell.score, 1)),
        el("span", { class: "score-of" }, t("of 100")),
        cell.class && el("span", { class: "chip" }, swatch(cell.class.colour, "swatch swatch-small"), term(cell.class.name)),
      ),
    el(
      "p",
      { class: "score-facts" },
      el("span", { class: `tag tag-${String(cell.state).replace("_", "-")}` }, stateWords(cell.state, { hasVisit: cell.n_visits > 0 })),
      cell.rank ? el("span", {}, t("No. {rank} of {count} ranked cells in the region", { rank: cell.rank, count: cell.n_ranked })) : null,
    ),
  );
}

function reasonList(cell) {
  const { reasons } = cell;
  if (!reasons?.length) return null;
  // Where nothing is known there is no score to give reasons for.
  return el("section", { class: "cell-part" }, isKnown(cell) && el("h3", {}, t("Why this score")), el("ul", { class: "reasons" }, reasons.map((reason) => el("li", {}, reason))));
}

function contributionTable(cell) {
  const parts = cell.components ?? [];
  if (!parts.length || !isKnown(cell)) return null;
  const points = roundToSum(parts.map((part) => part.points));
  const longest = Math.max(...parts.map((part) => part.max_points), 1);
  const rows = parts
    .map((part, i) => ({ part, shown: points[i] }))
    .sort((a, b) => b.part.points - a.part.points)
    .map(({ part, shown }) =>
      el("tr", {}, el("th", { scope: "row" }, term(part.title), bar(part.points / longest, part.max_points / longest)), el("td", { class: "number" }, number(shown, 1)), el("td", { class: "number of-max" }, t("of {most}", { most: number(part.max_points) }))),
    );
  return el(
    "section",
    { class: "cell-part" },
    el("h3", { id: "parts-title" }, t("What the score is made of")),
    el(
      "table",
      { class: "parts", "aria-labelledby": "parts-title" },
      el("thead", { class: "visually-hidden" }, el("tr", {}, el("th", { scope: "col" }, t("Part")), el("th", { scope: "col" }, t("Points")), el("th", { scope: "col" }, t("At most")))),
      el("tbody", {}, rows),
      el("tfoot", {}, el("tr", {}, el("th", { scope: "row" }, t("Risk score")), el("td", { class: "number" }, number(points.reduce((sum, one) => sum + one, 0), 1)), el("td", { class: "number of-max" }, t("of {most}", { most: number(100) })))),
    ),
  );
}

// Length is points, the pale part what the component could add at most; both on one scale.
function bar(share, most) {
  const node = el("span", { class: "bar", "aria-hidden": "true" }, el("span", { class: "bar-part" }));
  node.style.setProperty("--most", String(Math.min(1, Math.max(0, most))));
  node.style.setProperty("--share", String(most > 0 ? Math.min(1, Math.max(0, share / most)) : 0));
  return node;
}

function siteList(cell, onSite) {
  const sites = new Map();
  for (const part of cell.components ?? []) {
    for (const driver of part.drivers ?? []) {
      const key = `${driver.layer}/${driver.id}`;
      const before = sites.get(key);
      sites.set(key, { ...driver, points: (before?.points ?? 0) + part.points * (driver.share ?? 0) });
    }
  }
  const top = [...sites.values()].sort((a, b) => b.points - a.points).slice(0, TOP_SITES);
  if (!top.length) return null;
  return el(
    "section",
    { class: "cell-part" },
    el("h3", {}, t("Records that weigh most")),
    el(
      "ol",
      { class: "top-sites" },
      top.map((site) => {
        // Statistics are about the whole municipality.
        const exactly = Number.isFinite(site.distance_m) && site.layer !== "sectors" && !site.spread_m;
        const away = exactly ? t("{distance} away", { distance: metres(site.distance_m) }) : "";
        const roughly = site.spread_m ? t("somewhere within {distance}", { distance: metres(site.spread_m) }) : "";
        const facts = [layerName(site.layer), away, roughly, t("{points} points", { points: number(site.points, 1) })].filter(Boolean).join(" · ");
        const words = [el("span", { class: `site-mark site-${layerLook(site.layer).shape}`, "aria-hidden": "true" }), el("span", { class: "site-title" }, site.title), el("span", { class: "site-facts" }, facts)];
        const located = Number.isFinite(site.lon) && Number.isFinite(site.lat);
        return el("li", {}, located ? el("button", { type: "button", class: "site-button", onclick: () => onSite(site) }, words) : words);
      }),
    ),
  );
}

function whereabouts(cell) {
  const facts = [
    [t("Centre, SWEREF 99 TM"), coordinates(cell.easting, cell.northing)],
    [t("Latitude, longitude"), `${cell.lat.toFixed(5)}, ${cell.lon.toFixed(5)}`],
    [t("Cell"), cell.cell_id],
    [t("Statistics Sweden's cell id"), cell.scb_id],
  ].filter(([, value]) => value);
  return el("section", { class: "cell-part" }, el("h3", {}, t("Where")), el("dl", { class: "facts" }, facts.map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])));
}
