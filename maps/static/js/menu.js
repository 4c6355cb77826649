// The help menu opens and closes without this; with it, Escape and a click elsewhere close it too.

import { closeOnClickElsewhere, closeOnEscape } from "./folds.js";

closeOnClickElsewhere("details.help-menu");

for (const menu of document.querySelectorAll("details.help-menu")) {
  closeOnEscape(menu);
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
  });
}
