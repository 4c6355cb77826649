// Place, cell and coordinate search: a combobox with a list of its own (ARIA pattern "list autocomplete").

import { getJson, latestOnly } from "./api.js";
import { announce, clearProblem, showProblem } from "./announce.js";
import { debounce, el, fill } from "./dom.js";
import { t } from "./i18n.js";

// A town and its municipality mostly have one name.
function kindAndPlace({ kind, detail }) {
  const words = { municipality: t("Municipality"), county: t("County") };
  return [words[kind], detail].filter(Boolean).join(", ");
}

export function setUpSearch({ onChoose }) {
  const input = document.getElementById("search-input");
  const list = document.getElementById("search-list");
  const latest = latestOnly();
  let results = [];
  let answered = "";
  let pending = null;
  let active = -1;

  const close = () => {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };

  const mark = (position) => {
    active = position;
    [...list.children].forEach((option, i) => option.setAttribute("aria-selected", String(i === position)));
    const option = list.children[position];
    if (!option) return;
    input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  };

  const choose = (position) => {
    const result = results[position];
    if (!result) return;
    input.value = result.name;
    answered = result.name;
    close();
    onChoose(result);
  };

  const show = () => {
    active = -1;
    input.removeAttribute("aria-activedescendant");
    const options = results.map((result, i) =>
      el(
        "li",
        { role: "option", id: `search-option-${i}`, "aria-selected": "false", onmousedown: (event) => event.preventDefault(), onclick: () => choose(i) },
        el("span", { class: "search-name" }, result.name),
        el("span", { class: "search-detail" }, kindAndPlace(result)),
      ),
    );
    fill(list, options.length ? options : el("li", { class: "search-none", role: "option", "aria-disabled": "true", "aria-selected": "false" }, t("No match")));
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    announce(results.length ? t("Search results: {count}", { count: results.length }) : t("No match"));
  };

  const ask = () => {
    const q = input.value.trim();
    if (pending?.q !== q) {
      const own = { q };
      own.done = answer(q).finally(() => {
        if (pending === own) pending = null;
      });
      pending = own;
    }
    return pending.done;
  };

  const answer = async (q) => {
    if (q.length < 2) {
      latest.cancel();
      close();
      return;
    }
    try {
      const found = await latest((signal) => getJson("api/search", { q }, signal));
      if (!found) return;
      results = found.results;
      answered = q;
      clearProblem("search");
      show();
    } catch (error) {
      showProblem("search", error, ask);
    }
  };

  // Enter may come before the answer to what was typed or pasted last.
  const isAnswered = () => input.value.trim() === answered;
  const enter = async () => {
    if (!isAnswered()) await ask();
    if (isAnswered() && !list.hidden) choose(Math.max(active, 0));
  };
  const askNew = () => (isAnswered() ? undefined : ask());

  input.addEventListener("input", debounce(askNew, 220));
  input.addEventListener("focus", () => results.length && input.value.trim().length > 1 && show());
  input.addEventListener("blur", () => setTimeout(close, 120));
  input.addEventListener("keydown", (event) => {
    const open = !list.hidden && results.length > 0;
    if (event.key === "ArrowDown" && open) mark((active + 1) % results.length);
    else if (event.key === "ArrowUp" && open) mark((active - 1 + results.length) % results.length);
    else if (event.key === "Enter") enter();
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
}
