// From state to state, with what stands in the way; what was done by whom; and coded comments.

import { el, fill } from "./dom.js";
import { closeOnClickElsewhere, closeOnEscape } from "./folds.js";
import { moment, t } from "./i18n.js";
import { keyOf, optionsOf } from "./plan_words.js";

const byId = (id) => document.getElementById(id);
// Moves that end a plan or take something back stand apart from those that lead on.
const ONWARD = ["ready", "approved", "under_way", "closed"];

export function drawMoves(page) {
  const { plan } = page;
  if (!page.mayChange || !plan.moves.length) {
    fill(byId("plan-moves"));
    return;
  }
  const rank = ({ to_state: to }) => (ONWARD.includes(to) && to !== "draft" ? 0 : 1);
  const moves = [...plan.moves].sort((a, b) => rank(a) - rank(b));
  const blocked = moves.filter(({ to_state: to }) => plan.blocks[to]?.length);
  fill(
    byId("plan-moves"),
    el("div", { class: "row-buttons" }, moves.map((move) => moveButton(page, move, rank(move) === 0))),
    blocked.map((move) => blockList(move, plan.blocks[move.to_state])),
  );
}

function moveButton(page, { to_state: to, title, needs_reason: needsReason }, isOnward) {
  const { plan } = page;
  const key = `move ${to}`;
  const go = (reason) => page.change("POST", "/moves", () => ({ to_state: to, reason }), { what: title, about: to, said: (now) => t("The plan is now: {state}.", { state: now.state_title }) });
  if (!needsReason) {
    const isBlocked = Boolean(plan.blocks[to]?.length);
    return el("button", { type: "button", class: isOnward ? "button button-main" : "button", "data-key": key, disabled: isBlocked, "aria-describedby": isBlocked ? `blocks-${to}` : null, onclick: () => go("") }, title);
  }
  const id = `reason-${to}`;
  const field = el("select", { id }, el("option", { value: "" }, t("Choose a reason")), optionsOf("move"));
  const fault = el("p", { class: "form-problem", id: `${id}-problem`, hidden: true });
  const send = () => {
    fault.hidden = Boolean(field.value);
    fault.textContent = field.value ? "" : t("Choose a reason first.");
    if (field.value) go(field.value);
    else field.focus();
  };
  field.setAttribute("aria-describedby", `${id}-problem`);
  return closeOnEscape(el("details", { class: "move-with-reason" }, el("summary", { class: "button", "data-key": key }, title, " …"), el("div", { class: "move-reason" }, el("label", { for: id }, t("Why")), field, fault, el("button", { type: "button", class: "button", onclick: send }, title))));
}

closeOnClickElsewhere(".move-with-reason");

const blockList = ({ to_state: to, title }, blocks) => el("details", { class: "blocks", id: `blocks-${to}`, open: blocks.length <= 8 }, el("summary", {}, t("Before “{move}”: {n} left", { move: title, n: blocks.length })), el("ul", { class: "notes" }, blocks.map((one) => el("li", {}, one))));

export function drawHistory(page) {
  const { history } = page.plan;
  fill(byId("history"), [...history].reverse().map((one) => el("li", {}, el("span", { class: "hint" }, moment(new Date(one.at))), " ", el("bdi", {}, one.by), ": ", one.what_text, one.reason_title && !one.what_text.includes(one.reason_title) && ` (${one.reason_title.toLocaleLowerCase()})`)));
  if (!page.mayChange) {
    fill(byId("comment"));
    return;
  }
  if (byId("comment-reason")) {
    fillAbout(byId("comment-about"), page.plan);
    return;
  }
  const about = el("select", { id: "comment-about" });
  fillAbout(about, page.plan);
  const reason = el("select", { id: "comment-reason" }, el("option", { value: "" }, t("Choose a reason")), optionsOf("move"), optionsOf("revisit"));
  const send = (event) => {
    event.preventDefault();
    if (!reason.value) {
      reason.focus();
      return;
    }
    const value = { reason: reason.value, about: about.value };
    page.change("POST", "/comments", () => value, { what: `${t("Comment")}: ${reason.selectedOptions[0].textContent}`, about: JSON.stringify(value), said: t("The comment is saved."), done: () => (reason.value = "") });
  };
  fill(
    byId("comment"),
    el("form", { class: "comment-form", novalidate: true, onsubmit: send }, el("div", {}, el("label", { for: "comment-reason" }, t("Comment")), reason), el("div", {}, el("label", { for: "comment-about" }, t("About")), about), el("button", { type: "submit", class: "plain-button" }, t("Add"))),
    el("p", { class: "hint" }, t("Comments are chosen from a list, so that no name ends up in them.")),
  );
}

function fillAbout(node, plan) {
  const chosen = node.value;
  fill(node, el("option", { value: "" }, t("The whole plan")), plan.routes.flatMap(({ stops }) => stops).map((stop) => el("option", { value: keyOf(stop) }, stop.title)));
  node.value = [...node.options].some(({ value }) => value === chosen) ? chosen : "";
}
