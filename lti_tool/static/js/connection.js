/* Says when the connection is lost, and since when; and when the session is over while something typed is not sent yet.
   A page that keeps itself up to date learns so from what it asks; a page with a form asks whether the session lasts. */
(function () {
  "use strict";
  const EVERY = 15000;
  const WHILE_TYPING = 3000;
  const notice = document.getElementById("connection");
  if (!notice) return;
  const words = notice.querySelector("span");
  const reload = notice.querySelector("a");
  let since = null;
  let isOver = false;

  /* Something in a form that is not sent yet: also what a form shows that came back with its errors. */
  const isTyped = function () {
    return Array.from(document.querySelectorAll("input:not([type=hidden]), textarea")).some(function (control) {
      return control.type === "radio" || control.type === "checkbox"
        ? control.checked !== control.defaultChecked : control.value !== control.defaultValue;
    }) || document.querySelector("input[name=form_checked]") !== null;
  };
  const lost = function () {
    if (isOver || since) return;
    since = new Date();
    const time = since.toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
    const typed = isTyped();
    words.textContent = (typed ? notice.dataset.lostTyped : notice.dataset.lost).replace("{time}", time);
    reload.hidden = typed;
    notice.hidden = false;
  };
  const found = function () {
    since = null;
    if (!isOver) notice.hidden = true;
  };
  const answered = function (status) {
    if (status >= 500) lost();
    else if (status) found();
    /* Once the session is over nobody may read on; what is typed can still be sent, and is kept then. */
    if (status === 410) {
      if (!isTyped()) return location.reload();
      isOver = true;
      words.textContent = notice.dataset.over;
      reload.hidden = true;
      notice.hidden = false;
    }
  };

  reload.addEventListener("click", function (event) {
    event.preventDefault();
    location.reload();
  });
  window.addEventListener("offline", lost);
  window.addEventListener("online", found);
  ["htmx:sendError", "htmx:timeout"].forEach(function (name) { document.addEventListener(name, lost); });
  document.addEventListener("htmx:afterRequest", function (event) { answered(event.detail.xhr.status); });

  const hasForm = document.querySelector("main form :is(input:not([type=hidden]), textarea, select)") !== null;
  if (!notice.dataset.check || !hasForm) return;
  let asked = Date.now();
  let asking = false;
  const ask = async function () {
    if (asking || isOver || document.hidden) return;
    asking = true;
    asked = Date.now();
    try {
      const answer = await fetch(notice.dataset.check, { cache: "no-store", signal: AbortSignal.timeout(8000) });
      answered(answer.status);
    } catch {
      lost();
    }
    asking = false;
  };
  const askSoon = function () {
    if (since || Date.now() - asked > WHILE_TYPING) ask();
  };
  document.addEventListener("input", askSoon);
  document.addEventListener("visibilitychange", askSoon);
  setInterval(ask, EVERY);
})();
