// LTI Platform Storage: the platform's page keeps a proof for a browser that keeps no cookie in this frame.
// https://www.imsglobal.org/spec/lti-cs-oidc/v0p1 (the steps), https://www.imsglobal.org/spec/lti-pm-s/v0p1 (the messages).
const control = document.querySelector("[data-storage]");
const { origin, target: targetName, key } = control.dataset;
const milliseconds = Number(control.dataset.milliseconds);
// A frame may be told of this page before its own script listens: Canvas loads both at the same time.
const REPEAT_EVERY = 200;

// https://www.imsglobal.org/spec/lti-cs-pm/v0p1#target-frame: a frame of that name beside this one, or the parent.
// A name of another site's window that is no frame's throws, or gives one of its few public properties.
function targetWindow() {
  const holder = window.parent !== window ? window.parent : window.opener;
  if (!holder || targetName === "_parent") return holder;
  try {
    const frame = holder.frames[targetName];
    if (frame && typeof frame.postMessage === "function") return frame;
  } catch { /* there is none */ }
  return holder;
}

// The platform's answer, or null: in time, of this very window and origin, to this very message.
function ask(message) {
  const target = targetWindow();
  if (!target) return Promise.resolve(null);
  const id = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  // To the origin of the authorization endpoint alone; whoever else frames this page hears nothing.
  const send = () => target.postMessage({ ...message, key, message_id: id }, origin);
  return new Promise((resolve) => {
    const repeated = setInterval(send, REPEAT_EVERY);
    const given = setTimeout(() => end(null), milliseconds);
    function end(answer) {
      clearInterval(repeated);
      clearTimeout(given);
      removeEventListener("message", hear);
      resolve(answer);
    }
    function hear({ source, origin: sender, data }) {
      if (source !== target || sender !== origin || !data || typeof data !== "object") return;
      if (data.subject !== `${message.subject}.response` || data.message_id !== id) return;
      end(data.error ? null : data);
    }
    addEventListener("message", hear);
    send();
  });
}

// Whether this frame keeps cookies is known at once from one that a script sets: then nothing needs to be kept elsewhere.
function keepsCookies() {
  try {
    document.cookie = "tandem_kept=1; Secure; SameSite=None; Partitioned; Path=/";
    const kept = document.cookie.includes("tandem_kept=1");
    document.cookie = "tandem_kept=; Secure; SameSite=None; Partitioned; Path=/; Max-Age=0";
    return kept;
  } catch {
    return false;
  }
}

if (control.dataset.storage === "put") {
  const kept = keepsCookies() ? null : await ask({ subject: "lti.put_data", value: control.dataset.value });
  location.replace(kept ? control.dataset.addressOnceKept : control.href);
} else {
  const answer = await ask({ subject: "lti.get_data" });
  if (answer && typeof answer.value === "string") {
    control.elements.proof.value = answer.value.slice(0, 100);
    // It is of no more use. Nobody answers to this page any more.
    targetWindow().postMessage({ subject: "lti.put_data", key, value: null, message_id: "remove" }, origin);
  }
  // Pressed as well, the button would send it twice, and only the first opens the launch.
  control.querySelector("button").disabled = true;
  control.submit();
}
