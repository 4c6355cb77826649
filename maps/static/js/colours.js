// Colours of the theme for what is drawn on canvas or as SVG, where style sheets do not reach.

// For example colour("land") for --land.
export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim() || "#000000";

export const onTheme = (listener) => document.addEventListener("norrsyn:theme", listener);
