// How sure the chosen cell's score is, and what would take it out of the highest: drawn by the server in seconds, so
// asked for at once only on the published surface, where it is drawn for everybody.

import { getJson, getWhenReady, latestOnly } from "./api.js";
import { el, fill } from "./dom.js";
import { language, number, t } from "./i18n.js";

const latest = latestOnly();
const node = () => document.getElementById("cell-certainty");

export const certaintyPart = () => el("section", { class: "cell-part" }, el("h3", {}, t("How sure the score is")), el("div", { id: "cell-certainty" }));

export function showCertainty(cell, { isPublished }) {
  latest.cancel();
  if (!node()) return;
  if (isPublished) load(cell);
  else fill(node(), ask(t("How sure is this?"), () => load(cell)));
}

async function load(cell) {
  fill(node(), el("p", { class: "hint" }, t("Drawing how sure the score is …")));
  const asked = { surface: cell.surface, lang: language() };
  try {
    const answer = await latest((signal) => getWhenReady(`api/cells/${encodeURIComponent(cell.cell_id)}/certainty`, asked, signal));
    if (answer && node()) draw(cell, answer);
  } catch (error) {
    // The rest of the panel holds without it.
    if (node()) fill(node(), el("p", { class: "hint" }, error.message), ask(t("Try again"), () => load(cell)));
  }
}

function draw(cell, answer) {
  fill(
    node(),
    intervalBar(answer),
    el("ul", { class: "reasons" }, answer.reasons.map((reason) => el("li", {}, reason))),
    cell.rank <= answer.k && el("div", { id: "cell-change" }, ask(t("What would take it out of the {k} highest?", { k: answer.k }), () => loadChange(cell))),
  );
}

// The interval on the scale from 0 to 100, with the score as a mark; the sentence below says the same.
function intervalBar({ low, high, score, certainty_name: name }) {
  const bar = el("span", { class: "interval", "aria-hidden": "true" }, el("span", { class: "interval-range" }), el("span", { class: "interval-score" }));
  for (const [property, value] of Object.entries({ "--low": low, "--high": high, "--score": score })) bar.style.setProperty(property, `${value}%`);
  return el("div", { class: "interval-line" }, el("span", { class: "tag" }, name), bar, el("span", { class: "interval-words" }, [...new Set([number(low, 0), number(high, 0)])].join("–")));
}

async function loadChange(cell) {
  const place = () => document.getElementById("cell-change");
  fill(place(), el("p", { class: "hint" }, t("Looking for the smallest change …")));
  try {
    const answer = await latest((signal) => getJson(`api/cells/${encodeURIComponent(cell.cell_id)}/smallest-change`, { surface: cell.surface, lang: language() }, signal));
    if (answer && place()) fill(place(), el("ul", { class: "reasons" }, answer.reasons.map((reason) => el("li", {}, reason))));
  } catch (error) {
    if (place()) fill(place(), el("p", { class: "hint" }, error.message), ask(t("Try again"), () => loadChange(cell)));
  }
}

const ask = (text, onclick) => el("button", { type: "button", class: "plain-button", onclick }, text);
