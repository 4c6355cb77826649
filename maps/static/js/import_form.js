// Sends files to be imported, and leads on to the page where the import is watched.

import { getJson, makeError } from "./api.js";
import { el, fill } from "./dom.js";
import { t, useLanguage } from "./i18n.js";
import { signInAgain } from "./session.js";

const MIB = 1024 * 1024;
const byId = (id) => document.getElementById(id);
const form = byId("import-form");
const lang = document.documentElement.lang;

function showFieldProblem(id, words) {
  const field = byId(id);
  const node = byId(`${id}-problem`);
  node.textContent = words;
  node.hidden = !words;
  if (words) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
  return words ? field : null;
}

function checkFields() {
  const { files } = byId("files");
  const size = [...files].reduce((sum, file) => sum + file.size, 0);
  const max = Number(form.dataset.maxMb);
  let words = "";
  if (!files.length) words = t("Choose a file.");
  else if (size > max * MIB) words = t("The files are larger than {max} MiB together. Split them, or import them with a command on the server.", { max });
  const wrong = [showFieldProblem("layer", byId("layer").value ? "" : t("Choose a layer.")), showFieldProblem("files", words)].filter(Boolean);
  wrong[0]?.focus();
  return !wrong.length;
}

// XMLHttpRequest, because fetch does not tell how much has been sent.
function send(data, onSent) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", form.getAttribute("action"));
    request.responseType = "json";
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("Accept-Language", lang);
    request.upload.addEventListener("progress", (event) => event.lengthComputable && onSent(event.loaded / event.total));
    request.addEventListener("load", () => (request.status === 202 ? resolve(request.response) : reject(makeError(request.status, request.response, request.getResponseHeader("Content-Language")))));
    request.addEventListener("error", () => reject(makeError(0, null)));
    request.send(data);
  });
}

// A session that has ended costs the way of the file once more, and nothing that was typed.
async function sendOnceSignedIn(onSent) {
  for (;;) {
    try {
      return await send(new FormData(form), onSent);
    } catch (error) {
      if (error.status !== 401) throw error;
      await signInAgain();
    }
  }
}

function showProblem(error) {
  const node = byId("problem");
  fill(node, el("p", {}, el("strong", {}, error.message)), error.detail && el("p", { class: "as-told", lang: error.detailLang ?? "en" }, error.detail));
  node.hidden = false;
  node.focus();
}

async function start(event) {
  event.preventDefault();
  byId("problem").hidden = true;
  if (!checkFields()) return;
  const button = byId("import-start");
  button.disabled = true;
  byId("sending").hidden = false;
  byId("announcer").textContent = t("Sending the file");
  try {
    const job = await sendOnceSignedIn((share) => {
      byId("sent").value = share;
    });
    window.location.assign(`import/jobs/${encodeURIComponent(job.id)}?lang=${lang}`);
  } catch (error) {
    showProblem(error);
    button.disabled = false;
    byId("sending").hidden = true;
  }
}

function makeReady() {
  byId("import-start").disabled = false;
  byId("sending").hidden = true;
}

// Who comes back by the browser's own button finds the form ready.
window.addEventListener("pageshow", (event) => event.persisted && makeReady());

for (const id of ["layer", "files"]) byId(id).addEventListener("change", () => showFieldProblem(id, ""));
form.addEventListener("submit", start);
// The page comes with its button disabled: a form that is sent without us ends at an answer for programs.
getJson(`i18n/${lang}.json`).then((texts) => useLanguage(lang, texts), () => {}).finally(makeReady);
