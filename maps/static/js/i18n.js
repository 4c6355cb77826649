// The page's language: texts by their English form, filled in as plain text.

import { formatDate, formatNumber } from "./numbers.js";

let messages = {};
let lang = "sv";

export function useLanguage(code, texts) {
  lang = code;
  messages = texts ?? {};
}

export const language = () => lang;

// What the texts are asked with: they are others where the reader's circle may see some of the records only.
export const textsOf = ({ dataset }) => (dataset.records ? { records: dataset.records } : {});

export function t(template, values = {}) {
  const text = Object.hasOwn(messages, template) ? messages[template] : template;
  return text.replace(/\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (gap, name) => {
    if (!Object.hasOwn(values, name)) return gap;
    const value = values[name];
    return typeof value === "number" ? number(value) : String(value);
  });
}

// A word from the reference tables (class, sector, component), whose Swedish travels with the catalogue.
export const term = (text) => (Object.hasOwn(messages, text) ? messages[text] : String(text ?? ""));

export const number = (value, decimals = null) => formatNumber(lang, value, decimals);

export const day = (isoText) => formatDate(lang, isoText);

export const moment = (time) => new Intl.DateTimeFormat(lang === "sv" ? "sv-SE" : "en-GB", { dateStyle: "long", timeStyle: "short" }).format(time);

export const metres = (value) => (value < 1000 ? `${number(Math.round(value))} m` : `${number(value / 1000, 1)} km`);

// Small areas in hectares, as forest and fields are measured.
export const area = (squareMetres) => (squareMetres < 1e6 ? `${number(squareMetres / 1e4, 1)} ha` : `${number(squareMetres / 1e6, squareMetres < 1e8 ? 1 : 0)} km²`);

// Eastings and northings are read off and typed in elsewhere: whole metres, grouped by thin spaces in every language,
// and never broken between the letter and its number.
export const coordinates = (easting, northing) => {
  const grouped = (value) => formatNumber("sv", Math.round(value), 0);
  return t("N {northing}  E {easting}", { northing: grouped(northing), easting: grouped(easting) }).replace(/([A-Z]) (?=\d)/g, "$1\u00a0");
};

// A visit that is known, but too old or too far away to say something, is not denied.
export function stateWords(state, { hasVisit = false } = {}) {
  if (state === "never_inspected" && hasVisit) return t("Not inspected lately");
  if (state === "never_inspected") return t("Never inspected");
  if (state === "inspected") return t("Inspected");
  if (state === "nothing_known") return t("Nothing known here");
  return t("Outside the region");
}
