// On every page: a form is not sent with a session that has ended. What was typed stays, and is sent once somebody has
// signed in again in another tab. Without JavaScript, the sign-in page says that nothing was done.

import { el, fill } from "./dom.js";
import { findUser } from "./field_guard.js";
import { ROOT } from "./field_store.js";
import { t, useLanguage } from "./i18n.js";
import { signInAgain } from "./session.js";

const { lang } = document.documentElement;
// Sign-in pages are nobody's, signing out needs no session, and an import looks after itself.
const forms = document.body.dataset.user ? document.querySelectorAll('main form[method="post"]:not(#import-form)') : [];

function guard(form) {
  let isAsking = false;
  let isGood = false;
  form.addEventListener("submit", async (event) => {
    if (isGood) {
      isGood = false;
      return;
    }
    event.preventDefault();
    if (isAsking) return;
    isAsking = true;
    try {
      if ((await findUser()) === null) await signInAgain();
      isGood = true;
      form.requestSubmit(event.submitter);
    } catch {
      fill(note, t("Somebody else is signed in now. Reload the page."));
      form.prepend(note);
    } finally {
      isAsking = false;
    }
  });
}

const note = el("p", { class: "field-problem", role: "alert" });

// The words are there before they are needed: a session that has ended may not fetch them.
if (forms.length) {
  fetch(new URL(`i18n/${lang}.json`, ROOT)).then((answer) => answer.json()).then((texts) => useLanguage(lang, texts), () => {});
  forms.forEach(guard);
}
