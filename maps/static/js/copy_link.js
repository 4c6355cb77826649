// The page's address, as it stands, to the clipboard; where that is forbidden, as text to copy by hand.

import { el } from "./dom.js";
import { t } from "./i18n.js";
import { hideToast, showToast } from "./toast.js";

export function setUpCopyLink(button) {
  button.addEventListener("click", async () => {
    const { href } = window.location;
    try {
      await navigator.clipboard.writeText(href);
      showToast(t("The link is copied. It shows the same map to those who may see it."));
    } catch {
      const field = el("input", { type: "text", class: "toast-field", readonly: true, value: href, "aria-label": t("Link to this map") });
      const close = el("button", { type: "button", class: "plain-button", onclick: () => {
        hideToast();
        button.focus();
      } }, t("Close"));
      showToast(t("Copy the link from here:"), field, close);
      field.focus();
      field.select();
    }
  });
}
