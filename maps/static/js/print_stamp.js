// When a page was made and when it was printed, which only paper says.

const line = document.getElementById("print-stamp");
const lang = document.documentElement.lang === "sv" ? "sv-SE" : "en-GB";
const moment = (time) => new Intl.DateTimeFormat(lang, { dateStyle: "long", timeStyle: "short" }).format(time);

function stamp() {
  const times = { made: moment(performance.timeOrigin), printed: moment(Date.now()) };
  line.textContent = line.dataset.words.replace(/\{(made|printed)\}/g, (_, name) => times[name]);
}

stamp();
window.addEventListener("beforeprint", stamp);
