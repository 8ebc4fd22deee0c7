// Shows the connections. The server filters, orders and pages them: ten thousand connections cost no more than one page.

import { el, setText, setAttribute, byId } from "./dom.js";
import * as format from "./format.js";

const every = 2000;
const states = ["Receiving", "Unobserved", "Paused", "PausedByPressure", "Moving", "Ended"];
const words = { PausedByPressure: "paused: pool", Paused: "paused", Receiving: "receiving", Unobserved: "unobserved", Moving: "moving", Ended: "ended" };
const levels = { PausedByPressure: "warning", Paused: "warning", Unobserved: "warning" };

export class Connections {
  #page = { page: 0, pages: 1 };
  #sort = "leased";
  #rows = new Map();
  #table = byId("connections");
  #body = this.#table.tBodies[0];
  #search = byId("filter-search");
  #queue = byId("filter-queue");
  #state = byId("filter-state");
  #loading = null;
  #again = false;
  #queues = [];
  #commands = null;

  constructor() {
    this.#state.append(...states.map(state => el("option", { value: state }, words[state])));
    let typing = 0;
    this.#search.addEventListener("input", () => {
      clearTimeout(typing);
      typing = setTimeout(() => this.#show(0), 200);
    });
    this.#queue.addEventListener("change", () => this.#show(0));
    this.#state.addEventListener("change", () => this.#show(0));
    byId("filter").addEventListener("submit", event => {
      event.preventDefault();
      this.#show(0);
    });
    byId("page-first").addEventListener("click", () => this.#show(0));
    byId("page-previous").addEventListener("click", () => this.#show(this.#page.page - 1));
    byId("page-next").addEventListener("click", () => this.#show(this.#page.page + 1));
    byId("page-last").addEventListener("click", () => this.#show(this.#page.pages - 1));
    for (const header of this.#headers) {
      header.querySelector("button").addEventListener("click", () => {
        this.#sort = header.dataset.sort;
        this.#showSort();
        this.#show(0);
      });
    }

    this.#showSort();
    this.#load();
    setInterval(() => document.hidden || this.#load(), every);
  }

  /** Lists the queues in the filter and as targets of moves. */
  setQueues(names) {
    if (names.join() !== this.#queues.join()) {
      this.#queues = names;
      const chosen = this.#queue.value;
      this.#queue.replaceChildren(el("option", { value: "" }, "all"), ...names.map(name => el("option", { value: name }, name)));
      this.#queue.value = names.includes(chosen) ? chosen : "";
      this.#rows.forEach(row => row.root.remove());
      this.#rows.clear();
    }
  }

  setCommands(commands) {
    this.#commands = commands;
    this.#table.querySelector("th.actions").hidden = false;
    this.#rows.forEach(row => row.root.remove());
    this.#rows.clear();
    this.#load();
  }

  get #headers() {
    return [...this.#table.querySelectorAll("th[data-sort]")];
  }

  #showSort() {
    for (const header of this.#headers) {
      setAttribute(header, "aria-sort", header.dataset.sort === this.#sort ? (this.#sort === "id" ? "ascending" : "descending") : null);
    }
  }

  #show(page) {
    this.#page = { ...this.#page, page: Math.max(0, Math.min(page, this.#page.pages - 1)) };
    this.#load();
  }

  async #load() {
    if (this.#loading) {
      this.#again = true;
      return;
    }

    this.#loading = true;
    try {
      const query = new URLSearchParams({ page: this.#page.page, sort: this.#sort, search: this.#search.value, queue: this.#queue.value, state: this.#state.value });
      const answer = await fetch(`api/connections?${query}`, { headers: { Accept: "application/json" } });
      if (answer.ok) {
        this.#render(await answer.json());
      }
    } catch {
      // The banner already reports that the server does not answer.
    } finally {
      this.#loading = null;
      if (this.#again) {
        this.#again = false;
        this.#load();
      }
    }
  }

  #render(page) {
    this.#page = page;
    const shown = new Set();
    page.rows.forEach((connection, index) => {
      shown.add(connection.id);
      let row = this.#rows.get(connection.id);
      if (!row) {
        row = this.#create(connection);
        this.#rows.set(connection.id, row);
      }

      this.#fill(row, connection);
      if (this.#body.children[index] !== row.root) {
        this.#body.insertBefore(row.root, this.#body.children[index] ?? null);
      }
    });
    for (const [id, row] of this.#rows) {
      if (!shown.has(id)) {
        row.root.remove();
        this.#rows.delete(id);
      }
    }

    const first = page.page * 50 + 1;
    setText(byId("page-text"), page.matching === 0
      ? (page.total === 0 ? "no connections" : `none of ${format.count(page.total)} matches`)
      : `${format.count(first)}–${format.count(first + page.rows.length - 1)} of ${format.count(page.matching)}${page.matching === page.total ? "" : ` (${format.count(page.total)} in all)`}`);
    byId("page-first").disabled = byId("page-previous").disabled = page.page === 0;
    byId("page-last").disabled = byId("page-next").disabled = page.page >= page.pages - 1;
  }

  #create(connection) {
    const cells = ["id", "peer", "listener", "queue", "state", "bytes", "leased"].map(key => el("td", { role: "cell", class: [["id", "bytes", "leased"].includes(key) ? "number" : "", ["id", "listener", "bytes"].includes(key) ? "wide" : "", key].filter(Boolean).join(" ") }));
    const root = el("tr", { role: "row" }, ...cells);
    const row = { root, cells };
    if (this.#commands) {
      row.pause = el("button", { type: "button", class: "small" });
      row.pause.addEventListener("click", () => this.#commands.run(row.isPaused ? "resume" : "pause", { connection: connection.id }));
      row.move = el("select", { "aria-label": `Move connection ${connection.id}` }, el("option", { value: "" }, "move to…"), ...this.#queues.map(name => el("option", { value: name }, name)));
      row.move.addEventListener("change", () => {
        this.#commands.run("move", { connection: connection.id, queue: row.move.value });
        row.move.value = "";
      });
      root.append(el("td", { role: "cell", class: "actions" }, row.pause, row.move));
    }

    return row;
  }

  #fill(row, connection) {
    const texts = [connection.id, connection.peer || "unknown", connection.listener ?? "–", connection.queue, words[connection.state] ?? connection.state, format.bytes(connection.bytes), format.count(connection.leased)];
    texts.forEach((text, index) => setText(row.cells[index], String(text)));
    setAttribute(row.cells[4], "data-level", levels[connection.state] ?? null);
    if (row.pause) {
      row.isPaused = connection.state === "Paused";
      setText(row.pause, row.isPaused ? "Resume" : "Pause");
    }
  }
}
