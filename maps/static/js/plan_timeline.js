// A crew's day as a bar: driving, visits, waiting, the hours of the plan and the dark. The list below says the same.

import { el } from "./dom.js";
import { t } from "./i18n.js";
import { clock } from "./plan_words.js";

const HOUR = 60;

// From the first to the last full hour that anything of the plan falls in, so that all bars can be compared.
export function frameOf(plan) {
  const times = [...plan.hours];
  for (const { depart_minute: leave, return_minute: back, stops } of plan.routes) if (stops.length) times.push(leave ?? stops[0].start_minute, back ?? stops.at(-1).end_minute);
  return [Math.floor(Math.min(...times) / HOUR) * HOUR, Math.ceil(Math.max(...times) / HOUR) * HOUR];
}

export function makeTimeline(plan, route, frame) {
  const [low, high] = frame;
  const within = (minute) => Math.min(Math.max(minute, low), high);
  const bar = (name, from, to, words = "", title = "") => {
    const node = el("span", { class: `time-part time-${name}`, title: title || null }, words);
    node.style.setProperty("--at", String((within(from) - low) / (high - low)));
    node.style.setProperty("--share", String(Math.max(0, within(to) - within(from)) / (high - low)));
    return node;
  };
  const [start, end] = plan.hours;
  const light = route.light && !route.light.is_never ? route.light : null;
  const parts = [bar("closed", low, start), bar("closed", end, high)];
  if (light) parts.push(bar("dark", low, light.start_minute), bar("dark", light.end_minute, high));
  route.stops.forEach((stop, i) => {
    parts.push(bar("drive", stop.arrive_minute - stop.drive_minutes, stop.arrive_minute));
    if (stop.start_minute > stop.arrive_minute) parts.push(bar("wait", stop.arrive_minute, stop.start_minute));
    parts.push(bar("service", stop.start_minute, stop.end_minute, String(i + 1), `${stop.title} ${clock(stop.start_minute)}–${clock(stop.end_minute)}`));
  });
  const last = route.stops.at(-1);
  if (last && route.return_minute !== null) parts.push(bar("drive", last.end_minute, route.return_minute));
  const step = high - low > 10 * HOUR ? 2 * HOUR : HOUR;
  const hours = [];
  for (let minute = low; minute <= high; minute += step) hours.push(bar("hour", minute, minute, clock(minute).slice(0, 2)));
  const lane = el("div", { class: "time-lane" }, parts);
  lane.dataset.crew = "abcdef"[route.crewIndex % 6];
  return el("div", { class: "timeline", "aria-hidden": "true" }, lane, el("div", { class: "time-hours" }, hours));
}

// What the parts of the bars mean.
export function timelineKey(plan) {
  const one = (name, words) => el("li", {}, el("span", { class: `time-sample time-${name}`, "aria-hidden": "true" }), words);
  const hasLight = plan.routes.some(({ light }) => light);
  return el("ul", { class: "time-key", "aria-hidden": "true" }, one("service", t("Visit")), one("drive", plan.drive.is_estimate ? t("Drive (estimated)") : t("Drive")), one("wait", t("Wait")), one("closed", t("Outside the hours")), hasLight && one("dark", t("Dark")));
}
