// What a planner does to a draft: another order, which is kept at once, and locks, pins and exclusions, which wait until
// the rest is planned anew.

import { el, fill } from "./dom.js";
import { closeOnClickElsewhere, closeOnEscape } from "./folds.js";
import { t } from "./i18n.js";
import { ROOT, keyOf, letterOf, routeKey, routesOf, shortDay } from "./plan_words.js";

const byId = (id) => document.getElementById(id);
const bare = ({ layer, record_id }) => ({ layer, record_id });

export class Edits {
  constructor(page) {
    this.page = page;
    this.reset();
  }

  // One's own changes only: what others lock, put in or leave out meanwhile stays theirs.
  reset() {
    this.locked = new Map();
    this.unlocked = new Set();
    this.excluded = new Map();
    this.pinned = new Map();
  }

  get isWaiting() {
    return [this.locked, this.unlocked, this.excluded, this.pinned].some(({ size }) => size > 0);
  }

  isLocked = (stop) => this.locksOf(this.page.plan).some((one) => keyOf(one) === keyOf(stop));

  // The plan's locks with one's own changes, each where its stop is by now.
  locksOf(plan) {
    const keys = new Set([...(plan.locks ?? []).map(keyOf).filter((key) => !this.unlocked.has(key)), ...this.locked.keys()]);
    const there = routesOf(plan).flatMap(({ crew, on, stops }) => stops.map((stop) => [keyOf(stop), { ...bare(stop), crew, on }]));
    return there.filter(([key]) => keys.has(key)).map(([, lock]) => lock);
  }

  // What is no longer in the plan cannot be locked or left out; and what it says by now needs no change.
  meet(plan) {
    const there = new Set(routesOf(plan).flatMap(({ stops }) => stops.map(keyOf)));
    const locks = new Set((plan.locks ?? []).map(keyOf));
    for (const key of [...this.excluded.keys()]) if (!there.has(key)) this.excluded.delete(key);
    for (const key of [...this.locked.keys()]) if (!there.has(key) || locks.has(key)) this.locked.delete(key);
    for (const key of [...this.unlocked]) if (!locks.has(key)) this.unlocked.delete(key);
    for (const key of [...this.pinned.keys()]) if (there.has(key)) this.pinned.delete(key);
  }

  lock(stop) {
    const key = keyOf(stop);
    const isInPlan = (this.page.plan.locks ?? []).some((one) => keyOf(one) === key);
    const changes = isInPlan ? this.unlocked : this.locked;
    if (changes.has(key)) changes.delete(key);
    else if (isInPlan) this.unlocked.add(key);
    else this.locked.set(key, bare(stop));
    this.page.draw();
  }

  exclude(stop, reason) {
    if (reason) this.excluded.set(keyOf(stop), { ...bare(stop), reason, title: stop.title });
    else this.excluded.delete(keyOf(stop));
    this.page.draw();
  }

  pin(site, isOn = true) {
    if (isOn) this.pinned.set(keyOf(site), { ...bare(site), title: site.title });
    else this.pinned.delete(keyOf(site));
    this.page.draw();
  }

  undo() {
    this.reset();
    this.page.draw();
    byId("routes-title").focus();
  }

  // A stop to a place in a route, counted from 0; null as the route takes it out, and a site that is not in the plan is put in.
  place(site, target, position = Infinity) {
    const said = (plan) => this.say(plan, site);
    return this.page.change("PUT", "/routes", (plan) => arrange(plan, site, target, position), { what: t("Another place: {what}", { what: site.title }), about: keyOf(site), said });
  }

  say(plan, site) {
    for (const route of routesOf(plan)) {
      const i = route.stops.findIndex((stop) => keyOf(stop) === keyOf(site));
      if (i >= 0) return t("{what} is stop {n} of {count} for {crew}, {day}.", { what: site.title, n: i + 1, count: route.stops.length, crew: route.crew, day: shortDay(route.on) });
    }
    return t("{what} is no longer in the plan.", { what: site.title });
  }

  optimise() {
    const body = (plan) => ({
      locks: this.locksOf(plan),
      pinned: [...(plan.pinned ?? []).map(bare).filter((one) => !this.excluded.has(keyOf(one)) && !this.pinned.has(keyOf(one))), ...[...this.pinned.values()].map(bare)],
      excluded: [...(plan.exclusions ?? []).map((one) => ({ ...bare(one), reason: one.reason })).filter((one) => !this.pinned.has(keyOf(one))), ...[...this.excluded.values()].map((one) => ({ ...bare(one), reason: one.reason }))],
    });
    const done = () => this.reset();
    return this.page.change("POST", "/optimise", body, { what: t("Re-optimise the rest"), done, said: t("The rest is planned anew."), wait: t("Planning the rest anew …") });
  }

  draw() {
    const node = byId("pending");
    node.hidden = !this.page.isDraft;
    if (node.hidden) return;
    const isBusy = this.page.waiting > 0;
    const n = this.locksOf(this.page.plan).length;
    const parts = [
      n && t("Locked: {n}", { n }),
      this.pinned.size && t("To be put in: {names}", { names: namesOf(this.pinned) }),
      this.excluded.size && t("To be left out: {names}", { names: namesOf(this.excluded) }),
    ].filter(Boolean);
    fill(
      node,
      el("p", {}, isBusy ? t("Working …") : parts.length ? parts.join(" · ") : t("Lock what is to stay where it is, then plan the rest anew.")),
      el(
        "span",
        { class: "row-buttons" },
        el("button", { type: "button", class: `button ${this.isWaiting ? "button-main" : ""}`, "data-key": "edits optimise", disabled: isBusy, onclick: () => this.optimise() }, t("Re-optimise the rest")),
        el("a", { class: "button", href: `${ROOT}plans/new?plan=${encodeURIComponent(this.page.plan.plan_id)}&lang=${document.documentElement.lang}` }, t("Change days, crews or sites")),
        this.isWaiting && el("button", { type: "button", class: "plain-button", "data-key": "edits undo", onclick: () => this.undo() }, t("Undo these")),
      ),
    );
  }
}

const namesOf = (sites) => [...sites.values()].map(({ title }) => title).join(", ");

// The routes with a site elsewhere; null where that changes nothing.
export function arrange(plan, site, target, position) {
  const key = keyOf(site);
  const routes = routesOf(plan).map(({ crew, on, stops }) => ({ crew, on, stops: stops.map(bare) }));
  const before = JSON.stringify(routes);
  for (const route of routes) route.stops = route.stops.filter((one) => keyOf(one) !== key);
  const into = target && routes.find(({ crew, on }) => routeKey(crew, on) === target);
  into?.stops.splice(Math.min(Math.max(position, 0), into.stops.length), 0, bare(site));
  return JSON.stringify(routes) === before ? null : { routes: routes.filter(({ stops }) => stops.length) };
}

// Buttons for every crew on every day, in a small menu that opens below its word.
export function targetMenu(page, site, { words, label, key, current = null, mayLeave = false }) {
  const routes = routesOf(page.plan).filter((route) => route.key !== current);
  const act = (onclick, ...children) => el("li", {}, el("button", { type: "button", class: "menu-item", onclick }, children));
  return menu({ words, label, key }, [
    ...routes.map((route) => act(() => page.edits.place(site, route.key), el("strong", {}, letterOf(route.crewIndex)), " ", el("bdi", {}, route.crew), ", ", shortDay(route.on))),
    mayLeave && act(() => page.edits.place(site, null), t("Out of the plan")),
  ]);
}

export function menu({ words, label, key }, items) {
  const node = closeOnEscape(el("details", { class: "act-menu" }, el("summary", { class: "act", "data-key": key, "aria-label": label }, words), el("ul", {}, items)));
  node.addEventListener("toggle", () => {
    if (!node.open) return;
    for (const other of document.querySelectorAll(".act-menu[open]")) if (other !== node) other.open = false;
    // Low in the window it opens upwards, where it can be seen.
    const list = node.querySelector("ul");
    list.classList.remove("is-above");
    list.classList.toggle("is-above", list.getBoundingClientRect().bottom > window.innerHeight && node.getBoundingClientRect().top > list.offsetHeight);
  });
  return node;
}

closeOnClickElsewhere(".act-menu");
