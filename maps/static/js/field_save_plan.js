// What a saved plan is made of: its page, the base map, and of the plan what crews need on their way. Who did what to it,
// sites that were left out, and what agencies saw at a stop stay on the server.

import { keepPage, saveParts } from "./field_job.js";

const PARTS = [keepPage, keepMap, keepPlan];
const KEPT = ["plan_id", "version", "name", "state", "state_title", "changed_at", "days", "hours", "crews", "routes", "problems", "notes", "optimised", "drive", "checklist", "expected_finds", "actual_finds", "locks", "synthetic", "surface"];
const LEFT_OUT = { may_change: false, blocks: {}, moves: [], history: [], followup: [], pinned: [], exclusions: [], candidates: [], reasons: {} };

export const pageOf = (planId) => `plans/${encodeURIComponent(planId)}`;

// `plan` is what is saved: user, lang, id, name, days. Resolves to the manifest.
export const savePlan = (plan, how) => saveParts({ ...plan, page: pageOf(plan.id) }, PARTS, ({ page, lang }) => ({ kind: "plan", start: `${page}?lang=${lang}` }), how);

async function keepMap(job) {
  await job.keep("api/basemap");
  return {};
}

async function keepPlan(job) {
  const { id, lang } = job.target;
  const body = await job.keep(`api/plans/${encodeURIComponent(id)}`, { lang }, { change: narrow });
  const { days, routes, version } = JSON.parse(await body.text());
  return { days, stops: routes.reduce((n, { stops }) => n + stops.length, 0), version };
}

function narrow(plan) {
  const kept = Object.fromEntries(KEPT.filter((name) => name in plan).map((name) => [name, plan[name]]));
  const routes = plan.routes.map((route) => ({ ...route, stops: route.stops.map((stop) => ({ ...stop, outcomes: [], outcome: stop.outcome && { ...stop.outcome, agencies: [] } })) }));
  return { ...kept, ...LEFT_OUT, routes };
}
