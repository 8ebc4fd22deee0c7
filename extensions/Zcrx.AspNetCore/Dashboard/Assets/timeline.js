// Shows the events, newest first. An event whose count grows keeps its place.

import { el, setText, byId } from "./dom.js";
import * as format from "./format.js";

// The same quotas as those of EventTimeline.
const mostErrors = 100;
const mostOthers = 300;
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
      if (item?.level === event.level) {
        setText(item.text, event.text);
      } else if (item) {
        item.root.replaceWith(this.#create(event));
      } else {
        this.#host.prepend(this.#create(event));
      }
    }

    this.#trim(event => event.level === "error", mostErrors);
    this.#trim(event => event.level !== "error", mostOthers);
  }

  #trim(isOf, most) {
    const ids = this.events.filter(isOf).map(event => event.id);
    for (const id of ids.slice(0, Math.max(0, ids.length - most))) {
      this.#events.delete(id);
      this.#items.get(id)?.root.remove();
      this.#items.delete(id);
    }
  }

  #create(event) {
    const text = el("span", { class: "text" }, event.text);
    const word = words[event.level];
    const root = el("li", { "data-level": event.level, "data-kind": event.kind },
      el("time", { datetime: event.time }, format.time(event.time)),
      el("span", { class: "dot", "aria-hidden": "true" }),
      word ? el("span", { class: "visually-hidden" }, `${word}: `) : null,
      text);
    this.#items.set(event.id, { root, text, level: event.level });
    return root;
  }
}
