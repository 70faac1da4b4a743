// The platform opened this page in a frame or a window of its own and closes it when told so.
// LTI Dynamic Registration 1.0, §3.7. The message says nothing secret, and the platform's origin is not known here.
const opener = window.opener || (window.parent === window ? null : window.parent);
const close = () => opener && opener.postMessage({ subject: "org.imsglobal.lti.close" }, "*");
const button = document.querySelector("button[data-close]");
if (opener && button) {
  button.hidden = false;
  button.addEventListener("click", close);
}
if (document.querySelector("[data-close-now]")) close();
