// Small helpers. Text is only ever set as text.

export const byId = (id) => document.getElementById(id);

export function clone(id) {
  const root = byId(id).content.firstElementChild.cloneNode(true);
  const parts = {};
  for (const part of root.querySelectorAll("[data-part]")) {
    parts[part.dataset.part] = part;
  }
  return { root, parts };
}

export function element(tag, classes, text = "") {
  const made = document.createElement(tag);
  made.className = classes;
  made.textContent = text;
  return made;
}

export function button(text, classes, label, act) {
  const made = element("button", `btn btn-sm ${classes}`, text);
  made.type = "button";
  made.setAttribute("aria-label", label);
  made.addEventListener("click", act);
  return made;
}

// Ask before anything is lost; true if the answer is yes.
export function confirm(question, yes) {
  const dialog = byId("question");
  byId("question-text").textContent = question;
  const agree = dialog.querySelector("[data-part=yes]");
  agree.textContent = yes;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    agree.onclick = () => dialog.close("yes");
    dialog.querySelector("[data-part=no]").onclick = () => dialog.close();
    dialog.onclose = () => resolve(dialog.returnValue === "yes");
  });
}

export const when = (stamp) => new Date(stamp).toLocaleString();

export function notify(message, kind = "success") {
  byId("notice").replaceChildren(element("div", `alert alert-${kind}`, message));
}

// Act once the calls have paused for that long.
export function later(wait, act) {
  let timer;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => act(...values), wait);
  };
}
