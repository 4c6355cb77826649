// Date (as day, week or month), county and sectors.

import { debounce, el, fill, throttle } from "./dom.js";
import { language, t } from "./i18n.js";
import { FIRST_DAY, LAST_DAY, isDay, isScoringDay } from "./state.js";
import { lastWeekOf, middleOf, mondayOf, monthOf, weekOf } from "./weeks.js";

// Typed dates pass through others on the way; a slider is followed as it goes.
const TYPING_MS = 350;
const SLIDING_MS = 60;

export function setUpFilters({ sectors, counties, state, at, onChange }) {
  const date = document.getElementById("at");
  const week = document.getElementById("week");
  const month = document.getElementById("month");
  const county = document.getElementById("county");
  date.min = FIRST_DAY;
  date.max = LAST_DAY;
  for (const { code, name } of counties) county.append(el("option", { value: code }, name));
  const boxes = drawSectors(sectors);
  // Changes that come close together are one.
  let coming = {};
  const tell = () => {
    const change = coming;
    coming = {};
    if (Object.keys(change).length) onChange(change);
  };
  const afterTyping = debounce(tell, TYPING_MS);
  const whileSliding = throttle(tell, SLIDING_MS);
  const later = (change, send = afterTyping) => {
    coming = { ...coming, ...change };
    send();
  };

  document.getElementById("filter-form").addEventListener("submit", (event) => event.preventDefault());
  county.addEventListener("change", () => onChange({ county: county.value }));
  date.addEventListener("change", () => {
    reportDate();
    if (!isScoringDay(date.value)) return;
    showParts();
    later({ at: date.value });
  });
  // The day that other parts of the date go by: what the field says, else what the map shows.
  let last = state.at ?? at;
  const dayInUse = () => (isScoringDay(date.value) ? date.value : last);
  week.addEventListener("change", () => {
    // An emptied field tells the week in view again.
    if (!week.value && !week.validity.badInput) {
      if (!isScoringDay(date.value)) date.value = last;
      reportDate();
      showParts();
      return;
    }
    const { year } = weekOf(dayInUse());
    const monday = mondayOf(year, Number(week.value));
    report("at-problem", monday ? "" : t("{year} has weeks 1 to {last}.", { year: String(year), last: lastWeekOf(year) }));
    week.setAttribute("aria-invalid", String(!monday));
    if (!monday) return;
    date.value = monday;
    showParts();
    later({ at: monday });
  });
  month.addEventListener("input", () => {
    date.value = middleOf(dayInUse(), Number(month.value));
    showParts();
    later({ at: date.value }, whileSliding);
  });
  drawMonths(month);

  // Week and month of the date that is shown.
  const showParts = () => {
    week.value = weekOf(date.value).week;
    week.setAttribute("aria-invalid", "false");
    month.value = monthOf(date.value);
    month.setAttribute("aria-valuetext", monthName(monthOf(date.value), "long"));
    report("at-problem", "");
    date.setAttribute("aria-invalid", "false");
    last = date.value;
  };

  const reportDate = () => {
    const range = t("Give a date from {first} to {last}.", { first: FIRST_DAY.slice(0, 4), last: LAST_DAY.slice(0, 4) });
    const wrong = isScoringDay(date.value) ? "" : isDay(date.value) ? range : t("Give a date as year, month and day.");
    report("at-problem", wrong);
    date.setAttribute("aria-invalid", String(Boolean(wrong)));
  };

  const reportSectors = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    countSectors(chosen, boxes.length);
    report("sectors-problem", chosen ? "" : t("Choose at least one sector."));
  };

  const sectorsChanged = () => {
    const chosen = boxes.filter((box) => box.checked).map((box) => box.value);
    reportSectors();
    if (chosen.length) later({ sectors: chosen.length === boxes.length ? null : chosen });
  };
  for (const box of boxes) box.addEventListener("change", sectorsChanged);
  document.getElementById("sectors-all").addEventListener("click", () => {
    for (const box of boxes) box.checked = true;
    sectorsChanged();
  });

  // Sets the controls to what is shown.
  const show = (shown) => {
    date.value = shown.at ?? at;
    county.value = shown.county;
    for (const box of boxes) box.checked = !shown.sectors || shown.sectors.includes(box.value);
    reportDate();
    showParts();
    reportSectors();
  };
  show(state);
  return show;
}

const monthName = (month, length) => new Intl.DateTimeFormat(language() === "sv" ? "sv-SE" : "en-GB", { month: length, timeZone: "UTC" }).format(new Date(Date.UTC(2026, month - 1, 15)));

function drawMonths(slider) {
  const months = Array.from({ length: 12 }, (_, i) => i + 1);
  const choose = (month) => {
    slider.value = month;
    slider.dispatchEvent(new Event("input"));
  };
  // Letters below the slider, to be clicked; the slider itself is the way by keyboard.
  fill(document.getElementById("season-months"), months.map((month) => el("span", { onclick: () => choose(month) }, monthName(month, "narrow"))));
}

function drawSectors(sectors) {
  const boxes = sectors.map(({ code }) => el("input", { type: "checkbox", id: `sector-${code}`, value: code }));
  const rows = boxes.map((box, i) => el("label", { class: "check", for: box.id }, box, el("span", {}, sectors[i].title)));
  fill(document.getElementById("sector-list"), rows);
  return boxes;
}

function countSectors(chosen, all) {
  document.getElementById("sectors-count").textContent = chosen === all ? t("all {count}", { count: all }) : t("{count} of {all}", { count: chosen, all });
}

function report(id, text) {
  const node = document.getElementById(id);
  node.textContent = text;
  node.hidden = !text;
}
