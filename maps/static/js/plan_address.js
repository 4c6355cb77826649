// The way from the map to a new plan: the shortlist's sites must be visited, and the map's filter, drawn area and day are taken over.

import { buildUrl } from "./api.js";
import { filterOf } from "./filter_state.js";
import { language } from "./i18n.js";

// What crews can go to.
const LAYERS = ["workplaces", "accommodation"];
// Addresses have an end; the form knows the rest of the list by itself.
const MOST = 40;

export function planAddress(entries, state) {
  const { county, municipality, agency, certainty } = filterOf(state);
  const site = entries.filter((one) => one.kind === "site" && one.is_there && LAYERS.includes(one.layer)).map((one) => `${one.layer}:${one.record_id}`);
  return buildUrl("plans/new", { lang: language(), at: state.at, county, municipality, agency, certainty, sector: state.sectors ?? [], area: state.area, site: site.slice(0, MOST) });
}
