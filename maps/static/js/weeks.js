// Days, months and weeks of the calendar, ISO 8601: week 1 holds the year's first Thursday.

const DAY_MS = 86400000;

const parse = (isoDay) => new Date(`${isoDay}T00:00:00Z`);
const write = (date) => date.toISOString().slice(0, 10);

// The Thursday of a day's week says which year the week belongs to.
const thursday = (date) => new Date(date.getTime() + (3 - ((date.getUTCDay() + 6) % 7)) * DAY_MS);

export function weekOf(isoDay) {
  const middle = thursday(parse(isoDay));
  const year = middle.getUTCFullYear();
  const days = Math.round((middle - Date.UTC(year, 0, 1)) / DAY_MS);
  return { year, week: 1 + Math.floor(days / 7) };
}

// Monday of a week, null where the year has no such week.
export function mondayOf(year, week) {
  const first = thursday(new Date(Date.UTC(year, 0, 4)));
  const monday = write(new Date(first.getTime() + ((week - 1) * 7 - 3) * DAY_MS));
  const found = weekOf(monday);
  return Number.isInteger(week) && found.year === year && found.week === week ? monday : null;
}

// 28 December is always in the year's last week.
export const lastWeekOf = (year) => weekOf(`${year}-12-28`).week;

export const monthOf = (isoDay) => Number(isoDay.slice(5, 7));

export const middleOf = (isoDay, month) => `${isoDay.slice(0, 4)}-${String(month).padStart(2, "0")}-15`;
