// The culler's pages: keep a server, let it go, stop it, sweep, release.

import { api } from "./suite.js";

const said = document.getElementById("said");

function say(text, kind) {
  const alert = document.createElement("div");
  alert.className = `alert alert-${kind}`;
  alert.textContent = text;
  said.replaceChildren(alert);
}

/** Does what a button or form stands for; shows the new state, or what is wrong. */
async function act(control, call) {
  control.disabled = true;
  try {
    await call();
    location.reload();
  } catch (error) {
    say(error.message, "danger");
    control.disabled = false;
  }
}

function wishOf({ user, server }) {
  return user === undefined ? { server } : { user, server };
}

for (const form of document.querySelectorAll("form[data-keep]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const hours = Number(form.elements.hours.value);
    const button = form.querySelector("button[type=submit]");
    act(button, () => api("POST", "api/leases", { ...wishOf(form.dataset), hours }));
  });
}

const BUTTONS = {
  "[data-let-go]": ({ server }) =>
    api("DELETE", `api/leases?${new URLSearchParams({ server })}`),
  "[data-keep-day]": (data) => api("POST", "api/leases", { ...wishOf(data), hours: 24 }),
  "[data-stop]": (data) => api("POST", "api/stop", wishOf(data)),
  "[data-post]": ({ post }) => api("POST", post, {}),
};

for (const [selector, call] of Object.entries(BUTTONS)) {
  for (const button of document.querySelectorAll(selector)) {
    button.addEventListener("click", () => act(button, () => call(button.dataset)));
  }
}

for (const time of document.querySelectorAll("time")) {
  const when = new Date(time.dateTime);
  time.title = time.textContent;
  time.textContent = when.toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
}
