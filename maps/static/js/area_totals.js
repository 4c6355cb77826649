// What stands and has happened in a drawn area, below the tool that drew it.

import { clearProblem } from "./announce.js";
import { latestOnly, sendJson } from "./api.js";
import { writeArea } from "./area_state.js";
import { el, fill, swatch } from "./dom.js";
import { language, number, t, term } from "./i18n.js";
import { layerTitle } from "./layers.js";

const GROUPS_SHOWN = 4;
const PART = 100;

export class AreaTotals {
  // `planOf` is the address of a new plan in the area, for those who may plan.
  constructor({ surface, cells, events, planOf }) {
    Object.assign(this, { surface, cells, planOf });
    this.latest = latestOnly();
    this.node = el("div", { class: "area-totals" });
    this.polygon = null;
    events.on("area", ({ polygon }) => this.show(polygon));
    events.on("surface", () => this.polygon && this.show(this.polygon));
  }

  async show(polygon) {
    this.polygon = polygon;
    this.latest.cancel();
    fill(this.node);
    if (!polygon) return;
    document.getElementById("tool-panel").append(this.node);
    fill(this.node, el("p", { class: "hint" }, t("Adding up …")));
    try {
      const answer = await this.latest((signal) => sendJson("POST", "api/area", polygon, { surface: this.surface.info.id, lang: language() }, signal));
      if (!answer) return;
      clearProblem("area");
      this.draw(answer);
    } catch (error) {
      fill(this.node, this.failure(error));
    }
  }

  // Of an area that cannot be counted the server's own words say all.
  failure({ message, detail, detailLang, status }) {
    const words = detail && el("span", { class: "problem-detail", lang: detailLang ?? "en" }, detail);
    return el("p", { class: "tool-wrong", role: "alert" }, !(detail && [404, 422].includes(status)) && message, words);
  }

  draw(area) {
    const { visits, highest } = area;
    const facts = [
      [t("Cells"), number(area.n_cells)],
      [t("Never inspected"), number(area.states.never_inspected)],
      [t("Mean score of the ranked cells"), area.mean_score === null ? "–" : number(area.mean_score, 1)],
      [t("Visits"), t("{n}, of them {none} with nothing found", { n: visits.n, none: visits.nothing_found })],
      [t("Findings, the last 24 months"), number(area.months.reduce((sum, month) => sum + month.findings, 0))],
      [t("Municipalities"), area.municipalities.map(({ name, share }) => `${name} ${number(share * PART, 0)} %`).join(", ")],
    ];
    fill(
      this.node,
      area.cells_by === "reach" && el("p", { class: "hint" }, area.n_cells === 1 ? t("The area is smaller than a cell: scores are those of the cell that it lies in, sites and visits are its own.") : t("The area is too narrow to hold the middle of a cell: scores are those of the {n} cells that it reaches into, sites and visits are its own.", { n: area.n_cells })),
      el("dl", { class: "facts" }, facts.map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])),
      highest && el("p", { class: "area-highest" }, t("Highest:"), " ", el("button", { type: "button", class: "link-button", onclick: () => this.cells.openEntry({ ...highest, cell: highest.cell_id }) }, `${highest.name}, ${number(highest.score, 1)}`)),
      this.classTable(area.classes),
      Object.entries(area.sites).map(([layer, totals]) => this.siteTable(layer, totals)),
      this.planLink(),
      "mayShare" in document.body.dataset && el("p", { class: "area-share" }, el("a", { class: "button", href: this.shareAddress() }, t("Share this area"))),
    );
  }

  planLink() {
    if (!this.planOf) return null;
    const follow = ({ currentTarget }) => (currentTarget.href = this.planOf());
    return el("p", { class: "area-plan" }, el("a", { class: "plain-button", href: this.planOf(), onpointerdown: follow, onclick: follow }, t("Plan an inspection in this area")));
  }

  // The form for a share link reads the area from its address, as the map does.
  shareAddress() {
    const corners = this.polygon.coordinates[0].slice(0, -1).map(([lng, lat]) => ({ lng, lat }));
    return `links/new?${new URLSearchParams({ lang: language(), area: writeArea(corners) })}`;
  }

  classTable(classes) {
    const rows = [...classes].reverse().filter(({ n_cells: n }) => n > 0);
    if (!rows.length) return null;
    return el("table", { class: "moved" }, el("caption", {}, t("Cells by class")), el("tbody", {}, rows.map((one) => el("tr", {}, el("th", { scope: "row" }, swatch(one.colour, "swatch swatch-small"), " ", term(one.name)), el("td", { class: "number" }, number(one.n_cells))))));
  }

  siteTable(layer, { n, groups }) {
    if (!n) return null;
    const { sectors } = this.surface.info;
    // What was chosen first, then what there is most of; whatever belongs to no group for planners last.
    const order = ({ code }) => (sectors?.includes(code) ? 0 : code === "other" ? 2 : 1);
    const sorted = [...groups].sort((a, b) => order(a) - order(b));
    const left = sorted.slice(GROUPS_SHOWN).reduce((sum, group) => sum + group.n, 0);
    const rows = [...sorted.slice(0, GROUPS_SHOWN), ...(left ? [{ name: t("All others"), n: left }] : [])];
    return el("table", { class: "moved" }, el("caption", {}, `${layerTitle(layer)}: ${number(n)}`), el("tbody", {}, rows.map((group) => el("tr", {}, el("th", { scope: "row" }, group.name), el("td", { class: "number" }, number(group.n))))));
  }
}
