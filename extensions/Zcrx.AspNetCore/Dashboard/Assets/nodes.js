// Shows the nodes of the cluster, if there is a cluster: one line for each node, with its health, queues and rates.

import { el, setText, setAttribute, byId } from "./dom.js";
import * as format from "./format.js";

// A node publishes its status every second unless configured otherwise. After this time it may be unreachable.
const oldAfter = 30;
const stats = [["queues", "Queues"], ["rate", "Received"], ["copied", "Copied"], ["connections", "Connections"], ["pool", "Buffers leased"], ["restarts", "Restarts"]];

class Node {
  #last = null;
  #rate = 0;
  #copied = 0;

  constructor(name) {
    this.parts = {};
    const part = (key, element) => (this.parts[key] = element);
    this.root = el("li", { class: "node" },
      el("div", { class: "node-head" }, el("strong", {}, name), part("state", el("span", { class: "badge" })), part("age", el("span", { class: "quiet" }))),
      part("reasons", el("p", { class: "problem", hidden: true })),
      el("dl", { class: "node-stats" }, ...stats.map(([key, title]) => el("div", {}, el("dt", {}, title), part(key, el("dd"))))));
  }

  show(node) {
    this.#measure(node);
    const parts = this.parts;
    const isOld = node.age > oldAfter;
    const level = isOld || node.state !== "Running" || !node.isAccepting || node.reasons.length > 0 ? "warning" : "good";
    setAttribute(this.root, "data-level", node.queues > 0 && node.openQueues === 0 ? "error" : level);
    setText(parts.state, isOld ? `last seen ${node.state.toLowerCase()}` : node.state === "Running" && !node.isAccepting ? "Ports closed" : node.state);
    setAttribute(parts.state, "data-level", level);
    setText(parts.age, `status of ${format.time(Date.parse(node.time))}, ${format.age(node.age)} old`);
    parts.reasons.hidden = node.reasons.length === 0;
    setText(parts.reasons, node.reasons.join(", "));
    setText(parts.queues, `${node.openQueues} of ${node.queues} open`);
    setText(parts.rate, isOld ? "–" : format.rate(this.#rate));
    setText(parts.copied, !isOld && this.#rate > 0 ? format.percent(Math.min(1, this.#copied / this.#rate)) : "–");
    setText(parts.connections, format.count(node.connections));
    setText(parts.pool, `${format.count(node.buffersOut)} of ${format.count(node.buffers)}`);
    setText(parts.restarts, format.count(node.restarts));
    setAttribute(parts.restarts, "data-level", node.restarts > 0 ? "warning" : null);
  }

  // Computes rates by the clock of the node, because a status may arrive twice or be skipped.
  #measure(node) {
    const at = Date.parse(node.time);
    if (this.#last && at > this.#last.at) {
      const per = (now, before) => (now >= before ? (now - before) * 1000 / (at - this.#last.at) : 0);
      this.#rate = per(node.bytes, this.#last.bytes);
      this.#copied = per(node.copiedBytes, this.#last.copiedBytes);
    }

    if (!this.#last || at > this.#last.at) {
      this.#last = { at, bytes: node.bytes, copiedBytes: node.copiedBytes };
    }
  }
}

export class Nodes {
  #section = byId("nodes-section");
  #host = byId("nodes");
  #nodes = new Map();

  show(nodes) {
    this.#section.hidden = nodes.length === 0;
    const names = new Set(nodes.map(node => node.name));
    for (const [name, node] of this.#nodes) {
      if (!names.has(name)) {
        node.root.remove();
        this.#nodes.delete(name);
      }
    }

    for (const node of nodes) {
      let shown = this.#nodes.get(node.name);
      if (!shown) {
        shown = new Node(node.name);
        this.#nodes.set(node.name, shown);
        // Sorted by name, as in the snapshot.
        this.#host.insertBefore(shown.root, [...this.#host.children].find(other => other.querySelector("strong").textContent > node.name) ?? null);
      }

      shown.show(node);
    }
  }
}
