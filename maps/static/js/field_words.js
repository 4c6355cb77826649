// What is said of saved areas, on the live map and on a saved one.

import { el } from "./dom.js";
import { language, number, t } from "./i18n.js";

export const kilometres = ({ widthKm, heightKm }) => t("{width} × {height} km", { width: number(Math.round(widthKm)), height: number(Math.round(heightKm)) });

export const megabytes = (value) => `${number(value, 1)} MB`;

// Without the year: no saved area lives that long.
export const shortMoment = (time) => new Intl.DateTimeFormat(language() === "sv" ? "sv-SE" : "en-GB", { day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" }).format(time);

// Deletes at the second press: without a network it does not come back.
export function deleteButton(text, onDelete) {
  let isAsked = false;
  const button = el("button", { type: "button", class: "plain-button" }, text);
  const reset = () => {
    isAsked = false;
    button.textContent = text;
  };
  button.addEventListener("click", () => {
    if (isAsked) {
      onDelete();
      return;
    }
    isAsked = true;
    button.textContent = t("Press again to delete");
  });
  button.addEventListener("blur", reset);
  return button;
}
