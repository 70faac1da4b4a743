// A file is chosen by a button in the page's own language, with the name of the file beside it; the field itself keeps the focus.
for (const field of document.querySelectorAll(".file-choice input[type=file]")) {
  const [button, name] = [field.parentElement.querySelector("label"), field.parentElement.querySelector(".chosen-file")];
  const say = () => { name.textContent = field.files.length ? field.files[0].name : name.dataset.none; };
  field.parentElement.classList.add("is-drawn");
  button.hidden = name.hidden = false;
  field.addEventListener("change", say);
  say();
}
