/** What one call is like, from all that was seen of the function: the input of the model. */

import type { SampleCost } from './advice.ts';
import type { Growth } from './growth.ts';
import type { MachineCosts } from './machine-costs.ts';
import type { CallProfile } from './predict.ts';
import { factorOfAll, mean, type Tried, typical } from './samples.ts';

/** What profile.ts has seen; times in ms. */
export interface Seen {
  readonly tried: readonly Tried[];
  /** For each input that ran in a thread what its calls took beyond running, and how large its values are. */
  readonly inThread: ReadonlyArray<{ readonly bytes: number; readonly beyond: readonly number[] }>;
  readonly load: number;
  readonly cold: number;
  readonly stretch: number;
  /** A call that did not end: when it was stopped, and for how long it had been busy by then. */
  readonly unfinished: { readonly ms: number; readonly busy: number | null } | undefined;
  /** Of a call that is too quick to be measured by itself, from thousands of them. */
  readonly cpuOfQuick: number | undefined;
}

/** Values below this many bytes take what the machine says; the difference could not be measured. */
const LARGE_BYTES = 4096;

export function callProfileOf(
  seen: Seen,
  inputs: ReadonlyArray<readonly unknown[]>,
  samples: readonly SampleCost[],
  growth: Growth | null,
  machine: MachineCosts,
): CallProfile {
  const usual = seen.tried.map(typical);
  const bytes = mean(seen.tried.map((tried) => tried.bytes));
  const common = {
    bytes,
    carry: carriesOf(seen, bytes, machine),
    load: seen.load,
    cold: seen.cold,
    heap: Math.max(0, ...usual.map(({ heap }) => heap)),
    stretch: seen.stretch,
  };
  if (seen.unfinished !== undefined) return { ...common, ...unfinished(seen.unfinished) };
  const factor = factorOfAll(inputs, seen.tried, growth);
  const all = (pick: (sample: SampleCost) => number): number => mean(samples.map(pick)) * factor.mean;
  const measured = all(({ cpu }) => cpu);
  const cpu = seen.cpuOfQuick ?? measured;
  const hold = cpu + Math.max(0, all((sample) => sample.hold) - measured);
  const wait = all((sample) => sample.wait);
  const longest = Math.max(0, ...samples.map((sample) => sample.hold + sample.wait)) * factor.most;
  const async = usual.some((each) => each.async);
  // A call that returns no promise blocks all the time; of the others' time some is spent in line for a processor.
  const blocked = async
    ? Math.max(0, ...usual.map((each) => each.blocked.longest - (each.queued ?? 0)))
    : Math.max(0, ...samples.map((sample) => sample.hold));
  return {
    ...common,
    async,
    cpu,
    hold,
    wait,
    longest: Math.max(longest, hold + wait),
    blocked: Math.min(blocked * factor.most, longest),
  };
}

/** At least that long; and it is one or the other, as far as anybody knows. */
function unfinished({
  ms,
  busy,
}: NonNullable<Seen['unfinished']>): Pick<
  CallProfile,
  'async' | 'cpu' | 'hold' | 'wait' | 'longest' | 'blocked'
> {
  return busy === null || busy > ms / 2
    ? { async: false, cpu: ms, hold: ms, wait: 0, longest: ms, blocked: ms }
    : { async: true, cpu: 0, hold: 0, wait: ms, longest: ms, blocked: 0 };
}

function carriesOf({ tried, inThread }: Seen, bytes: number, machine: MachineCosts): CallProfile['carry'] {
  if (bytes < LARGE_BYTES) return { thread: null, process: null };
  // The first call of each in a process has its sizes measured, which is no part of carrying.
  const inProcess = tried.map((each) => ({ bytes: each.bytes, beyond: each.beyond.slice(1) }));
  return {
    thread: carryOf(inThread, bytes, machine.thread.roundTrip),
    process: carryOf(inProcess, bytes, machine.process.roundTrip),
  };
}

/** In proportion, where not all inputs have been carried; null where none has. */
function carryOf(seen: Seen['inThread'], bytes: number, roundTrip: number): number | null {
  const carried = seen.filter(({ beyond }) => beyond.length > 0);
  const sum = carried.reduce((total, each) => total + each.bytes, 0);
  if (sum === 0) return null;
  // The quickest of each: others have stood in line.
  const ms = carried.reduce((total, { beyond }) => total + Math.max(0, Math.min(...beyond) - roundTrip), 0);
  return (ms / sum) * bytes;
}
