// On every page: saved areas are for whoever saved them, as long as their session is good. Others' go, and all go when
// somebody signs out or the server says that nobody is signed in.

import { ROOT, forgetAll, forgetOthers, forgetUnfinished, hasAny, savedId } from "./field_store.js";

async function check() {
  // A saved page looks after itself.
  if (savedId || !(await hasAny())) return;
  const owner = document.body.dataset.user ?? (await findUser());
  if (owner === null) await forgetAll();
  else if (owner !== undefined) await forgetOthers(owner);
  await forgetUnfinished();
}

// Their id; null where nobody is signed in, undefined where nobody answers.
export async function findUser() {
  try {
    const response = await fetch(new URL("api/me", ROOT), { headers: { accept: "application/json" }, cache: "no-store" });
    if (response.status === 401) return null;
    return response.ok ? (await response.json()).user_id : undefined;
  } catch {
    return undefined;
  }
}

for (const form of document.querySelectorAll('form[action*="sign-out"]')) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    // Signing out must not wait for a disk that does not answer; the server has the browser clear it all as well.
    await Promise.race([forgetAll().catch(() => {}), new Promise((done) => setTimeout(done, 2000))]);
    form.submit();
  });
}

check().catch(() => {});
