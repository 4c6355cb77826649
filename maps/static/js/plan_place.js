// Where on a plan's page somebody is, so that they are there still once all of it is drawn anew.

// Menus close once something is chosen in them.
const FOLDS = "details:not(.act-menu)";
const byAttribute = (name, value) => `[data-${name}="${CSS.escape(value)}"]`;

// What has the focus, or the stop that it is in; and, for `scroll`, what is seen and how far down in the window.
export function findPlace() {
  const active = document.activeElement;
  const stop = active?.closest("[data-stop]")?.dataset.stop;
  const key = active?.closest("[data-key]")?.dataset.key ?? (stop ? `${stop} title` : null);
  const marks = [key && byAttribute("key", key), ...[...document.querySelectorAll("[data-stop]")].map((node) => byAttribute("stop", node.dataset.stop))].filter(Boolean);
  const seen = marks.map((mark) => ({ mark, top: topOf(mark) })).find(({ top }) => top !== null && top >= 0 && top < window.innerHeight);
  const y = window.scrollY;
  const scroll = () => {
    const top = seen ? topOf(seen.mark) : null;
    window.scrollTo(0, top === null ? y : window.scrollY + top - seen.top);
  };
  return { key, scroll };
}

function topOf(mark) {
  return document.querySelector(mark)?.getBoundingClientRect().top ?? null;
}

// What is open, and what is chosen in it but not sent, stays so: gives what puts it back.
export function noteFolds(root) {
  const known = new Map([...root.querySelectorAll(FOLDS)].map((node, i) => [nameOf(node, i), { isOpen: node.open, chosen: node.querySelector("select")?.value }]));
  return () => {
    for (const [i, node] of [...root.querySelectorAll(FOLDS)].entries()) {
      const was = known.get(nameOf(node, i));
      if (!was) continue;
      node.open = was.isOpen;
      const field = node.querySelector("select");
      if (field && was.chosen && !field.value) field.value = was.chosen;
    }
  };
}

const nameOf = (node, i) => node.id || node.querySelector("summary")?.dataset.key || (node.className ? `class ${node.className}` : `nth ${i}`);
