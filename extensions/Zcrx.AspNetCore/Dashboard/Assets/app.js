// Connects the parts of the page.

import { el, setText, byId } from "./dom.js";
import * as format from "./format.js";
import { watch } from "./stream.js";
import { History } from "./history.js";
import { Queues } from "./queues.js";
import { QueueMap } from "./map.js";
import { Nodes } from "./nodes.js";
import { Timeline } from "./timeline.js";
import { Connections } from "./connections.js";
import { Commands } from "./commands.js";

const totals = [["engine", "Engine"], ["received", "Received"], ["copied", "Copied"], ["connections", "Connections"], ["pool", "Buffers leased"], ["since", "Open for"], ["at", "Updated"]];
const history = new History();
const timeline = new Timeline();
const map = new QueueMap();
const nodes = new Nodes();
const connections = new Connections();
let commands = null;
const queues = new Queues(history, name => commands?.restart(name));
const fields = Object.fromEntries(totals.map(([key]) => [key, el("dd")]));
byId("totals").append(...totals.map(([key, title]) => el("div", {}, el("dt", {}, title), fields[key])));

function showHealth(health, text, word = health) {
  byId("banner").dataset.health = health.toLowerCase();
  setText(byId("health-word"), word);
  setText(byId("health-text"), text);
  const title = `${word} · Zcrx`;
  if (document.title !== title) {
    document.title = title;
  }
}

function show(snapshot) {
  const at = Date.parse(snapshot.time);
  const rates = new Map(snapshot.queues.map(queue => [queue.name, history.add(queue, at)]));
  const sum = select => snapshot.queues.reduce((value, queue) => value + select(queue), 0);
  const received = sum(queue => rates.get(queue.name).received);
  const copied = sum(queue => rates.get(queue.name).copied);
  const oldest = Math.min(...snapshot.queues.filter(queue => queue.openSince).map(queue => Date.parse(queue.openSince)));
  showHealth(snapshot.health.status, snapshot.health.description);
  setText(fields.engine, [...new Set(snapshot.queues.map(queue => queue.engine).filter(Boolean))].join(", ") || "none");
  setText(fields.received, format.rate(received));
  setText(fields.copied, received > 0 ? format.percent(Math.min(1, copied / received)) : "–");
  setText(fields.connections, format.count(sum(queue => queue.connections)));
  setText(fields.pool, `${format.count(sum(queue => queue.buffersOut))} of ${format.count(sum(queue => queue.buffers))}`);
  setText(fields.since, Number.isFinite(oldest) ? format.age((at - oldest) / 1000) : "–");
  setText(fields.at, format.time(at));
  setText(byId("listeners"), snapshot.listeners.map(listener => listener.error
    ? `${listener.name}: ${listener.error}`
    : `${listener.name} ${listener.endPoint ?? "closed"}: ${format.count(listener.connections)} open, ${format.count(listener.accepted)} accepted${listener.refused > 0 ? `, ${format.count(listener.refused)} refused` : ""}${listener.isFull ? ", full" : ""}`).join(" · ") || "no listeners");
  queues.show(snapshot.queues, rates, commands !== null);
  map.show(snapshot, timeline.events);
  nodes.show(snapshot.nodes ?? []);
  connections.setQueues(snapshot.queues.map(queue => queue.name));
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  byId("theme").setAttribute("aria-pressed", String(theme === "dark"));
  queues.redraw();
}

const systemTheme = matchMedia("(prefers-color-scheme: dark)");
setTheme(sessionStorage.getItem("zcrx-theme") ?? (systemTheme.matches ? "dark" : "light"));
systemTheme.addEventListener("change", () => setTheme(systemTheme.matches ? "dark" : "light"));
byId("theme").addEventListener("click", () => {
  const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  sessionStorage.setItem("zcrx-theme", theme);
  setTheme(theme);
});

watch({
  onStatus: show,
  onEvents: (events, process) => timeline.add(events, process),
  onAlive: alive => alive || showHealth("Unknown", "The server does not answer. What you see is old.", "Disconnected"),
});

const session = await (await fetch("api/session")).json();
if (session.hasCommands) {
  commands = await Commands.open();
  if (commands) {
    connections.setCommands(commands);
  }
}
