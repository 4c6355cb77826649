// The shortlist as plain text, for an e-mail or minutes, in the language of the page.

import { coordinates, day, language, number, stateWords, t } from "./i18n.js";
import { readState, writeState } from "./state.js";

const ZOOM = 12;

// `state` is what the map shows, `info` its surface, of the sectors of which `sectorName` gives the names.
export function writeShortlist(entries, state, info, sectorName) {
  const head = [t("Shortlist, scored for {date}", { date: day(info.at) })];
  if (info.sectors?.length) head.push(t("Sectors: {sectors}", { sectors: info.sectors.map(sectorName).join(", ") }));
  if (Object.keys(info.changed_weights ?? {}).length) head.push(t("Scored with one's own weights, not the published ones."));
  if (info.synthetic) head.push(t("Synthetic data: made up for demonstration."));
  return [head.join("\n"), ...entries.map((entry, i) => writeEntry(entry, i + 1, state))].join("\n\n") + "\n";
}

function writeEntry(entry, rank, state) {
  const title = entry.is_there ? inOneLine(entry.title) : t("No longer there, or not for your circle");
  const lines = [`${rank}. ${title}`, ...(entry.is_there ? writeFacts(entry) : [])];
  if (entry.note) lines.push(t("Note: {note}", { note: entry.note }));
  if (entry.is_there && entry.cell_id) lines.push(writeLink(entry, state));
  // What follows the number stands under it.
  return lines.join("\n").split("\n").join("\n   ");
}

function writeFacts(entry) {
  const where = [entry.layer_title, entry.kind === "site" && entry.place, entry.municipality].filter((one, i, all) => one && all.indexOf(one) === i);
  const score = Number.isFinite(entry.score) ? t("Risk score {score} of 100 ({name})", { score: number(entry.score, 1), name: entry.score_class?.name ?? "" }) : stateWords(entry.state);
  return [where.join(", "), score, entry.reason, coordinates(entry.easting, entry.northing)].filter(Boolean).map(inOneLine);
}

// The same surface with the place in the middle.
export function writeLink(entry, state) {
  const { at, sectors, weights } = state;
  const shown = { ...readState(""), at, sectors, weights, cell: entry.cell_id, view: { lat: entry.lat, lon: entry.lon, zoom: ZOOM } };
  return new URL(writeState(shown, language()), window.location.href).href;
}

const inOneLine = (text) => String(text).replace(/\s+/g, " ");
