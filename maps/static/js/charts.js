// Pictures of charts become part of the page, so that they follow its theme and their words can be selected. Without
// this they stay what they are: images of the light theme.

// What our server draws with; an answer with anything else is left alone.
const KNOWN = new Set(["svg", "title", "desc", "rect", "path", "text"]);

async function takeIn(image) {
  const response = await fetch(image.currentSrc || image.src);
  if (!response.ok) return;
  const drawing = new DOMParser().parseFromString(await response.text(), "image/svg+xml").documentElement;
  const isOurs = [drawing, ...drawing.querySelectorAll("*")].every((node) => node instanceof SVGElement && KNOWN.has(node.localName));
  if (isOurs) (image.closest("picture") ?? image).replaceWith(document.importNode(drawing, true));
}

for (const image of document.querySelectorAll(".chart-picture img")) {
  const take = () => takeIn(image).catch(() => {});
  if (image.complete && image.naturalWidth) take();
  else image.addEventListener("load", take, { once: true });
}
