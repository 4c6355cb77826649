// Numbers and dates as Swedish and English write them; the Python side has the same rules.

const THIN_SPACE = "\u202f";
const MINUS = "\u2212";

export function formatNumber(lang, value, decimals = null) {
  if (!Number.isFinite(value)) return "–";
  const digits = decimals ?? (Math.abs(value) < 10 && value !== Math.round(value) ? 1 : 0);
  const [whole, fraction] = Math.abs(value).toFixed(digits).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, lang === "sv" ? THIN_SPACE : ",");
  const text = fraction ? grouped + (lang === "sv" ? "," : ".") + fraction : grouped;
  return value < 0 && /[1-9]/.test(text) ? MINUS + text : text;
}

export function formatDate(lang, isoText) {
  const day = new Date(`${String(isoText).slice(0, 10)}T12:00:00Z`);
  if (Number.isNaN(day.getTime())) return String(isoText);
  const options = { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" };
  return new Intl.DateTimeFormat(lang === "sv" ? "sv-SE" : "en-GB", options).format(day);
}

// Parts rounded to `decimals` so that they add up to the rounded whole (largest remainders).
export function roundToSum(parts, decimals = 1) {
  const unit = 10 ** decimals;
  const scaled = parts.map((part) => part * unit);
  const floors = scaled.map(Math.floor);
  const total = Math.round(scaled.reduce((sum, part) => sum + part, 0));
  let missing = total - floors.reduce((sum, part) => sum + part, 0);
  const order = scaled.map((part, i) => [part - floors[i], i]).sort((a, b) => b[0] - a[0] || a[1] - b[1]);
  for (const [, i] of order) {
    if (missing <= 0) break;
    floors[i] += 1;
    missing -= 1;
  }
  return floors.map((part) => part / unit);
}
