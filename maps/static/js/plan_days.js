// The days of a new plan: a list of dates, to be added to and taken from.

import { el, fill } from "./dom.js";
import { t } from "./i18n.js";
import { isDay } from "./state.js";
import { weekday } from "./plan_words.js";

const DAY_MS = 86400000;
const byId = (id) => document.getElementById(id);
const write = (date) => date.toISOString().slice(0, 10);

// The next day on which people work.
export function workdayAfter(iso) {
  let time = Date.parse(`${iso}T00:00:00Z`);
  do time += DAY_MS;
  while ([0, 6].includes(new Date(time).getUTCDay()));
  return write(new Date(time));
}

// A year that was mistyped is told at once; a plan of days that have been may be meant all the same.
function wordsOf(day) {
  if (!isDay(day)) return "";
  return day < write(new Date()) ? t("{day}: this day has been", { day: weekday(day) }) : weekday(day);
}

export class DayList {
  constructor(first) {
    this.days = [first];
    this.draw();
    byId("add-day").addEventListener("click", () => this.add());
  }

  get values() {
    return this.days.filter(isDay).sort();
  }

  take(days) {
    this.days = [...days];
    this.draw();
  }

  add() {
    const last = this.values.at(-1);
    this.days = [...this.days, last ? workdayAfter(last) : ""];
    this.draw();
    byId(`day-${this.days.length - 1}`).focus();
  }

  remove(i) {
    this.days = this.days.filter((_, k) => k !== i);
    this.draw();
    byId("add-day").focus();
  }

  draw() {
    fill(byId("days"), this.days.map((day, i) => this.row(day, i)));
  }

  row(day, i) {
    const words = el("span", { class: "hint", role: "status" }, wordsOf(day));
    const field = el("input", { type: "date", id: `day-${i}`, value: day, "aria-label": t("Day {n}", { n: i + 1 }), "aria-describedby": "days-problem" });
    field.addEventListener("change", () => {
      this.days[i] = field.value;
      words.textContent = wordsOf(field.value);
    });
    const remove = this.days.length > 1 && el("button", { type: "button", class: "plain-button", "aria-label": t("Remove day {n}", { n: i + 1 }), onclick: () => this.remove(i) }, t("Remove"));
    return el("li", {}, field, words, remove);
  }

  // What is wrong, by the id of the field.
  faults() {
    if (this.days.some((day) => !isDay(day))) return [[`day-${this.days.findIndex((day) => !isDay(day))}`, "days", t("Every day needs a date.")]];
    const twice = this.days.findIndex((day, i) => this.days.indexOf(day) !== i);
    return twice < 0 ? [] : [[`day-${twice}`, "days", t("The same day stands twice; change or remove one.")]];
  }
}
