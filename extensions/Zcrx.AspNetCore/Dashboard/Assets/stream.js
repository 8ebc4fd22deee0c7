// Receives snapshots and events. The browser reconnects after an interruption; after a refusal this does.

const retryAfter = 5000;
const silentAfter = 5000;

/** Calls the handlers with each snapshot, with new or changed events, and with whether the stream is alive. */
export function watch({ onStatus, onEvents, onAlive }) {
  let last = performance.now();
  let alive = null;

  const setAlive = value => {
    if (alive !== value) {
      alive = value;
      onAlive(value);
    }
  };

  const open = () => {
    const source = new EventSource("api/stream");
    source.addEventListener("status", message => {
      last = performance.now();
      setAlive(true);
      onStatus(JSON.parse(message.data));
    });
    source.addEventListener("events", message => onEvents(JSON.parse(message.data)));
    source.addEventListener("error", () => {
      setAlive(false);
      if (source.readyState === EventSource.CLOSED) {
        setTimeout(open, retryAfter);
      }
    });
    addEventListener("pagehide", () => source.close(), { once: true });
  };

  open();
  // A process that hangs keeps its connections open.
  setInterval(() => {
    if (performance.now() - last > silentAfter) {
      setAlive(false);
    }
  }, 1000);
}
