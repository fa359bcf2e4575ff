/** Claims about tasks that wait: downloads, sleeping, and waiting for workers. */

import { factor, milliseconds, whole } from '../format.ts';
import { CLEARLY, type ClaimDefinition, given, smaller, sources } from './claim.ts';

/**
 * Ten waits at once take a tenth of the time at best. But starting ten workers counts, and the machine may be
 * busy.
 */
const WELL_OVERLAPPED = 1.3;

export const waiting: readonly ClaimDefinition[] = [
  {
    id: 'threads-for-io',
    source: sources.all,
    text: 'I/O-bound tasks gain from threads',
    judge: (run) =>
      given([run.speedup('io', 'threads')], (speedup) => ({
        holds: speedup >= WELL_OVERLAPPED,
        figures: `threads ${factor(speedup)} as fast as one by one`,
      })),
  },
  {
    id: 'lock-no-hindrance-to-io',
    source: sources.which,
    text: 'A lock around the interpreter does not hinder I/O: a thread that waits gives it up',
    judge: (run) =>
      given([run.speedup('io', 'threads-under-lock')], (speedup) => ({
        holds: speedup >= WELL_OVERLAPPED,
        figures: `threads ${run.underLock ? 'under' : 'without'} a lock ${factor(speedup)}`,
      })),
  },
  {
    id: 'threads-faster-for-io',
    source: sources.which,
    text: 'For I/O-bound tasks threads are faster than processes',
    judge: (run) =>
      smaller(
        ['threads', run.wall('io', 'threads')],
        ['processes', run.wall('io', 'processes')],
        milliseconds,
      ),
  },
  {
    id: 'processes-overkill-for-io',
    source: sources.difference,
    text: 'For I/O processes are overkill: more CPU time, and nothing gained',
    judge: (run) =>
      given(
        [
          run.cpu('io', 'processes'),
          run.cpu('io', 'threads'),
          run.wall('io', 'processes'),
          run.wall('io', 'threads'),
        ],
        (cpu, threadsCpu, wall, threadsWall) => ({
          holds: cpu >= threadsCpu * CLEARLY && wall * CLEARLY >= threadsWall,
          figures: `${milliseconds(cpu)} of CPU on processes, ${milliseconds(threadsCpu)} on threads`,
        }),
      ),
  },
  {
    id: 'sleeping-threads-one-at-a-time',
    source: sources.choosing,
    text: 'Of three sleeping threads only one executes at a time',
    judge: (run) =>
      given([run.speedup('sleep', 'threads-under-lock')], (speedup) => ({
        holds: speedup < CLEARLY,
        figures: `they sleep together: ${factor(speedup)} as fast as one by one`,
      })),
  },
  {
    id: 'sleeping-threads-run-together',
    source: sources.difference,
    text: 'Threads that sleep or wait run at the same time',
    judge: (run) =>
      given([run.speedup('sleep', 'threads')], (speedup) => ({
        holds: speedup >= CLEARLY,
        figures: `${factor(speedup)} as fast as one by one`,
      })),
  },
  {
    id: 'sleeping-processes-use-cores',
    source: sources.choosing,
    text: 'Sleeping processes show true parallelism, each on a core of its own',
    judge: (run) =>
      given([run.parallel(run.coresUsed('sleep', 'processes'))], (cores) => ({
        holds: cores > 1,
        figures: `they keep ${cores.toFixed(2)} cores busy`,
      })),
  },
  {
    id: 'join-is-needed',
    source: sources.difference,
    text: 'Without join() a program goes on before its workers are done',
    judge: (run) =>
      given(
        [run.metric('sleep', 'threads', 'doneBeforeJoin'), run.metric('sleep', 'threads', 'doneAfterJoin')],
        (before, after) => ({
          holds: before < after,
          figures: `${whole(before)} of ${whole(after)} done before waiting, ${whole(after)} after`,
        }),
      ),
  },
];
