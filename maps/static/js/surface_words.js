// A surface in words: its date, what was chosen of it, and what tells it from others.

import { day, number, t, term } from "./i18n.js";

// More sectors than these are told by their number, where that tells surfaces apart.
const NAMED = 3;

// The points that differ from the published model's, as "Your own weights: Earlier findings 60"; empty where none do.
// `parts` are [{code, title}].
export function ownWeights(info, parts) {
  const title = (code) => term(parts.find((one) => one.code === code)?.title ?? code);
  const weights = Object.entries(info.changed_weights ?? {}).map(([code, [, points]]) => `${title(code)} ${number(Math.round(points))}`);
  return weights.length ? t("Your own weights: {weights}", { weights: weights.join(", ") }) : "";
}

export function describeSurface(info, { parts, sectorName, isFull = false }) {
  const { sectors } = info;
  const named = sectors?.length && (isFull || sectors.length <= NAMED ? sectors.map(sectorName).join(", ") : t("{count} sectors", { count: sectors.length }));
  const more = [info.is_published && t("Published"), ownWeights(info, parts), named].filter(Boolean);
  return more.length ? `${day(info.at)} (${more.join("; ")})` : day(info.at);
}

// The same for several, which say more where they would be the same.
export function describeSurfaces(infos, words) {
  const short = infos.map((info) => describeSurface(info, words));
  return infos.map((info, i) => (short.filter((text) => text === short[i]).length > 1 ? describeSurface(info, { ...words, isFull: true }) : short[i]));
}
