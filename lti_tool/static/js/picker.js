/* Shows what the chosen programme asks for beside the list, where everything stands that the choice implies. On a narrow
   page, and without this script, it stands below the programme itself. */
(function () {
  "use strict";
  const place = document.getElementById("chosen-facts");
  if (!place) { return; }
  const wide = window.matchMedia("(min-width: 48rem)");
  const homes = new Map();
  document.querySelectorAll(".programme .facts").forEach(function (facts) { homes.set(facts, facts.parentElement); });
  const show = function () {
    homes.forEach(function (home, facts) {
      const isChosen = home.querySelector("input:checked") !== null;
      (isChosen && wide.matches ? place : home).append(facts);
    });
  };
  document.addEventListener("change", show);
  wide.addEventListener("change", show);
  show();
}());
