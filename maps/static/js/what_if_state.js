// What is tried in the what-if panel, as the address keeps it: codes, numbers and places on the map's grid in whole metres,
// such as add_accommodation.758500.7088500.400.work_camp. A record is told by its place: no id, name or other text of a
// record gets into an address, which others may be sent.

export const MOST_CHANGES = 20;
const CODE = /^[a-z][a-z0-9_]{0,39}$/;
const whole = (low, high) => (text) => /^\d{1,7}$/.test(text) && Number(text) >= low && Number(text) <= high;
const isCode = (text) => CODE.test(text);
const isLayer = (text) => ["workplaces", "accommodation", "establishments"].includes(text);
// Sweden with a margin, on the map's grid.
const easting = whole(100000, 1100000);
const northing = whole(6000000, 7900000);
const many = whole(1, 100000);

// Of each kind, what follows it.
const PARTS = {
  add_accommodation: { easting, northing, beds: many, housing_type: isCode },
  add_establishment: { easting, northing, workforce: many, phase: isCode, sector: isCode },
  set_phase: { easting, northing, phase: isCode },
  close_site: { layer: isLayer, easting, northing },
  withdraw_sector: { sector: isCode, percent: whole(1, 100) },
};
const NUMBERS = ["easting", "northing", "beds", "workforce", "percent"];

// The fields of a change; null where the text is none.
export function readChange(text) {
  const [kind, ...values] = text.split(".");
  const parts = Object.hasOwn(PARTS, kind) ? Object.entries(PARTS[kind]) : null;
  if (!parts || values.length !== parts.length || !parts.every(([, isRight], i) => isRight(values[i]))) return null;
  return { kind, ...Object.fromEntries(parts.map(([name], i) => [name, NUMBERS.includes(name) ? Number(values[i]) : values[i]])) };
}

export function writeChange(fields) {
  const names = Object.keys(PARTS[fields.kind]);
  return [fields.kind, ...names.map((name) => (NUMBERS.includes(name) ? Math.round(fields[name]) : fields[name]))].join(".");
}

// {tries, n_left_out}: those that can be read, in their order, as they are kept.
export function checkTries(texts) {
  const read = texts.slice(0, MOST_CHANGES).map(readChange);
  const tries = read.filter(Boolean).map(writeChange);
  return { tries, nLeftOut: texts.length - tries.length };
}
