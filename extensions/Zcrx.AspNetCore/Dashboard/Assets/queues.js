// Shows one card for each queue.

import { el, setText, setAttribute, byId } from "./dom.js";
import * as format from "./format.js";
import { RateChart } from "./chart.js";

const levels = { Normal: "good", High: "warning", Exhausted: "error" };
const states = { Open: "good", Opening: "info", Restarting: "error", Failed: "error", Stopping: "warning", Stopped: "warning" };
const stats = [
  ["rate", "Received"], ["copied", "Copied"], ["connections", "Connections"], ["paused", "Paused"],
  ["pauses", "Pauses"], ["turn", "Turn"], ["busy", "Ring busy"], ["restarts", "Restarts"],
];

class Card {
  constructor(name, onRestart) {
    this.parts = {};
    const part = (key, element) => (this.parts[key] = element);
    this.root = el("article", { class: "card", "aria-labelledby": `queue-${name}` },
      el("header", {},
        el("h3", { id: `queue-${name}` }, name),
        part("state", el("span", { class: "badge" })),
        part("level", el("span", { class: "badge" })),
        part("storm", el("span", { class: "badge", "data-level": "error", hidden: true }, "copy storm")),
        part("restart", el("button", { type: "button", class: "small", hidden: true }, "Restart"))),
      part("engine", el("p", { class: "quiet engine" })),
      part("problem", el("p", { class: "problem", hidden: true })),
      el("div", { class: "pool" },
        part("meter", el("div", { class: "meter", role: "meter", "aria-label": `Buffers of ${name} in use`, "aria-valuemin": 0 },
          part("fill", el("div", { class: "fill" })),
          part("reserve", el("div", { class: "reserve" })),
          part("low", el("div", { class: "mark low" })),
          part("high", el("div", { class: "mark high" })))),
        part("pool", el("p", { class: "legend" }))),
      el("dl", { class: "stats" }, ...stats.map(([key, title]) => el("div", {}, el("dt", {}, title), part(key, el("dd"))))),
      el("p", { class: "arms" }, "Notifications: ", part("arms", el("span"))),
      part("chart", el("div", { class: "chart", role: "img", "aria-label": `Bytes received by ${name} each second, and copied ones dashed` })));
    this.parts.restart.addEventListener("click", () => onRestart(name));
  }

  show(queue, rates, columns, canCommand) {
    const parts = this.parts;
    const isOpen = queue.state === "Open";
    setText(parts.state, queue.state);
    setAttribute(parts.state, "data-level", queue.stuck ? "error" : states[queue.state] ?? "info");
    setText(parts.level, `pool ${queue.pressure.toLowerCase()}`);
    setAttribute(parts.level, "data-level", levels[queue.pressure] ?? "info");
    parts.level.hidden = !isOpen;
    parts.storm.hidden = !queue.hasStorm;
    parts.restart.hidden = !canCommand;
    const place = queue.interface ? ` on ${queue.interface}, RX queue ${queue.rxQueue}` : "";
    setText(parts.engine, queue.engine ? `${queue.engine}${place}: ${queue.engineReason}` : "not opened yet");
    this.#problem(queue);
    const total = queue.buffers || 1;
    const share = Math.min(1, queue.buffersOut / total);
    parts.fill.style.width = `${share * 100}%`;
    parts.reserve.style.width = `${(queue.reserve / total) * 100}%`;
    parts.low.style.left = `${queue.low * 100}%`;
    parts.high.style.left = `${queue.high * 100}%`;
    setAttribute(parts.meter, "data-level", levels[queue.pressure] ?? "good");
    setAttribute(parts.meter, "aria-valuenow", queue.buffersOut);
    setAttribute(parts.meter, "aria-valuemax", queue.buffers);
    setText(parts.pool, `${format.count(queue.buffersOut)} of ${format.count(queue.buffers)} buffers leased · low ${format.percent(queue.low)} · high ${format.percent(queue.high)} · reserve ${format.count(queue.reserve)}`);
    setText(parts.rate, format.rate(rates.received));
    setText(parts.copied, rates.received > 0 ? format.percent(Math.min(1, rates.copied / rates.received)) : "–");
    setText(parts.connections, format.count(queue.connections));
    setText(parts.paused, format.count(queue.paused));
    setText(parts.pauses, `${format.count(Math.round(rates.pauses))}/s`);
    setText(parts.turn, rates.turn > 0 ? format.duration(rates.turn) : "–");
    setText(parts.busy, format.percent(rates.busy));
    setText(parts.restarts, format.count(queue.restarts));
    setAttribute(parts.paused, "data-level", queue.paused > 0 ? "warning" : null);
    setAttribute(parts.restarts, "data-level", queue.restarts > 0 ? "warning" : null);
    setText(parts.arms, queue.notifications.length === 0 ? "none while closed" : queue.notifications.map(arm => `${name(arm.type)} ${arm.state.toLowerCase()} (${format.count(arm.received)})`).join(", "));
    if (!this.plot && this.parts.chart.clientWidth > 0) {
      this.plot = new RateChart(this.parts.chart);
    }

    this.plot?.show(columns);
  }

  #problem(queue) {
    const problems = [
      queue.stuck && `The ring thread is stuck ${queue.stuck}.`,
      queue.state === "Restarting" && `Opens again${queue.restartDelay ? ` within ${format.duration(queue.restartDelay)}` : ""}.`,
      queue.error,
      queue.stalled > 0 && `${format.plural(queue.stalled, "connection has", "connections have")} stalled.`,
      queue.awaitsDescriptors && "Accepts nothing: the process has few file descriptors left.",
    ].filter(Boolean);
    this.parts.problem.hidden = problems.length === 0;
    setText(this.parts.problem, problems.join(" "));
  }
}

const name = type => type.replace(/(?<=[a-z])(?=[A-Z])/g, " ").toLowerCase();

export class Queues {
  #cards = new Map();
  #host = byId("queues");
  #history;
  #onRestart;

  constructor(history, onRestart) {
    this.#history = history;
    this.#onRestart = onRestart;
  }

  show(queues, rates, canCommand) {
    for (const queue of queues) {
      let card = this.#cards.get(queue.name);
      if (!card) {
        card = new Card(queue.name, this.#onRestart);
        this.#cards.set(queue.name, card);
        this.#host.append(card.root);
      }

      card.show(queue, rates.get(queue.name), this.#history.columns(queue.name), canCommand);
    }

    for (const [key, card] of this.#cards) {
      if (!queues.some(queue => queue.name === key)) {
        card.root.remove();
        this.#cards.delete(key);
      }
    }
  }

  redraw() {
    this.#cards.forEach(card => card.plot?.redraw());
  }
}
