/* Inside an LMS's frame: say how tall the page is, so that it never scrolls inside a scroll. An LMS that does not
   listen keeps the height that it chose (https://canvas.instructure.com/doc/api/file.lti_window_post_message.html). */
(function () {
  "use strict";
  if (window.parent !== window) {
    /* The parent is one of the platform's pages: no others may frame this one (frame-ancestors). A browser that does not
       say which gets the height to whichever it is. */
    const parents = location.ancestorOrigins;
    const target = parents && parents[0] && parents[0] !== "null" ? parents[0] : "*";
    let last = 0, before = 0, turns = 0, since = 0;
    const tell = function () {
      const height = Math.ceil(document.body.getBoundingClientRect().height) + 8;
      if (Math.abs(height - last) < 2) return;
      /* A scroll bar of the platform's that comes and goes with the height would change it for ever. */
      const now = Date.now();
      turns = height === before && now - since < 1000 ? turns + 1 : 0;
      if (turns > 3 && height < last) return;
      before = last;
      last = height;
      since = now;
      window.parent.postMessage({ subject: "lti.frameResize", height: height }, target);
    };
    new ResizeObserver(tell).observe(document.body);
    window.addEventListener("load", tell);

    /* The answer to a form is kept by no cache, and a frame has no place to ask whether to send it again: Back would lead
       to an error page of the browser. */
    const comeBackTo = document.body.dataset.comeBackTo;
    if (comeBackTo) history.replaceState(null, "", comeBackTo);
  }

  /* A page that the browser has kept for its Back button must not outlive its session: somebody else may sit there now. */
  window.addEventListener("pageshow", function (event) {
    if (!event.persisted || !location.pathname.startsWith("/l/")) return;
    fetch(location.href, { method: "HEAD" }).then(function (answer) {
      if (answer.status === 410) location.reload();
    });
  });

  /* Of several forms in a page, the switch of languages belongs to the one that was typed in last. */
  document.addEventListener("input", function (event) {
    const form = event.target.form;
    if (!form || !form.matches("[data-form]")) return;
    document.querySelectorAll(".switch [form]").forEach(function (button) { button.setAttribute("form", form.id); });
  });

  /* Who sent a form that was refused begins with what is wrong. In another site's frame browsers refuse the autofocus. */
  const wrong = document.querySelector(".error-summary");
  if (wrong) wrong.focus();

  /* The day of a moment is the reader's own, which the server does not know (lti_tool/web/language.py). */
  const sayOwnDays = function () {
    document.querySelectorAll("time[data-before]").forEach(function (element) {
      const moment = new Date(element.dateTime);
      const own = Date.UTC(moment.getFullYear(), moment.getMonth(), moment.getDate());
      const day = Date.UTC(moment.getUTCFullYear(), moment.getUTCMonth(), moment.getUTCDate());
      const words = own < day ? element.dataset.before : own > day ? element.dataset.after : element.textContent;
      if (element.textContent !== words) element.textContent = words;
      delete element.dataset.before;
    });
  };
  document.addEventListener("htmx:load", sayOwnDays);
  sayOwnDays();

  /* The days and hours of the pages that follow are the reader's own once the tool knows their time zone. */
  const said = document.body.dataset;
  const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (said.zoneAddress && zone && zone !== said.zone) {
    fetch(said.zoneAddress, { method: "POST", body: new URLSearchParams({ csrf_token: said.csrf, zone: zone }) })
      .catch(function () { /* The next page says it. */ });
  }

  /* A form that asks for a day starts on the person's own day, and says how far their clock is from UTC. */
  document.querySelectorAll("input[name=utc_offset]").forEach(function (offset) {
    offset.value = String(-new Date().getTimezoneOffset());
  });
  document.querySelectorAll("input[type=date][data-today]").forEach(function (input) {
    const now = new Date();
    const pad = function (number) { return String(number).padStart(2, "0"); };
    const today = now.getFullYear() + "-" + pad(now.getMonth() + 1) + "-" + pad(now.getDate());
    if (input.value === input.dataset.today) input.value = today;
    input.max = today;
  });
})();
