/* Above the button that saves a meeting: what it will say, once it has a day and a length. Without this script the sentence is not shown.
   Where a logged meeting is answered, the one button that fits: to confirm it as long as nothing differs, else to propose what does.
   Where it is corrected, the button is filled once something differs. */
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
    return words && form.elements.held_on.value ? words.textContent.replace(" " + new Date().getFullYear(), "") : "";
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
    if (logged) answer();
  };
  const logged = form.querySelector("[data-logged]");
  const chosen = function (name) {
    const found = form.querySelector("input[name=" + name + "]:checked");
    return found ? found.value : "";
  };
  const answer = function () {
    const length = chosen("length"), minutes = length && length !== "other" ? length : form.elements.minutes.value.trim();
    const day = ["today", "yesterday"].includes(chosen("day")) ? chosen("day") : form.elements.held_on.value;
    const same = logged.dataset.logged === [day, minutes, chosen("mode"), chosen("format")].join(" ");
    const confirm = logged.querySelector("#confirm"), save = logged.querySelector("#save");
    logged.querySelector("[data-unchanged]").hidden = !same;
    if (confirm) {
      save.hidden = same;
      confirm.hidden = !same;
    } else {
      save.classList.toggle("btn-primary", !same);
    }
    if (same) summary.hidden = true;
  };
  form.addEventListener("input", show);
  show();
})();
