// The page on which admins see who uses what, publish and deprecate.

import * as calls from "./entrypoint-api.js";
import { button, byId, confirm, element, later, notify, when } from "./entrypoint-dom.js";
import { ask } from "./entrypoint-form.js";

const facts = JSON.parse(byId("entrypoints").dataset.facts);
const PAGE = 50;
const state = { search: "", limit: PAGE };

function row(...cells) {
  const made = element("tr", "");
  for (const cell of cells) {
    const box = element("td", "");
    box.append(cell ?? "");
    made.append(box);
  }
  return made;
}

async function refresh() {
  try {
    await Promise.all([showAll(), showAudit()]);
  } catch (error) {
    notify(error.message, "danger");
  }
}

async function showAll() {
  const page = await calls.get(facts.prefix, ["entrypoints"], {
    query: { all: "1", search: state.search, limit: state.limit },
  });
  byId("all").replaceChildren(...page.items.map(rowOf));
  byId("more").hidden = page._pagination.next === null || state.limit >= 200;
}

function rowOf(item) {
  const name = element("div", "");
  name.append(element("div", "fw-semibold", item.name));
  name.append(element("div", "small text-body-secondary", item.entrypoint));
  if (item.public) name.append(element("span", "badge text-bg-info", "published"), " ");
  if (item.deprecated) name.append(element("span", "badge text-bg-warning", "deprecated"));
  const actions = element("div", "d-flex flex-wrap gap-1");
  actions.append(...actionsOf(item));
  const made = row(
    name,
    item.owner,
    item.type,
    String(item.selections),
    String(item.use_count),
    item.last_used ? when(item.last_used) : "never",
    actions,
  );
  made.dataset.id = item.id;
  return made;
}

function actionsOf(item) {
  const publish = item.public ? "Unpublish" : "Publish";
  const deprecate = item.deprecated ? "Undeprecate" : "Deprecate";
  return [
    button(publish, "btn-secondary", `${publish} ${item.name}`, () => togglePublic(item)),
    button(deprecate, "btn-secondary", `${deprecate} ${item.name}`, () => toggleDeprecated(item)),
    button("Delete", "btn-outline-danger", `Delete ${item.name}`, () => remove(item)),
  ];
}

async function change(item, body, done) {
  try {
    await calls.patch(facts.prefix, ["entrypoints", item.id], { body });
    notify(done);
  } catch (error) {
    notify(error.message, "danger");
  }
  await refresh();
}

async function togglePublic(item) {
  const question = `Publish ${item.name}? Everybody who selects it runs what ${item.owner} wrote.`;
  if (!item.public && !(await confirm(question, "Publish"))) return;
  const done = `${item.name} is ${item.public ? "no longer " : ""}published.`;
  await change(item, { public: !item.public }, done);
}

async function toggleDeprecated(item) {
  const message = item.deprecated
    ? null
    : await ask(`Deprecate ${item.name}`, "Why, and what to use instead");
  if (message === "" || message === undefined) return;
  await change(item, { deprecated: message }, `${item.name} is changed.`);
}

async function remove(item) {
  const question = `Delete ${item.name} of ${item.owner}? Those who selected it are told when their server starts.`;
  if (!(await confirm(question, "Delete"))) return;
  try {
    await calls.remove(facts.prefix, ["entrypoints", item.id]);
    notify(`${item.name} is deleted.`);
  } catch (error) {
    notify(error.message, "danger");
  }
  await refresh();
}

async function showAudit() {
  const page = await calls.get(facts.prefix, ["audit"], { query: { limit: 50 } });
  const rows = page.items.map((event) =>
    row(when(event.at), event.actor, event.action, event.name, event.owner),
  );
  byId("audit").replaceChildren(...rows);
}

byId("search").addEventListener(
  "input",
  later(200, () => {
    state.search = byId("search").value.trim();
    return refresh();
  }),
);
byId("more").addEventListener("click", () => {
  state.limit = Math.min(200, state.limit + PAGE);
  return refresh();
});
refresh();
