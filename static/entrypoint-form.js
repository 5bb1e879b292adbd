// The form in which an entrypoint is added or changed, made from its type's fields.

import { byId, element } from "./entrypoint-dom.js";

const dialog = byId("editor");
const form = dialog?.querySelector("form");
const alert = dialog?.querySelector(".alert");
const fields = dialog?.querySelector("[data-part=fields]");

// Show the form; `save` gets the values and may throw a Refusal, which is shown
// at its field. Resolves when the form closes.
export function edit({ title, type, systems, values, save }) {
  const controls = [
    textControl("name", { title: "Name", maxLength: 200 }, values.name ?? "", true),
    ...Object.entries(type.fields).map(([name, schema]) =>
      control(name, schema, values[name], type.required.includes(name)),
    ),
    systemsControl(systems, values.systems),
  ];
  return showForm(title, controls, save);
}

function showForm(title, controls, save) {
  byId("editor-title").textContent = title;
  alert.hidden = true;
  fields.replaceChildren(...controls.map((made) => made.root));
  form.onsubmit = async (event) => {
    event.preventDefault();
    await submit(controls, save);
  };
  dialog.querySelector("[data-part=cancel]").onclick = () => dialog.close();
  dialog.showModal();
  fields.querySelector("input, select, textarea").focus();
  return new Promise((resolve) => {
    dialog.onclose = resolve;
  });
}

// Ask for one line of text; undefined if the form was closed.
export async function ask(title, label, value = "") {
  let answer;
  const line = textControl("text", { title: label }, value, false);
  await showForm(title, [line], (values) => {
    answer = values.text ?? "";
  });
  return answer;
}

async function submit(controls, save) {
  const button = dialog.querySelector("[data-part=save]");
  for (const made of controls) made.complain("");
  alert.hidden = true;
  button.disabled = true;
  dialog.setAttribute("aria-busy", "true");
  try {
    await save(collect(controls));
    dialog.close("saved");
  } catch (error) {
    show(error, controls);
  } finally {
    button.disabled = false;
    dialog.removeAttribute("aria-busy");
  }
}

function collect(controls) {
  const values = {};
  for (const made of controls) {
    const value = made.value();
    if (value !== undefined) values[made.name] = value;
  }
  return values;
}

function show(error, controls) {
  const field = (error.field ?? "").replace(/^fields\./, "").split(".")[0];
  const faulty = controls.find((made) => made.name === field);
  if (faulty) {
    faulty.complain(error.message);
    faulty.focus();
  } else {
    alert.textContent = error.message;
    alert.hidden = false;
  }
}

function control(name, schema, value, required) {
  if (schema.enum) return choiceControl(name, schema, value, required);
  if (schema.type === "boolean") return switchControl(name, schema, value);
  if (schema.type === "array") return linesControl(name, schema, value);
  return textControl(name, schema, value, required);
}

function frame(name, schema, input, required) {
  const root = element("div", "mb-3");
  const id = `field-${name}`;
  input.id = id;
  input.name = name;
  const label = element("label", "form-label", schema.title ?? name);
  label.htmlFor = id;
  const help = element("div", "form-text", schema.description ?? "");
  help.id = `${id}-help`;
  const fault = element("div", "invalid-feedback");
  fault.id = `${id}-fault`;
  input.setAttribute("aria-describedby", `${help.id} ${fault.id}`);
  if (required) input.required = true;
  root.append(label, input, fault, help);
  return {
    name,
    root,
    focus: () => input.focus(),
    complain(message) {
      fault.textContent = message;
      input.classList.toggle("is-invalid", message !== "");
      input.setAttribute("aria-invalid", String(message !== ""));
    },
  };
}

function textControl(name, schema, value, required) {
  const input = element("input", "form-control");
  const number = schema.type === "integer" || schema.type === "number";
  input.type = number ? "number" : "text";
  input.autocomplete = "off";
  input.spellcheck = false;
  input.value = value ?? schema.default ?? "";
  input.placeholder = schema.examples?.[0] ?? "";
  if (schema.maxLength) input.maxLength = schema.maxLength;
  const made = frame(name, schema, input, required);
  made.value = () => {
    const text = input.value.trim();
    if (text === "" && !required) return undefined;
    return number ? Number(text) : text;
  };
  return made;
}

function choiceControl(name, schema, value, required) {
  const input = element("select", "form-select");
  for (const choice of schema.enum) {
    const option = element("option", "", String(choice));
    option.selected = choice === (value ?? schema.default);
    input.append(option);
  }
  const made = frame(name, schema, input, required);
  made.value = () => schema.enum[input.selectedIndex];
  return made;
}

function switchControl(name, schema, value) {
  const input = element("input", "form-check-input d-block");
  input.type = "checkbox";
  input.checked = value ?? schema.default ?? false;
  const made = frame(name, schema, input, false);
  made.value = () => input.checked;
  return made;
}

function linesControl(name, schema, value) {
  const input = element("textarea", "form-control");
  input.rows = 3;
  input.spellcheck = false;
  const lines = value ?? schema.default;
  input.value = Array.isArray(lines) ? lines.join("\n") : "";
  const made = frame(name, schema, input, false);
  made.value = () => {
    const lines = input.value.split("\n").map((line) => line.trim());
    return lines.filter((line) => line !== "");
  };
  return made;
}

function systemsControl(systems, chosen) {
  const root = element("fieldset", "mb-3");
  root.append(element("legend", "form-label fs-6", "Systems"));
  const fault = element("div", "text-danger small");
  const boxes = systems.map((system) => {
    const line = element("div", "form-check");
    const box = element("input", "form-check-input");
    box.type = "checkbox";
    box.id = `on-${system.name}`;
    box.checked = chosen.includes(system.name);
    const label = element("label", "form-check-label", system.display_name);
    label.htmlFor = box.id;
    line.append(box, label);
    root.append(line);
    return box;
  });
  root.append(fault);
  return {
    name: "systems",
    root,
    focus: () => boxes[0].focus(),
    complain: (message) => {
      fault.textContent = message;
    },
    value: () => systems.filter((_, at) => boxes[at].checked).map((one) => one.name),
  };
}
