/* Below a date field: its day in words and in the language of the page. The field itself follows the browser's
   language, in which 03/04 may be either of two days. */
(function () {
  "use strict";
  const language = document.documentElement.lang;
  /* As everywhere in the tool: 26 November in English, 1er janvier in French. */
  const format = new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, { weekday: "long", day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
  document.querySelectorAll("[data-words-of]").forEach(function (place) {
    const field = document.getElementById(place.dataset.wordsOf);
    const show = function () {
      const day = field.valueAsDate;
      place.hidden = !day;
      place.textContent = !day ? "" : format.formatToParts(day).map(function (part) {
        return part.type === "day" && part.value === "1" && language === "fr" ? "1er" : part.value;
      }).join("").replace(/(\d(?:er)?) /, "$1\u00a0");
    };
    field.addEventListener("input", show);
    show();
  });
})();
