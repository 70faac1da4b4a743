/* Says when something was saved by the reader's own clock: at which hour where that was today, else on which day too. */
document.querySelectorAll("time[data-today]").forEach(function (element) {
  "use strict";
  const moment = new Date(element.dateTime);
  const language = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
  const format = function (options) { return new Intl.DateTimeFormat(language, options).format(moment); };
  const isToday = moment.toDateString() === new Date().toDateString();
  const isSameDay = moment.getDate() === moment.getUTCDate();
  const day = isSameDay ? element.dataset.day : format({ day: "numeric", month: "long" }).replace(" ", "\u00a0");
  element.textContent = (isToday ? element.dataset.today : element.dataset.earlier)
    .replace("{day}", day)
    .replace("{time}", format({ hour: "2-digit", minute: "2-digit" }));
});
