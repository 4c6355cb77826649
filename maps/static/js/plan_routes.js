// Each crew's day as a bar and as an ordered list of stops, with everything that can be done to a stop.

import { announce } from "./announce.js";
import { el, fill } from "./dom.js";
import { day, number, t } from "./i18n.js";
import { reasonClash } from "./plan_clash.js";
import { setUpDrag } from "./plan_drag.js";
import { menu, targetMenu } from "./plan_edits.js";
import { lineSample } from "./plan_map.js";
import { frameOf, makeTimeline, timelineKey } from "./plan_timeline.js";
import { choicesOf, clashWords, clock, keyOf, lasting, letterOf, optionsOf, points, routesOf, share, span, titleOf, weekday, whereOf } from "./plan_words.js";

const byId = (id) => document.getElementById(id);
const COLUMN = "abcdef";

export class RouteCards {
  constructor(page) {
    this.page = page;
    this.opened = new Set();
    setUpDrag(byId("routes"), { onDrop: (key, target, position) => this.drop(key, target, position) });
  }

  drop(key, target, position) {
    const stop = this.find(key);
    if (stop && this.page.isDraft) this.page.edits.place(stop, target, position);
  }

  find(key) {
    return this.page.plan.routes.flatMap(({ stops }) => stops).find((stop) => keyOf(stop) === key);
  }

  // The stop that was chosen on the map.
  show(key) {
    const node = document.querySelector(`[data-stop="${CSS.escape(key)}"]`);
    node?.scrollIntoView({ block: "center" });
    node?.querySelector(".stop-title")?.focus({ preventScroll: true });
  }

  draw() {
    const { plan } = this.page;
    const frame = frameOf(plan);
    const source = plan.drive.is_estimate ? t("All drive times are estimates from distances.") : t("Drive times are from a road network.");
    fill(byId("drive-note"), plan.drive.notes.length ? plan.drive.notes.join(" ") : source, " ", t("Reckon with more in winter and on small roads."));
    fill(
      byId("routes"),
      timelineKey(plan),
      plan.days.map((on) => [el("h3", { class: "day-title" }, weekday(on)), routesOf(plan).filter((route) => route.on === on).map((route) => this.card(route, frame))]),
    );
  }

  card(route, frame) {
    const { plan } = this.page;
    const crew = plan.crews[route.crewIndex];
    const letter = letterOf(route.crewIndex);
    const facts = route.stops.length
      ? [route.depart_minute !== null && timeWords(route), t("Stops: {n}", { n: route.stops.length }), plan.drive.is_estimate ? t("{time} driving (estimated)", { time: lasting(route.drive_minutes) }) : t("{time} driving", { time: lasting(route.drive_minutes) }), route.light && lightWords(route.light)]
      : [t("No stops on this day.")];
    const id = `route-${plan.days.indexOf(route.on)}-${route.crewIndex}`;
    return el(
      "section",
      { class: "route-card", "aria-labelledby": id, "data-crew": COLUMN[route.crewIndex % 6] },
      el("h4", { id }, el("span", { class: "crew-badge", "data-crew": COLUMN[route.crewIndex % 6] }, letter), " ", el("bdi", {}, crew.name), " ", lineSample(route.crewIndex)),
      el("p", { class: "route-facts" }, facts.filter(Boolean).join(" · ")),
      route.on === plan.days[0] && el("p", { class: "hint" }, crewWords(crew)),
      route.stops.length > 0 && makeTimeline(plan, route, frame),
      el("ol", { class: "stops", "data-route": route.key, "aria-label": t("Stops of {crew}, {day}", { crew: crew.name, day: weekday(route.on) }) }, route.stops.map((stop, i) => this.stop(stop, i, route))),
    );
  }

  stop(stop, i, route) {
    const { page } = this;
    const { edits } = page;
    const key = keyOf(stop);
    const letter = letterOf(route.crewIndex);
    const isLocked = edits.isLocked(stop);
    const leaving = edits.excluded.get(key);
    return el(
      "li",
      { class: `stop${isLocked ? " is-locked" : ""}${leaving ? " is-leaving" : ""}`, "data-stop": key },
      el(
        "div",
        { class: "stop-head" },
        page.isDraft && el("span", { class: "stop-handle", title: t("Drag to another place"), "aria-hidden": "true" }, "⠿"),
        el("span", { class: "stop-number", "data-crew": COLUMN[route.crewIndex % 6] }, `${letter}${i + 1}`),
        el("div", { class: "stop-words" }, this.words(stop)),
        el("div", { class: "stop-time" }, el("strong", {}, span(stop.start_minute, stop.end_minute)), el("span", { class: "hint" }, page.plan.drive.is_estimate ? t("drive {time} (est.)", { time: lasting(stop.drive_minutes) }) : t("drive {time}", { time: lasting(stop.drive_minutes) }))),
      ),
      leaving && el("p", { class: "stop-note" }, t("Is left out when the rest is planned anew.")),
      this.revisit(stop),
      this.more(stop),
      page.isDraft && this.acts(stop, i, route),
      page.outcomes.row(stop),
    );
  }

  words(stop) {
    const since = visitWords(stop);
    return [
      el("p", { class: "stop-title", tabindex: "-1", "data-key": `${keyOf(stop)} title` }, el("bdi", {}, stop.title)),
      el("p", { class: "row-where" }, whereOf(stop)),
      el("p", { class: "stop-tags" }, el("span", { class: `tag how-${stop.how}` }, this.howWords(stop)), this.page.edits.isLocked(stop) && el("span", { class: "tag tag-locked" }, t("Locked")), since && el("span", { class: "tag" }, since)),
    ];
  }

  howWords(stop) {
    if (stop.how === "pinned") return t("Must be visited");
    if (stop.how === "exploration") return t("Drawn by lot");
    return t("Priority {points}", { points: points(stop.priority) });
  }

  // Why it was chosen, and who may do what there.
  more(stop) {
    const key = `${keyOf(stop)} more`;
    const node = el(
      "details",
      { class: "stop-more" },
      el("summary", { "data-key": key }, t("Why, and who can act")),
      el("p", { class: "hint" }, stop.how_title),
      el("ul", { class: "reasons" }, stop.reasons.map((reason) => el("li", {}, reason))),
      typeof stop.expected === "number" && el("p", {}, t("Chance that a visit finds something: {share}.", { share: share(stop.expected) })),
      el("ul", { class: "stop-agencies" }, stop.agencies.map((one) => el("li", {}, el("strong", {}, one.title), ` (${(one.attendance_title ?? one.attendance).toLocaleLowerCase()})`, one.checks.length > 0 && `: ${one.checks.map(({ title }) => title).join(", ")}`))),
    );
    node.open = this.opened.has(key);
    node.addEventListener("toggle", () => (node.open ? this.opened.add(key) : this.opened.delete(key)));
    return node;
  }

  // A site that was visited lately, or is excluded, needs a reason before the plan is approved.
  revisit(stop) {
    if (!stop.needs_reason) return null;
    const key = `${keyOf(stop)} revisit`;
    const given = stop.revisit_reason_title || (stop.revisit_reason && choicesOf("revisit").find(([code]) => code === stop.revisit_reason)?.[1]);
    if (!this.page.isOpen) return el("p", { class: given ? "hint" : "stop-note" }, given ? t("Visited again because: {reason}", { reason: given }) : t("No reason is given why it is visited again."));
    const isExcluded = this.page.plan.exclusions.some((one) => keyOf(one) === keyOf(stop));
    const missing = isExcluded ? t("Excluded, but in the plan: say why it is visited") : stop.is_on_record ? t("Visited lately: say why it is visited again") : t("No longer on record: say why it is visited, or take it out");
    const id = `revisit-${keyOf(stop)}`;
    const field = el("select", { id, "data-key": key }, el("option", { value: "" }, t("Choose a reason")), optionsOf("revisit"));
    field.value = stop.revisit_reason ?? "";
    const save = () => field.value && this.justify(stop, field.value);
    const button = el("button", { type: "button", class: "plain-button", "data-key": `${key}-save`, onclick: save }, t("Save"));
    return el("div", { class: `stop-revisit${given ? "" : " is-missing"}` }, el("label", { for: id }, given ? t("Why it is visited again") : missing), el("span", { class: "row-buttons" }, field, button));
  }

  justify(stop, reason) {
    const { layer, record_id } = stop;
    const say = (code) => titleOf("revisit", code).toLocaleLowerCase();
    this.page.change("PUT", "/justifications", () => ({ layer, record_id, reason }), {
      what: `${t("Why it is visited again")}: ${stop.title} (${say(reason)})`,
      about: keyOf(stop),
      compare: (plan, theirs) => clashWords(reasonClash(theirs, keyOf(stop), this.find(keyOf(stop))?.revisit_reason, reason), say),
      said: t("The reason is saved."),
    });
  }

  acts(stop, i, route) {
    const { edits } = this.page;
    const key = keyOf(stop);
    const what = stop.title;
    const act = (name, words, label, onclick, more = {}) => el("button", { type: "button", class: "act", "data-key": `${key} ${name}`, "aria-label": label, onclick, ...more }, words);
    const isLocked = edits.isLocked(stop);
    const leaving = edits.excluded.get(key);
    return el(
      "div",
      { class: "stop-acts" },
      act("up", el("span", { "aria-hidden": "true" }, "↑"), t("Move up: {what}", { what }), () => edits.place(stop, route.key, i - 1), { disabled: i === 0 }),
      act("down", el("span", { "aria-hidden": "true" }, "↓"), t("Move down: {what}", { what }), () => edits.place(stop, route.key, i + 1), { disabled: i === route.stops.length - 1 }),
      targetMenu(this.page, stop, { words: t("Move to …"), label: t("Move to another crew or day: {what}", { what }), key: `${key} to`, current: route.key, mayLeave: true }),
      act("lock", isLocked ? t("Unlock") : t("Lock"), isLocked ? t("Unlock: {what}", { what }) : t("Lock to this crew and day: {what}", { what }), () => this.lock(stop, route), { "aria-pressed": String(isLocked) }),
      leaving
        ? act("keep", t("Keep it"), t("Keep in the plan: {what}", { what }), () => edits.exclude(stop, null))
        : menu({ words: t("Exclude …"), label: t("Exclude with a reason: {what}", { what }), key: `${key} exclude` }, choicesOf("exclusion").map(([code, title]) => el("li", {}, el("button", { type: "button", class: "menu-item", onclick: () => this.exclude(stop, code) }, title)))),
    );
  }

  lock(stop, route) {
    this.page.edits.lock(stop);
    announce(this.page.edits.isLocked(stop) ? t("{what} is locked to {crew}.", { what: stop.title, crew: route.crew }) : t("{what} is no longer locked.", { what: stop.title }));
  }

  exclude(stop, reason) {
    this.page.edits.exclude(stop, reason);
    announce(t("{what} is left out when the rest is planned anew.", { what: stop.title }));
    document.querySelector(`[data-key="${CSS.escape(`${keyOf(stop)} keep`)}"]`)?.focus();
  }
}

function crewWords(crew) {
  const people = crew.people.map(({ title, n }) => `${title} ${number(n)}`).join(", ");
  const far = [...crew.on_call, ...crew.remote].map(({ title }) => title).join(", ");
  const words = t("On site {n}, seats {seats}: {people}", { n: crew.n_people, seats: crew.n_seats ?? crew.car_seats.reduce((a, b) => a + b, 0), people });
  return far ? [words, ". ", t("From afar: {agencies}", { agencies: far })] : words;
}

function visitWords({ days_since_visit: days, visited_since: since }) {
  if (since) return t("New visit: {day}", { day: day(since) });
  if (days === null) return null;
  if (days === 0) return t("Last visit the same day");
  return days === 1 ? t("Last visit the day before") : t("Last visit {n} days before", { n: days });
}

const timeWords = ({ depart_minute: depart, return_minute: back, return_is_estimate: isEstimate }) => {
  const times = { start: clock(depart), end: clock(back) };
  return isEstimate ? t("Leaves {start}, back {end} (estimated)", times) : t("Leaves {start}, back {end}", times);
};

function lightWords({ is_never: isNever, start_minute: start, end_minute: end }) {
  if (isNever) return t("it does not become light");
  return end - start >= 24 * 60 - 1 ? t("light all day") : t("light {span}", { span: span(start, Math.min(end, 24 * 60 - 1)) });
}
