// What is said of saved areas and plans, on live pages and on saved ones.

import { el, fill } from "./dom.js";
import { MOST_MB } from "./field_plan.js";
import { day, language, number, t } from "./i18n.js";

export const kilometres = ({ widthKm, heightKm }) => t("{width} × {height} km", { width: number(Math.round(widthKm)), height: number(Math.round(heightKm)) });

export const megabytes = (value) => `${number(value, 1)}\u00a0MB`;

// Without the year: no saved area lives that long.
export const shortMoment = (time) => new Intl.DateTimeFormat(language() === "sv" ? "sv-SE" : "en-GB", { day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" }).format(time);

// Deletes at the second press: without a network it does not come back.
export function deleteButton(text, onDelete) {
  let isAsked = false;
  const button = el("button", { type: "button", class: "plain-button" }, text);
  const reset = () => {
    isAsked = false;
    button.textContent = text;
  };
  button.addEventListener("click", () => {
    if (isAsked) {
      onDelete();
      return;
    }
    isAsked = true;
    button.textContent = t("Press again to delete");
  });
  button.addEventListener("blur", reset);
  return button;
}

// What it is, how large it is, and since when.
function factsOf(one) {
  const size = megabytes(one.bytes / 1e6);
  if (one.kind !== "plan") return [kilometres(one), size, t("Places: {n}", { n: one.places })];
  const days = one.days.length > 1 ? t("{first} to {last}", { first: day(one.days[0]), last: day(one.days.at(-1)) }) : day(one.days[0]);
  return [t("Plan"), days, size, t("Stops: {n}", { n: one.stops })];
}

// The list of what is saved on this device; empty where nothing is.
export function drawSaved(node, saved, onDelete) {
  const row = (one) =>
    el(
      "li",
      {},
      el("strong", {}, el("bdi", {}, one.name)),
      el("span", {}, factsOf(one).join(" · ")),
      el("span", {}, t("saved {when}, until {until}", { when: shortMoment(one.saved), until: shortMoment(one.expires) })),
      deleteButton(t("Delete"), () => onDelete(one)),
    );
  fill(node, saved.length > 0 && [el("h3", {}, t("Saved on this device")), el("ul", {}, saved.map(row))]);
}

// Why nothing was saved.
export function explainFailure({ kind, status }) {
  if (kind === "large") return t("It is more than {mb} MB; zoom in.", { mb: number(MOST_MB) });
  if (kind === "room") return t("The browser has no room for it.");
  if (kind === "session") return t("You have been signed out.");
  if (kind === "server") return t("The server answered with error {status}.", { status });
  return t("The server does not answer. Check the connection and try again.");
}
