// What a name or note may hold, as the server has it (geo/store/people/texts.py), said beside the field.

import { t } from "./i18n.js";

export const MOST_NAME = 200;
export const MOST_NOTE = 1000;

const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]/u;
const SEEN = /[^\p{Cf}\p{Cc}\p{Z}\p{Mn}\p{Me}]/u;

// Characters as the server counts them: an emoji's parts, not its halves.
const countCharacters = (text) => [...text.normalize("NFC").trim()].length;

// What is wrong with a name, or an empty text.
export function findNameFault(text) {
  if (!text.trim()) return t("Give it a name.");
  return findFault(text, MOST_NAME) || (SEEN.test(text) ? "" : t("The name needs at least one letter, digit or sign."));
}

export const findNoteFault = (text) => findFault(text.replace(/\r\n?|[\n\t\u2028\u2029]/g, " "), MOST_NOTE);

function findFault(text, most) {
  const count = countCharacters(text);
  if (count > most) return t("At most {most} characters; this has {count}.", { most, count });
  return CONTROLS.test(text.trim()) ? t("There are characters that cannot be seen; leave them out.") : "";
}
