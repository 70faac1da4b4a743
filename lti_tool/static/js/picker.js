/* Shows what the chosen programme asks for beside the list where there is room, so that the list stays where it is.
   Without this script it stands below the programme itself. */
(function () {
  "use strict";
  const place = document.getElementById("chosen-facts");
  const room = window.matchMedia("(min-width: 62.5rem)");
  if (!place) { return; }
  const homes = new Map();
  document.querySelectorAll(".programme .facts").forEach(function (facts) { homes.set(facts, facts.parentElement); });
  const show = function () {
    homes.forEach(function (home, facts) {
      const isChosen = home.querySelector("input:checked") !== null;
      (room.matches && isChosen ? place : home).append(facts);
    });
  };
  document.addEventListener("change", show);
  room.addEventListener("change", show);
  show();
}());
