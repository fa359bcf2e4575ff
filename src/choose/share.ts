/** How much of a processor a thread gets, on a machine that has other things to do. */

import type { CallCost } from './measured-task.ts';

/** A task of its own text, for seeing how much of a processor one gets. */
export const busyFor = (ms: number): number => {
  const end = performance.now() + ms;
  let turns = 0;
  while (performance.now() < end) turns += 1;
  return turns;
};

const LEAST_MS = 5;

/** Of the time that threads could have computed, how much they did: the rest they stood in line for a processor. */
export class Share {
  #cpu = 0;
  #ready = 0;

  note({ cpu, queued, wall, async }: CallCost): void {
    // Of a short call it is mostly how long its thread took to wake up.
    if (cpu < LEAST_MS) return;
    // Where the system does not tell: what neither returned a promise nor computed has waited for its turn.
    const inLine = queued ?? (async ? 0 : Math.max(0, wall - cpu));
    this.#cpu += cpu;
    this.#ready += cpu + inLine;
  }

  get share(): number {
    return this.#ready > 0 ? Math.min(1, Math.max(0.02, this.#cpu / this.#ready)) : 1;
  }
}
