// What somebody is writing in a list that the server keeps and another tab may change: it outlives every drawing of the
// list, is never written over what nobody saw, and is never lost without a word.

import { el } from "./dom.js";
import { t } from "./i18n.js";

const checks = new Set();

// The browser asks before it leaves the page while a check says that something typed is neither saved nor thrown away.
export const guardUnsaved = (check) => checks.add(check);

window.addEventListener("beforeunload", (event) => {
  if ([...checks].some((check) => check())) event.preventDefault();
});

// As the server keeps a text.
const tidy = (text) => text.normalize("NFC").replace(/\r\n?|[\u2028\u2029]/g, "\n").trim();
const isSame = (one, other) => tidy(one) === tidy(other);

export class Drafts {
  // `id` and `text` read an item. `key` is what an item is of, the same when it comes back under another id; null where
  // that cannot be told.
  constructor({ id, text, key = () => null }) {
    this.read = { id, text, key };
    this.drafts = new Map();
    guardUnsaved(() => this.ids().some((one) => this.isDirty(one)));
  }

  ids = () => [...this.drafts.keys()];
  get = (id) => this.drafts.get(id);
  has = (id) => this.drafts.has(id);
  drop = (id) => this.drafts.delete(id);
  // Whose item is there no more.
  gone = () => [...this.drafts.values()].filter((draft) => draft.isGone);

  isDirty(id) {
    const draft = this.get(id);
    return Boolean(draft) && (draft.isGone || !isSame(draft.text, draft.base));
  }

  start(item) {
    const id = this.read.id(item);
    if (this.has(id)) return;
    const text = this.read.text(item);
    // `base` is what is stored, `theirs` that too where somebody has to choose between the two
    this.drafts.set(id, { id, item, text, base: text, version: item.version, fault: "", sent: null, theirs: null, isGone: false });
  }

  write(id, text) {
    Object.assign(this.get(id), { text, fault: "" });
  }

  // The list as it is stored now: what was changed or removed there meanwhile is said beside what is being written.
  meet(items) {
    for (const draft of [...this.drafts.values()]) {
      const key = this.read.key(draft.item);
      const item = items.find((one) => this.read.id(one) === draft.id) ?? (key === null ? undefined : items.find((one) => this.read.key(one) === key));
      if (item) this.take(draft, item);
      else if (this.isDirty(draft.id)) Object.assign(draft, { isGone: true, theirs: null });
      else this.drop(draft.id);
    }
  }

  take(draft, item) {
    const id = this.read.id(item);
    if (id !== draft.id) {
      this.drop(draft.id);
      draft.id = id;
      this.drafts.set(id, draft);
    } else if (item.version === draft.version && !draft.isGone) return;
    const stored = this.read.text(item);
    const wasWritten = !isSame(draft.text, draft.base);
    const isChosen = isSame(stored, draft.text) || (draft.sent !== null && isSame(stored, draft.sent));
    const isOther = wasWritten && !isChosen && !isSame(stored, draft.base);
    if (!wasWritten) draft.text = stored;
    Object.assign(draft, { base: stored, version: item.version, sent: null, theirs: isOther ? stored : isChosen ? null : draft.theirs, isGone: false });
    if (this.read.key(item) !== null) draft.item = item;
  }
}

// The form for a draft. `makeField(attributes, text)` makes its field, `label` stands over it or is null, `save` is what
// saving it is called, and `again` what saving it anew is called where its item is gone (null: it cannot be).
export function makeDraftForm(drafts, draft, { makeField, label = null, save, again, onSave, onAgain, onLeave }) {
  const { id, text, fault, theirs, isGone } = draft;
  const fieldId = `draft-${id}`;
  const field = makeField({ id: fieldId, dir: "auto", "data-key": `${id} text`, "aria-invalid": fault ? "true" : null, "aria-describedby": `${fieldId}-problem ${fieldId}-other` }, text);
  field.addEventListener("input", () => drafts.write(id, field.value));
  const leave = () => onLeave(draft);
  const button = (type, code, words, onclick) => el("button", { type, class: "plain-button", "data-key": `${id} ${code}`, onclick }, words);
  const isChoice = theirs !== null;
  return el(
    "form",
    {
      class: "note-form",
      novalidate: true,
      onsubmit: (event) => {
        event.preventDefault();
        if (!isGone) onSave(draft);
        else if (again) onAgain(draft);
      },
      // What would be lost is not lost by one key.
      onkeydown: (event) => event.key === "Escape" && !isGone && !isChoice && leave(),
    },
    label && el("label", { for: fieldId }, label),
    el("div", { id: `${fieldId}-other`, class: "draft-other", role: isGone || isChoice ? "alert" : null, hidden: !isGone && !isChoice }, isGone && goneWords(draft, again), isChoice && choiceWords(draft)),
    field,
    el("p", { class: "field-problem", id: `${fieldId}-problem`, role: "alert", hidden: !fault }, fault),
    el(
      "div",
      { class: "saved-buttons" },
      isGone ? again && button("submit", "save", again) : button("submit", "save", isChoice ? t("Save what I wrote") : save),
      button("button", "leave", isGone ? t("Discard") : isChoice ? t("Keep what is stored") : t("Cancel"), leave),
    ),
  );
}

// The focus to one of a row's elements; what is said over the field of a draft is seen with it.
export function focusIn(node) {
  node?.focus({ preventScroll: true });
  const form = node?.closest(".note-form");
  form?.scrollIntoView({ block: form.querySelector(".draft-other:not([hidden])") ? "start" : "nearest" });
}

const goneWords = (draft, again) => el("p", {}, again ? t("This was removed meanwhile. What you wrote is still here.") : t("This was removed meanwhile and cannot be put back. What you wrote is still here, to copy."));

const choiceWords = ({ theirs }) => [
  el("p", {}, t("This was changed in another tab meanwhile. Choose one of the two, or put them together below.")),
  el("p", { class: "draft-label" }, t("Stored now:")),
  el("p", { class: "saved-note draft-theirs", dir: "auto" }, theirs || t("(empty)")),
  el("p", { class: "draft-label" }, t("What you wrote:")),
];
