// Draws the rates of one queue over the last minutes. uPlot is a classic script that defines a global name.

import { History } from "./history.js";
import * as format from "./format.js";

const color = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const height = 84;

export class RateChart {
  #plot;
  #host;

  constructor(host) {
    this.#host = host;
    const axis = { stroke: () => color("--quiet"), grid: { stroke: () => color("--line"), width: 1 }, ticks: { show: false }, font: "11px system-ui, sans-serif" };
    this.#plot = new globalThis.uPlot({
      width: Math.max(160, host.clientWidth),
      height,
      padding: [6, 4, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      select: { show: false },
      scales: { x: { time: true, range: () => { const now = Date.now() / 1000; return [now - History.seconds, now]; } }, y: { range: (_, __, top) => [0, Math.max(1024, (top ?? 0) * 1.1)] } },
      axes: [
        { ...axis, size: 20, space: 70, values: (_, ticks) => ticks.map(tick => format.time(tick * 1000).slice(0, 5)), incrs: [60] },
        { ...axis, size: 62, space: 28, splits: (_, __, ___, top) => [0, top / 2, top].map(Math.round), values: (_, ticks) => ticks.map(tick => (tick === 0 ? "0" : format.rate(tick))) },
      ],
      series: [
        {},
        { label: "received", stroke: () => color("--accent"), fill: () => color("--accent-soft"), width: 1.5, points: { show: false } },
        { label: "copied", stroke: () => color("--warning"), width: 1.5, dash: [4, 3], points: { show: false } },
      ],
    }, [[], [], []], host);
    new ResizeObserver(() => this.#plot.setSize({ width: Math.max(160, host.clientWidth), height })).observe(host);
  }

  show(columns) {
    this.#plot.setData(columns);
  }

  /** Draws the chart again after a change of the colours. */
  redraw() {
    this.#plot.redraw(false, true);
  }
}
