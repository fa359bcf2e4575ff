/** A tick as text: a screen for terminals, and a line for all else. */
import type { ExecutorTick, Percentiles, Program, Tick } from '../../observe/dashboard/messages.ts';

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const digits = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
const MIB = 1024 * 1024;
const BAR = 20;

/** One line, for files and pipes. */
export function lineOf({ at, ms, executors, host, watched }: Tick): string {
  const sum = (value: (executor: ExecutorTick) => number): number =>
    executors.reduce((total, executor) => total + value(executor), 0);
  const parts = [
    new Date(at).toISOString(),
    `${whole.format((sum(({ settled }) => settled) * 1000) / ms)} tasks/s`,
    `${whole.format(sum(({ failed }) => failed))} failed`,
    `${whole.format(sum(({ pending }) => pending))} waiting`,
    `${whole.format(sum(({ running }) => running))} running`,
    ...(watched
      ? [`wait ${times(longest(executors, 'wait'))}`, `run ${times(longest(executors, 'run'))}`]
      : []),
    `CPU ${percent(host.cpu)}`,
    `${whole.format(host.memory / MIB)} MB`,
  ];
  return parts.join('  ');
}

/** Lines that fill a terminal of this size, and no more. */
export function screenOf(program: Program, tick: Tick, columns: number, rows: number): string[] {
  const { host, executors } = tick;
  const lines = [
    `${program.title} (${program.pid})  Node ${program.node}  ${program.cores} cores    q quits`,
    `CPU ${percent(host.cpu)}  memory ${whole.format(host.memory / MIB)} MB  heap ${whole.format(host.heap / MIB)} MB` +
      `  event loop ${percent(host.loopBusy)} busy, late by ${host.loopDelay === null ? '–' : `${time(host.loopDelay.p50)}, at most ${time(host.loopDelay.max)}`}`,
  ];
  for (const executor of executors) {
    const { name, backend, pending, running, settled, failed, workers, concurrency } = executor;
    lines.push(
      '',
      `${name} (${backend})  ${whole.format((settled * 1000) / tick.ms)} tasks/s  ${whole.format(pending)} waiting  ` +
        `${whole.format(running)} running  ${whole.format(failed)} failed`,
      `  wait ${times(executor.wait)}   run ${times(executor.run)}`,
    );
    for (const { name: worker, state, busy, cpu, memory } of workers) {
      const share = busy === null ? 0 : Math.min(1, busy / (concurrency ?? 1));
      const bar = '#'.repeat(Math.round(share * BAR)).padEnd(BAR);
      const usage =
        cpu === null
          ? ''
          : `  CPU ${percent(cpu)}  ${memory === null ? '' : `${whole.format(memory / MIB)} MB`}`;
      lines.push(`  ${worker.padEnd(28)} ${state.padEnd(8)} [${bar}] ${percent(share).padStart(5)}${usage}`);
    }
  }
  const functions = tick.functions.slice(0, 5);
  if (functions.length > 0) {
    lines.push('', 'Function                        tasks/s   mean');
    for (const { name, count, runMs } of functions) {
      lines.push(
        `  ${name.slice(0, 28).padEnd(28)} ${whole.format((count * 1000) / tick.ms).padStart(8)}   ${time(runMs / count)}`,
      );
    }
  }
  for (const { source, message } of tick.errors)
    lines.push('', `${source}: ${message.split('\n', 1)[0] ?? ''}`);
  return lines.slice(0, rows).map((line) => plain(line).slice(0, columns));
}

/** Names and messages are those of a foreign program, and must not steer the terminal. */
function plain(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '?');
}

function longest(executors: readonly ExecutorTick[], which: 'wait' | 'run'): Percentiles | null {
  const known = executors.flatMap((executor) => executor[which] ?? []);
  return known.reduce<Percentiles | null>(
    (most, one) => (most === null || one.p99 > most.p99 ? one : most),
    null,
  );
}

function times(percentiles: Percentiles | null): string {
  if (percentiles === null) return '–';
  return `p50 ${time(percentiles.p50)} p95 ${time(percentiles.p95)} p99 ${time(percentiles.p99)}`;
}

function time(ms: number): string {
  if (ms >= 1000) return `${digits.format(ms / 1000)} s`;
  return ms >= 1 || ms === 0 ? `${digits.format(ms)} ms` : `${digits.format(ms * 1000)} µs`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
