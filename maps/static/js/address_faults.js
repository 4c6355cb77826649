// What of an address could not be used, calmly: the map is there without it.

import { showProblem } from "./announce.js";
import { t } from "./i18n.js";
import { findFaults } from "./state.js";

export function tellFaults(search) {
  const { isTooLong, area, nTries } = findFaults(search);
  const words = isTooLong
    ? [t("The address is too long: the drawn area and the changes to try are left out.")]
    : [areaWords(area), nTries > 0 && leftOutWords(nTries)].filter(Boolean);
  if (words.length) showProblem("address", new Error(words.join(" ")), null, { minor: true });
}

export function areaWords(fault) {
  if (fault === "long") return t("The drawn area in the address has too many corners and is left out.");
  return fault && t("The drawn area in the address is damaged and is left out.");
}

const leftOutWords = (n) => t("Changes in the address that cannot be used are left out: {n}.", { n });

// Those that are written well, and about something that is not there.
export const tellLeftOut = (n) => showProblem("address", new Error(leftOutWords(n)));
