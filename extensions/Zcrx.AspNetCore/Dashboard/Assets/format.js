const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
const whole = new Intl.NumberFormat("en-US");
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** Formats a number of bytes with three significant digits: 1.25 MiB. */
export function bytes(value) {
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }

  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(value >= 10 ? 1 : 2)} ${units[unit]}`;
}

export const rate = value => `${bytes(value)}/s`;
export const count = value => whole.format(value);
export const percent = value => `${value > 0 && value < 0.01 ? "<1" : Math.round(value * 100)} %`;
export const time = value => clock.format(new Date(value));
export const plural = (value, one, many) => `${count(value)} ${value === 1 ? one : many}`;

/** Formats a short duration given in seconds: 12 µs, 3.4 ms. */
export function duration(seconds) {
  if (seconds < 0.001) {
    return `${Math.round(seconds * 1e6)} µs`;
  }

  return seconds < 1 ? `${(seconds * 1000).toFixed(1)} ms` : `${seconds.toFixed(1)} s`;
}

/** Formats a long duration: 3 h 12 min. */
export function age(seconds) {
  if (seconds < 60) {
    return `${Math.max(0, Math.floor(seconds))} s`;
  }

  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) {
    return `${minutes} min`;
  }

  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
