"use strict";
// The LMS's side of a tool in a frame: it grows when asked (lti.frameResize), closes after a registration,
// and completion and grade are asked for again every two seconds.

const frame = document.querySelector("iframe.tool");

// The menu is one line, which may be wider than the window.
const menu = document.querySelector(".menu");
const current = menu?.querySelector("[aria-current]");
if (current) menu.scrollLeft = current.offsetLeft - menu.offsetLeft - (menu.clientWidth - current.offsetWidth) / 2;

window.addEventListener("message", (event) => {
  if (!frame || event.source !== frame.contentWindow) return;
  let message = event.data;
  if (typeof message === "string") {
    try { message = JSON.parse(message); } catch { return; }
  }
  if (!message || typeof message !== "object") return;
  if (message.subject === "org.imsglobal.lti.close" && frame.dataset.closeTo) {
    window.location.assign(frame.dataset.closeTo);
  }
  if (message.subject === "lti.frameResize" && event.origin === frame.dataset.toolOrigin) {
    const height = Number(message.height);
    if (Number.isFinite(height)) {
      frame.style.minHeight = "0";
      frame.style.height = `${Math.min(Math.max(height, 200), 20000)}px`;
    }
  }
});

function show(activity) {
  const place = document.querySelector(`[data-activity="${CSS.escape(activity.id)}"]`);
  const chip = place?.querySelector("[data-completion]");
  if (!chip) return;
  if (chip.dataset.completion !== activity.completion) {
    chip.classList.replace(chip.dataset.completion, activity.completion);
    chip.dataset.completion = activity.completion;
    chip.textContent = chip.getAttribute(`data-text-${activity.completion.replace("_", "-")}`);
  }
  const grade = place.querySelector("[data-grade]");
  const written = activity.grade === null ? "" : String(activity.grade);
  if (grade && grade.dataset.grade !== written) {
    const format = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 2 });
    const colon = document.documentElement.lang === "fr" ? "\u00a0:" : ":";
    grade.dataset.grade = written;
    grade.textContent = activity.grade === null ? grade.dataset.none
      : `${grade.dataset.label}${colon} ${format.format(activity.grade)} / ${format.format(activity.maximum)}`;
  }
}

function showSteps(done) {
  document.querySelectorAll("[data-step]").forEach((step, index) => {
    const said = step.querySelector("[data-done]");
    if (!done[index] || step.classList.contains("done")) return;
    step.classList.add("done");
    said.textContent = said.dataset.done;
  });
}

const polled = document.querySelector("[data-poll]");
if (polled) {
  setInterval(async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(polled.dataset.poll, { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      const seen = await answer.json();
      seen.activities.forEach(show);
      showSteps(seen.steps ?? []);
    } catch { /* the next turn asks again */ }
  }, 2000);
}

const reloaded = document.querySelector("[data-reload]");
if (reloaded) {
  let before = null;
  setInterval(async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(reloaded.dataset.reload, { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      const now = await answer.text();
      if (before !== null && before !== now) window.location.reload();
      before = now;
    } catch { /* the next turn asks again */ }
  }, 3000);
}
