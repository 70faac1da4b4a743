/* The rule's page saves the draft, and tries it, at each change. What has a control in it is never replaced, so that focus and
   what is being typed stay. Without this script “Save and try it” does the same. */
(function () {
  "use strict";
  const form = document.querySelector("form[data-rule]");
  const attempt = document.getElementById("try");
  // Neither a page that compares two drafts has it, nor one that asks whether to delete a draft.
  if (!form || !attempt) return;
  const status = function () { return document.getElementById("rule-status"); };
  attempt.hidden = true;
  let saving = false;
  let again = false;
  let pressed = null;

  const say = function (words) { if (status()) status().textContent = words; };

  const swap = function (page) {
    document.querySelectorAll("[data-swap]").forEach(function (here) {
      const there = page.getElementById(here.id);
      if (there && here.id !== "rule-status" && here.innerHTML !== there.innerHTML) here.innerHTML = there.innerHTML;
    });
    form.querySelectorAll("input[name=seen], input[name=form_key]").forEach(function (field) {
      const there = page.querySelector("form[data-rule] input[name=" + field.name + "]");
      if (there) field.value = there.value;
    });
    form.querySelectorAll(".blank").forEach(function (control) {
      const there = page.getElementById(control.id);
      if (!there) return;
      ["is-changed", "is-invalid"].forEach(function (name) { control.classList.toggle(name, there.classList.contains(name)); });
      ["aria-invalid", "aria-describedby"].forEach(function (name) {
        if (there.hasAttribute(name)) control.setAttribute(name, there.getAttribute(name));
        else control.removeAttribute(name);
      });
    });
  };

  const save = function () {
    if (saving) { again = true; return; }
    saving = true;
    const words = Object.assign({}, status().dataset);
    say(words.saving);
    const body = new URLSearchParams(new FormData(form));
    body.set("do", "save");
    fetch(form.action, { method: "POST", body: body, headers: { Accept: "text/html" } }).then(function (answer) {
      if (answer.status !== 200 && answer.status !== 422) {
        // Somebody else has saved it, or the session is over: the page itself says so.
        saving = again = false;
        pressed = null;
        form.requestSubmit();
        return null;
      }
      return answer.text().then(function (text) {
        swap(new DOMParser().parseFromString(text, "text/html"));
        const time = new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" }).format(new Date());
        say(answer.status === 200 ? words.saved.replace("{time}", time) : "");
      });
    }).catch(function () { say(words.lost); }).finally(function () {
      saving = false;
      const button = pressed;
      pressed = null;
      // What would be applied is another rule than the one that was tried when the button was pressed: it is looked at again.
      if (button && button.isConnected && button.value !== "apply") { again = false; form.requestSubmit(button); return; }
      if (again) { again = false; save(); }
    });
  };

  // A button that is pressed while the draft is on its way waits for it: the form would be taken for that of somebody who
  // has not seen what was just saved.
  form.addEventListener("submit", function (event) {
    if (!saving) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    pressed = event.submitter;
  });

  form.addEventListener("keydown", function (event) {
    const menu = event.key === "Escape" && event.target.closest("[data-menu][open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });

  form.addEventListener("change", function (event) {
    if (event.target.name) save();
  });
})();
