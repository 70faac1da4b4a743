// A form that goes on by itself, and buttons that can be pressed once. Without this script the button is pressed by hand.
for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", () => {
    // Once the form is on its way: a disabled button would not be sent with it.
    setTimeout(() => {
      for (const button of form.querySelectorAll("button")) button.disabled = true;
    });
  });
}
for (const form of document.querySelectorAll("form[data-submit]")) form.requestSubmit();
