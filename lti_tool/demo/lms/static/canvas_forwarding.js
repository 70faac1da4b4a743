"use strict";
// Canvas's hidden frame for LTI Platform Storage: what a tool sends here is passed on to Canvas's page with a note of whose it
// is, and what the page answers goes back to that tool without it. See lti_tool/demo/lms/canvas/platform_storage.py.
const tools = [];
window.addEventListener("message", (event) => {
  if (!event.data || typeof event.data !== "object") return;
  if (event.origin === window.origin) {
    const { sourceToolInfo, ...message } = event.data;
    if (sourceToolInfo) tools[sourceToolInfo.windowId]?.postMessage(message, sourceToolInfo.origin);
    return;
  }
  if (!tools.includes(event.source)) tools.push(event.source);
  const sourceToolInfo = { origin: event.origin, windowId: tools.indexOf(event.source) };
  window.top.postMessage({ ...event.data, sourceToolInfo }, window.origin);
});
