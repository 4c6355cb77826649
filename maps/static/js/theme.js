// The page's theme, set before anything is drawn: what was chosen here before, else what the system asks for. A classic
// script in the page's head, not a module, since those wait.

(() => {
  "use strict";
  const KEY = "norrsyn-theme";
  const THEMES = ["light", "dark", "outdoor"];
  const root = document.documentElement;
  const wantsContrast = window.matchMedia("(prefers-contrast: more)");
  const wantsDark = window.matchMedia("(prefers-color-scheme: dark)");

  // A browser may forbid storage altogether.
  const read = () => {
    try {
      return window.localStorage.getItem(KEY);
    } catch {
      return null;
    }
  };
  const keep = (theme) => {
    try {
      if (theme) window.localStorage.setItem(KEY, theme);
      else window.localStorage.removeItem(KEY);
    } catch {
      // The choice then holds for this page only.
    }
  };
  const known = (theme) => (THEMES.includes(theme) ? theme : "");
  let chosen = known(read());

  const apply = () => {
    const theme = chosen || (wantsContrast.matches ? "outdoor" : wantsDark.matches ? "dark" : "light");
    if (root.dataset.theme === theme) return;
    root.dataset.theme = theme;
    document.dispatchEvent(new CustomEvent("norrsyn:theme", { detail: theme }));
  };
  apply();
  for (const wish of [wantsContrast, wantsDark]) wish.addEventListener("change", apply);
  // Paper is white.
  window.addEventListener("beforeprint", () => {
    if (root.dataset.theme === "light") return;
    root.dataset.theme = "light";
    document.dispatchEvent(new CustomEvent("norrsyn:theme", { detail: "light" }));
  });
  window.addEventListener("afterprint", apply);
  // Chosen in another tab.
  window.addEventListener("storage", ({ key, newValue }) => {
    if (key !== KEY && key !== null) return;
    chosen = known(newValue);
    apply();
    show();
  });

  const choices = () => document.querySelectorAll('input[name="theme"]');
  const show = () => {
    for (const choice of choices()) choice.checked = choice.value === chosen;
  };
  document.addEventListener("DOMContentLoaded", () => {
    show();
    for (const choice of choices()) {
      choice.addEventListener("change", () => {
        chosen = known(choice.value);
        keep(chosen);
        apply();
      });
    }
    const menu = document.getElementById("settings");
    if (!menu) return;
    menu.hidden = false;
    const close = (focus) => {
      if (!menu.open) return;
      menu.open = false;
      if (focus) menu.querySelector("summary").focus();
    };
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      close(true);
    });
    document.addEventListener("pointerdown", ({ target }) => !menu.contains(target) && close(false));
  });
})();
