// Shows the RX queues of each interface: which queue receives from each, the flow rules, and the moves of the last minutes.

import { el, byId } from "./dom.js";
import * as format from "./format.js";

const recent = 5 * 60 * 1000;
const shownRules = 6;

/** Returns the moves of the last minutes by source and target. */
function movesOf(events, now) {
  const moves = new Map();
  for (const event of events) {
    if (event.kind === "Moved" && event.to && now - Date.parse(event.time) < recent) {
      const targets = moves.get(event.queue) ?? moves.set(event.queue, new Map()).get(event.queue);
      targets.set(event.to, (targets.get(event.to) ?? 0) + event.count);
    }
  }

  return moves;
}

export class QueueMap {
  #host = byId("map");
  #shown = "";

  show(snapshot, events) {
    const now = Date.parse(snapshot.time);
    const moves = movesOf(events, now);
    const interfaces = new Map();
    const place = (name, rx) => {
      const rows = interfaces.get(name) ?? interfaces.set(name, new Map()).get(name);
      return rows.get(rx) ?? rows.set(rx, { queues: [], rules: [] }).get(rx);
    };
    snapshot.queues.forEach((queue, index) => place(queue.interface ?? "", queue.interface ? queue.rxQueue : index).queues.push(queue));
    snapshot.rebalancing.flows.forEach(flow => place(flow.interface, flow.rxQueue).rules.push(flow));
    const shape = JSON.stringify([[...interfaces].map(([name, rows]) => [name, [...rows].map(([rx, row]) => [rx, row.rules, row.queues.map(queue => [queue.name, queue.state, queue.pressure, queue.hasStorm, queue.connections])])]), [...moves].map(([from, to]) => [from, [...to]]), snapshot.rebalancing]);
    if (shape === this.#shown) {
      return;
    }

    this.#shown = shape;
    this.#host.replaceChildren(
      ...[...interfaces].map(([name, rows]) => this.#interface(name, rows, moves)),
      el("p", { class: "quiet" }, summary(snapshot.rebalancing)));
  }

  #interface(name, rows, moves) {
    const cells = [...rows].sort(([a], [b]) => a - b).map(([rx, row]) => el("li", { class: "rx", "data-level": levelOf(row) },
      el("span", { class: "rx-number" }, name ? `RX ${rx}` : "ring"),
      el("span", { class: "rx-body" },
        ...(row.queues.length === 0
          ? [el("span", { class: "quiet" }, "not ours")]
          : row.queues.map(queue => el("span", { class: "rx-queue" }, el("strong", {}, queue.name), ` ${stateOf(queue)}, ${format.plural(queue.connections, "connection", "connections")}`))),
        ...row.queues.flatMap(queue => [...(moves.get(queue.name) ?? [])].map(([to, count]) => el("span", { class: "rx-move" }, `→ ${to}: ${format.plural(count, "move", "moves")}`))),
        ...row.rules.slice(0, shownRules).map(flow => el("code", { class: "rx-rule" }, flow.rule)),
        row.rules.length > shownRules ? el("span", { class: "quiet" }, `and ${row.rules.length - shownRules} more rules`) : null)));
    return el("div", { class: "interface" }, el("h3", {}, name || "Without a network interface"), el("ul", { class: "rxs" }, ...cells));
  }
}

const stateOf = queue => (queue.state !== "Open" ? queue.state.toLowerCase() : queue.hasStorm ? "copy storm" : queue.pressure === "Normal" ? "receives" : `pool ${queue.pressure.toLowerCase()}`);

function levelOf(row) {
  if (row.queues.some(queue => queue.state !== "Open" || queue.hasStorm || queue.pressure === "Exhausted")) {
    return "error";
  }

  return row.queues.some(queue => queue.pressure === "High") ? "warning" : row.queues.length === 0 ? "info" : "good";
}

function summary(rebalancing) {
  const moves = Object.entries(rebalancing.moves).map(([reason, count]) => `${format.plural(count, "move", "moves")} (${reason.replace(/(?<=[a-z])(?=[A-Z])/g, " ").toLowerCase()})`);
  return [
    `${format.plural(rebalancing.flowCount, "flow rule", "flow rules")} in place`,
    rebalancing.degraded > 0 && `${format.plural(rebalancing.degraded, "connection", "connections")} copied without remedy`,
    `since the start: ${[
      moves.length === 0 ? "no moves" : moves.join(", "),
      rebalancing.tablesReplaced > 0 && format.plural(rebalancing.tablesReplaced, "RSS table replaced", "RSS tables replaced"),
      rebalancing.vetoed > 0 && format.plural(rebalancing.vetoed, "action vetoed", "actions vetoed"),
    ].filter(Boolean).join(", ")}`,
  ].filter(Boolean).join(" · ");
}
