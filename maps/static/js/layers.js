// What a record's layer is called, and how its sites look: each layer has a shape of its own, not only a colour.

import { t, term } from "./i18n.js";

const LOOK = {
  workplaces: { shape: "circle", colour: "#1f5f9e" },
  accommodation: { shape: "square", colour: "#6b3fa0" },
  establishments: { shape: "diamond", colour: "#0b6e4f" },
};
const OTHER = { shape: "triangle", colour: "#37474f" };

export const layerLook = (layer) => LOOK[layer] ?? OTHER;

export function layerName(layer) {
  if (layer === "workplaces") return t("Workplace");
  if (layer === "accommodation") return t("Accommodation");
  if (layer === "establishments") return t("Establishment");
  if (layer === "findings") return t("Finding");
  if (layer === "visits") return t("Visit");
  if (layer === "reported") return t("Report");
  if (layer === "sectors") return t("Sector statistics");
  return term(layer);
}
