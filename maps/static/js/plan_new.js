// The form for a new plan. Everything that is wrong is said at once, at its field and on top; nothing typed is lost.

import { areaWords } from "./address_faults.js";
import { getJson, sendJson } from "./api.js";
import { MOST_CORNERS, checkArea, readCorners, toPolygon, writeArea } from "./area_state.js";
import { el, fill } from "./dom.js";
import { guardUnsaved } from "./drafts.js";
import { areaOf } from "./ground.js";
import { area as areaInWords, language, t, term, textsOf, useLanguage } from "./i18n.js";
import { CrewList } from "./plan_crews.js";
import { DayList, workdayAfter } from "./plan_days.js";
import { DepotMap } from "./plan_depots.js";
import { SiteChoices } from "./plan_sites.js";
import { ROOT, keyOf, linesOf } from "./plan_words.js";
import { isInside } from "./region.js";
import { isDay } from "./state.js";
import { toSweref } from "./sweref.js";

const byId = (id) => document.getElementById(id);
const form = byId("plan-form");
const checked = (name) => [...form.querySelectorAll(`input[name="${name}"]:checked`)].map((one) => one.value);
const SMALLEST_TOWN = 1500;
const MOST_CANDIDATES = 200;

class NewPlan {
  async start() {
    const lang = document.documentElement.lang;
    useLanguage(lang, await getJson(`${ROOT}i18n/${lang}.json`, textsOf(document.body)));
    const basemap = await getJson(`${ROOT}api/basemap`);
    const query = new URLSearchParams(window.location.search);
    const id = document.body.dataset.plan;
    this.path = `${ROOT}api/plans${id ? `/${encodeURIComponent(id)}/request` : ""}`;
    const asked = id ? await getJson(this.path, { lang }) : null;
    const towns = nameApart(basemap.localities.filter(({ population }) => population >= SMALLEST_TOWN), basemap.municipalities.features).sort((a, b) => a.title.localeCompare(b.title, lang));
    this.days = new DayList(this.firstDay(query.get("at")));
    this.crews = new CrewList({ towns, region: basemap.counties.features, onChange: () => this.drawDepots() });
    this.map = new DepotMap(window.map_norrsyn, basemap, { onPick: (place) => this.pick(place) });
    if (asked) this.take(asked);
    else {
      this.crews.add();
      this.sites = new SiteChoices(query.getAll("site").map((one) => one.replace(":", "/")));
      this.takeFilter(query);
    }
    form.addEventListener("submit", (event) => this.submit(event));
    form.addEventListener("input", () => this.noteChange());
    byId("filter-part").addEventListener("change", () => this.countFilter());
    guardUnsaved(() => this.isDirty && !this.isDone);
    if (asked && asked.state !== "draft") this.show([["", "", t("It is no draft any more: take it back to a draft on its page to change what it is made from.")]]);
    else byId("plan-make").disabled = false;
    await this.sites.load();
  }

  // What a draft was made from.
  take(asked) {
    this.version = asked.version;
    byId("name").value = asked.name;
    this.days.take(asked.days);
    for (const [id, minute] of [["hours-start", asked.hours[0]], ["hours-end", asked.hours[1]]]) byId(id).value = clockOf(minute);
    for (const crew of asked.crews) this.crews.take(this.crews.add(), crew);
    this.sites = new SiteChoices(asked.pinned.map(keyOf), new Map(asked.excluded.map((one) => [keyOf(one), one.reason])));
    const { filter } = asked;
    for (const name of ["counties", "layers", "sectors", "agencies"]) for (const box of form.querySelectorAll(`input[name="${name}"]`)) box.checked = filter[name].includes(box.value);
    this.takeMunicipalities(filter.municipalities);
    byId("certainty").value = filter.min_certainty ?? "";
    byId("min-days").value = filter.min_days_since_visit ?? "";
    byId("n-candidates").value = asked.n_candidates;
    byId("explores").checked = asked.explores;
    byId("seed").value = asked.seed;
    this.takeGeometry(filter.area);
    this.countFilter();
  }

  // The form chooses one; several, from elsewhere, are one choice of their own.
  takeMunicipalities(codes) {
    const field = byId("municipality");
    const titles = [...field.options].filter(({ value }) => value && codes.includes(value)).map(({ text }) => text);
    if (codes.length > 1) field.options[0].after(el("option", { value: codes.join(" ") }, titles.join(", ")));
    field.value = codes.join(" ");
  }

  // An area that is one ring of a few corners is drawn and told; another, from elsewhere, is kept as it is.
  takeGeometry(area) {
    const ring = area?.type === "Polygon" && area.coordinates.length === 1 ? area.coordinates[0].slice(0, -1).map(([lng, lat]) => ({ lng, lat })) : null;
    this.takeArea(ring && ring.length <= MOST_CORNERS ? writeArea(ring) : "");
    if (!area || this.corners.length) return;
    this.area = area;
    this.tellArea(t("Only sites in an area of this plan."));
  }

  // The map's day where it is one to come; else the next day on which people work.
  firstDay(at) {
    const today = new Date().toISOString().slice(0, 10);
    return isDay(at) && at > today ? at : workdayAfter(today);
  }

  noteChange() {
    this.isDirty = true;
  }

  drawDepots() {
    this.map?.draw(this.crews.crews.map(({ place }) => place));
  }

  pick(place) {
    const crew = this.crews.picking;
    if (!crew) {
      byId("depot-hint").textContent = t("Press “Choose on the map” at a crew first.");
      return;
    }
    this.noteChange();
    this.crews.setPlace(crew, place);
    this.crews.pick(null);
    byId("announcer").textContent = t("{crew} begins and ends its day at {place}.", { crew: crew.field("name").value, place: crew.field("depot").value });
    crew.part("pick").focus({ preventScroll: true });
  }

  // The map's filter, as its address has it.
  takeFilter(query) {
    for (const [name, key] of [["county", "counties"], ["sector", "sectors"], ["agency", "agencies"]]) {
      for (const value of query.getAll(name)) {
        const box = [...form.querySelectorAll(`input[name="${key}"]`)].find((one) => one.value === value);
        if (box) box.checked = true;
      }
    }
    for (const id of ["municipality", "certainty"]) {
      const value = query.get(id);
      if ([...byId(id).options].some((one) => one.value === value)) byId(id).value = value;
    }
    this.takeArea(query.get("area"));
    this.countFilter();
  }

  // The area that was drawn on the map.
  takeArea(text) {
    const { area, fault } = checkArea(text);
    this.corners = readCorners(area);
    this.area = this.corners.length ? toPolygon(this.corners) : null;
    this.map.drawArea(this.corners);
    byId("area-part").hidden = !this.corners.length && !fault;
    if (fault) this.tellArea(areaWords(fault), { canLeave: false });
    else if (this.corners.length) this.tellArea(t("Only sites in the area that you drew on the map: {area}.", { area: areaInWords(areaOf(this.corners.map(({ lng, lat }) => toSweref(lng, lat)))) }));
  }

  tellArea(words, { canLeave = true } = {}) {
    const leave = () => {
      this.noteChange();
      this.takeArea("");
      this.countFilter();
      byId("municipality").focus();
    };
    fill(byId("area-words"), words, " ", canLeave && el("button", { type: "button", class: "plain-button", onclick: leave }, t("Leave the area out")));
    byId("area-part").hidden = false;
    byId("filter-part").open = true;
  }

  countFilter() {
    const n = ["counties", "layers", "sectors", "agencies"].filter((name) => checked(name).length).length + ["municipality", "certainty", "min-days"].filter((id) => byId(id).value.trim()).length + (this.area ? 1 : 0);
    byId("filter-summary").textContent = n ? t("Conditions: {n}", { n }) : t("all sites of the region");
  }

  // What is sent, as the API takes it.
  get values() {
    const filter = { sectors: checked("sectors"), counties: checked("counties"), layers: checked("layers"), agencies: checked("agencies") };
    const { municipality, certainty } = { municipality: byId("municipality").value, certainty: byId("certainty").value };
    const days = byId("min-days").value.trim();
    return {
      name: byId("name").value,
      days: this.days.values,
      crews: this.crews.values,
      filter: { ...filter, municipalities: municipality ? municipality.split(" ") : [], ...(certainty && { min_certainty: certainty }), ...(this.area && { area: this.area }), ...(days && { min_days_since_visit: Number(days) }) },
      ...this.sites.values,
      n_candidates: Number(byId("n-candidates").value),
      hours: [minutesOf("hours-start"), minutesOf("hours-end")],
      explores: byId("explores").checked,
      ...(byId("seed").value.trim() && { seed: Number(byId("seed").value) }),
      ...(this.version && { version: this.version }),
    };
  }

  faults() {
    const found = [];
    if (!byId("name").value.trim()) found.push(["name", "name", t("A plan needs a name.")]);
    found.push(...this.days.faults());
    const [start, end] = [minutesOf("hours-start"), minutesOf("hours-end")];
    if (start === null || end === null) found.push([start === null ? "hours-start" : "hours-end", "hours", t("Say when crews leave and when they are back.")]);
    else if (start >= end) found.push(["hours-end", "hours", t("The hours end before they begin; let them begin first.")]);
    if (!this.crews.crews.length) found.push(["add-crew", "crews", t("There is no crew; a plan needs at least one.")]);
    found.push(...this.crews.faults());
    const n = byId("n-candidates").value.trim();
    if (!isWhole(n) || Number(n) < 1 || Number(n) > MOST_CANDIDATES) found.push(["n-candidates", "n-candidates", t("Routes are planned among 1 to {most} candidates; narrow the choice of sites instead.", { most: MOST_CANDIDATES })]);
    const days = byId("min-days").value.trim();
    if (days && !isWhole(days)) found.push(["min-days", "min-days", t("Days since the last visit are a whole number of 0 or more.")]);
    const seed = byId("seed").value.trim();
    if (seed && !isWhole(seed)) found.push(["seed", "seed", t("The seed is a whole number.")]);
    return found;
  }

  // Each at its field, all of them on top; the focus goes there.
  show(faults, { title = t("Something has to be put right:") } = {}) {
    for (const node of form.querySelectorAll(".form-problem")) Object.assign(node, { textContent: "", hidden: true });
    for (const node of form.querySelectorAll("[aria-invalid]")) node.removeAttribute("aria-invalid");
    for (const [field, below, words] of faults) {
      const node = byId(`${below}-problem`);
      byId(field)?.closest("details")?.setAttribute("open", "");
      byId(field)?.setAttribute("aria-invalid", "true");
      if (!node) continue;
      node.textContent = node.textContent ? `${node.textContent} ${words}` : words;
      node.hidden = false;
    }
    const summary = byId("faults");
    summary.hidden = !faults.length;
    const lead = (field, words) => (byId(field) ? el("a", { href: `#${field}`, onclick: (event) => this.goTo(event, field) }, words) : words);
    fill(summary, el("p", {}, el("strong", {}, title)), el("ul", {}, faults.map(([field, , words]) => el("li", {}, lead(field, words)))));
    if (faults.length) summary.focus();
  }

  goTo(event, field) {
    event.preventDefault();
    byId(field).focus();
    byId(field).scrollIntoView({ block: "center" });
  }

  async submit(event) {
    event.preventDefault();
    if (this.isSending) return;
    const faults = this.faults();
    this.show(faults);
    if (faults.length) return;
    this.wait(true);
    try {
      const plan = await sendJson(this.version ? "PUT" : "POST", this.path, this.values, { lang: language() });
      this.isDone = true;
      const id = encodeURIComponent(plan.plan_id);
      // whoever goes back finds what they asked for, to change it
      window.history.replaceState(null, "", `${ROOT}plans/new?plan=${id}&lang=${language()}`);
      window.location.assign(`${ROOT}plans/${id}?lang=${language()}`);
    } catch (error) {
      this.wait(false);
      if (error.status === 409 && error.current?.state === "draft") {
        this.version = error.current.version;
        this.show([["", "", t("What stands here takes the place of that when you send it again.")]], { title: error.message });
      } else if (error.name !== "AbortError") this.show(this.told(error), { title: error.status === 422 ? t("No plan could be made of this:") : error.message });
    }
  }

  // What the server says, at the field that it is about where that can be told.
  told(error) {
    const errors = error.errors ?? [];
    const at = errors.map(({ parameter, detail }) => [...this.fieldOf(parameter), detail]);
    if (at.length) return at;
    const lines = linesOf(error.detail).map((line) => [...this.fieldByName(line), term(line)]);
    return lines.length ? lines : [["", "", error.message]];
  }

  // The site, or else the crew, that a line names.
  fieldByName(line) {
    const site = this.sites.fieldNamed(line);
    if (site) return [site, "sites"];
    const crew = this.crews.crews.find((one) => one.field("name").value.trim() && line.includes(one.field("name").value.trim()));
    return crew ? [crew.field("name").id, `${crew.id}-people`] : ["", ""];
  }

  fieldOf(parameter) {
    const [what, i, part] = String(parameter ?? "").split(/[.[\]]+/);
    const crew = what === "crews" ? this.crews.crews[Number(i)] : null;
    if (crew) {
      const name = { car_seats: "seats", depot: "depot", name: "name" }[part] ?? "people";
      return [name === "people" ? this.crews.firstPeople(crew) : `${crew.id}-${name}`, `${crew.id}-${name}`];
    }
    const [field, below] = { name: ["name", "name"], days: ["day-0", "days"], hours: ["hours-end", "hours"], crews: ["add-crew", "crews"], n_candidates: ["n-candidates", "n-candidates"], seed: ["seed", "seed"], pinned: [this.sites.fieldAt("pinned", Number(i)), "sites"], excluded: [this.sites.fieldAt("excluded", Number(i)), "sites"] }[what] ?? ["", ""];
    return [field, below];
  }

  wait(isWaiting) {
    this.isSending = isWaiting;
    byId("plan-make").disabled = isWaiting;
    byId("plan-wait").textContent = isWaiting ? t("Choosing stops and routes; this takes up to ten seconds …") : "";
  }
}

const clockOf = (minute) => [Math.floor(minute / 60), minute % 60].map((one) => String(one).padStart(2, "0")).join(":");

// Towns of one name are told apart by their municipality, and where that is one too, by how many live there.
function nameApart(towns, municipalities) {
  const where = ({ lon, lat }) => municipalities.find((one) => isInside([one], lon, lat))?.properties.name ?? "";
  const twice = towns.filter(({ name }, i) => towns.some((town, k) => k !== i && town.name === name)).map((town) => ({ ...town, where: where(town) }));
  return towns.map((town) => {
    const alike = twice.filter(({ name }) => name === town.name);
    const own = alike.find(({ lon, lat }) => lon === town.lon && lat === town.lat);
    if (!own) return { ...town, title: town.name };
    const isAlone = alike.filter((one) => one.where === own.where).length === 1;
    const parts = [own.where, !isAlone && t("{n} inhabitants", { n: town.population })].filter(Boolean);
    return { ...town, title: `${town.name} (${parts.join(", ")})` };
  });
}

const isWhole = (text) => /^\d{1,9}$/.test(text);

function minutesOf(id) {
  const found = /^(\d{2}):(\d{2})/.exec(byId(id).value);
  return found ? Number(found[1]) * 60 + Number(found[2]) : null;
}

// A browser that kept the page as it was would show a form that waits, and would send a new plan once more.
window.addEventListener("pageshow", ({ persisted }) => persisted && window.location.reload());

new NewPlan().start().catch((error) => {
  const node = byId("faults");
  fill(node, el("p", {}, error.message));
  node.hidden = false;
});
