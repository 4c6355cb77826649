// Saved areas and plans without a network. Registered only once somebody saves one. It looks at two things and no more: a
// visit to the map or to plans, which goes to the network first, and addresses below field/, which are what was saved and
// nothing else. So a page is either live or saved, never a mixture, and a live page's requests do not pass here at all.
"use strict";

const PREFIX = "norrsyn-field:";
const ROOT = new URL(self.registration.scope).pathname;
const FIELD = `${ROOT}field/`;
// Of the pages that may be saved: the map, and plans; the list of plans leads to the newest of them.
const PAGES = /^(plans(\/[0-9a-f]{32})?)?$/;
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
  else if (isVisit && pathname.startsWith(ROOT) && PAGES.test(pathname.slice(ROOT.length))) event.respondWith(visitLive(request, pathname.slice(ROOT.length)));
});

function inTime(answer) {
  const tooLate = new Promise((_, reject) => setTimeout(() => reject(new Error("no answer")), PATIENCE_MS));
  return Promise.race([answer, tooLate]);
}

async function visitLive(request, page) {
  const answer = fetch(request);
  // It may fail after we have given it up.
  answer.catch(() => {});
  try {
    return await inTime(answer);
  } catch {
    const found = choose(await listAreas(), page);
    return found ? Response.redirect(`${FIELD}${found.id}/${found.start}`, 302) : answer;
  }
}

// What is shown in the place of a live page: of the map an area, else whatever was saved last; of a plan that plan.
function choose(saved, page) {
  const own = saved.find((one) => (one.page ?? "") === page);
  if (own || page.startsWith("plans/")) return own;
  return saved.find((one) => one.kind === "plan" || page === "");
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
    const saved = await listAreas();
    const one = saved.find((each) => each.id === id);
    if (one && path === (one.page ?? "")) return (await one.cache.match(`${FIELD}${id}/${path}`)) ?? Response.error();
    // From a plan to the map.
    const other = one && path === "" && choose(saved, "");
    return other ? Response.redirect(`${FIELD}${other.id}/${other.start}`, 302) : Response.error();
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

// What may be shown, newest first. One without a manifest was not finished; one that has expired goes.
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
