// Receives snapshots and events. After an interruption the browser reconnects. After a refusal this module reconnects.

const retryAfter = 5000;
const silentAfter = 5000;

/** Calls the handlers with each snapshot, with new or changed events and the stamp of their process, and with whether the stream is alive. */
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
    source.addEventListener("events", message => {
      // The id consists of the stamp of the process and the version of its timeline.
      const [process] = message.lastEventId.split("-");
      onEvents(JSON.parse(message.data), process);
    });
    source.addEventListener("error", () => {
      setAlive(false);
      if (source.readyState === EventSource.CLOSED) {
        setTimeout(open, retryAfter);
      }
    });
    addEventListener("pagehide", () => source.close(), { once: true });
  };

  open();
  // A hung process keeps its connections open, so the browser raises no error. Silence is the only sign.
  setInterval(() => {
    if (performance.now() - last > silentAfter) {
      setAlive(false);
    }
  }, 1000);
}
