// The page is whole without this: it only keeps itself up to date.

const live = document.getElementById("status-live");
const EVERY = 30_000;

// What a reader has opened, or is writing in, is not taken away.
function inUse() {
  return document.hidden || live.querySelector("details[open]") || live.contains(document.activeElement);
}

async function refresh() {
  if (inUse()) return;
  const answer = await fetch(live.dataset.reload, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("status-live");
  if (fresh && !inUse()) live.replaceChildren(...document.adoptNode(fresh).childNodes);
}

if (live) setInterval(() => refresh().catch(() => {}), EVERY);
