/* The list to print says the moment in the reader's own zone, and has a button. */
(function () {
  "use strict";
  const button = document.querySelector("[data-print]");
  button.hidden = false;
  button.addEventListener("click", function () { window.print(); });
  const time = document.querySelector("time[data-now]");
  time.textContent = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "full", timeStyle: "short" }).format(new Date(time.dateTime));
})();
