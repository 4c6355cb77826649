// On a narrow screen one panel is seen at a time.

const byId = (id) => document.getElementById(id);
const tabs = () => document.querySelectorAll("button[data-sheet]");

export function setUpSheets() {
  for (const button of tabs()) button.addEventListener("click", () => showSheet(button.dataset.sheet));
}

export const shownSheet = () => byId("workbench").dataset.sheet;

export function showSheet(name) {
  byId("workbench").dataset.sheet = name;
  for (const button of tabs()) button.setAttribute("aria-pressed", String(button.dataset.sheet === name));
}
