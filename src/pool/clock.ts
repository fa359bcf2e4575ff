/**
 * One time for all threads and processes of this machine: in ms, as precise as `performance.now()`, which begins anew in
 * each of them. The time of day would do for that as well, if nobody set it.
 */

/** So many pairs of looks at both clocks: whoever is interrupted between the two looks of a pair gets it wrong. */
const LOOKS = 5;

let offset: number | undefined;

/** From this thread's `performance.now()` to the machine's time. */
export function toMachineTime(now: number): number {
  offset ??= measureOffset();
  return now + offset;
}

/** From the machine's time to what this thread's `performance.now()` was then. */
export function fromMachineTime(time: number): number {
  offset ??= measureOffset();
  return time - offset;
}

function measureOffset(): number {
  let best = 0;
  let least = Infinity;
  for (let look = 0; look < LOOKS; look += 1) {
    const before = performance.now();
    const machine = Number(process.hrtime.bigint()) / 1e6;
    const between = performance.now() - before;
    if (between >= least) continue;
    least = between;
    best = machine - before - between / 2;
  }
  return best;
}
