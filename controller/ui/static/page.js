// What the page does in the browser: times, keyboard, theme, the question before a verb, and the
// sign that says whether what is shown is what there is.
import { drawAll, redrawAll } from "./grid.js";

const root = document.documentElement;
const find = (id) => document.getElementById(id);

// Times: how long ago, how long still, or when.

function age(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 120) return `${whole}s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 10) return whole % 60 ? `${minutes}m${whole % 60}s` : `${minutes}m`;
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return minutes % 60 ? `${hours}h${minutes % 60}m` : `${hours}h`;
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (days < 8) return hours % 24 ? `${days}d${hours % 24}h` : `${days}d`;
  return `${days}d`;
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

function words(element, now) {
  const at = Date.parse(element.dateTime);
  if (element.dataset.as === "age") return age((now - at) / 1000);
  if (element.dataset.as === "left") return age((at - now) / 1000);
  return (now - at < 20 * 3600e3 ? clock : day).format(at);
}

function tick() {
  const now = Date.now();
  for (const element of document.querySelectorAll("time[data-as]")) {
    const said = words(element, now);
    if (element.textContent !== said) element.textContent = said;
    if (!element.title) element.title = whole.format(Date.parse(element.dateTime));
  }
}

// After a change of the page, and before it is painted: what the server does not know.
function settle() {
  tick();
  drawAll();
  const title = find("head")?.dataset.title ?? find("list")?.dataset.title;
  if (title) document.title = `${title} · Echelon`;
  select(chosen);
}

// Rows and keys.

let chosen = null; // the id of the selected row

function select(id) {
  chosen = id;
  for (const row of document.querySelectorAll("[data-row]")) row.classList.toggle("selected", row.id === id && id !== null);
}

function step(by) {
  const rows = [...document.querySelectorAll("[data-row]")];
  if (!rows.length) return;
  const at = rows.findIndex((row) => row.id === chosen);
  const next = at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.max(0, Math.min(rows.length - 1, at + by));
  select(rows[next].id);
  const link = rows[next].querySelector(".open");
  link?.focus({ preventScroll: true });
  rows[next].scrollIntoView({ block: "nearest" });
}

const KEYS = {
  "/": () => find("search")?.focus(),
  j: () => step(1),
  k: () => step(-1),
  u: () => document.querySelector("[data-up]")?.click(),
  t: turnTheme,
  "?": () => find("help").showModal(),
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select, textarea, [contenteditable]");
  if (event.key === "Escape" && typing) typing.blur();
  if (event.ctrlKey || event.metaKey || event.altKey || typing || document.querySelector("dialog[open]")) return;
  const act = KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

// Light and dark.

function turnTheme() {
  const next = { "": "light", light: "dark", dark: "" }[root.dataset.theme ?? ""];
  if (next) root.dataset.theme = next;
  else delete root.dataset.theme;
  document.cookie = `theme=${next}; path=/; samesite=lax; max-age=${next ? 31536000 : 0}`;
  nameTheme();
  redrawAll();
}

function nameTheme() {
  find("theme").textContent = { light: "Light", dark: "Dark" }[root.dataset.theme] ?? "Auto";
  find("theme").title = "Light, dark, or as the system has it";
}

find("theme").hidden = find("keys").hidden = false;
find("theme").addEventListener("click", turnTheme);
find("keys").addEventListener("click", KEYS["?"]);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawAll);
nameTheme();

// Paper is white: a canvas keeps the colours in which it was drawn.
let onScreen = "";
addEventListener("beforeprint", () => {
  onScreen = root.dataset.theme ?? "";
  root.dataset.theme = "light";
  redrawAll();
});
addEventListener("afterprint", () => {
  if (onScreen) root.dataset.theme = onScreen;
  else delete root.dataset.theme;
  redrawAll();
});

// The question before a verb.

document.addEventListener("htmx:after:swap", () => {
  const dialog = find("dialog");
  if (find("dialog-body").childElementCount && !dialog.open) {
    dialog.showModal();
    dialog.querySelector("input:not([type=hidden]), button")?.focus();
  }
});
find("dialog").addEventListener("close", () => find("dialog-body").replaceChildren());
for (const dialog of document.querySelectorAll("dialog")) {
  dialog.addEventListener("click", (event) => {
    const link = event.target.closest("[data-close]");
    if (event.target !== dialog && !link) return;
    if (link) event.preventDefault();
    dialog.close();
  });
}

// Whether what is shown is what there is.

const SILENCE = 25e3; // the server says something every ten seconds
const WORDS = { opening: "connecting", live: "live", lost: "not connected" };
const SIGNED_OUT = 401;
let connection = null;
let out = false; // whether the server no longer knows the viewer
let heard = Date.now();

function say(state) {
  const live = find("live");
  if (!live || out || live.dataset.state === state) return;
  live.dataset.state = state;
  live.textContent = WORDS[state];
}

// Instead of trying for ever: a link that leads to where one signs in.
function signedOut() {
  const live = find("live");
  if (!live || out) return;
  say("lost");
  out = true;
  const link = document.createElement("a");
  const here = encodeURIComponent(location.pathname + location.search);
  link.href = "signsIn" in live.dataset ? `/signin?next=${here}` : location.href;
  link.textContent = "signed out";
  link.title = "What is shown is no longer kept up to date";
  live.replaceChildren(link);
}

document.addEventListener("htmx:sse:after:connection", (event) => {
  connection = event.detail.connection;
  heard = Date.now();
});
document.addEventListener("htmx:sse:close", (event) => {
  if (connection === event.detail.connection) connection = null;
});
for (const name of ["hello", "beat", "htmx:sse:after:message"]) {
  document.addEventListener(name, (event) => {
    heard = Date.now();
    say("live");
    if (name === "hello" && event.detail.data !== root.dataset.version && !document.querySelector("dialog[open]")) location.reload();
  });
}
document.addEventListener("htmx:sse:error", (event) => (event.detail.status === SIGNED_OUT ? signedOut() : say("lost")));
document.addEventListener("htmx:sse:before:connection", (event) => {
  if (out) event.detail.connection.cancelled = true;
  else if (find("live")?.dataset.state === "live") say("lost");
});

// The first connection: the extension comes back to one that was there, and not to one that never
// was. A page that nobody sees has none: browsers open only a few to one server.

const AGAIN = 4e3;
let asking = null; // the element whose first answer has not come yet
let asked = 0;

function watch() {
  const stream = document.querySelector("main > [hx-sse\\:connect][data-htmx-powered]");
  if (!stream || out || connection || stream === asking || document.hidden) return;
  asking = stream;
  asked = Date.now();
  htmx.trigger(stream, "watch");
}

document.addEventListener("htmx:after:process", watch);
document.addEventListener("visibilitychange", () => {
  heard = Date.now();
  watch();
});
document.addEventListener("htmx:finally:request", (event) => {
  if (event.detail.ctx.sourceElement === asking) asking = null;
});

setInterval(() => {
  tick();
  if (Date.now() - asked > AGAIN) watch();
  if (find("live") && !out && !document.hidden && Date.now() - heard > SILENCE) {
    heard = Date.now();
    say("lost");
    connection?.reader?.cancel();
  }
}, 1000);

// An error instead of a question or a log: the page of its address says what to do.

const PLACES = ["dialog-body", "log"];

function failed(event) {
  const { ctx } = event.detail;
  if (!ctx) return;
  if (PLACES.includes(ctx.target?.id)) {
    ctx.swap = "none";
    location.assign(ctx.request.action);
  } else if (ctx.response?.status === SIGNED_OUT) signedOut();
  else if (ctx.sourceElement === asking) say("lost");
}
for (const name of ["htmx:response:error", "htmx:error"]) document.addEventListener(name, failed);

new MutationObserver(settle).observe(find("main"), { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ["data-grid", "datetime", "data-title", "title"] });
settle();
