// A surface in words: its date, what was chosen of it, and what tells it from others.

import { day, number, t, term } from "./i18n.js";

// More sectors than these are told by their number, where that tells surfaces apart.
const NAMED = 3;

// The points that differ from the published model's, as "Findings 60, Season 5"; `parts` are [{code, title}].
export const changedWeights = (info, parts) =>
  Object.entries(info.changed_weights ?? {})
    .map(([code, [, points]]) => `${term(parts.find((one) => one.code === code)?.title ?? code)} ${number(Math.round(points))}`)
    .join(", ");

export const ownWeights = (info, parts) => {
  const weights = changedWeights(info, parts);
  return weights && t("Your own weights: {weights}", { weights });
};

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
