// Buttons with words that are ready: a tap writes them into the field, where they can still be changed.
function offer() {
  for (const words of document.querySelectorAll("[data-fills][hidden]")) words.hidden = false;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-fills] button");
  if (!button) return;
  const field = document.getElementById(button.closest("[data-fills]").dataset.fills);
  field.value = button.textContent.trim();
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
});

offer();
// A part of the page that updates itself comes with buttons of its own.
document.addEventListener("htmx:afterSwap", offer);
