// Saved areas without a network. Registered only once somebody saves one. It looks at two things and no more: a visit to
// the map, which goes to the network first, and addresses below field/, which are saved areas and nothing but saved. So a
// page is either live or saved, never a mixture, and a live page's requests do not pass here at all.
"use strict";

const PREFIX = "norrsyn-field:";
const ROOT = new URL(self.registration.scope).pathname;
const FIELD = `${ROOT}field/`;
// After so long without an answer there is no network.
const PATIENCE_MS = 10000;
// 1 × 1, clear: what lies beside the saved tiles.
const CLEAR = Uint8Array.from(atob("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="), (one) => one.charCodeAt(0));

self.addEventListener("install", () => self.skipWaiting());

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  const isVisit = request.mode === "navigate";
  if (pathname.startsWith(FIELD)) event.respondWith(isVisit ? visitSaved(request) : answerSaved(request));
  else if (isVisit && pathname === ROOT) event.respondWith(visitMap(request));
});

function inTime(answer) {
  const tooLate = new Promise((_, reject) => setTimeout(() => reject(new Error("no answer")), PATIENCE_MS));
  return Promise.race([answer, tooLate]);
}

async function visitMap(request) {
  const answer = fetch(request);
  // It may fail after we have given it up.
  answer.catch(() => {});
  try {
    return await inTime(answer);
  } catch {
    const [newest] = await listAreas();
    return newest ? Response.redirect(`${FIELD}${newest.id}/${newest.start}`, 302) : answer;
  }
}

// With a network the address leads to the live page.
async function visitSaved(request) {
  const { pathname, search } = new URL(request.url);
  const [id, ...rest] = pathname.slice(FIELD.length).split("/");
  const path = rest.join("/");
  try {
    await inTime(fetch(`${ROOT}healthz`, { cache: "no-store" }));
    return Response.redirect(`${ROOT}${path}${search}`, 302);
  } catch {
    const area = path === "" && (await listAreas()).find((one) => one.id === id);
    return (area && (await area.cache.match(`${FIELD}${id}/`))) || Response.error();
  }
}

async function answerSaved(request) {
  const id = new URL(request.url).pathname.slice(FIELD.length).split("/")[0];
  const name = (await caches.keys()).find((one) => one.startsWith(PREFIX) && one.endsWith(`:${id}`));
  const found = name && (await (await caches.open(name)).match(request, { ignoreSearch: true }));
  if (found) return found;
  if (request.destination === "image") return new Response(CLEAR, { headers: { "content-type": "image/png" } });
  return new Response("{}", { status: 504, headers: { "content-type": "application/problem+json" } });
}

// The areas that may be shown, newest first. One without a manifest was not finished; one that has expired goes.
async function listAreas() {
  const areas = [];
  for (const name of (await caches.keys()).filter((one) => one.startsWith(PREFIX))) {
    const cache = await caches.open(name);
    const kept = await cache.match(`${FIELD}${name.split(":").pop()}/manifest.json`);
    if (!kept) continue;
    const manifest = await kept.json();
    const now = Date.now();
    // A clock that has been put back to before the saving cannot be believed.
    if (now >= manifest.expires || now < manifest.saved - 120000) await caches.delete(name);
    else areas.push({ ...manifest, cache });
  }
  return areas.sort((a, b) => b.saved - a.saved);
}
