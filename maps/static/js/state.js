// What the page shows, kept in its address, so that a link or a reload shows the same.

import { checkArea } from "./area_state.js";
import { COMPARE, readCompare, writeCompare } from "./compare_state.js";
import { FILTERS, readFilters, writeFilters } from "./filter_state.js";
import { checkTries } from "./what_if_state.js";

const DAY = /^\d{4}-\d{2}-\d{2}$/;
// The days that the server scores.
export const FIRST_DAY = "1990-01-01";
export const LAST_DAY = "2100-12-31";
// Parts of the map that can be off.
const PARTS = ["scores", "workplaces", "accommodation", "establishments", "counties", "municipalities", "names", "base"];
// Those that are off unless the address asks for them.
const ON_DEMAND = ["findings", "visits"];
const OPACITIES = { opacity: { name: "opacity", usual: 80 }, siteOpacity: { name: "sites", usual: 100 }, baseOpacity: { name: "base", usual: 100 } };
const CODE = /^[A-Za-z0-9_-]{1,40}$/;
// As long as an address is that is saved as a view; of a longer one, what is drawn and tried is left out.
const MOST_SEARCH = 8000;

const numberWithin = (text, low, high) => {
  if (text === null || text.trim() === "") return null;
  const value = Number(text);
  return Number.isFinite(value) && value >= low && value <= high ? value : null;
};

// Points by component, such as findings:30; null where none is given.
function readWeights(query) {
  const pairs = query.getAll("weight").map((text) => /^([a-z_]{1,40}):(\d{1,3})$/.exec(text)).filter((match) => match && Number(match[2]) <= 100);
  return pairs.length ? Object.fromEntries(pairs.map(([, code, points]) => [code, Number(points)])) : null;
}

export const weightParameters = (weights) => Object.entries(weights ?? {}).sort().map(([code, points]) => `${code}:${points}`);

export const sameWeights = (state, before) => String(weightParameters(state.weights)) === String(weightParameters(before.weights));

// A day of the calendar, written as such.
export function isDay(text) {
  if (!DAY.test(text ?? "")) return false;
  const day = new Date(`${text}T00:00:00Z`);
  // 30 February would be taken for 2 March
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

export const isScoringDay = (text) => isDay(text) && text >= FIRST_DAY && text <= LAST_DAY;

// Anything in the address that does not make sense is left out, never passed on.
export function readState(search) {
  const query = new URLSearchParams(search);
  const lat = numberWithin(query.get("lat"), -85, 85);
  const lon = numberWithin(query.get("lon"), -180, 180);
  const zoom = numberWithin(query.get("z"), 3, 16);
  const at = query.get("at");
  const county = query.get("county");
  const cell = query.get("cell");
  return {
    view: lat !== null && lon !== null && zoom !== null ? { lat, lon, zoom } : null,
    at: isScoringDay(at) ? at : null,
    sectors: query.has("sector") ? query.getAll("sector").filter((code) => CODE.test(code)) : null,
    weights: readWeights(query),
    county: county && CODE.test(county) ? county : "",
    ...readFilters(query),
    cell: cell && CODE.test(cell) ? cell : null,
    ...readOpacities(query),
    off: readOff(query),
    never: query.get("never") !== "0",
    list: query.get("list") === "cells" ? "cells" : "places",
    ...readCompare(query, isScoringDay),
    ...readDrawn(search, query),
  };
}

const isTooLong = (search) => search.length > MOST_SEARCH;

const readDrawn = (search, query) => (isTooLong(search) ? { area: "", tries: [] } : { area: checkArea(query.get("area")).area, tries: checkTries(query.getAll("try")).tries });

// What of an address cannot be used: whether all of it is too long, the fault of its area, and how many changes are none.
export function findFaults(search) {
  const query = new URLSearchParams(search);
  return { isTooLong: isTooLong(search), area: checkArea(query.get("area")).fault, nTries: checkTries(query.getAll("try")).nLeftOut };
}

// The same without what is drawn and tried, for pages that show nothing of it.
export const withoutDrawn = (state) => ({ ...state, area: "", tries: [] });

function readOff(query) {
  const named = (name) => (query.get(name) ?? "").split(",");
  return [...PARTS.filter((part) => named("off").includes(part)), ...ON_DEMAND.filter((part) => !named("on").includes(part))].sort();
}

const readOpacities = (query) => Object.fromEntries(Object.entries(OPACITIES).map(([key, { name, usual }]) => [key, numberWithin(query.get(name), 0, 100) ?? usual]));

export function writeState(state, lang) {
  const query = new URLSearchParams();
  query.set("lang", lang);
  if (state.view) {
    query.set("lat", state.view.lat.toFixed(4));
    query.set("lon", state.view.lon.toFixed(4));
    query.set("z", String(Math.round(state.view.zoom * 100) / 100));
  }
  if (state.at) query.set("at", state.at);
  for (const sector of state.sectors ?? []) query.append("sector", sector);
  for (const weight of weightParameters(state.weights)) query.append("weight", weight);
  if (state.county) query.set("county", state.county);
  writeFilters(query, state);
  if (state.cell) query.set("cell", state.cell);
  for (const [key, { name, usual }] of Object.entries(OPACITIES)) if (state[key] !== usual) query.set(name, String(state[key]));
  const off = state.off.filter((part) => PARTS.includes(part));
  const on = ON_DEMAND.filter((part) => !state.off.includes(part));
  if (off.length) query.set("off", off.join(","));
  if (on.length) query.set("on", on.join(","));
  if (!state.never) query.set("never", "0");
  if (state.list !== "places") query.set("list", state.list);
  writeCompare(query, state);
  if (state.area) query.set("area", state.area);
  for (const one of state.tries ?? []) query.append("try", one);
  return `?${query}`;
}

// What Back undoes: another surface, filter, list or cell, but not every move of the map.
export const isStep = (state, before) => isOtherStep(state, before) || !sameWeights(state, before);

const isOtherStep = (state, before) => ["at", "county", "cell", "list", "area", ...FILTERS, ...COMPARE].some((name) => state[name] !== before[name]) || !sameSectors(state, before) || String(state.tries) !== String(before.tries);

// The components that are weighed otherwise, where nothing else that is a step has changed; else empty.
export function changedWeights(state, before) {
  if (isOtherStep(state, before)) return [];
  const codes = Object.keys({ ...state.weights, ...before.weights }).sort();
  return codes.filter((code) => state.weights?.[code] !== before.weights?.[code]);
}

export const sameSectors = (state, before) => String(state.sectors) === String(before.sectors);

export function createStore(initial) {
  let state = { ...initial };
  const listeners = new Set();
  return {
    get: () => state,
    set(change) {
      const before = state;
      state = { ...state, ...change };
      for (const listener of listeners) listener(state, before);
    },
    on: (listener) => listeners.add(listener),
  };
}
