/* Around an htmx swap of a live region: keep what the person has opened, chosen and typed there.
   htmx itself puts the focus back on a control that has an id. */
(function () {
  "use strict";
  const PATIENCE = 4000;
  let touched = 0;
  let kept = null;

  const within = function (region, selector) { return Array.from(region.querySelectorAll(selector)); };
  ["pointerdown", "keydown"].forEach(function (name) {
    document.addEventListener(name, function (event) {
      if (event.target.closest && event.target.closest("[data-live] select")) touched = Date.now();
    }, true);
  });

  document.addEventListener("htmx:beforeSwap", function (event) {
    const region = event.detail.target;
    if (!region || !region.matches("[data-live]") || !event.detail.shouldSwap) return;
    /* A swap closes an open list of choices: whoever is choosing is left in peace for a moment. */
    const active = document.activeElement;
    if (active && active.tagName === "SELECT" && region.contains(active) && Date.now() - touched < PATIENCE) {
      event.detail.shouldSwap = false;
      return;
    }
    kept = {
      open: within(region, "details[id][open]").map(function (element) { return element.id; }),
      values: within(region, "select[id], input[id]:not([type=hidden]), textarea[id]").map(function (element) {
        return [element.id, element.value];
      }),
    };
  });

  /* Nobody looks at a hidden page: it asks again once it is shown. */
  document.addEventListener("htmx:beforeRequest", function (event) {
    if (document.hidden && event.target.matches("[hx-trigger^=every]")) event.preventDefault();
  });

  document.addEventListener("htmx:afterSwap", function (event) {
    /* What was just done is no news any more once something else has changed; a whole page says so itself. */
    if (event.detail.target.id !== "main") document.querySelectorAll("main > .alert-success[role=status]").forEach(function (said) { said.remove(); });
    if (!kept) return;
    kept.open.forEach(function (id) {
      const details = document.getElementById(id);
      if (details) details.open = true;
    });
    kept.values.forEach(function (pair) {
      const control = document.getElementById(pair[0]);
      if (!control) return;
      const gone = control.tagName === "SELECT" && !Array.from(control.options).some(function (option) {
        return option.value === pair[1];
      });
      if (!gone) control.value = pair[1];
    });
    kept = null;
  });
})();
