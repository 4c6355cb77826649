// Sites of one's shortlist in the form for a new plan: must be visited, as their priority says, or not, with a reason.

import { getJson } from "./api.js";
import { el, fill } from "./dom.js";
import { language, t } from "./i18n.js";
import { ROOT, keyOf } from "./plan_words.js";

const byId = (id) => document.getElementById(id);
const LAYERS = ["workplaces", "accommodation"];

export class SiteChoices {
  // `wanted` are keys such as "workplaces/123" that must be visited from the beginning.
  constructor(wanted) {
    this.wanted = new Set(wanted);
    this.sites = [];
  }

  async load() {
    const sites = await this.find().catch(() => null);
    this.sites = sites ?? [];
    const others = [...this.wanted].filter((key) => !this.sites.some((site) => keyOf(site) === key));
    const looked = await Promise.all(others.map((key) => this.look(key)));
    this.sites = [...this.sites, ...looked];
    this.cells = sites === null ? 0 : this.nCells;
    this.draw(sites === null);
  }

  async find() {
    const { entries } = await getJson(`${ROOT}api/shortlist`, { lang: language() });
    this.nCells = entries.filter((one) => one.kind === "cell").length;
    return entries.filter((one) => one.kind === "site" && one.is_there && LAYERS.includes(one.layer));
  }

  // A site that the address names and the shortlist does not.
  async look(key) {
    const [layer, ...rest] = key.split("/");
    const id = rest.join("/");
    const site = { layer, record_id: id, title: id, layer_title: null, place: null, municipality: null };
    try {
      const found = await getJson(`${ROOT}api/sites/${encodeURIComponent(layer)}/${encodeURIComponent(id)}`, { lang: language() });
      return { ...site, title: found.title ?? id, layer_title: found.layer_title ?? null, municipality: found.municipality ?? null };
    } catch {
      return site;
    }
  }

  draw(failed) {
    const words = failed ? t("The shortlist cannot be read just now. The plan can be made without it, and sites pinned afterwards.") : this.sites.length ? t("Sites that must be visited are in the plan whatever their priority; those that must not be need a reason.") : t("No sites are on your shortlist. Put some there on the map, or pin sites when you see the plan.");
    const cells = this.cells ? t("Cells on it ({n}) are no sites and stay out.", { n: this.cells }) : "";
    byId("sites-hint").textContent = [words, cells].filter(Boolean).join(" ");
    fill(byId("sites"), this.sites.map((site, i) => this.row(site, i)));
  }

  row(site, i) {
    const field = el(
      "select",
      { id: `site-${i}`, "aria-describedby": `site-${i}-where` },
      el("option", { value: "" }, t("As its priority says")),
      el("option", { value: "pin" }, t("Must be visited")),
      el("optgroup", { label: t("Not to be visited, because") }, byId("exclusion-options").content.cloneNode(true)),
    );
    if (this.wanted.has(keyOf(site))) field.value = "pin";
    const where = [site.layer_title, site.place, site.municipality].filter((one, k, all) => one && all.indexOf(one) === k && one !== site.title);
    return el("li", {}, el("div", {}, el("label", { for: `site-${i}` }, el("bdi", {}, site.title)), el("p", { class: "hint", id: `site-${i}-where` }, where.join(" · "))), field);
  }

  get values() {
    const chosen = this.sites.map(({ layer, record_id }, i) => ({ layer, record_id, what: byId(`site-${i}`)?.value ?? "" }));
    const bare = ({ layer, record_id }) => ({ layer, record_id });
    return {
      pinned: chosen.filter(({ what }) => what === "pin").map(bare),
      excluded: chosen.filter(({ what }) => what && what !== "pin").map((one) => ({ ...bare(one), reason: one.what })),
    };
  }
}
