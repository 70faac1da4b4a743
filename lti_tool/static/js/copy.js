// Copy buttons, for a field or a command; both can be selected in any case.
function offer() {
  for (const button of document.querySelectorAll("button[data-copy][hidden]")) {
    const field = document.getElementById(button.dataset.copy);
    const said = document.getElementById(button.getAttribute("aria-describedby"));
    button.hidden = false;
    button.addEventListener("click", async () => {
      if (field.select) field.select();
      else getSelection().selectAllChildren(field);
      try {
        await navigator.clipboard.writeText(field.value ?? field.textContent);
      } catch {
        // Inside a frame the clipboard may be forbidden; the older way still is not.
        if (!document.execCommand("copy")) return;
      }
      if (said) said.textContent = button.dataset.copied;
    });
  }
}

offer();
// A part of the page that updates itself comes with buttons of its own.
document.addEventListener("htmx:afterSwap", offer);
