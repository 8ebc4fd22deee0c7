// Keeps samples of each queue and derives rates from counters. The counters of a reopened queue start at zero.

const seconds = 180;

export class History {
  #queues = new Map();

  /** Adds a sample and returns the current rates of the queue. */
  add(queue, at) {
    let entry = this.#queues.get(queue.name);
    if (!entry) {
      entry = { last: null, times: [], received: [], copied: [] };
      this.#queues.set(queue.name, entry);
    }

    const last = entry.last;
    const elapsed = last ? (at - last.at) / 1000 : 0;
    if (last && elapsed <= 0) {
      return entry.rates;
    }

    const goesOn = last && last.openSince === queue.openSince && queue.bytes >= last.bytes;
    const per = (now, before) => (goesOn ? Math.max(0, now - before) / elapsed : 0);
    entry.rates = {
      received: per(queue.bytes, last?.bytes),
      copied: per(queue.copiedBytes, last?.copiedBytes),
      pauses: per(queue.pauses, last?.pauses),
      busy: Math.min(1, per(queue.busySeconds, last?.busySeconds)),
      turn: goesOn && queue.turns > last.turns ? Math.max(0, queue.busySeconds - last.busySeconds) / (queue.turns - last.turns) : 0,
    };
    entry.last = { at, bytes: queue.bytes, copiedBytes: queue.copiedBytes, pauses: queue.pauses, busySeconds: queue.busySeconds, turns: queue.turns, openSince: queue.openSince };
    entry.times.push(at / 1000);
    entry.received.push(entry.rates.received);
    entry.copied.push(entry.rates.copied);
    while (entry.times[0] < at / 1000 - seconds) {
      entry.times.shift();
      entry.received.shift();
      entry.copied.shift();
    }

    return entry.rates;
  }

  /** Returns the samples of a queue as columns: time, received, copied. */
  columns(name) {
    const entry = this.#queues.get(name);
    return entry ? [entry.times, entry.received, entry.copied] : [[], [], []];
  }

  static get seconds() {
    return seconds;
  }
}
