// The sheet's button; without scripts the browser's own menu prints it as well.

const button = document.getElementById("print-now");
button.hidden = false;
button.addEventListener("click", () => window.print());
