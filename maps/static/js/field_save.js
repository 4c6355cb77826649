// Fills a saved area: the page itself, the ground, tiles, ranked places with their reasons, sites. Only answers of our own
// server with status 200 are kept; one that fails undoes all of it.

import { buildUrl } from "./api.js";
import { isInBox, listTiles, MOST_CELLS, MOST_MB } from "./field_plan.js";
import { ROOT, expiryOf, openArea, whileSaving } from "./field_store.js";
import { filterOf } from "./filter_state.js";
import { textsOf } from "./i18n.js";
import { weightParameters, writeState } from "./state.js";

const AT_ONCE = 6;
const MOST_RANKED = 500;
// Of so many places it is kept how sure they are.
const MOST_SURE = 20;
const MOST_SITES = 3000;
const SITE_LAYERS = ["workplaces", "accommodation", "establishments"];
const PAST_LAYERS = ["visits", "findings"];
// They are asked for where sites are, and kept beside them.
export const PAST_SITES = "api/sites/past";
const LINKED = { css: /url\(["']?([^"')]+)/g, js: /^import [^"]*"(\.\/[^"]+)";/gm };
// Of the way, not of the content: a body is kept as it is read.
const NOT_KEPT = ["content-encoding", "content-length", "clear-site-data"];

export class SaveError extends Error {
  constructor(kind, status = 0) {
    super(kind);
    this.kind = kind;
    this.status = status;
  }
}

// What a saved area is made of. A plan will be one more: it gets the same, keeps what it needs and tells what it has kept.
const PARTS = [keepPage, keepGround, keepTiles, keepRanked, keepSites, keepPast];

// `area` is what is saved: user, lang, plan, name, state, info (of the surface), published (its id), municipalities.
// Resolves to the manifest.
export const saveArea = (area, { onProgress, signal }) =>
  whileSaving(async () => {
    const store = await openArea(area.user);
    const job = new Job(area, store, onProgress, signal);
    try {
      const kept = {};
      for (const part of PARTS) Object.assign(kept, await part(job));
      const saved = Date.now();
      const { box, from, to, widthKm, heightKm } = area.plan;
      const manifest = { id: store.id, user: area.user, name: area.name, lang: area.lang, saved, expires: expiryOf(saved), box, from, to, widthKm, heightKm, surface: area.info.id, at: area.info.at, start: writeState(area.state, area.lang), bytes: job.bytes, ...kept };
      await store.finish(manifest);
      return manifest;
    } catch (error) {
      await store.drop();
      throw error;
    }
  });

class Job {
  constructor(area, store, onProgress, signal) {
    Object.assign(this, { area, store, onProgress, signal });
    this.bytes = 0;
    this.done = 0;
  }

  // Fetches what is below the root and keeps it, without its query: a saved area holds one answer to each question.
  async keep(path, query = {}, { as = path, change = null } = {}) {
    const response = await this.ask(buildUrl(path, query));
    let body = await response.blob();
    if (change) body = new Blob([JSON.stringify(change(JSON.parse(await body.text())))]);
    await this.put(as, body, response.headers);
    return body;
  }

  async put(path, body, given = new Headers({ "content-type": "application/json" })) {
    this.signal?.throwIfAborted();
    this.bytes += body.size;
    if (this.bytes > MOST_MB * 1e6) throw new SaveError("large");
    const headers = new Headers(given);
    for (const name of NOT_KEPT) headers.delete(name);
    try {
      await this.store.put(path, new Response(body, { status: 200, headers }));
    } catch {
      throw new SaveError("room");
    }
    this.done += 1;
    this.onProgress(this.done);
  }

  async ask(path) {
    let response;
    try {
      response = await fetch(new URL(path, ROOT), { signal: this.signal, headers: { accept: "*/*" } });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new SaveError("network");
    }
    if (response.status === 401) throw new SaveError("session", 401);
    if (response.status !== 200 || response.redirected || response.type !== "basic") throw new SaveError("server", response.status);
    return response;
  }

  async each(items, action) {
    const queue = [...items];
    const work = async () => {
      for (let one = queue.shift(); one !== undefined; one = queue.shift()) await action(one);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }
}

// The map page in its language, and whatever it loads: what its elements name, and what those import in turn.
async function keepPage(job) {
  const { lang, user } = job.area;
  const html = await (await job.keep("", { lang })).text();
  const page = new DOMParser().parseFromString(html, "text/html");
  if (page.body.dataset.user !== user) throw new SaveError("session");
  const found = [...page.querySelectorAll("link[href], script[src]")].map((one) => one.getAttribute("href") ?? one.getAttribute("src"));
  const seen = new Set();
  for (let paths = found; paths.length; ) {
    const fresh = [...new Set(paths)].filter((path) => !seen.has(path));
    for (const path of fresh) seen.add(path);
    paths = [];
    await job.each(fresh, async (path) => {
      const links = LINKED[path.split(".").pop()];
      const body = await job.keep(path);
      if (!links) return;
      for (const [, link] of (await body.text()).matchAll(links)) if (!link.startsWith("data:") && !link.startsWith("#")) paths.push(resolve(path, link));
    });
  }
  await job.keep(`i18n/${lang}.json`, textsOf(page.body));
  return {};
}

const resolve = (path, link) => new URL(link, new URL(path, ROOT)).pathname.slice(ROOT.pathname.length);

// Base map, tables, and the surface with the area as its bounds: beside it nothing is asked for.
async function keepGround(job) {
  const { info, lang, plan } = job.area;
  const narrow = (one) => ({ ...one, bounds: plan.box });
  await job.keep("api/surfaces", {}, { change: (answer) => ({ ...answer, surfaces: answer.surfaces.map(narrow) }) });
  await job.put("api/score", new Blob([JSON.stringify(narrow(info))]));
  for (const path of ["api/basemap", "api/reference/sectors", "api/reference/model_components"]) await job.keep(path);
  await job.keep("api/filters", { lang });
  return {};
}

async function keepTiles(job) {
  const { info, plan, state } = job.area;
  const zooms = Array.from({ length: plan.to - plan.from + 1 }, (_, i) => plan.from + i);
  const tiles = zooms.flatMap((zoom) => listTiles(plan.box, zoom));
  await job.each(tiles, ({ z, x, y }) => job.keep(`tiles/${info.id}/${z}/${x}/${y}.png`, { ...filterOf(state), never: state.never ? "1" : "0" }));
  return { tiles: tiles.length };
}

// Numbered within the area; their rank in the region stands beside.
async function keepRanked(job) {
  const { info, lang, plan, state, municipalities, published } = job.area;
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
  const { info, lang, plan } = job.area;
  return { bbox: plan.box.map((edge) => edge.toFixed(5)).join(","), layer, surface: info.id, limit: MOST_SITES, lang };
}
