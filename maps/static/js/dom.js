// Elements from values. Text becomes text nodes only, so a name can hold any characters and stays a name.

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  append(node, children);
  return node;
}

export function append(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}

export function fill(node, ...children) {
  node.replaceChildren();
  return append(node, children);
}

// A small coloured square; the colour is set on the style object, which a strict policy allows.
export function swatch(colour, className = "swatch") {
  const node = el("span", { class: className, "aria-hidden": "true" });
  node.style.setProperty("--swatch", /^#[0-9a-f]{6}$/i.test(colour ?? "") ? colour : "transparent");
  return node;
}

// Once those who call it pause.
export function debounce(action, delay) {
  let timer = 0;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...values), delay);
  };
}

// At once, and once more after a pause where it is called meanwhile: a slider answers to a touch, and not to every step.
export function throttle(action, delay) {
  let timer = 0;
  let coming = null;
  const rest = () => {
    timer = 0;
    if (!coming) return;
    const values = coming;
    coming = null;
    action(...values);
  };
  return (...values) => {
    if (timer) coming = values;
    else action(...values);
    clearTimeout(timer);
    timer = setTimeout(rest, delay);
  };
}
