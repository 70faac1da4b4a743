/* The list to print says the moment in the reader's own zone, and has a button. */
(function () {
  "use strict";
  const button = document.querySelector("[data-print]");
  button.hidden = false;
  button.addEventListener("click", function () { window.print(); });
  const time = document.querySelector("time[data-now]");
  const page = document.documentElement.lang;
  const own = navigator.language || page;
  time.textContent = new Intl.DateTimeFormat(own.split("-")[0] === page ? own : page, { dateStyle: "full", timeStyle: "short" }).format(new Date(time.dateTime));
})();
