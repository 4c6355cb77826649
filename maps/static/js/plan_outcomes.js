// What came of each stop. "Nothing found" is one click away; everything else has a form, and so have corrections. A form
// that is open stays as it is, whatever happens to the plan around it.

import { announce } from "./announce.js";
import { el } from "./dom.js";
import { day, t } from "./i18n.js";
import { OutcomeForm } from "./plan_outcome_form.js";
import { keyOf, optionsOf, titleOf } from "./plan_words.js";

const RECORDED_IN = ["approved", "under_way"];
// what was recorded may turn out wrong after the plan has ended too, broken off or not
const CORRECTED_IN = [...RECORDED_IN, "closed", "cancelled"];

export class Outcomes {
  constructor(page) {
    this.page = page;
    this.forms = new Map();
    // Stops whose outcome is on its way: until it is there, a second one would be a correction that nobody meant.
    this.sending = new Set();
    // How many persons somebody has said were met, where nothing else is recorded yet.
    this.bands = new Map();
  }

  get isDirty() {
    return [...this.forms.values()].some((form) => form.isDirty);
  }

  get mayRecord() {
    return this.page.mayChange && RECORDED_IN.includes(this.page.plan.state);
  }

  row(stop) {
    const { state } = this.page.plan;
    if (![...RECORDED_IN, "closed"].includes(state) && !stop.outcome) return null;
    const form = this.forms.get(keyOf(stop));
    const mayCorrect = stop.outcome && this.page.mayChange && CORRECTED_IN.includes(state);
    const isOther = form && stop.outcome && textOf(stop.outcome) !== textOf(form.known);
    const note = isOther && el("p", { class: "stop-note" }, t("Another outcome was recorded meanwhile, as shown above. It stays unless you save the form below, which replaces it."));
    return el("div", { class: "outcome" }, stop.outcome && this.words(stop, mayCorrect && !form), note, form ? form.node : !stop.outcome && (this.mayRecord ? this.quick(stop) : el("p", { class: "hint" }, t("No outcome yet."))));
  }

  words(stop, mayCorrect) {
    const { on, result, result_title: resultTitle, outcome_title: title, persons_met: persons, agencies } = stop.outcome;
    const isVisit = result === "visited";
    const seen = agencies.flatMap((one) => one.observations.map((each) => `${each.indicator_title} (${one.title})`));
    return el(
      "div",
      { class: `outcome-done outcome-${isVisit ? stop.outcome.outcome : result}` },
      el("p", {}, el("strong", {}, isVisit ? title : resultTitle), ` · ${day(on)}`, isVisit && [" · ", t("Persons met: {band}", { band: persons.replace("-", "–") })], stop.n_corrections > 0 && [" ", el("span", { class: "tag" }, t("Corrections: {n}", { n: stop.n_corrections }))]),
      isVisit && agencies.length > 0 && el("p", { class: "hint" }, agencies.map((one) => `${one.title}${one.checks.length ? ` (${one.checks.map((check) => check.title).join(", ")})` : ""}`).join("; ")),
      seen.length > 0 && el("ul", { class: "notes" }, seen.map((one) => el("li", {}, one))),
      mayCorrect && el("button", { type: "button", class: "plain-button", "data-key": `${keyOf(stop)} correct`, "aria-label": t("Correct the outcome: {what}", { what: stop.title }), onclick: () => this.open(stop, stop.outcome) }, t("Correct")),
    );
  }

  quick(stop) {
    const key = keyOf(stop);
    const what = stop.title;
    const isSending = this.sending.has(key);
    const problem = el("p", { class: "form-problem", hidden: true }, t("Say how many persons were met on site."));
    const band = el("select", { "aria-label": t("Persons met: {what}", { what }), "data-key": `${key} band`, onchange: () => this.bands.set(key, band.value) && this.tellBand(band, problem) }, el("option", { value: "" }, t("Choose")), optionsOf("band"));
    band.value = this.bands.get(key) ?? "";
    const act = (name, words, onclick, className = "plain-button") => el("button", { type: "button", class: className, "data-key": `${key} ${name}`, "aria-label": `${words}: ${what}`, "aria-disabled": isSending ? "true" : null, onclick }, words);
    const nobody = (result) => () => this.send(stop, { on: stop.on, result, outcome: "", persons_met: "0", agencies: [] });
    return el(
      "div",
      { class: "outcome-quick" },
      el("span", { class: "outcome-band" }, el("span", { class: "hint" }, t("Persons met")), band),
      act("nothing", t("Nothing found"), () => (band.value ? this.send(stop, nothing(stop, band.value)) : this.tellBand(band, problem)), "button"),
      act("found", t("Something found …"), () => this.open(stop, { ...nothing(stop, band.value), outcome: "" })),
      act("not-reached", t("Not reached"), nobody("not_reached")),
      act("closed", t("Nobody there"), nobody("closed")),
      isSending && el("span", { class: "hint" }, t("Saving …")),
      problem,
    );
  }

  // How many were met is never assumed: a number that nobody chose would be counted with the others.
  tellBand(band, problem) {
    const isMissing = !band.value;
    problem.hidden = !isMissing;
    if (!isMissing) {
      band.removeAttribute("aria-invalid");
      return;
    }
    band.setAttribute("aria-invalid", "true");
    band.focus();
    announce(problem.textContent);
  }

  // `known` is the outcome of the stop that whoever fills the form in has seen.
  open(stop, outcome, known = stop.outcome) {
    const key = keyOf(stop);
    const close = () => {
      this.forms.delete(key);
      this.page.draw();
      this.page.focus(`${key} correct`);
    };
    const form = new OutcomeForm(stop, outcome, { onSave: (value) => this.send(stop, value, form.known, close), onCancel: close });
    form.known = known;
    this.forms.set(key, form);
    this.page.draw();
    this.forms.get(key).focus();
  }

  // What one would have recorded, in a form below what somebody else did record; a form that is open keeps what is in it.
  compare(stop, value, known) {
    const key = keyOf(stop);
    const now = this.page.plan.routes.flatMap(({ stops }) => stops).find((one) => keyOf(one) === key);
    if (!now?.outcome || textOf(now.outcome) === textOf(known)) return null;
    const show = () => {
      if (!this.forms.has(key)) this.open(now, value, known);
      const form = this.forms.get(key);
      form.isDirty = true;
      form.focus();
      form.node.parentElement?.scrollIntoView({ block: "start" });
    };
    return { words: t("There is an outcome by now; it stays unless you replace it."), act: t("Show both"), show };
  }

  send(stop, value, known = stop.outcome, done = null) {
    const { layer, record_id } = stop;
    const key = keyOf(stop);
    if (this.sending.has(key)) return null;
    this.sending.add(key);
    this.page.draw();
    const order = this.page.change("POST", "/outcomes", () => ({ layer, record_id, ...value }), {
      what: `${t("Outcome: {what}", { what: stop.title })} (${titleOfValue(value)})`,
      about: key,
      compare: () => this.compare(stop, value, known),
      said: t("The outcome of {what} is saved.", { what: stop.title }),
      done: () => {
        this.sending.delete(key);
        if (done) this.forms.delete(key);
      },
    });
    return order.finally(() => this.sending.delete(key) && this.page.draw());
  }
}

const textOf = (outcome) => JSON.stringify(outcome ?? null);

function titleOfValue({ result, outcome }) {
  if (result === "visited") return titleOf("outcome", outcome);
  return result === "not_reached" ? t("Not reached") : t("Nobody there, or closed");
}

// A visit with nothing found: those on site were there and made their checks.
function nothing(stop, band) {
  const agencies = stop.agencies.filter(({ attendance }) => attendance === "on_site").map(({ agency, checks }) => ({ agency, checks: checks.map(({ check }) => check), observations: [] }));
  return { on: stop.on, result: "visited", outcome: "nothing_found", persons_met: band, agencies };
}
