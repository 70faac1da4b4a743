/* Above the button that saves a meeting: what it will say, once it has a day and a length. Without this script the sentence is not shown. */
(function () {
  "use strict";
  const form = document.querySelector(".session-form");
  const summary = form && form.querySelector("[data-summary]");
  if (!summary) return;

  /* What a group of choices says; "other" says what was typed for it. */
  const phrase = function (name, typed) {
    const chosen = form.querySelector("input[name=" + name + "]:checked");
    return chosen && chosen.dataset.phrase ? chosen.dataset.phrase : typed ? typed() : "";
  };
  const day = function () {
    /* js/dates.js has written it below the field. */
    const words = form.querySelector("[data-words-of=held_on]");
    return words ? words.textContent.replace(" " + new Date().getFullYear(), "") : "";
  };
  const minutes = function () {
    const field = form.elements.minutes, given = field.value.trim();
    /* Its step only serves the arrows: 37 minutes are right. */
    const wrong = field.validity.badInput || field.validity.rangeUnderflow || field.validity.rangeOverflow;
    return given && !wrong ? given + "\u00a0min" : "";
  };
  const show = function () {
    const when = phrase("day", day), length = phrase("length", minutes);
    const found = [when, length, phrase("mode"), phrase("format")].filter(Boolean).join(", ");
    summary.hidden = !when || !length;
    summary.querySelector("strong").textContent = found.charAt(0).toUpperCase() + found.slice(1) + ".";
  };
  form.addEventListener("input", show);
  show();
})();
