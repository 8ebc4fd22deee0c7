// Shows the events, newest first. An event whose count grows keeps its place.

import { el, setText, byId } from "./dom.js";
import * as format from "./format.js";

const most = 300;
const words = { info: "", good: "", warning: "Warning", error: "Error" };

export class Timeline {
  #events = new Map();
  #items = new Map();
  #host = byId("events");
  #problems = byId("events-problems");
  #process = null;

  constructor() {
    this.#problems.addEventListener("change", () => this.#host.classList.toggle("problems", this.#problems.checked));
  }

  get events() {
    return [...this.#events.values()];
  }

  add(events, process) {
    // Another process counts its events from one again. Its events would replace those with the same numbers.
    if (this.#process !== process) {
      this.#process = process;
      this.#events.clear();
      this.#items.clear();
      this.#host.replaceChildren();
    }

    for (const event of events) {
      this.#events.set(event.id, event);
      const item = this.#items.get(event.id);
      if (item) {
        setText(item.text, event.text);
      } else {
        this.#insert(event);
      }
    }

    while (this.#events.size > most) {
      const [oldest] = this.#events.keys();
      this.#events.delete(oldest);
      this.#items.get(oldest)?.root.remove();
      this.#items.delete(oldest);
    }
  }

  #insert(event) {
    const text = el("span", { class: "text" }, event.text);
    const word = words[event.level];
    const root = el("li", { "data-level": event.level, "data-kind": event.kind },
      el("time", { datetime: event.time }, format.time(event.time)),
      el("span", { class: "dot", "aria-hidden": "true" }),
      word ? el("span", { class: "visually-hidden" }, `${word}: `) : null,
      text);
    this.#items.set(event.id, { root, text });
    this.#host.prepend(root);
  }
}
