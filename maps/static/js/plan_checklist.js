// What must be ready for people who turn out to be victims. Languages are what the plan may need, never a person's.

import { el, fill } from "./dom.js";
import { t } from "./i18n.js";
import { checklistClash } from "./plan_clash.js";
import { choicesOf, clashWords, titleOf } from "./plan_words.js";

const byId = (id) => document.getElementById(id);

export class Checklist {
  constructor(page) {
    this.page = page;
    this.isOpen = false;
    this.faults = new Map();
  }

  draw() {
    fill(byId("checklist"), this.page.plan.checklist.map((one) => this.item(one)));
  }

  item(one) {
    const mayAnswer = this.page.isOpen;
    const id = `item-${one.item}`;
    const box = el("input", { type: "checkbox", id, "data-key": `checklist ${one.item}`, disabled: !mayAnswer, "aria-describedby": `${id}-problem` });
    box.checked = one.is_ready;
    box.addEventListener("change", () => this.answer(one, box.checked, box));
    const fault = this.faults.get(one.item) ?? "";
    return el(
      "li",
      { class: one.is_ready ? "is-ready" : "" },
      el("label", { class: "choice", for: id }, box, el("span", {}, one.title, " ", el("span", { class: "tag" }, one.is_ready ? t("Ready") : t("Not ready")))),
      el("p", { class: "form-problem", id: `${id}-problem`, role: "alert", hidden: !fault }, fault),
      one.detail === "languages" && this.languages(one, mayAnswer),
    );
  }

  answer(one, isReady, box) {
    if (isReady && one.detail === "languages" && !one.languages.length) {
      box.checked = false;
      this.faults.set(one.item, t("Choose at least one language that interpreters are booked for."));
      this.isOpen = true;
      this.draw();
      byId("languages").querySelector("input")?.focus();
      return;
    }
    this.faults.delete(one.item);
    this.send(one, "", () => ({ is_ready: isReady, languages: this.now(one.item).languages }));
  }

  now(item) {
    return this.page.plan.checklist.find((one) => one.item === item);
  }

  send({ item, title }, about, body) {
    this.page.change("PUT", `/checklist/${encodeURIComponent(item)}`, body, {
      what: about ? `${title}: ${titleOf("language", about)}` : title,
      about,
      compare: (plan, theirs) => clashWords(checklistClash(theirs, item, this.now(item), body()), sayAnswer),
      said: () => (this.now(item).is_ready ? t("Ready: saved.") : t("Saved.")),
    });
  }

  languages(one, mayAnswer) {
    const names = one.languages.map((code) => titleOf("language", code)).join(", ");
    if (!mayAnswer) return el("p", { class: "hint" }, names ? t("Languages: {names}", { names }) : t("No language is chosen."));
    const boxes = choicesOf("language").map(([code, title]) => {
      const box = el("input", { type: "checkbox", value: code, "data-key": `language ${code}` });
      box.checked = one.languages.includes(code);
      box.addEventListener("change", () => this.choose(one, code, box.checked));
      return el("label", { class: "choice" }, box, el("span", {}, title));
    });
    const node = el("details", { class: "languages-choice", id: "languages" }, el("summary", { "data-key": "checklist languages" }, names ? t("Languages: {names}", { names }) : t("Choose the languages that may be needed")), el("fieldset", {}, el("legend", { class: "visually-hidden" }, t("Languages")), el("div", { class: "choices" }, boxes)));
    node.open = this.isOpen;
    node.addEventListener("toggle", () => {
      this.isOpen = node.open;
    });
    return node;
  }

  // A language more or less than the plan then has; the last one takes the item's readiness with it.
  choose(one, code, isOn) {
    this.faults.delete(one.item);
    this.send(one, code, () => {
      const { languages, is_ready: isReady } = this.now(one.item);
      const others = languages.filter((other) => other !== code);
      const chosen = isOn ? [...others, code].sort() : others;
      return { is_ready: isReady && chosen.length > 0, languages: chosen };
    });
  }
}

const sayAnswer = ({ is_ready: isReady, languages }) => [isReady ? t("Ready") : t("Not ready"), ...languages.map((code) => titleOf("language", code))].join(", ");
