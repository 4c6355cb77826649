// The sheet: its button, without which the browser's own menu prints it as well, and the end of its link.

import { useLanguage } from "./i18n.js";
import { watchForTheEnd } from "./share_ended.js";

useLanguage(document.documentElement.lang, JSON.parse(document.getElementById("content").dataset.texts));
const button = document.getElementById("print-now");
button.hidden = false;
button.addEventListener("click", () => window.print());
watchForTheEnd(window.location.href);
