// Saved areas and plans on this device. Each is one cache of Cache Storage, named by whose it is and by a random id; its manifest is
// written last, so an area without one was never finished. worker/field.js reads the same.

const PREFIX = "norrsyn-field:";
const LOCK = "norrsyn-field";
const ID = /field\/([0-9a-f]{32})\/$/;
const MANIFEST = "manifest.json";
// A clock may be put back by so much.
const CLOCK_STEP_MS = 120000;
export const KEPT_DAYS = 14;
const DAY_MS = 86400000;

const here = new URL("../../", import.meta.url);
// Of the server; pages of a saved area lie below field/ and its id.
export const ROOT = new URL(here.pathname.replace(ID, ""), here);
// The id of the saved area that this page belongs to; null on a live page.
export const savedId = here.pathname.match(ID)?.[1] ?? null;

export const canSave = () => "caches" in window && "serviceWorker" in navigator;

export const addressOf = (id, path = "") => new URL(`field/${id}/${path}`, ROOT).pathname;

const partsOf = (name) => {
  const [user, id] = name.slice(PREFIX.length).split(":");
  return { name, user, id };
};

async function listCaches() {
  if (!canSave()) return [];
  return (await caches.keys()).filter((name) => name.startsWith(PREFIX)).map(partsOf);
}

export const isGood = ({ saved, expires }, now = Date.now()) => now < expires && now >= saved - CLOCK_STEP_MS;

async function readManifest({ name, id }) {
  const kept = await (await caches.open(name)).match(addressOf(id, MANIFEST));
  return kept ? kept.json() : null;
}

// What the saved area of this page keeps at a path; undefined where it keeps nothing.
export async function readSaved(path) {
  const area = (await listCaches()).find(({ id }) => id === savedId);
  return area && (await caches.open(area.name)).match(addressOf(savedId, path));
}

// The worker that finds what is saved; registered once somebody saves something.
export async function startWorker() {
  await navigator.serviceWorker.register(new URL("sw.js", ROOT));
  await navigator.serviceWorker.ready;
  // Browsers that are short of room then take others' first; it may be refused.
  navigator.storage?.persist?.().catch(() => {});
}

// Whether anything at all is kept.
export const hasAny = async () => (await listCaches()).length > 0;

// Manifests of the areas that may be shown, newest first.
export async function listAreas() {
  const found = await Promise.all((await listCaches()).map(readManifest));
  return found.filter((one) => one && isGood(one)).sort((a, b) => b.saved - a.saved);
}

// A cache to fill: `put(path, response)`, then `finish(manifest)`, or `drop()`. The server's own headers are kept.
export async function openArea(user) {
  const id = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const name = `${PREFIX}${user}:${id}`;
  const cache = await caches.open(name);
  const put = (path, response) => cache.put(addressOf(id, path), response);
  return {
    id,
    put,
    async finish(manifest) {
      // Signed out meanwhile: what was in it has gone.
      if (!(await caches.has(name))) throw new Error("gone");
      await put(MANIFEST, asJson(manifest));
    },
    drop: () => caches.delete(name),
  };
}

export const asJson = (value) => new Response(JSON.stringify(value), { headers: { "content-type": "application/json" } });

// Deletes what `isWanted` does not want; where nothing is left, the worker goes too.
async function keepOnly(isWanted) {
  for (const one of await listCaches()) if (!(await isWanted(one))) await caches.delete(one.name);
  if (canSave() && !(await hasAny())) await (await navigator.serviceWorker.getRegistration(ROOT))?.unregister();
}

export const forgetAll = () => keepOnly(() => false);

export const forgetArea = (id) => keepOnly((one) => one.id !== id);

// What is not this user's, or has expired.
export const forgetOthers = (user) =>
  keepOnly(async (one) => {
    if (one.user !== user) return false;
    const manifest = await readManifest(one);
    return !manifest || isGood(manifest);
  });

// What was begun and never finished, unless a page is at it just now.
export const forgetUnfinished = () => navigator.locks.request(LOCK, { ifAvailable: true }, (lock) => lock && keepOnly(async (one) => Boolean(await readManifest(one))));

// One area is saved at a time, whatever the number of pages.
export const whileSaving = (action) => navigator.locks.request(LOCK, action);

export const expiryOf = (saved) => saved + KEPT_DAYS * DAY_MS;
