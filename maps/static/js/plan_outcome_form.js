// The form for what came of one stop: whether somebody was there, what each agency did, and the coded indicators it saw.

import { el, fill } from "./dom.js";
import { t } from "./i18n.js";
import { choicesOf, optionsOf, titleOf } from "./plan_words.js";
import { isDay } from "./state.js";

const NOTHING = "nothing_found";
let made = 0;

export class OutcomeForm {
  // `outcome` is what it begins with: of a stop that has one, or a visit as it was planned.
  constructor(stop, outcome, { onSave, onCancel }) {
    Object.assign(this, { stop, onSave, onCancel, id: `outcome-${(made += 1)}`, isDirty: false });
    this.agencies = stop.agencies;
    const there = new Map(outcome.agencies.map((one) => [one.agency, one]));
    this.observations = outcome.agencies.flatMap((one) => (one.observations ?? []).map((each) => ({ ...each, agency: one.agency })));
    this.node = el("form", { class: "outcome-form", novalidate: true, "aria-label": t("Outcome: {what}", { what: stop.title }) });
    this.node.addEventListener("input", () => {
      this.isDirty = true;
    });
    this.node.addEventListener("submit", (event) => this.submit(event));
    this.make(outcome, there);
    this.follow();
  }

  focus() {
    this.node.querySelector("input, select").focus({ preventScroll: true });
    this.node.scrollIntoView({ block: "nearest" });
  }

  make(outcome, there) {
    const { id } = this;
    const field = (name, label, node) => el("div", { class: "form-row" }, el("label", { for: `${id}-${name}` }, label), node, el("p", { class: "form-problem", id: `${id}-${name}-problem`, hidden: true }));
    const select = (name, ...options) => el("select", { id: `${id}-${name}`, "aria-describedby": `${id}-${name}-problem` }, options);
    this.on = el("input", { type: "date", id: `${id}-on`, value: outcome.on, "aria-describedby": `${id}-on-problem` });
    this.result = select("result", [["visited", t("Visited")], ["not_reached", t("Not reached")], ["closed", t("Nobody there, or closed")]].map(([code, words]) => el("option", { value: code }, words)));
    this.result.value = outcome.result;
    this.outcome = select("found", el("option", { value: "" }, t("Choose what was found")), optionsOf("outcome"));
    this.outcome.value = outcome.outcome;
    this.persons = select("persons", el("option", { value: "" }, t("Choose")), optionsOf("band"));
    this.persons.value = outcome.persons_met;
    this.result.addEventListener("change", () => this.follow());
    this.outcome.addEventListener("change", () => this.follow());
    this.rows = this.agencies.map((one) => this.agencyRow(one, there.get(one.agency)));
    this.seen = el("ul", { class: "observations" });
    this.visit = el(
      "div",
      {},
      el("div", { class: "form-pair" }, field("found", t("The gravest that was found"), this.outcome), field("persons", t("Persons met"), this.persons)),
      el("fieldset", { class: "form-row" }, el("legend", {}, t("Who was there, and what they checked")), this.rows.map(({ node }) => node), el("p", { class: "form-problem", id: `${id}-agencies-problem`, hidden: true })),
      el("fieldset", { class: "form-row", "data-part": "observations" }, el("legend", {}, t("What was seen, as coded indicators")), this.seen, el("p", { class: "form-problem", id: `${id}-seen-problem`, hidden: true }), el("p", {}, el("button", { type: "button", class: "plain-button", onclick: () => this.addObservation() }, t("Add an indicator")))),
    );
    fill(
      this.node,
      el("div", { class: "form-pair" }, field("on", t("Day"), this.on), field("result", t("What came of the stop"), this.result)),
      this.visit,
      el("div", { class: "row-buttons" }, el("button", { type: "submit", class: "button button-main" }, t("Save the outcome")), el("button", { type: "button", class: "plain-button", onclick: () => this.onCancel() }, t("Cancel"))),
    );
    this.drawObservations();
  }

  agencyRow({ agency, title, checks, attendance }, known) {
    const box = (name, isOn, words) => {
      const input = el("input", { type: "checkbox", value: name });
      input.checked = isOn;
      return { input, node: el("label", { class: "choice" }, input, el("span", {}, words)) };
    };
    const was = box(agency, Boolean(known), attendance === "on_site" ? title : t("{agency} (from afar)", { agency: title }));
    const had = new Set((known?.checks ?? []).map((one) => one.check ?? one));
    const made = checks.map(({ check, title: words }) => box(check, had.has(check), words));
    const list = el("div", { class: "check-list" }, made.map(({ node }) => node));
    const follow = () => {
      list.hidden = !was.input.checked;
    };
    was.input.addEventListener("change", () => {
      if (was.input.checked) for (const { input } of made) input.checked = true;
      follow();
      this.drawObservations();
    });
    follow();
    return { agency, title, was: was.input, made, node: el("div", { class: "agency-outcome" }, was.node, list) };
  }

  // Only a visit has an outcome; and nothing was seen where nothing was found.
  follow() {
    this.visit.hidden = this.result.value !== "visited";
    this.visit.querySelector("[data-part=observations]").hidden = this.outcome.value === NOTHING && !this.observations.length;
  }

  // the button that adds an indicator
  get adder() {
    return this.node.querySelector("[data-part=observations] > p > button");
  }

  get present() {
    return this.rows.filter(({ was }) => was.checked);
  }

  addObservation() {
    this.isDirty = true;
    const [first] = this.present;
    this.observations = [...this.observations, { agency: first?.agency ?? "", indicator: "", grade: "", source: "observed", verification: "unverified", persons_band: this.persons.value }];
    this.drawObservations();
    this.seen.lastElementChild.querySelector("select").focus();
  }

  drawObservations() {
    if (!this.seen) return;
    fill(this.seen, this.observations.map((one, i) => this.observationRow(one, i)));
    this.follow();
  }

  observationRow(one, i) {
    const select = (name, label, options) => {
      const id = `${this.id}-seen-${i}-${name}`;
      const node = el("select", { id }, options);
      node.value = one[name];
      node.addEventListener("change", () => this.write(i, name, node.value));
      return el("div", {}, el("label", { for: id }, label), node);
    };
    const choose = () => el("option", { value: "" }, t("Choose"));
    return el(
      "li",
      {},
      select("indicator", t("Indicator"), [choose(), optionsOf("indicator")]),
      select("agency", t("Seen by"), [choose(), ...this.present.map(({ agency, title }) => el("option", { value: agency }, title))]),
      select("grade", t("Strength"), [choose(), optionsOf("grade")]),
      select("source", t("Source"), [optionsOf("source")]),
      select("verification", t("Verification"), [optionsOf("verification")]),
      select("persons_band", t("Persons concerned"), [choose(), optionsOf("band")]),
      el("button", { type: "button", class: "plain-button", "aria-label": t("Remove indicator {n}", { n: i + 1 }), onclick: () => this.removeObservation(i) }, t("Remove")),
    );
  }

  write(i, name, value) {
    const changed = { ...this.observations[i], [name]: value };
    // an indicator comes with the strength that the list gives it
    const usual = name === "indicator" ? choicesOf("indicator_grade").find(([code]) => code === value)?.[1] : null;
    if (usual) changed.grade = usual;
    this.observations = this.observations.map((one, k) => (k === i ? changed : one));
    if (usual) {
      this.drawObservations();
      this.seen.children[i].querySelectorAll("select")[0].focus();
    }
  }

  removeObservation(i) {
    this.isDirty = true;
    this.observations = this.observations.filter((_, k) => k !== i);
    this.drawObservations();
    this.adder.focus();
  }

  get value() {
    const head = { on: this.on.value, result: this.result.value };
    if (head.result !== "visited") return { ...head, outcome: "", persons_met: "0", agencies: [] };
    const bare = ({ indicator, grade, source, verification, persons_band }) => ({ indicator, grade, source, verification, persons_band });
    const agencies = this.present.map(({ agency, made }) => ({ agency, checks: made.filter(({ input }) => input.checked).map(({ input }) => input.value), observations: this.observations.filter((one) => one.agency === agency).map(bare) }));
    return { ...head, outcome: this.outcome.value, persons_met: this.persons.value, agencies };
  }

  faults() {
    const found = [];
    if (!isDay(this.on.value)) found.push(["on", t("Say which day it was.")]);
    if (this.result.value !== "visited") return found;
    if (!this.outcome.value) found.push(["found", t("Choose what was found; “{nothing}” is an outcome too.", { nothing: titleOf("outcome", NOTHING) })]);
    if (!this.persons.value) found.push(["persons", t("Say how many persons were met on site.")]);
    // those who took part from afar were not there
    const onSite = this.agencies.filter(({ attendance }) => attendance === "on_site").map(({ agency }) => agency);
    if (!this.present.length || (onSite.length && !this.present.some(({ agency }) => onSite.includes(agency)))) found.push(["agencies", t("A visit has at least one agency that was there.")]);
    const lacking = this.observations.some(({ indicator, grade, agency, persons_band: band }) => !indicator || !grade || !band || !this.present.some((one) => one.agency === agency));
    if (lacking) found.push(["seen", t("Every indicator needs an agency that was there, a strength and how many persons it concerns; complete it or remove it.")]);
    else if (this.observations.length && this.outcome.value === NOTHING) found.push(["found", t("Indicators were seen, so something was found: choose what, or remove them.")]);
    else if (!this.observations.length && this.outcome.value && this.outcome.value !== NOTHING) found.push(["seen", t("Something was found, so at least one indicator was seen: add it, or choose “{nothing}”.", { nothing: titleOf("outcome", NOTHING) })]);
    return found;
  }

  submit(event) {
    event.preventDefault();
    for (const node of this.node.querySelectorAll(".form-problem")) Object.assign(node, { textContent: "", hidden: true });
    for (const node of this.node.querySelectorAll("[aria-invalid]")) node.removeAttribute("aria-invalid");
    const faults = this.faults();
    for (const [name, words] of faults) {
      const node = this.node.querySelector(`#${this.id}-${name}-problem`);
      Object.assign(node, { textContent: words, hidden: false });
      this.node.querySelector(`#${this.id}-${name}`)?.setAttribute("aria-invalid", "true");
    }
    if (!faults.length) {
      this.onSave(this.value);
      return;
    }
    const isUnseen = faults[0][0] === "seen" && !this.observations.length;
    const first = isUnseen ? this.adder : (this.node.querySelector(`#${this.id}-${faults[0][0]}`) ?? this.rows[0]?.was);
    first?.focus();
  }
}
