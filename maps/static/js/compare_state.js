// What the map is compared with, as the address keeps it. In the state it is one text, `compare`, empty where nothing is
// compared: a day, which has the sectors and weights that are in view, or a surface by its id and by what it was scored
// for, so that it can be scored again when nobody remembers it.

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const CODE = /^[A-Za-z0-9_-]{1,40}$/;
const WEIGHT = /^[a-z_]{1,40}:(\d{1,3})$/;
const MIDDLE = 50;

export const COMPARE = ["compare", "compareAs"];
export const NO_COMPARE = { compare: "", compareAs: "difference", compareLine: MIDDLE };

// `isScoringDay` tells which days are scored.
export function readCompare(query, isScoringDay) {
  const of = query.get("with") ?? "";
  if (DAY.test(of) ? !isScoringDay(of) : !CODE.test(of)) return { ...NO_COMPARE };
  const day = query.get("with_at") ?? "";
  const kept = { at: isScoringDay(day) ? day : null, sectors: query.getAll("with_sector").filter((code) => CODE.test(code)), weights: query.getAll("with_weight").filter((text) => Number(WEIGHT.exec(text)?.[1] ?? Infinity) <= 100) };
  const line = Number(query.get("line") ?? NaN);
  return {
    compare: DAY.test(of) ? compareWithDay(of) : compareWithSurface({ id: of, ...kept }),
    compareAs: query.get("as") === "swipe" ? "swipe" : "difference",
    compareLine: Number.isInteger(line) && line >= 0 && line <= 100 && query.get("line") !== "" ? line : MIDDLE,
  };
}

export function writeCompare(query, { compare, compareAs, compareLine }) {
  const other = parseCompare(compare);
  if (!other) return;
  query.set("with", other.day ?? other.id);
  if (other.at) query.set("with_at", other.at);
  for (const sector of other.sectors ?? []) query.append("with_sector", sector);
  for (const weight of other.weights ?? []) query.append("with_weight", weight);
  if (compareAs !== "difference") query.set("as", compareAs);
  if (compareAs === "swipe" && compareLine !== MIDDLE) query.set("line", String(compareLine));
}

export const compareWithDay = (day) => JSON.stringify({ day });

export const compareWithSurface = ({ id, at, sectors, weights }) => JSON.stringify({ id, at, sectors: [...new Set(sectors)].sort(), weights: [...new Set(weights)].sort() });

// {day}, or {id, at, sectors, weights}; null where nothing is compared.
export const parseCompare = (compare) => (compare ? JSON.parse(compare) : null);
