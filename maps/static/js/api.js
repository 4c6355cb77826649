// Requests to our own server, with its problem details turned into one kind of error.

import { language, t } from "./i18n.js";
import { SessionError, signInAgain } from "./session.js";

export class ApiError extends Error {
  // `detail` is the server's own explanation, in the language `detailLang`: English where it is not known in the page's.
  constructor(message, status, detail = "") {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.detail = detail;
    this.detailLang = "en";
    // Seconds, where the server says when to ask again.
    this.retryAfter = 0;
    // What is stored now, where it was changed meanwhile (409).
    this.current = null;
    // Every parameter that cannot be used, where the server tells them one by one.
    this.errors = [];
  }
}

let underWay = 0;
let other = null;

// Has `answer(url, options)` answer in place of the server, as on the page of a saved area.
export const answerFrom = (answer) => {
  other = answer;
};
const watchers = new Set();

// `watch(true)` when the first request starts, `watch(false)` when the last one has ended.
export const onBusy = (watch) => watchers.add(watch);

function count(step) {
  const before = underWay > 0;
  underWay += step;
  const now = underWay > 0;
  if (before !== now) for (const watch of watchers) watch(now);
}

export function buildUrl(path, parameters = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value === null || value === undefined || value === "") continue;
    for (const one of Array.isArray(value) ? value : [value]) query.append(name, one);
  }
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

export const getJson = (path, parameters = {}, signal = undefined) => ask(buildUrl(path, parameters), {}, signal);

// Sends a value as JSON and resolves to the answer's, null where it has none; `method` is POST, PUT, PATCH or DELETE.
export function sendJson(method, path, value = undefined, parameters = {}, signal = undefined) {
  const body = value === undefined ? {} : { body: JSON.stringify(value), headers: { "content-type": "application/json" } };
  return ask(buildUrl(path, parameters), { method, ...body }, signal);
}

// One request. A session that has ended meanwhile fails nothing: it goes on once somebody is signed in again.
async function ask(url, options, signal) {
  if (other) return other(url, options);
  // Whom the page was made for: the server answers nobody else in their place.
  const owner = document.body.dataset.user;
  const request = { ...options, signal, headers: { accept: "application/json", "accept-language": language(), ...(owner && { "x-norrsyn-user": owner }), ...options.headers } };
  count(1);
  try {
    let response = await fetch(url, request);
    while (response.status === 401) {
      count(-1);
      try {
        await signInAgain(signal);
      } finally {
        count(1);
      }
      response = await fetch(url, request);
    }
    if (!response.ok) throw await readProblem(response);
    return response.status === 204 ? null : await response.json();
  } catch (error) {
    if (error.name === "AbortError" || error instanceof ApiError) throw error;
    throw makeError(error instanceof SessionError ? 401 : 0, null);
  } finally {
    count(-1);
  }
}

async function readProblem(response) {
  let problem = {};
  try {
    problem = await response.json();
  } catch {
    // Not every proxy answers in JSON; the status alone must do.
  }
  const error = makeError(response.status, problem, response.headers.get("content-language"));
  error.retryAfter = Number(response.headers.get("retry-after")) || 0;
  error.current = problem?.current ?? null;
  error.errors = Array.isArray(problem?.errors) ? problem.errors : [];
  return error;
}

// Asks again while the server says that it is still working on the answer.
export async function getWhenReady(path, parameters, signal, { onWait, patience = 40 } = {}) {
  for (let left = patience; ; left -= 1) {
    try {
      return await getJson(path, parameters, signal);
    } catch (error) {
      if (error.status !== 503 || !error.retryAfter || !left) throw error;
      onWait?.();
      await new Promise((done) => setTimeout(done, 1000 * Math.min(error.retryAfter, 5)));
      if (signal?.aborted) throw new DOMException("overtaken", "AbortError");
    }
  }
}

// The error for an answer's status and problem details; status 0 where there was no answer.
export function makeError(status, problem, lang = null) {
  const error = new ApiError(describe(status), status, typeof problem?.detail === "string" ? problem.detail : "");
  error.detailLang = lang ?? "en";
  return error;
}

function describe(status) {
  if (status === 0) return t("The server does not answer. Check the connection and try again.");
  if (status === 401) return t("Somebody else is signed in now. Reload the page.");
  if (status === 403) return t("This is not allowed here.");
  if (status === 409) return t("It was changed in another tab meanwhile.");
  if (status === 413) return t("Too much was sent.");
  if (status === 404) return t("What was asked for does not exist.");
  if (status === 422 || status === 400) return t("The request cannot be used.");
  if (status === 429 || status === 503) return t("The server is busy. Try again in a moment.");
  return t("The server answered with error {status}.", { status });
}

// Runs one request at a time: a new one makes the old one void. Resolves to undefined when it was overtaken.
export function latestOnly() {
  let controller = null;
  const run = async (action) => {
    controller?.abort();
    const own = new AbortController();
    controller = own;
    try {
      const result = await action(own.signal);
      return own.signal.aborted ? undefined : result;
    } catch (error) {
      if (own.signal.aborted) return undefined;
      throw error;
    }
  };
  run.cancel = () => controller?.abort();
  return run;
}
