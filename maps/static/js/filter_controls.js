// Municipality, state, powers, certainty and class: which cells the map shows and the list ranks.

import { el, fill } from "./dom.js";
import { t } from "./i18n.js";
import { FILTERS, countFilters } from "./filter_state.js";

const byId = (id) => document.getElementById(id);

export function setUpFilterControls({ choices, state, onChange }) {
  const fields = Object.fromEntries(FILTERS.map((name) => [name, byId(`filter-${name}`)]));
  for (const name of FILTERS.slice(1)) fields[name].append(...choices[name].map(({ code, name: title }) => el("option", { value: code }, title)));
  for (const [name, field] of Object.entries(fields)) field.addEventListener("change", () => onChange({ [name]: field.value }));
  byId("filters-clear").addEventListener("click", () => {
    onChange(Object.fromEntries(FILTERS.map((name) => [name, ""])));
    byId("more-filters").querySelector("summary").focus();
  });

  const known = (name, code) => !code || choices[name].some((one) => one.code === code);

  // Sets the controls to what is shown; a county has only its own municipalities.
  const show = (shown) => {
    const offered = choices.municipality.filter(({ county }) => !shown.county || county === shown.county);
    const [all] = fields.municipality.options;
    fill(fields.municipality, all, offered.map(({ code, name }) => el("option", { value: code }, name)));
    for (const name of FILTERS) fields[name].value = shown[name];
    const count = countFilters(shown);
    byId("more-filters-count").textContent = count ? t("{count} in use", { count }) : "";
    byId("filters-clear").hidden = !count;
  };
  show(state);
  if (countFilters(state)) byId("more-filters").open = true;
  // What an old link asks for and is there no more.
  const stale = FILTERS.filter((name) => !known(name, state[name]));
  return { show, stale };
}
