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
    return words ? words.textContent : "";
  };
  const minutes = function () {
    const typed = form.elements.minutes;
    return typed.value.trim() && typed.validity.valid ? typed.value.trim() + "\u00a0min" : "";
  };
  const show = function () {
    const when = phrase("day", day);
    const length = phrase("length", minutes);
    const found = [when, length, phrase("mode"), phrase("format")].filter(Boolean).join(", ");
    summary.hidden = !when || !length;
    summary.querySelector("strong").textContent = found.charAt(0).toUpperCase() + found.slice(1) + ".";
  };
  form.addEventListener("input", show);
  show();
})();
