// The head of a plan's page, what must be known of it, and what was expected beside what was found.

import { el, fill } from "./dom.js";
import { day, number, t } from "./i18n.js";
import { lasting, share, shortDay } from "./plan_words.js";

const DAY_MS = 86400000;
// Scores of another season: sites open and close, and visits have been made since.
const OTHER_SEASON_DAYS = 45;
const byId = (id) => document.getElementById(id);
const stopsOf = (plan) => plan.routes.flatMap(({ stops }) => stops);

export function drawHead(plan) {
  byId("plan-state").textContent = plan.state_title;
  byId("plan-state").className = `tag plan-state plan-state-${plan.state}`;
  const stops = stopsOf(plan);
  const last = `${shortDay(plan.days.at(-1))} ${plan.days.at(-1).slice(0, 4)}`;
  const days = plan.days.length > 1 ? t("{first} to {last}", { first: shortDay(plan.days[0]), last }) : last;
  const recorded = stops.filter(({ outcome }) => outcome).length;
  const driving = plan.routes.reduce((sum, { drive_minutes: minutes }) => sum + (minutes ?? 0), 0);
  byId("plan-facts").textContent = [days, plan.scored_for && t("Scores of {day}", { day: day(plan.scored_for) }), t("Crews: {n}", { n: plan.crews.length }), t("Stops: {n}", { n: stops.length }), plan.drive.is_estimate ? t("{time} driving (estimated)", { time: lasting(driving) }) : t("{time} driving", { time: lasting(driving) }), recorded && t("Recorded: {n} of {total}", { n: recorded, total: stops.length })].filter(Boolean).join(" · ");
}

export function drawNotes(plan) {
  const known = [...seasonWords(plan), ...plan.notes, ...exclusionWords(plan)];
  fill(
    byId("plan-notes"),
    plan.problems.length > 0 && el("div", { class: "callout callout-problem", id: "problems" }, el("p", {}, el("strong", {}, t("This does not hold in the order that you chose:"))), el("ul", { class: "notes" }, plan.problems.map((one) => el("li", {}, one)))),
    el("p", { class: "plan-good" }, stopsOf(plan).length ? goodWords(plan.optimised) : t("There are no stops: none can be reached, visited and left again between the hours, or none was worth its drive.")),
    known.length > 0 && el("details", { class: "options plan-known", open: plan.state === "draft" }, el("summary", {}, t("What to know about this plan"), ` (${known.length})`), el("ul", { class: "notes" }, known.map((one) => el("li", {}, one)))),
  );
}

// How good the routes are, without any figure that only the optimiser understands.
function goodWords(optimised) {
  if (!optimised) return t("The order is your own; nothing says how it compares with the best one.");
  const { gap, stopped_by: stoppedBy } = optimised;
  const words = gap <= 0.0005 ? t("No plan of these candidates, crews and hours has more points: that is proven.") : t("No plan of these candidates, crews and hours can be more than {share} better than this one.", { share: share(gap) });
  return stoppedBy === "clock" ? [words, " ", t("The search was stopped by the clock; planning again may come out otherwise.")] : words;
}

function seasonWords({ days: [first], scored_for: scored }) {
  const n = scored ? Math.round((Date.parse(first) - Date.parse(scored)) / DAY_MS) : 0;
  return Math.abs(n) > OTHER_SEASON_DAYS ? [t("Its sites were chosen by the scores of {day}, and its first day is another time of the year. A plan of newer scores may choose others.", { day: day(scored) })] : [];
}

const exclusionWords = (plan) => (plan.exclusions ?? []).map(({ title, reason_title: reason }) => t("Left out: {title} ({reason})", { title, reason: reason.toLocaleLowerCase() }));

export function drawActual(plan) {
  const stops = stopsOf(plan);
  const recorded = stops.filter(({ outcome }) => outcome);
  byId("actual-part").hidden = !recorded.length;
  if (!recorded.length) return;
  const visited = recorded.filter(({ outcome }) => outcome.result === "visited");
  const found = plan.actual_finds ?? visited.filter(({ outcome }) => outcome.outcome !== "nothing_found").length;
  const most = Math.max(plan.expected_finds ?? 0, found, 1);
  const bar = (name, value) => {
    const node = el("span", { class: `actual-bar actual-${name}`, "aria-hidden": "true" });
    node.style.setProperty("--share", String(value / most));
    return node;
  };
  const row = (name, words, value, decimals) => el("tr", {}, el("th", { scope: "row" }, words), el("td", { class: "number" }, number(value, decimals)), el("td", { class: "actual-cell" }, bar(name, value)));
  const known = typeof plan.expected_finds === "number";
  fill(
    byId("actual"),
    el("p", {}, t("Stops visited: {visited} of {total}. Visits that found something: {found}.", { visited: visited.length, total: stops.length, found })),
    el("table", { class: "actual-table" }, el("caption", { class: "visually-hidden" }, t("Visits that find something")), el("tbody", {}, known && row("expected", t("Expected"), plan.expected_finds, 1), row("found", t("Found"), found, 0))),
    el("p", { class: "hint" }, known ? t("Expected is the sum of the chances that stood when the plan was made. Few stops differ much by chance alone; over many plans the two should agree.") : t("This plan holds no chances to compare with.")),
  );
}
