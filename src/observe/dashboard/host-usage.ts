/** What the program itself takes: CPU, memory, and how late its event loop is. */

import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { Tick } from './messages.ts';
import { percentilesOf } from './percentiles.ts';

/** A timer is set to fire each so many ms, and what it measures is how long that took: 50 wake-ups a second. */
const RESOLUTION_MS = 20;
const NANOSECONDS_PER_MS = 1e6;

export class HostUsage {
  #cpu = process.cpuUsage();
  #loop = performance.eventLoopUtilization();
  #delay: IntervalHistogram | undefined;

  /** Whether the delay of the event loop is measured: it costs wake-ups, so only for those who look. */
  watch(watched: boolean): void {
    if (watched === (this.#delay !== undefined)) return;
    if (watched) {
      this.#delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
      this.#delay.enable();
    } else {
      this.#delay?.disable();
      this.#delay = undefined;
    }
  }

  /** Since the last call, `ms` ago. */
  take(ms: number): Tick['host'] {
    const cpu = process.cpuUsage();
    const loop = performance.eventLoopUtilization();
    const usedMs = (cpu.user - this.#cpu.user + cpu.system - this.#cpu.system) / 1000;
    const loopBusy = performance.eventLoopUtilization(loop, this.#loop).utilization;
    this.#cpu = cpu;
    this.#loop = loop;
    const { rss, heapUsed } = process.memoryUsage();
    const delay = this.#delay;
    const loopDelay =
      delay === undefined || delay.count === 0
        ? null
        : percentilesOf(delay, NANOSECONDS_PER_MS, RESOLUTION_MS);
    delay?.reset();
    return { cpu: usedMs / ms, memory: rss, heap: heapUsed, loopBusy, loopDelay };
  }
}
