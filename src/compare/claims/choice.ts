/** Claims about which to choose, and about using both. */

import { milliseconds } from '../format.ts';
import { CLEARLY, type ClaimDefinition, given, smaller, sources } from './claim.ts';

export const choice: readonly ClaimDefinition[] = [
  {
    id: 'depends-on-the-task',
    source: sources.difference,
    text: 'It depends on the task: threads are faster for I/O, processes for CPU',
    judge: (run) =>
      given(
        [
          run.wall('io', 'threads'),
          run.wall('io', 'processes'),
          run.parallel(run.wall('cpu', 'threads')),
          run.wall('cpu', 'processes'),
        ],
        (ioThreads, ioProcesses, cpuThreads, cpuProcesses) => ({
          holds: ioThreads * CLEARLY <= ioProcesses && cpuProcesses * CLEARLY <= cpuThreads,
          figures:
            `I/O: threads ${milliseconds(ioThreads)}, processes ${milliseconds(ioProcesses)}; ` +
            `CPU: ${milliseconds(cpuThreads)}, ${milliseconds(cpuProcesses)}`,
        }),
      ),
    whyDifferent: 'Threads serve both here.',
  },
  {
    id: 'hybrid-overlaps',
    source: sources.choosing,
    text: 'Processes for CPU and threads for I/O work side by side',
    judge: (run) =>
      given(
        [
          run.wall('hybrid', 'processes'),
          run.metric('hybrid', 'processes', 'cpuAloneMs'),
          run.metric('hybrid', 'processes', 'ioAloneMs'),
        ],
        (both, cpu, io) => ({
          holds: both * CLEARLY <= cpu + io,
          figures: `together ${milliseconds(both)}, alone ${milliseconds(cpu)} and ${milliseconds(io)}`,
        }),
      ),
  },
  {
    id: 'hybrid-fastest',
    source: sources.choosing,
    text: 'For mixed work the hybrid of both is faster than threads alone',
    judge: (run) =>
      smaller(
        ['hybrid', run.parallel(run.wall('hybrid', 'processes'))],
        ['threads alone', run.wall('hybrid', 'threads')],
        milliseconds,
      ),
    whyDifferent: 'Threads compute in parallel by themselves.',
  },
];
