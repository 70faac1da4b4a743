/* Shows what the chosen programme asks for where everything stands that the choice implies: beside the list, or after it
   on a narrow page. Without this script it stands below the programme itself. */
(function () {
  "use strict";
  const place = document.getElementById("chosen-facts");
  if (!place) { return; }
  const homes = new Map();
  document.querySelectorAll(".programme .facts").forEach(function (facts) { homes.set(facts, facts.parentElement); });
  const show = function () {
    homes.forEach(function (home, facts) {
      const isChosen = home.querySelector("input:checked") !== null;
      (isChosen ? place : home).append(facts);
    });
  };
  document.addEventListener("change", show);
  show();
}());
