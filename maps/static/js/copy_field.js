// A button beside a field copies what stands in it. Without this the button is not there, and one copies by hand.

for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  const said = document.getElementById(`${button.dataset.copy}-said`);
  field.addEventListener("focus", () => field.select());
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(field.value);
      said.textContent = said.dataset.copied;
    } catch {
      // A browser that does not let us copy: the text is marked, ready to be copied by hand.
      field.focus();
    }
  });
  button.hidden = false;
}
