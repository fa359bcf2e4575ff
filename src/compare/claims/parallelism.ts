/** Claims about computing at the same time. */

import { factor, milliseconds, whole } from '../format.ts';
import { CLEARLY, type ClaimDefinition, given, smaller, sources } from './claim.ts';

/** With two cores or more, a lane that keeps so many busy computes in parallel, start of workers included. */
const MORE_THAN_ONE = 1.25;

export const parallelism: readonly ClaimDefinition[] = [
  {
    id: 'one-thread-at-a-time',
    source: sources.all,
    text: 'Only one thread computes at a time',
    judge: (run) =>
      given(
        [run.parallel(run.coresUsed('cpu', 'threads')), run.coresUsed('cpu', 'one-by-one')],
        (threads, single) => ({
          // On a busy machine a lane gets less than a core: how much is what the other lane tells.
          holds: threads < MORE_THAN_ONE * single,
          figures: `threads keep ${threads.toFixed(2)} cores busy, one by one ${single.toFixed(2)}`,
        }),
      ),
    whyDifferent: 'Each thread of Node has an interpreter of its own, without a lock around it.',
  },
  {
    id: 'threads-gain-nothing-on-cpu',
    source: sources.difference,
    text: 'Threads make heavy computing no faster',
    judge: (run) =>
      given([run.parallel(run.speedup('cpu', 'threads'))], (speedup) => ({
        holds: speedup < CLEARLY,
        figures: `threads ${factor(speedup)} as fast as one by one`,
      })),
    whyDifferent: 'Threads of Node compute in parallel.',
  },
  {
    id: 'lock-is-the-reason',
    source: sources.all,
    text: 'A lock around the interpreter is what keeps threads from computing in parallel',
    judge: (run) =>
      given([run.parallel(run.speedup('cpu', 'threads-under-lock'))], (speedup) => ({
        holds: run.underLock === speedup < CLEARLY,
        figures: `threads ${run.underLock ? 'under' : 'without'} a lock ${factor(speedup)}`,
      })),
  },
  {
    id: 'lock-ends-at-the-process',
    source: sources.which,
    text: 'The lock binds threads of one process only; processes get around it',
    judge: (run) =>
      given(
        [
          run.parallel(run.speedup('cpu', 'processes')),
          run.parallel(run.speedup('cpu', 'threads-under-lock')),
        ],
        (processes, locked) => ({
          holds: processes >= CLEARLY * locked,
          figures: `processes ${factor(processes)}, threads under a lock ${factor(locked)}`,
        }),
      ),
  },
  {
    id: 'processes-compute-in-parallel',
    source: sources.all,
    text: 'Processes compute truly in parallel',
    judge: (run) =>
      given(
        [run.parallel(run.coresUsed('cpu', 'processes')), run.coresUsed('cpu', 'one-by-one')],
        (processes, single) => ({
          holds: processes >= MORE_THAN_ONE * single,
          figures: `processes keep ${processes.toFixed(2)} cores busy, one by one ${single.toFixed(2)}`,
        }),
      ),
  },
  {
    id: 'own-interpreter',
    source: sources.difference,
    text: 'Workers of multiprocessing are processes of their own; threads stay in one',
    judge: (run) =>
      given(
        [run.metric('io', 'processes', 'processes'), run.metric('io', 'threads', 'processes')],
        (processes, threads) => ({
          holds: processes > 1 && threads === 1,
          figures: `${whole(processes)} process ids against ${whole(threads)}`,
        }),
      ),
  },
  {
    id: 'processes-faster-for-cpu',
    source: sources.which,
    text: 'For CPU-bound tasks processes are faster than threads',
    judge: (run) =>
      smaller(
        ['processes', run.parallel(run.wall('cpu', 'processes'))],
        ['threads', run.wall('cpu', 'threads')],
        milliseconds,
      ),
    whyDifferent: 'Threads compute in parallel here as well, and start sooner.',
  },
  {
    id: 'processes-scale-better',
    source: sources.difference,
    text: 'Processes make better use of several cores than threads do',
    judge: (run) =>
      given(
        [run.parallel(run.speedup('cpu', 'processes')), run.speedup('cpu', 'threads')],
        (processes, threads) => ({
          holds: processes >= threads * CLEARLY,
          figures: `processes ${factor(processes)}, threads ${factor(threads)}`,
        }),
      ),
    whyDifferent: 'Both use all cores; a process costs more to start.',
  },
  {
    id: 'two-sums-faster-on-processes',
    source: sources.difference,
    text: 'Two sums to 10^7 end sooner on two processes than one after the other',
    judge: (run) =>
      smaller(
        ['processes', run.parallel(run.wall('sum', 'processes'))],
        ['one after the other', run.wall('sum', 'one-by-one')],
        milliseconds,
      ),
    whyDifferent: 'Compiled, the sums take less time than a process takes to start.',
  },
  {
    id: 'too-many-processes',
    source: sources.difference,
    text: 'Creating too many processes is a mistake',
    judge: (run) =>
      given(
        [run.metric('cpu', 'process-pool', 'tooManyMs'), run.metric('cpu', 'process-pool', 'rightSizeMs')],
        (tooMany, rightSize) => ({
          holds: tooMany >= rightSize * CLEARLY,
          figures: `four times as many ${milliseconds(tooMany)}, one for each worker ${milliseconds(rightSize)}`,
        }),
      ),
  },
];
