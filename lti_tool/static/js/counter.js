/* Below a long field: how much of its length is used. Without this script the field says nothing, and stops at its length. */
(function () {
  "use strict";
  const show = function (place) {
    const field = document.getElementById(place.dataset.countOf);
    place.hidden = false;
    place.textContent = place.dataset.words.replace("{count}", field.value.length);
  };
  const showAll = function () { document.querySelectorAll("[data-count-of]").forEach(show); };
  document.addEventListener("input", function (event) {
    document.querySelectorAll("[data-count-of='" + event.target.id + "']").forEach(show);
  });
  /* A part of the page that updates itself comes with fields of its own. */
  document.addEventListener("htmx:afterSwap", showAll);
  showAll();
})();
