// The crews of a new plan: who takes part how, in which cars, and where the day begins.

import { fill, el } from "./dom.js";
import { coordinates, t } from "./i18n.js";
import { letterOf } from "./plan_words.js";
import { isInside } from "./region.js";
import { fromSweref, toSweref } from "./sweref.js";

const byId = (id) => document.getElementById(id);
const LETTERS = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
// Degrees; as far as numbers that went to metres and back may differ.
const SAME_PLACE = 1e-6;
const WHOLE = /^\d{1,3}$/;

// Seats of each car from "5, 5, 4"; null where it cannot be read.
export function readSeats(text) {
  const parts = text.split(/[\s,;+]+/).filter(Boolean);
  return parts.length && parts.every((part) => WHOLE.test(part)) ? parts.map(Number) : null;
}

// A place from what somebody typed: N and E in metres in either order, or latitude and longitude; null where it is none.
export function readPlace(text) {
  // metres may be grouped by spaces, degrees may have a decimal comma
  const joined = text.replace(/(\d)[\s\u202f\u00a0](?=\d{3}(?!\d))/g, "$1");
  const plain = joined.includes(".") ? joined : joined.replace(/\b(\d{1,2}),(?=\d)/g, "$1.");
  const found = plain.match(/-?\d+(?:\.\d+)?/g);
  if (found?.length !== 2) return null;
  const [low, high] = found.map(Number).sort((a, b) => a - b);
  if (high > 5e6 && low > 1e5) return fromSweref(low, high);
  return high <= 90 && low > -90 ? { lat: high, lon: low } : null;
}

export const writePlace = ({ lon, lat }) => {
  const { easting, northing } = toSweref(lon, lat);
  return coordinates(easting, northing);
};

export class CrewList {
  // `towns` are places to begin a day at, `region` the features of its counties.
  constructor({ towns, region, onChange }) {
    Object.assign(this, { towns, region, onChange, crews: [], made: 0, picking: null });
    byId("add-crew").addEventListener("click", () => this.add({ focus: true }));
  }

  add({ focus = false } = {}) {
    const id = `crew-${(this.made += 1)}`;
    const node = byId("crew-template").content.firstElementChild.cloneNode(true);
    for (const one of node.querySelectorAll("[data-id]")) one.id = `${id}-${one.dataset.id}`;
    for (const one of node.querySelectorAll("[data-for]")) one.htmlFor = `${id}-${one.dataset.for}`;
    for (const one of node.querySelectorAll("input[data-id], select[data-id]")) one.setAttribute("aria-describedby", [`${one.id}-hint`, `${one.id}-problem`].filter((each) => node.querySelector(`#${each}`)).join(" "));
    const crew = { id, node, place: null };
    const part = (name) => node.querySelector(`[data-part="${name}"]`);
    const field = (name) => node.querySelector(`[data-id="${name}"]`);
    Object.assign(crew, { part, field });
    const name = LETTERS.map((letter) => t("Crew {letter}", { letter })).find((one) => !this.crews.some((other) => other.field("name").value.trim() === one));
    field("name").value = name ?? "";
    field("town").append(...this.towns.map((town, i) => el("option", { value: i }, town.title)));
    this.listen(crew);
    // a second crew most often begins where the first does
    if (this.crews.length) this.setPlace(crew, this.crews.at(-1).place);
    this.crews = [...this.crews, crew];
    byId("crews").append(node);
    this.number();
    if (focus) field("name").focus();
    return crew;
  }

  listen(crew) {
    const { part, field } = crew;
    part("remove").addEventListener("click", () => this.remove(crew));
    part("pick").addEventListener("click", () => this.pick(this.picking === crew ? null : crew));
    field("town").addEventListener("change", () => this.setPlace(crew, this.towns[field("town").value] ?? null));
    field("depot").addEventListener("change", () => this.setPlace(crew, readPlace(field("depot").value), { typed: true }));
    crew.node.addEventListener("input", () => this.sum(crew));
  }

  remove(crew) {
    const i = this.crews.indexOf(crew);
    this.crews = this.crews.filter((one) => one !== crew);
    crew.node.remove();
    if (this.picking === crew) this.pick(null);
    this.number();
    (this.crews[Math.max(0, i - 1)]?.field("name") ?? byId("add-crew")).focus();
  }

  number() {
    this.crews.forEach((crew, i) => {
      crew.part("badge").textContent = letterOf(i);
      crew.part("badge").dataset.crew = "abcdef"[i % 6];
      crew.part("title").textContent = t("Crew {letter}", { letter: letterOf(i) });
      crew.part("remove").hidden = this.crews.length === 1;
      crew.part("remove").setAttribute("aria-label", t("Remove the crew {letter}", { letter: letterOf(i) }));
      this.sum(crew);
    });
    this.onChange();
  }

  // A crew as it was asked for before.
  take(crew, { name, people, car_seats: seats, depot, on_call: onCall, remote }) {
    crew.field("name").value = name;
    crew.field("seats").value = seats.join(", ");
    for (const row of crew.node.querySelectorAll("[data-agency]")) {
      const { agency } = row.dataset;
      const [n, way] = [row.querySelector("[data-part=people]"), row.querySelector("[data-part=way]")];
      if (n) n.value = people[agency] ?? 0;
      if (way) way.value = onCall.includes(agency) ? "on_call" : remote.includes(agency) ? "remote" : "";
    }
    const town = this.towns.find((one) => Math.abs(one.lat - depot.lat) < SAME_PLACE && Math.abs(one.lon - depot.lon) < SAME_PLACE);
    this.setPlace(crew, town ?? { lon: depot.lon, lat: depot.lat });
    this.sum(crew);
    this.number();
  }

  // Whose depot the next click on the map is.
  pick(crew) {
    this.picking = crew;
    for (const one of this.crews) one.part("pick").setAttribute("aria-pressed", String(one === crew));
    byId("depot-hint").textContent = crew ? t("Click where {crew} begins and ends its day; with the keyboard, move the map and press Enter.", { crew: crew.field("name").value }) : "";
    if (crew) {
      byId("depot-map").scrollIntoView({ block: "nearest" });
      byId("depot-map").querySelector(".leaflet-container").focus({ preventScroll: true });
    }
  }

  setPlace(crew, place, { typed = false } = {}) {
    crew.place = place;
    const { field } = crew;
    const town = place ? this.towns.findIndex((one) => one.lat === place.lat && one.lon === place.lon) : -1;
    field("town").value = town < 0 ? "" : String(town);
    if (place) field("depot").value = writePlace(place);
    else if (!typed) field("depot").value = "";
    if (place) showFault(crew, "depot", "");
    this.onChange();
  }

  // How many ride along, and whether there is room for them.
  sum(crew) {
    const people = this.people(crew);
    const seats = readSeats(crew.field("seats").value);
    const n = Object.values(people).reduce((total, one) => total + one, 0);
    fill(crew.part("sum"), seats ? t("On site: {people}. Seats: {seats}. Cars: {cars}.", { people: n, seats: seats.reduce((a, b) => a + b, 0), cars: seats.length }) : t("On site: {people}", { people: n }));
  }

  people(crew) {
    const rows = [...crew.node.querySelectorAll("[data-agency]")];
    return Object.fromEntries(rows.map((row) => [row.dataset.agency, Number(row.querySelector("[data-part=people]")?.value) || 0]).filter(([, n]) => n > 0));
  }

  far(crew, way) {
    return [...crew.node.querySelectorAll("[data-agency]")].filter((row) => row.querySelector("[data-part=way]")?.value === way).map((row) => row.dataset.agency);
  }

  read(crew) {
    const { lon, lat } = crew.place ?? {};
    return {
      name: crew.field("name").value.trim(),
      people: this.people(crew),
      car_seats: readSeats(crew.field("seats").value) ?? [],
      depot: crew.place && { lon, lat },
      on_call: this.far(crew, "on_call"),
      remote: this.far(crew, "remote"),
    };
  }

  get values() {
    return this.crews.map((crew) => this.read(crew));
  }

  // [id of the field, id of the line below it, words] of everything that is wrong.
  faults() {
    return this.crews.flatMap((crew) => this.faultsOf(crew).map(([name, words]) => [name === "people" ? this.firstPeople(crew) : `${crew.id}-${name}`, `${crew.id}-${name}`, words]));
  }

  firstPeople(crew) {
    const field = crew.node.querySelector("[data-part=people]");
    field.id ||= `${crew.id}-people-first`;
    return field.id;
  }

  faultsOf(crew) {
    const { name, people, car_seats: seats, depot, on_call: onCall, remote } = this.read(crew);
    const who = name || crew.part("title").textContent;
    const n = Object.values(people).reduce((total, one) => total + one, 0);
    const room = seats.reduce((total, one) => total + one, 0);
    const twice = Object.keys(people).find((agency) => onCall.includes(agency) || remote.includes(agency));
    const found = [];
    if (!name) found.push(["name", t("A crew has no name; give it one.")]);
    else if (this.crews.some((other) => other !== crew && other.field("name").value.trim() === name)) found.push(["name", t("Two crews are called {name}; give each a name of its own.", { name })]);
    if (!seats.length) found.push(["seats", t("{crew}: say how many seats each car has, such as 5, 5, 4.", { crew: who })]);
    else if (seats.some((one) => one < 1)) found.push(["seats", t("{crew}: every car needs at least one seat.", { crew: who })]);
    else if (room === 1 && n > 1) found.push(["seats", t("{crew}: {people} people and 1 seat; add a car, or leave people out.", { crew: who, people: n })]);
    else if (room < n) found.push(["seats", t("{crew}: {people} people and {seats} seats; add a car, or leave people out.", { crew: who, people: n, seats: room })]);
    if (!n) found.push(["people", t("{crew}: nobody rides along; at least one agency must have people on site.", { crew: who })]);
    else if (twice) found.push(["people", t("{crew}: {agency} is both on site and takes part from afar; choose one.", { crew: who, agency: crew.node.querySelector(`[data-agency="${twice}"] th`).textContent })]);
    if (!depot) found.push(["depot", crew.field("depot").value.trim() ? t("{crew}: these are no coordinates; write N and E in metres, or latitude and longitude.", { crew: who }) : t("{crew}: choose where the day begins and ends.", { crew: who })]);
    else if (!isInside(this.region, depot.lon, depot.lat)) found.push(["depot", t("{crew}: the place lies at sea or outside the four counties; choose one on land in Region Nord.", { crew: who })]);
    return found;
  }
}

export function showFault(crew, name, words) {
  const node = crew.field(`${name}-problem`);
  node.textContent = words;
  node.hidden = !words;
}
