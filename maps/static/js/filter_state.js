// Which cells are shown and ranked: the filter's parameters, as the address and the server both call them.

const CODE = /^[A-Za-z0-9_-]{1,40}$/;
// Beside the county, which also moves the map.
export const FILTERS = ["municipality", "state", "agency", "certainty", "min_class"];

export const readFilters = (query) => Object.fromEntries(FILTERS.map((name) => [name, CODE.test(query.get(name) ?? "") ? query.get(name) : ""]));

export function writeFilters(query, state) {
  for (const name of FILTERS) if (state[name]) query.set(name, state[name]);
}

// What the server is asked with.
export const filterOf = (state) => Object.fromEntries(["county", ...FILTERS].filter((name) => state[name]).map((name) => [name, state[name]]));

export const isFiltered = (state) => Object.keys(filterOf(state)).length > 0;

export const sameFilter = (state, before) => ["county", ...FILTERS].every((name) => state[name] === before[name]);

export const countFilters = (state) => FILTERS.filter((name) => state[name]).length;
