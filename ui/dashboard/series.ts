/** The ticks as columns of figures, for the charts: of all executors, or of one. */
import type { ExecutorTick, Percentiles, Tick } from '../../src/observe/dashboard/messages.ts';

export type Columns = (number | null)[][];

/** The executors of a tick that are looked at; `chosen` is an id, or undefined for all. */
export function chosenOf(tick: Tick, chosen: number | undefined): readonly ExecutorTick[] {
  return chosen === undefined ? tick.executors : tick.executors.filter(({ id }) => id === chosen);
}

function columns(ticks: readonly Tick[], ...values: ((tick: Tick) => number | null)[]): Columns {
  return [ticks.map(({ at }) => at / 1000), ...values.map((value) => ticks.map(value))];
}

const total = (executors: readonly ExecutorTick[], value: (executor: ExecutorTick) => number): number =>
  executors.reduce((sum, executor) => sum + value(executor), 0);

export function throughput(ticks: readonly Tick[], chosen: number | undefined): Columns {
  const perSecond = (value: (executor: ExecutorTick) => number) => (tick: Tick) =>
    (total(chosenOf(tick, chosen), value) * 1000) / tick.ms;
  return columns(
    ticks,
    perSecond(({ settled }) => settled),
    perSecond(({ failed }) => failed),
  );
}

export function queue(ticks: readonly Tick[], chosen: number | undefined): Columns {
  return columns(
    ticks,
    (tick) => total(chosenOf(tick, chosen), ({ pending }) => pending),
    (tick) => total(chosenOf(tick, chosen), ({ running }) => running),
  );
}

/** Of several executors the longest: percentiles cannot be added. */
export function times(ticks: readonly Tick[], chosen: number | undefined, which: 'wait' | 'run'): Columns {
  const longest = (key: keyof Percentiles) => (tick: Tick) => {
    const known = chosenOf(tick, chosen).flatMap((executor) => executor[which] ?? []);
    return known.length === 0 ? null : Math.max(...known.map((percentiles) => percentiles[key]));
  };
  return columns(ticks, longest('p50'), longest('p95'), longest('p99'));
}

const MIB = 1024 * 1024;

/** Of the program, its threads included; and of its worker processes together. */
export function cpu(ticks: readonly Tick[], chosen: number | undefined): Columns {
  return columns(
    ticks,
    ({ host }) => host.cpu,
    (tick) => ofProcesses(tick, chosen, 'cpu'),
  );
}

export function memory(ticks: readonly Tick[], chosen: number | undefined): Columns {
  return columns(
    ticks,
    ({ host }) => host.memory / MIB,
    ({ host }) => host.heap / MIB,
    (tick) => {
      const bytes = ofProcesses(tick, chosen, 'memory');
      return bytes === null ? null : bytes / MIB;
    },
  );
}

function ofProcesses(tick: Tick, chosen: number | undefined, key: 'cpu' | 'memory'): number | null {
  const known = chosenOf(tick, chosen).flatMap(({ workers }) =>
    workers.flatMap((worker) => worker[key] ?? []),
  );
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
}

export function loop(ticks: readonly Tick[]): Columns {
  return columns(
    ticks,
    ({ host }) => host.loopDelay?.p50 ?? null,
    ({ host }) => host.loopDelay?.p99 ?? null,
    ({ host }) => host.loopDelay?.max ?? null,
  );
}
