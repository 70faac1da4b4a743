"use strict";
for (const form of document.querySelectorAll("form[data-auto-submit]")) form.submit();
const leave = document.querySelector("[data-leave-frame]");
if (leave) window.top.location.href = leave.href;
