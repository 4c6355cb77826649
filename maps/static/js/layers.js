// What a record's layer is called, and how its sites look: each layer has a shape of its own, not only a colour.

import { colour } from "./colours.js";
import { el } from "./dom.js";
import { t, term } from "./i18n.js";

const SHAPES = { workplaces: "circle", accommodation: "square", establishments: "diamond", visits: "cross", findings: "point" };

// Layers that the server answers sites of, and the zoom from which one can tell them apart.
export const SITE_LAYERS = [
  { name: "workplaces", fromZoom: 11 },
  { name: "accommodation", fromZoom: 11 },
  { name: "establishments", fromZoom: 5 },
  { name: "visits", fromZoom: 11, isPast: true },
  { name: "findings", fromZoom: 11, isPast: true },
];

export const siteMark = (layer) => el("span", { class: `site-mark site-${layerLook(layer).shape}`, "aria-hidden": "true" });

// Layers whose sites the map draws at a zoom, of those that are on.
export const shownLayers = (hidden, zoom) => SITE_LAYERS.filter(({ name, fromZoom }) => !hidden.has(name) && zoom >= fromZoom).map(({ name }) => name);

export const layerLook = (layer) => ({ shape: SHAPES[layer] ?? "triangle", colour: colour(`site-${SHAPES[layer] ? layer : "other"}`) });

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

export function layerTitle(layer) {
  if (layer === "workplaces") return t("Workplaces");
  if (layer === "accommodation") return t("Accommodation sites");
  if (layer === "visits") return t("Visits");
  if (layer === "findings") return t("Findings");
  return t("Establishments");
}
