// The ranked places (or cells) beside the map, in step with it both ways.

import { el, fill, swatch } from "./dom.js";
import { coordinates, number, stateWords, t, term } from "./i18n.js";

export const FIRST = 20;
const MOST = 100;

export class Ranking {
  constructor({ onHover, onChoose, onMore, onList }) {
    this.rows = document.getElementById("ranking-rows");
    this.more = document.getElementById("ranking-more");
    this.hint = document.getElementById("ranking-hint");
    this.actions = { onHover, onChoose };
    this.entries = [];
    this.sort = { by: "rank", down: false };
    this.selected = null;
    this.more.addEventListener("click", () => onMore(MOST));
    for (const button of document.querySelectorAll(".sort")) button.addEventListener("click", () => this.sortBy(button.dataset.sort));
    for (const button of document.querySelectorAll("[data-list]")) button.addEventListener("click", () => onList(button.dataset.list));
  }

  show(entries, { list, asked }) {
    this.entries = entries;
    this.more.hidden = entries.length < asked || asked >= MOST;
    this.hint.textContent = list === "places" ? t("Neighbouring top cells are merged into one place.") : t("Every cell by itself, highest score first.");
    for (const button of document.querySelectorAll("[data-list]")) button.setAttribute("aria-pressed", String(button.dataset.list === list));
    this.draw();
  }

  sortBy(by) {
    this.sort = { by, down: this.sort.by === by ? !this.sort.down : by === "score" };
    for (const button of document.querySelectorAll(".sort")) {
      const current = button.dataset.sort === by;
      const header = button.closest("th");
      if (current) header.setAttribute("aria-sort", this.sort.down ? "descending" : "ascending");
      else header.removeAttribute("aria-sort");
    }
    this.draw();
  }

  draw() {
    const { by, down } = this.sort;
    const compare = by === "name" ? (a, b) => a.name.localeCompare(b.name, document.documentElement.lang) : (a, b) => a[by] - b[by];
    const sorted = [...this.entries].sort((a, b) => compare(a, b) * (down ? -1 : 1) || a.rank - b.rank);
    if (!sorted.length) {
      this.tell(t("Nothing is ranked here with these filters."));
      return;
    }
    fill(this.rows, sorted.map((entry) => this.row(entry)));
    this.mark(this.selected, { scroll: false });
  }

  // Words in place of rows.
  tell(words) {
    fill(this.rows, el("tr", {}, el("td", { colspan: 3, class: "empty" }, words)));
  }

  row(entry) {
    const button = el("button", { type: "button", class: "row-button", onclick: () => this.actions.onChoose(entry) }, el("span", { class: "row-name" }, entry.name), el("span", { class: "row-where" }, entry.facts.filter(Boolean).join(" · ")));
    const never = entry.state === "never_inspected" && el("span", { class: "tag tag-never" }, stateWords(entry.state, { hasVisit: entry.hasVisit }));
    return el(
      "tr",
      {
        "data-cell": entry.cell,
        onmouseenter: () => this.actions.onHover(entry),
        onmouseleave: () => this.actions.onHover(null),
        onfocusin: () => this.actions.onHover(entry),
        onfocusout: () => this.actions.onHover(null),
      },
      el("td", { class: "row-rank number" }, number(entry.rank)),
      el("td", {}, button, entry.reason && el("span", { class: "row-reason" }, entry.reason), entry.peak && el("span", { class: "row-reason row-peak" }, entry.peak), never),
      el("td", { class: "row-score number" }, el("span", { class: "score-value" }, number(entry.score, 1)), el("span", { class: "score-class" }, swatch(entry.colour, "swatch swatch-small"), term(entry.className))),
    );
  }

  // Marks the place that holds the cell chosen on the map, if the list has it.
  mark(cell, { scroll = true } = {}) {
    this.selected = cell;
    const entry = cell && this.find(cell);
    for (const row of this.rows.children) {
      const current = Boolean(entry) && row.dataset.cell === entry.cell;
      row.classList.toggle("row-current", current);
      const button = row.querySelector(".row-button");
      if (current) button?.setAttribute("aria-current", "true");
      else button?.removeAttribute("aria-current");
      if (current && scroll) row.scrollIntoView({ block: "nearest" });
    }
  }

  find({ cell_id: id, lon, lat }) {
    const inside = ({ bounds }) => bounds && lon >= bounds[0] && lon <= bounds[2] && lat >= bounds[1] && lat <= bounds[3];
    return this.entries.find((entry) => entry.cell === id) ?? this.entries.find(inside);
  }
}

export const placeEntry = (place, colours) => ({
  rank: place.rank_shown ?? place.rank,
  name: place.name,
  facts: [place.name === place.municipality ? "" : place.municipality, ...glance(place)],
  // It is listed by the highest of its cells that the filters show.
  peak: place.peak && t("The place's highest cell has {score}, but is outside the filters.", { score: number(place.peak.score, 1) }),
  score: place.score,
  ...classLook(place.class, colours),
  state: place.state,
  hasVisit: Number.isFinite(place.days_since_visit),
  reason: place.reason,
  cell: place.peak_cell_id,
  lon: place.lon,
  lat: place.lat,
  bounds: place.bounds,
});

export const cellEntry = (cell, colours) => ({
  rank: cell.rank_shown ?? cell.rank,
  name: coordinates(cell.easting, cell.northing),
  facts: [cell.municipality, ...glance(cell)],
  score: cell.score,
  ...classLook(cell.class, colours),
  state: cell.state,
  hasVisit: Number.isFinite(cell.days_since_visit),
  reason: null,
  cell: cell.cell_id,
  lon: cell.lon,
  lat: cell.lat,
  bounds: null,
});

// Days are counted to the day of the scores, which need not be today.
function visitWords(days) {
  if (days === 0) return t("last visit the same day");
  return days === 1 ? t("last visit the day before") : t("last visit {days} days ago", { days });
}

// What a ranked cell is known by at a glance.
const glance = ({ rank, rank_shown: shown, main_sector: sector, days_since_visit: days, certainty }) => [
  sector?.name,
  Number.isFinite(days) && visitWords(days),
  certainty && t("{certainty} among the 20 highest", { certainty: certainty.name }),
  Number.isFinite(shown) && shown !== rank && t("no. {rank} in the region", { rank }),
];

// A class comes as its code or as an object with its code.
export function classLook(one, classes) {
  const code = String(one?.code ?? one ?? "");
  const found = classes.find((other) => String(other.code) === code);
  return { className: one?.name ?? found?.name ?? "", colour: one?.colour ?? found?.colour };
}
