// Fills what is saved for work without a network, an area or a plan, part by part. Only answers of our own server with
// status 200 are kept; one that fails undoes all of it.

import { buildUrl } from "./api.js";
import { MOST_MB } from "./field_plan.js";
import { ROOT, expiryOf, openArea, whileSaving } from "./field_store.js";
import { textsOf } from "./i18n.js";

const AT_ONCE = 6;
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

// `target` is what is saved: user, lang, name, the path of its `page` below the root, and what its parts need. A part gets the
// job, keeps what it needs and tells what it has kept; `facts(target)` is what the manifest tells besides. Resolves to the
// manifest.
export const saveParts = (target, parts, facts, { onProgress, signal }) =>
  whileSaving(async () => {
    const store = await openArea(target.user);
    const job = new Job(target, store, onProgress, signal);
    try {
      const kept = {};
      for (const part of parts) Object.assign(kept, await part(job));
      const saved = Date.now();
      const { user, lang, name, page } = target;
      const manifest = { id: store.id, user, name, lang, page, saved, expires: expiryOf(saved), ...facts(target), bytes: job.bytes, ...kept };
      await store.finish(manifest);
      return manifest;
    } catch (error) {
      await store.drop();
      throw error;
    }
  });

class Job {
  constructor(target, store, onProgress, signal) {
    Object.assign(this, { target, store, onProgress, signal });
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

// The page in its language, and whatever it loads: what its elements name, and what those import in turn.
export async function keepPage(job) {
  const { lang, user, page: path } = job.target;
  const html = await (await job.keep(path, { lang })).text();
  const page = new DOMParser().parseFromString(html, "text/html");
  if (page.body.dataset.user !== user) throw new SaveError("session");
  const found = [...page.querySelectorAll("link[href], script[src]")].map((one) => one.getAttribute("href") ?? one.getAttribute("src")).map((link) => resolve(path, link));
  const seen = new Set();
  for (let paths = found; paths.length; ) {
    const fresh = [...new Set(paths)].filter((one) => !seen.has(one));
    for (const one of fresh) seen.add(one);
    paths = [];
    await job.each(fresh, async (one) => {
      const links = LINKED[one.split(".").pop()];
      const body = await job.keep(one);
      if (!links) return;
      for (const [, link] of (await body.text()).matchAll(links)) if (!link.startsWith("data:") && !link.startsWith("#")) paths.push(resolve(one, link));
    });
  }
  await job.keep(`i18n/${lang}.json`, textsOf(page.body));
  return {};
}

const resolve = (path, link) => new URL(link, new URL(path, ROOT)).pathname.slice(ROOT.pathname.length);
