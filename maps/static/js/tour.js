// The first-run tour: three steps in a dialog. That it was seen is remembered in this browser and told to nobody.

const SEEN = "norrsyn-tour";

const dialog = document.getElementById("tour");
const steps = [...dialog.querySelectorAll(".tour-step")];
const starter = document.getElementById("tour-start");
const [back, next, done] = ["tour-back", "tour-next", "tour-done"].map((id) => document.getElementById(id));
let at = 0;

// Where storage is refused, the tour is not forced on anybody again and again: it stays in the menu.
function wasSeen() {
  try {
    return localStorage.getItem(SEEN) !== null;
  } catch {
    return true;
  }
}

function remember() {
  try {
    localStorage.setItem(SEEN, "1");
  } catch {
    // nothing to remember it in
  }
}

// The first of a step's places that is on the screen just now.
function findTarget(step) {
  return step.dataset.targets.split("|").map((selector) => document.querySelector(selector)).find((node) => node?.getClientRects().length);
}

function unmark() {
  for (const node of document.querySelectorAll(".tour-target")) node.classList.remove("tour-target");
}

function show(position) {
  at = position;
  unmark();
  steps.forEach((step, i) => {
    step.hidden = i !== at;
  });
  findTarget(steps[at])?.classList.add("tour-target");
  const title = steps[at].querySelector("h2");
  dialog.setAttribute("aria-labelledby", title.id);
  back.disabled = at === 0;
  next.hidden = at === steps.length - 1;
  done.textContent = next.hidden ? done.dataset.end : done.dataset.skip;
  title.focus();
}

function start() {
  if (!dialog.open) dialog.showModal();
  show(0);
}

back.addEventListener("click", () => show(at - 1));
next.addEventListener("click", () => show(at + 1));
done.addEventListener("click", () => dialog.close());
// Escape closes the dialog by itself
dialog.addEventListener("close", () => {
  unmark();
  remember();
});
starter.addEventListener("click", () => {
  const menu = starter.closest("details");
  menu.open = false;
  menu.querySelector("summary").focus();
  start();
});

// An address that says what to show was opened by somebody who knows the page, or was sent by one.
const asked = [...new URLSearchParams(window.location.search).keys()].some((name) => name !== "lang");
if (!asked && !wasSeen()) start();
