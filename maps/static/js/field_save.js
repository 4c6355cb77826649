// What a saved area of the map is made of: the page itself, the ground, tiles, ranked places with their reasons, sites.

import { keepPage, saveParts } from "./field_job.js";
import { isInBox, listTiles, MOST_CELLS } from "./field_plan.js";
import { filterOf } from "./filter_state.js";
import { withoutDrawn, writeState } from "./state.js";

const MOST_RANKED = 500;
// Of so many places it is kept how sure they are.
const MOST_SURE = 20;
const MOST_SITES = 3000;
const SITE_LAYERS = ["workplaces", "accommodation", "establishments"];
const PAST_LAYERS = ["visits", "findings"];
// They are asked for where sites are, and kept beside them.
export const PAST_SITES = "api/sites/past";
const PARTS = [keepPage, keepGround, keepTiles, keepRanked, keepSites, keepPast];

// `area` is what is saved: user, lang, plan, name, state, info (of the surface), published (its id), municipalities.
// Resolves to the manifest.
export const saveArea = (area, how) => saveParts({ ...area, page: "" }, PARTS, describe, how);

function describe({ plan, state, info, lang }) {
  const { box, from, to, widthKm, heightKm } = plan;
  return { kind: "area", box, from, to, widthKm, heightKm, surface: info.id, at: info.at, start: writeState(withoutDrawn(state), lang) };
}

// Base map, tables, and the surface with the area as its bounds: beside it nothing is asked for.
async function keepGround(job) {
  const { info, lang, plan } = job.target;
  const narrow = (one) => ({ ...one, bounds: plan.box });
  await job.keep("api/surfaces", {}, { change: (answer) => ({ ...answer, surfaces: answer.surfaces.map(narrow) }) });
  await job.put("api/score", new Blob([JSON.stringify(narrow(info))]));
  for (const path of ["api/basemap", "api/reference/sectors", "api/reference/model_components"]) await job.keep(path);
  await job.keep("api/filters", { lang });
  return {};
}

async function keepTiles(job) {
  const { info, plan, state } = job.target;
  const zooms = Array.from({ length: plan.to - plan.from + 1 }, (_, i) => plan.from + i);
  const tiles = zooms.flatMap((zoom) => listTiles(plan.box, zoom));
  await job.each(tiles, ({ z, x, y }) => job.keep(`tiles/${info.id}/${z}/${x}/${y}.png`, { ...filterOf(state), never: state.never ? "1" : "0" }));
  return { tiles: tiles.length };
}

// Numbered within the area; their rank in the region stands beside.
async function keepRanked(job) {
  const { info, lang, plan, state, municipalities, published } = job.target;
  const asked = { surface: info.id, n: MOST_RANKED, lang, ...filterOf(state) };
  if (!asked.municipality) asked.municipality = municipalities;
  const inside = (list) => list.filter((one) => isInBox(plan.box, one)).map((one, i) => ({ ...one, rank_shown: i + 1 }));
  const read = async (body, name) => JSON.parse(await body.text())[name];
  const places = await read(await job.keep("api/places", asked, { change: (answer) => ({ ...answer, places: inside(answer.places) }) }), "places");
  const top = await read(await job.keep("api/top", asked, { change: (answer) => ({ ...answer, cells: inside(answer.cells) }) }), "cells");
  const chosen = state.cell ? [state.cell] : [];
  const ids = [...new Set([...chosen, ...places.map((one) => one.peak_cell_id), ...top.map((one) => one.cell_id)])].slice(0, MOST_CELLS);
  const index = [];
  const about = { surface: info.id, lang };
  await job.each(ids, async (id) => {
    const { easting, northing } = JSON.parse(await (await job.keep(`api/cells/${encodeURIComponent(id)}`, about)).text());
    index.push({ id, easting, northing });
  });
  await job.put("cells.json", new Blob([JSON.stringify({ cell_m: info.cell_m, cells: index })]));
  // Drawn for everybody on the published surface only; the rest holds without it.
  const sure = info.id === published ? places.slice(0, MOST_SURE) : [];
  await job.each(sure, async ({ peak_cell_id: id }) => {
    try {
      await job.keep(`api/cells/${encodeURIComponent(id)}/certainty`, about);
    } catch (error) {
      if (error.kind !== "server") throw error;
    }
  });
  return { places: places.length, cells: index.length };
}

async function keepSites(job) {
  const body = await job.keep("api/sites", askSites(job, SITE_LAYERS));
  const { sites, total } = JSON.parse(await body.text());
  return { sites: sites.length, allSites: total };
}

// Visits and findings up to the scoring date: those of the records that whoever saves may see, as the server answers them;
// none where they may see none.
async function keepPast(job) {
  try {
    const body = await job.keep("api/sites", askSites(job, PAST_LAYERS), { as: PAST_SITES });
    const { sites, total } = JSON.parse(await body.text());
    return { past: sites.length, allPast: total };
  } catch (error) {
    if (error.status === 403) return {};
    throw error;
  }
}

function askSites(job, layer) {
  const { info, lang, plan } = job.target;
  return { bbox: plan.box.map((edge) => edge.toFixed(5)).join(","), layer, surface: info.id, limit: MOST_SITES, lang };
}
