"use strict";
// Canvas's page answers lti.capabilities, lti.put_data and lti.get_data, from a tool's frame or passed on by the hidden frame.
// What is kept is kept in this site's localStorage. See lti_tool/demo/lms/canvas/platform_storage.py.
const STORAGE = ["lti.capabilities", "lti.get_data", "lti.put_data"];
const MOST_KEYS = 500;
const MOST_CHARACTERS = 4096;
const used = {};

const place = (sender, key) => `lti|platform_storage|${sender}|${key}`;

function keep(sender, key, value) {
  const limit = (used[sender] ||= { keys: 0, characters: 0 });
  if (limit.keys >= MOST_KEYS || limit.characters + key.length + value.length > MOST_CHARACTERS) return false;
  limit.keys += 1;
  limit.characters += key.length + value.length;
  localStorage.setItem(place(sender, key), value);
  return true;
}

function remove(sender, key) {
  const value = localStorage.getItem(place(sender, key));
  if (!value) return;
  localStorage.removeItem(place(sender, key));
  const limit = (used[sender] ||= { keys: 0, characters: 0 });
  limit.keys = Math.max(limit.keys - 1, 0);
  limit.characters = Math.max(limit.characters - key.length - value.length, 0);
}

function contents({ subject, key, value, message_id: id }, sender) {
  if (subject === "lti.capabilities") {
    return { supported_messages: STORAGE.map((one) => ({ subject: one, frame: "post_message_forwarding" })) };
  }
  if (!key) return { error: { code: "bad_request", message: "Missing required 'key' field" } };
  if (!id) return { error: { code: "bad_request", message: "Missing required 'message_id' field" } };
  if (subject === "lti.get_data") return { key, value: localStorage.getItem(place(sender, key)) };
  if (!value) {
    remove(sender, key);
    return { key };
  }
  return keep(sender, key, value) ? { key, value } : { error: { code: "storage_exhaustion" } };
}

window.addEventListener("message", (event) => {
  const message = event.data;
  if (!message || typeof message !== "object" || !STORAGE.includes(message.subject)) return;
  const answer = { subject: `${message.subject}.response` };
  for (const name of ["message_id", "sourceToolInfo"]) if (message[name]) answer[name] = message[name];
  event.source.postMessage({ ...answer, ...contents(message, event.origin) }, event.origin);
});
