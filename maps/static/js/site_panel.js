// Everything that is known of one site, in place of the cell, with the way back.

import { showProblem } from "./announce.js";
import { getJson, latestOnly } from "./api.js";
import { visitList } from "./cell_nearby.js";
import { el, fill } from "./dom.js";
import { language, t } from "./i18n.js";

const latest = latestOnly();

export async function openSite(node, { layer, id }, { surface, ...how }) {
  try {
    const path = `api/sites/${encodeURIComponent(layer)}/${encodeURIComponent(id)}`;
    const site = await latest((signal) => getJson(path, { surface, lang: language() }, signal));
    if (!site) return;
    draw(node, site, how);
  } catch (error) {
    showProblem("site", error);
  }
}

// `actions` gives what one can do with a site, for the panel's head.
function draw(node, site, { onCell, onClose, onWhatIf, actions }) {
  const closing = ["workplaces", "accommodation", "establishments"].includes(site.layer);
  fill(
    node,
    el(
      "div",
      { class: "cell-head" },
      el("div", {}, el("h2", { class: "cell-title", id: "cell-title", tabindex: "-1" }, site.title), el("p", { class: "cell-where" }, site.layer_title)),
      el("button", { type: "button", class: "icon-button", "aria-label": t("Close"), onclick: onClose }, el("span", { "aria-hidden": "true" }, "×")),
    ),
    el("div", { class: "cell-actions" }, actions?.(site)),
    site.cell_id && el("p", { class: "site-back" }, el("button", { type: "button", class: "link-button", onclick: () => onCell(site.cell_id) }, t("Why the cell around it has its score"))),
    site.synthetic && el("p", { class: "site-synthetic" }, t("Synthetic: made up for demonstration")),
    site.groups.map((fields) => el("section", { class: "cell-part" }, el("dl", { class: "facts" }, fields.map(({ label, value }) => [el("dt", {}, label), el("dd", {}, value)])))),
    el("section", { class: "cell-part" }, el("h3", {}, t("Past visits")), site.visits.length ? visitList(site.visits) : el("p", { class: "hint" }, t("No visit here is known."))),
    closing && onWhatIf && el("p", { class: "cell-part" }, el("button", { type: "button", class: "plain-button", onclick: () => onWhatIf(site) }, t("What if this closed?"))),
  );
  node.hidden = false;
  document.getElementById("workbench").classList.add("has-cell");
  document.getElementById("cell-title").focus({ preventScroll: true });
}
