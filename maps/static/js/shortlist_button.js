// "Add to the shortlist" in the head of a panel, which says at any time whether what the panel shows is on it.

import { clearProblem, showProblem } from "./announce.js";
import { el, fill } from "./dom.js";
import { t } from "./i18n.js";
import { hideToast, showToast } from "./toast.js";

// `what` is {kind: "cell", cell_id, title} or {kind: "site", layer, record_id, title}.
export function makeShortlistButton(shortlist, what) {
  const button = el("button", { type: "button", class: "plain-button shortlist-button" });
  const draw = () => {
    const isOn = Boolean(shortlist.find(what));
    button.setAttribute("aria-pressed", String(isOn));
    fill(button, el("span", { "aria-hidden": "true" }, isOn ? "★" : "☆"), isOn ? t("On the shortlist") : t("Add to the shortlist"));
  };
  const off = shortlist.events.on("shortlist", () => (button.isConnected ? draw() : off()));
  button.addEventListener("click", async () => {
    const entry = shortlist.find(what);
    try {
      if (entry) await removeWithUndo(shortlist, entry);
      else {
        await shortlist.add(what);
        showToast(t("{what} is on the shortlist.", { what: what.title }));
      }
      clearProblem("shortlist");
    } catch (error) {
      showProblem("shortlist", error);
    }
  });
  draw();
  return button;
}

export async function removeWithUndo(shortlist, entry) {
  const position = shortlist.entries.indexOf(entry);
  try {
    await shortlist.remove(entry);
  } catch (error) {
    if (error.status !== 404) throw error;
    // Another tab was quicker.
    await shortlist.load();
  }
  if (!entry.is_there) {
    showToast(t("The entry is off the shortlist."));
    return;
  }
  const undo = async () => {
    hideToast();
    try {
      await shortlist.add(entry, position);
    } catch (error) {
      showProblem("shortlist", error);
    }
  };
  showToast(
    t("{what} is off the shortlist.", { what: entry.title }),
    el("button", { type: "button", class: "plain-button", onclick: undo }, t("Undo")),
    el("button", { type: "button", class: "plain-button", onclick: hideToast }, t("Close")),
  );
}
