// What is folded out over a page, such as a menu: Escape closes it and gives the focus back to its button, and a click
// elsewhere closes it too.

export function closeOnEscape(node) {
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !node.open) return;
    event.preventDefault();
    event.stopPropagation();
    node.open = false;
    node.querySelector("summary").focus();
  });
  return node;
}

// `selector` names what may be drawn anew meanwhile.
export function closeOnClickElsewhere(selector) {
  document.addEventListener("click", (event) => {
    for (const node of document.querySelectorAll(`${selector}[open]`)) if (!node.contains(event.target)) node.open = false;
  });
}
