// Words and numbers that the pages of plans share.

import { number, t } from "./i18n.js";

// Of the server, wherever below it a page of plans lies.
export const ROOT = new URL("../../", import.meta.url).pathname;

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
// Colours and dashes of the theme; more crews than these begin anew, and are told apart by their letters.
const LINES = [null, "10 7", "2 7", "16 5 2 5", "6 4 6 10", "1 5 8 5"];
const COLOURS = "abcdef";

export const letterOf = (i) => LETTERS[i % LETTERS.length];
export const dashOf = (i) => LINES[i % LINES.length];
export const colourOf = (i) => `crew-${COLOURS[i % COLOURS.length]}`;

// Minutes after midnight as the clock on the wall.
export const clock = (minute) => {
  const whole = Math.round(minute);
  return `${String(Math.floor(whole / 60)).padStart(2, "0")}:${String(whole % 60).padStart(2, "0")}`;
};

export const span = (start, end) => `${clock(start)}–${clock(end)}`;

// How long something takes.
export function lasting(minutes) {
  const whole = Math.round(minutes);
  if (whole < 60) return t("{n} min", { n: whole });
  const rest = whole % 60;
  return rest ? t("{h} h {n} min", { h: Math.floor(whole / 60), n: rest }) : t("{h} h", { h: Math.floor(whole / 60) });
}

export const keyOf = ({ layer, record_id: id }) => `${layer}/${id}`;

export const routeKey = (crew, on) => JSON.stringify([crew, on]);

const language = () => (document.documentElement.lang === "sv" ? "sv-SE" : "en-GB");

// A day of the week with its date.
export const weekday = (iso) => new Intl.DateTimeFormat(language(), { weekday: "long", day: "numeric", month: "long", year: "numeric", timeZone: "UTC" }).format(new Date(`${iso}T00:00:00Z`));

// The same below a heading that has the year; without the dot of a month, which may stand at the end of a sentence.
export const shortDay = (iso) => new Intl.DateTimeFormat(language(), { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" }).format(new Date(`${iso}T00:00:00Z`)).replace(/\.$/, "");

export const points = (value) => number(value, 1);

export const share = (value) => `${number(100 * value, value < 0.1 ? 1 : 0)} %`;

// Lines of a message; the server puts each failure on one of its own.
export const linesOf = (text) => String(text ?? "").split("\n").map((line) => line.trim()).filter(Boolean);

// The choices of a list that the page came with: [code, title].
export const choicesOf = (name) => [...document.getElementById(`choice-${name}`).content.querySelectorAll("option")].map((one) => [one.value, one.textContent]);

export const optionsOf = (name) => document.getElementById(`choice-${name}`).content.cloneNode(true);

export const titleOf = (name, code) => choicesOf(name).find(([one]) => one === code)?.[1] ?? code;

// One site, where the layer's own title says many.
export const layerTitle = ({ layer }) => (layer === "accommodation" ? t("Accommodation") : t("Workplace"));

// Whether something was done by whoever reads the page; then it was in another tab, or on another machine.
export const isOneself = (by) => Boolean(by) && by === document.body.dataset.userName;

// What is asked before an answer of somebody else is replaced, as `PlanPage.change` takes it.
export function clashWords(clash, say) {
  if (!clash) return null;
  const given = { theirs: say(clash.now), mine: say(clash.mine) };
  if (isOneself(clash.by)) return { words: t("You have answered this meanwhile, in another tab: {theirs}. That stays unless you replace it with this: {mine}.", given), act: t("Replace it with mine") };
  const words = t("{by} has answered this meanwhile: {theirs}. That stays unless you replace it with yours: {mine}.", { by: clash.by, ...given });
  return { words, act: t("Replace it with mine") };
}

// What and where a site is, in a line.
export function whereOf(site) {
  const parts = [layerTitle(site), site.sector && (site.sector_title ?? titleOf("sector", site.sector)), site.place, site.municipality];
  return parts.filter((one, i) => one && parts.indexOf(one) === i && one !== site.title).join(" · ");
}

// Every crew on every day, in order, also where nothing is planned.
export function routesOf(plan) {
  const found = new Map(plan.routes.map((route) => [routeKey(route.crew, route.on), route]));
  return plan.days.flatMap((on) =>
    plan.crews.map((crew, i) => ({ ...(found.get(routeKey(crew.name, on)) ?? { crew: crew.name, on, stops: [] }), key: routeKey(crew.name, on), crewIndex: i })),
  );
}
