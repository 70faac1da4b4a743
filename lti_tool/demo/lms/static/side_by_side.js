"use strict";
// Statements as they reach the record store: asked for every two seconds, the newest on top and marked for a while.

// The tutor comes first: an activity that nobody has opened yet has nothing to show to the others.
const first = document.querySelector(".three iframe[src]");

function showOthers() {
  for (const frame of document.querySelectorAll(".three iframe[data-src]")) {
    frame.src = frame.dataset.src;
    frame.removeAttribute("data-src");
  }
}

if (first) {
  // A page of the tool is of another origin, whose document cannot be read; those of the launch before it can.
  first.addEventListener("load", () => { if (first.contentDocument === null) showOthers(); });
  setTimeout(showOthers, 5000);
}

const arriving = document.querySelector("[data-arriving]");

function lineOf(line) {
  const item = document.createElement("li");
  item.dataset.id = line.id;
  item.className = "new";
  const actor = item.appendChild(document.createElement("code"));
  actor.textContent = line.actor.slice(0, 8);
  if (line.role) {
    item.append(" ");
    const role = item.appendChild(document.createElement("span"));
    role.className = "small";
    role.textContent = line.role;
  }
  const said = item.appendChild(document.createElement("span"));
  said.appendChild(document.createElement("strong")).textContent = line.verb;
  said.append(` ${line.object}`);
  return item;
}

if (arriving) {
  setInterval(async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(arriving.dataset.arriving, { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      for (const line of (await answer.json()).reverse()) {
        if (!arriving.querySelector(`[data-id="${CSS.escape(line.id)}"]`)) arriving.prepend(lineOf(line));
      }
    } catch { /* the next turn asks again */ }
  }, 2000);
}
