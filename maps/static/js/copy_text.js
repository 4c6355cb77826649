// A text to the clipboard; where that is forbidden, to copy by hand.

import { el } from "./dom.js";
import { t } from "./i18n.js";
import { hideToast, showToast } from "./toast.js";

export async function copyText(text, { done, label, opener }) {
  try {
    await navigator.clipboard.writeText(text);
    showToast(done);
  } catch {
    const field = el("textarea", { class: "toast-field", readonly: true, rows: 8, "aria-label": label }, text);
    const close = el("button", { type: "button", class: "plain-button", onclick: () => {
      hideToast();
      opener.focus();
    } }, t("Close"));
    showToast(t("Copy the text from here:"), field, close);
    field.focus();
    field.select();
  }
}
