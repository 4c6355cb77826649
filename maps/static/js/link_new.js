// The form for a share link: what the chosen release does not tell of, or its circle does not allow, cannot be chosen. The
// server checks it anyway.

const release = document.getElementById("release");
const bases = document.querySelectorAll("#basis optgroup");
const sizes = document.querySelectorAll("#finest_m option");
const chosenSectors = document.querySelectorAll('#sectors input:not([name="sector-all"])');
const counties = document.getElementById("counties");
const municipality = document.getElementById("municipality");
const kinds = document.querySelectorAll('input[name="area_kind"]');

function follow() {
  const { circle, finest, sectors } = release.selectedOptions[0].dataset;
  for (const group of bases) group.disabled = group.dataset.circle !== circle;
  for (const size of sizes) size.disabled = Number(size.value) < Number(finest);
  const told = sectors.split(" ");
  for (const one of chosenSectors) {
    one.disabled = !told.includes(one.name.replace("sector-", ""));
    if (one.disabled) one.checked = false;
  }
  // what is chosen and not allowed gives way to what is
  const basis = document.getElementById("basis");
  if (basis.selectedOptions[0]?.parentElement.disabled) basis.value = "";
  const chosen = document.getElementById("finest_m");
  if (chosen.selectedOptions[0]?.disabled) chosen.value = finest;
}

// Choosing a county or a municipality chooses that kind of area, and the other way round leaves the rest empty.
function choose(kind) {
  for (const one of kinds) one.checked = one.value === kind;
  clearOthers(kind);
}

function clearOthers(kind) {
  if (kind !== "counties") for (const one of counties.querySelectorAll("input")) one.checked = false;
  if (kind !== "municipality") municipality.value = "";
}

release.addEventListener("change", follow);
for (const one of kinds) one.addEventListener("change", () => clearOthers(one.value));
counties.addEventListener("change", () => choose("counties"));
municipality.addEventListener("change", () => choose("municipality"));
follow();
