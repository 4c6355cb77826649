// What is done beside the map, one at a time, as tabs: arrow keys go along them.

import { createEvents } from "./events.js";

const tabs = () => [...document.querySelectorAll(".task-tab")];
const events = createEvents();

export function setUpTasks() {
  for (const tab of tabs()) {
    tab.addEventListener("click", () => showTask(tab.dataset.task));
    tab.addEventListener("keydown", (event) => goAlong(event));
  }
}

// `listener` is told the name of the task that is shown from now on.
export const onTask = (listener) => events.on("task", listener);

export function showTask(name) {
  for (const tab of tabs()) {
    const current = tab.dataset.task === name;
    tab.setAttribute("aria-selected", String(current));
    tab.tabIndex = current ? 0 : -1;
    document.getElementById(tab.dataset.task).hidden = !current;
  }
  events.tell("task", name);
}

function goAlong(event) {
  const all = tabs();
  const at = all.indexOf(event.currentTarget);
  const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  const tab = all[(next + all.length) % all.length];
  showTask(tab.dataset.task);
  tab.focus();
}
