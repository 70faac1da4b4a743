/* Says when the connection is lost, and since when; and when the session is over while something typed is not sent yet. */
(function () {
  "use strict";
  const notice = document.getElementById("connection");
  if (!notice) return;
  const words = notice.querySelector("span");
  let since = null;
  let isOver = false;

  const lost = function () {
    if (isOver || since) return;
    since = new Date();
    const time = since.toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
    words.textContent = notice.dataset.lost.replace("{time}", time);
    notice.hidden = false;
  };
  const found = function () {
    since = null;
    if (!isOver) notice.hidden = true;
  };
  const isTyped = function () {
    return Array.from(document.querySelectorAll("input:not([type=hidden]), textarea")).some(function (control) {
      return control.type === "radio" || control.type === "checkbox"
        ? control.checked !== control.defaultChecked : control.value !== control.defaultValue;
    });
  };

  notice.querySelector("a").addEventListener("click", function (event) {
    event.preventDefault();
    location.reload();
  });
  window.addEventListener("offline", lost);
  window.addEventListener("online", found);
  ["htmx:sendError", "htmx:timeout"].forEach(function (name) { document.addEventListener(name, lost); });
  document.addEventListener("htmx:afterRequest", function (event) {
    const status = event.detail.xhr.status;
    if (status >= 500) lost();
    else if (status) found();
    /* Once the session is over nobody may read on; what is typed can still be sent, and is kept then. */
    if (status === 410) {
      if (!isTyped()) return location.reload();
      isOver = true;
      words.textContent = notice.dataset.over;
      notice.querySelector("a").hidden = true;
      notice.hidden = false;
    }
  });
})();
