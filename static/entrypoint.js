// The page on which people choose what their server starts in.

import * as calls from "./entrypoint-api.js";
import { button, byId, clone, confirm, element, later, notify, when } from "./entrypoint-dom.js";
import { ask, edit } from "./entrypoint-form.js";

const root = byId("entrypoints");
const facts = root ? JSON.parse(root.dataset.facts) : null;
const at = (method) => (path, options) => calls[method](facts.prefix, path, options);
const [get, post, put, drop] = ["get", "post", "put", "remove"].map(at);
const PAGE = 20;

const state = { system: null, server: "", search: "", selected: null, shown: {} };

const path = (...rest) => ["users", facts.user, "systems", state.system.name, ...rest];
const server = () => ({ query: { server: state.server } });

// Do something that may be refused, and show what came of it.
async function attempt(work, done = "") {
  try {
    await work();
    if (done) notify(done);
    return true;
  } catch (error) {
    notify(error.message, "danger");
    return false;
  }
}

async function refresh() {
  root.setAttribute("aria-busy", "true");
  await attempt(async () => {
    await showSelection();
    await Promise.all(facts.types.map(showType));
  });
  root.removeAttribute("aria-busy");
}

// Systems.

function showSystems() {
  const buttons = facts.systems.map((system) => {
    const chosen = system === state.system;
    const made = element(
      "button",
      `btn ${chosen ? "btn-primary" : "btn-outline-primary"}`,
      system.display_name,
    );
    made.type = "button";
    made.setAttribute("aria-pressed", String(chosen));
    made.addEventListener("click", () => chooseSystem(system));
    return made;
  });
  byId("systems").replaceChildren(...buttons);
}

async function chooseSystem(system) {
  state.system = system;
  state.shown = {};
  history.replaceState(null, "", `#${system.name}`);
  byId("notice").replaceChildren();
  showSystems();
  byId("systems").querySelector("[aria-pressed=true]").focus({ preventScroll: true });
  await refresh();
}

// The selection.

async function showSelection() {
  const box = byId("selection");
  byId("selection-heading").textContent = `Selected on ${state.system.display_name}`;
  let selected = {};
  let lost = "";
  try {
    selected = await get(path(), server());
  } catch (error) {
    if (error.status !== 410) throw error;
    lost = error.message;
  }
  state.selected = selected.id ?? null;
  byId("check").hidden = state.selected === null;
  byId("clear").disabled = state.selected === null && lost === "";
  box.replaceChildren();
  if (lost) {
    box.append(element("span", "text-danger-emphasis", lost));
  } else if (state.selected === null) {
    box.append(element("span", "", "Nothing: your server starts as the Hub does by default."));
  } else {
    box.append(element("span", "fw-semibold", selected.name), " ", ...badges(selected));
    const message = explanation(selected);
    if (message) box.append(message);
  }
}

function badges(item) {
  const made = [];
  const check = item.checks[state.system.name];
  if (item.id === state.selected) made.push(["text-bg-primary", "selected"]);
  if (check?.result === true) made.push(["text-bg-success", "works", check]);
  if (check?.result === false) made.push(["text-bg-danger", "fails", check]);
  if (check?.result === null) made.push(["text-bg-secondary", "not checked", check]);
  if (item.public && item.owner) made.push(["text-bg-info", "published"]);
  for (const group of item.groups) made.push(["text-bg-info", `group ${group}`]);
  if (item.deprecated) made.push(["text-bg-warning", "deprecated"]);
  return made.flatMap(([colour, text, about]) => {
    const badge = element("span", `badge ${colour}`, text);
    if (about) badge.title = `${about.message} (${when(about.checked)})`;
    return [badge, " "];
  });
}

// What is wrong with an entrypoint, in words; null if nothing is.
function explanation(item) {
  const check = item.checks[state.system.name];
  const lines = [];
  if (item.deprecated) lines.push(`Deprecated: ${item.deprecated}`);
  if (check?.result === false) lines.push(`${check.message} (${when(check.checked)})`);
  return lines.length ? element("div", "text-danger-emphasis", lines.join(" ")) : null;
}

// The boxes, one a type.

async function showType(type) {
  const shown = state.shown[type.name] ?? PAGE;
  const page = await get(path("type", type.name), {
    query: { search: state.search, limit: Math.min(shown, 200) },
  });
  const { parts } = boxOf(type);
  parts.items.replaceChildren(...page.items.map((item) => itemOf(type, item)));
  parts.empty.hidden = page.items.length > 0;
  parts.empty.textContent = emptyText(type);
  parts.footer.hidden = page._pagination.next === null;
}

function emptyText(type) {
  if (state.search) return "Nothing matches your search.";
  if (!type.mutable) return "The administrator offers none on this system.";
  return "You have none on this system yet. Add one to start your server in it.";
}

const boxes = {};

function boxOf(type) {
  if (!boxes[type.name]) {
    const box = clone("type-box");
    const { parts } = box;
    box.root.dataset.type = type.name;
    parts.title.textContent = type.display_name;
    parts.help.hidden = !type.help_link;
    parts.help.href = type.help_link || "#";
    parts.help.setAttribute("aria-label", `Help on ${type.display_name}`);
    parts.add.hidden = !(type.mutable || facts.admin);
    parts.add.setAttribute("aria-label", `Add ${type.display_name}`);
    parts.add.addEventListener("click", () => add(type));
    parts.more.addEventListener("click", () => {
      state.shown[type.name] = (state.shown[type.name] ?? PAGE) + 2 * PAGE;
      return attempt(() => showType(type));
    });
    byId("types").append(box.root);
    boxes[type.name] = box;
  }
  return boxes[type.name];
}

function itemOf(type, item) {
  const { root: row, parts } = clone("type-item");
  row.dataset.id = item.id;
  parts.name.textContent = item.name;
  parts.badges.append(...badges(item));
  const by = item.owner && item.owner !== facts.user ? ` · by ${item.owner}` : "";
  parts.value.textContent = `${item.entrypoint}${by}`;
  const message = explanation(item);
  if (message) parts.message.append(message);
  parts.buttons.append(...buttonsOf(type, item));
  return row;
}

function buttonsOf(type, item) {
  const plain = "btn-secondary";
  const own = item.owner === facts.user;
  const made = [
    button("Select", "btn-success", `Select ${item.name}`, () => select(item)),
    button("Check", plain, `Check ${item.name}`, () => check(item)),
  ];
  if (item.owner && (type.mutable || facts.admin)) {
    made.push(button("Clone", plain, `Clone ${item.name}`, () => copy(type, item)));
  }
  if (item.owner) {
    made.push(button("Link", plain, `Link to a form with ${item.name}`, () => link(item)));
  }
  if (own || (facts.admin && item.owner)) {
    made.push(
      button("Share", plain, `Share ${item.name}`, () => share(item)),
      button("Edit", plain, `Edit ${item.name}`, () => change(type, item)),
      button("Delete", "btn-outline-danger", `Delete ${item.name}`, () => remove(item)),
    );
  }
  return made;
}

// What the buttons do.

async function select(item) {
  const where = state.system.display_name;
  const done = `${item.name} is what your server on ${where} starts in from now on.`;
  if (await attempt(() => put(path(), { ...server(), body: { id: item.id } }), done)) await refresh();
}

async function check(item) {
  await attempt(async () => {
    const verdict = await get(["validate", ...path()], { query: { id: item.id } });
    const kind = { true: "success", false: "danger" }[verdict.result] ?? "secondary";
    notify(`${item.name}: ${verdict.message}`, kind);
  });
  await refresh();
}

async function remove(item) {
  if (!(await confirm(`Delete ${item.name}? This cannot be undone.`, "Delete"))) return;
  const done = `${item.name} is deleted.`;
  if (await attempt(() => drop(path(), { body: { id: item.id } }), done)) await refresh();
}

async function clearSelection() {
  const question = `Clear the selection on ${state.system.display_name}?`;
  if (!(await confirm(question, "Clear"))) return;
  if (await attempt(() => drop(path(), server()), "The selection is cleared.")) {
    await refresh();
  }
}

// As the endpoints take it: the type's further fields on a level of their own.
function bodyOf({ name, entrypoint, systems, ...fields }) {
  return { name, entrypoint, systems, fields };
}

async function add(type, values = {}) {
  await edit({
    title: `Add: ${type.display_name}`,
    type,
    systems: facts.systems,
    values: { systems: [state.system.name], ...values },
    save: async (typed) => {
      const added = await post(path(), { body: { type: type.name, ...bodyOf(typed) } });
      notify(`${added.name} is added. Select it to start your server in it.`);
    },
  });
  await refresh();
}

async function change(type, item) {
  await edit({
    title: `Edit: ${item.name}`,
    type,
    systems: facts.systems,
    values: { ...item.fields, name: item.name, entrypoint: item.entrypoint, systems: item.systems },
    save: async (typed) => {
      const body = { id: item.id, version: item.version, ...bodyOf(typed) };
      const changed = await put(path(), { body });
      notify(`${changed.name} is changed.`);
    },
  });
  await refresh();
}

// The form filled in with another's values: nothing is stored before it is saved.
async function copy(type, item) {
  await add(type, { ...item.fields, name: `${item.name} (copy)`, entrypoint: item.entrypoint });
}

async function link(item) {
  const { type, name, entrypoint, fields } = item;
  const filled = new URLSearchParams({ add: JSON.stringify({ ...fields, name, entrypoint, type }) });
  const address = `${location.origin}${facts.prefix}?${filled}#${state.system.name}`;
  try {
    await navigator.clipboard.writeText(address);
    notify("The link is copied. It opens this page with a form filled in.");
  } catch {
    await ask("A link that opens this page with a form filled in", "Link", address);
  }
}

async function share(item) {
  const own = facts.groups.join(", ") || "none";
  const written = await ask(
    `Share ${item.name} with groups`,
    `Names with commas between them; nothing for nobody. Your groups: ${own}.`,
    item.groups.join(", "),
  );
  if (written === undefined) return;
  const groups = written.split(",").map((one) => one.trim()).filter(Boolean);
  const done = groups.length ? `${item.name} is shared.` : `${item.name} is yours alone.`;
  if (await attempt(() => put(path(), { body: { id: item.id, groups } }), done)) await refresh();
}

function takeIn() {
  const chooser = element("input", "");
  chooser.type = "file";
  chooser.accept = "application/json";
  chooser.addEventListener("change", () => attempt(() => send(chooser.files[0])));
  chooser.click();
}

async function send(file) {
  const body = JSON.parse(await file.text());
  const done = await post(["users", facts.user, "import"], { body });
  const refused = done.refused.map((one) => `${one.name}: ${one.message}`).join(" ");
  notify(`${done.added.length} added. ${refused}`, refused ? "warning" : "success");
  await refresh();
}

// A link can open the page with a form filled in; it is only a suggestion.
async function openLinked() {
  const written = new URLSearchParams(location.search).get("add");
  if (!written) return;
  history.replaceState(null, "", location.pathname + location.hash);
  let values;
  try {
    values = JSON.parse(written);
  } catch {
    notify("The link's form cannot be read.", "danger");
    return;
  }
  const type = facts.types.find((one) => one.name === values?.type);
  if (!type?.mutable) {
    notify("The link is for a type that you cannot add here.", "danger");
    return;
  }
  notify("A link filled this form in. Save it only if you trust where it came from.", "warning");
  const { type: _, ...fields } = values;
  await add(type, fields);
}

// Start.

async function start() {
  const named = decodeURIComponent(location.hash.slice(1));
  state.system = facts.systems.find((one) => one.name === named) ?? facts.systems[0];
  byId("clear").addEventListener("click", clearSelection);
  byId("check").addEventListener("click", () => {
    check({ id: state.selected, name: byId("selection").firstChild.textContent });
  });
  byId("search").addEventListener(
    "input",
    later(200, () => {
      state.search = byId("search").value.trim();
      state.shown = {};
      return refresh();
    }),
  );
  byId("server").addEventListener("change", () => {
    state.server = byId("server").value.trim();
    return refresh();
  });
  for (const type of facts.types) boxOf(type);
  byId("import").addEventListener("click", takeIn);
  showSystems();
  await refresh();
  await openLinked();
}

if (root) start();
