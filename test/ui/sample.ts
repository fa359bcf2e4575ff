/** Reports to lay out: the shape of a real run, with made-up figures, and hostile text where text can be. */
import type {
  Claim,
  Experiment,
  ExperimentId,
  Lane,
  LaneId,
  Machine,
  Report,
  Span,
} from '../../src/compare/report.ts';

/** Closes the script element the report is in, and would run a script if any of it became HTML. */
export const HOSTILE = '</script><img src=x onerror="document.title=\'owned\'"><!-- <script>';

export const machine: Machine = {
  node: 'v20.20.2',
  platform: 'linux 6.1.0',
  arch: 'x64',
  cpuModel: 'Example CPU 8375C @ 2.90GHz',
  cores: 2,
  memoryMb: 7863,
  loadAverage: [0.42, 0.31, 0.2],
  python: { version: '3.12.4', gil: true, path: '/usr/bin/python3' },
  date: '2026-03-14T09:26:53.000Z',
  version: '0.1.0',
};

/** `count` tasks of `each` ms on `workers` workers, each taking the next task when it is free. */
export function spans(count: number, workers: number, each: number, name = 'worker', from = 0): Span[] {
  return Array.from({ length: count }, (_, index) => {
    const startMs = from + Math.floor(index / workers) * each + (index % workers) * 3;
    return {
      task: `${index + 1}`,
      worker: `${name}-${(index % workers) + 1}`,
      startMs,
      endMs: startMs + each,
    };
  });
}

/** `count` tasks that all wait at once on one worker, as on an event loop. */
export function overlapping(count: number, each: number, worker = 'main'): Span[] {
  return Array.from({ length: count }, (_, index) => ({
    task: `${index + 1}`,
    worker,
    startMs: index * 1.5,
    endMs: index * 1.5 + each + (index % 4) * 6,
  }));
}

export function lane(id: LaneId, wallMs: number, speedup: number | null, more: Partial<Lane> = {}): Lane {
  return { lane: id, wallMs, cpuMs: wallMs * 0.4, speedup, peakRssMb: 61.4, ok: true, ...more };
}

function experiment(id: ExperimentId, title: string, description: string, lanes: Lane[]): Experiment {
  return { id, title, description, lanes };
}

const io = experiment(
  'io',
  'Waiting for the network',
  'Twelve requests to a local server that answers after 100 ms. The processor has next to nothing to do; what counts is how many requests wait at once.',
  [
    lane('sequential', 1236, 1, {
      cpuMs: 41,
      timeline: spans(12, 1, 103, 'main'),
      results: '12 answers of 2,048 bytes',
    }),
    lane('event-loop', 131, 9.43, {
      cpuMs: 38,
      timeline: overlapping(12, 104),
      results: '12 answers of 2,048 bytes',
    }),
    lane('threads', 187, 6.61, {
      cpuMs: 210,
      peakRssMb: 118,
      timeline: spans(12, 12, 104, 'ThreadPoolExecutor-0', 42),
      results: '12 answers of 2,048 bytes',
    }),
    lane('processes', 402, 3.07, {
      cpuMs: 930,
      peakRssMb: 540,
      timeline: spans(12, 12, 104, 'ProcessPoolExecutor-0', 230),
      results: '12 answers of 2,048 bytes',
    }),
    lane('python-sequential', 1251, 1, {
      cpuMs: 60,
      peakRssMb: 21,
      timeline: spans(12, 1, 104, 'MainThread'),
    }),
    lane('python-threads', 142, 8.81, {
      cpuMs: 74,
      peakRssMb: 24,
      timeline: spans(12, 12, 105, 'Thread', 8),
    }),
    lane('python-thread-pool', 145, 8.63, {
      cpuMs: 76,
      peakRssMb: 24,
      timeline: spans(12, 12, 106, 'ThreadPool', 9),
    }),
    lane('python-process-pool', 260, 4.81, {
      cpuMs: 410,
      peakRssMb: 150,
      timeline: spans(12, 12, 106, 'SpawnProcess', 120),
    }),
  ],
);

const cpu = experiment(
  'cpu',
  'Computing',
  'Eight times fib(30), written the plain recursive way. The processor never waits; what counts is how many cores work at once.',
  [
    lane('sequential', 1014, 1, { cpuMs: 1020, timeline: spans(8, 1, 126, 'main') }),
    lane('event-loop', 1021, 0.99, { cpuMs: 1030, timeline: spans(8, 1, 127, 'main') }),
    lane('threads', 561, 1.81, {
      cpuMs: 1090,
      peakRssMb: 88,
      timeline: spans(8, 2, 128, 'ThreadPoolExecutor-0', 41),
    }),
    lane('threads-gil', 1058, 0.96, {
      cpuMs: 1090,
      peakRssMb: 88,
      timeline: spans(8, 2, 252, 'ThreadPoolExecutor-1', 41),
    }),
    lane('processes', 582, 1.74, {
      cpuMs: 1204,
      peakRssMb: 161,
      timeline: spans(8, 2, 129, 'ProcessPoolExecutor-0', 60),
    }),
    lane('python-sequential', 2310, 1, {
      cpuMs: 2300,
      peakRssMb: 12,
      timeline: spans(8, 1, 288, 'MainThread'),
    }),
    lane('python-threads', 2388, 0.97, {
      cpuMs: 2390,
      peakRssMb: 13,
      timeline: spans(8, 2, 590, 'Thread', 4),
    }),
    lane('python-thread-pool', 2392, 0.97, {
      cpuMs: 2400,
      peakRssMb: 13,
      timeline: spans(8, 2, 591, 'ThreadPool', 4),
    }),
    lane('python-processes', 1270, 1.82, {
      cpuMs: 2500,
      peakRssMb: 60,
      timeline: spans(8, 2, 290, 'Process', 70),
    }),
    lane('python-process-pool', 1262, 1.83, {
      cpuMs: 2480,
      peakRssMb: 60,
      timeline: spans(8, 2, 291, 'SpawnProcess', 66),
    }),
  ],
);

const communicate = experiment(
  'communicate',
  'Talking to a worker',
  'A thousand small calls, one after the other, and 64 MB there and back.',
  [
    lane('threads', 48, null, {
      metrics: { roundTripUs: 14.2, mbPerSecond: 2140, sharedMb: 64 },
      results: '1,000 answers',
    }),
    lane('processes', 131, null, {
      metrics: { roundTripUs: 61.7, mbPerSecond: 610.4 },
      results: '1,000 answers, 64 MB',
    }),
    lane('python-process-pool', 214, null, { metrics: { roundTripUs: 121, mbPerSecond: 402 } }),
  ],
);

const crash = experiment(
  'crash',
  'A worker that dies',
  'One of eight tasks ends its worker by a segmentation fault.',
  [
    lane('threads', 0, null, { ok: false, error: `WorkerDiedError: the thread ended ${HOSTILE}` }),
    lane('processes', 212, null, { results: '7 results, 1 WorkerDiedError' }),
    lane('python-process-pool', 0, null, {
      ok: false,
      error: 'BrokenProcessPool: A process in the process pool was terminated abruptly',
    }),
  ],
);

const claims: Claim[] = [
  {
    id: 'threads-io',
    source: 'Choosing the right approach',
    text: 'Threads are the better choice for I/O-bound work.',
    python: 'Threads 8.81×, process pool 4.81×.',
    here: 'Threads 6.61×, processes 3.07×; the event loop beats both with 9.43×.',
    holds: true,
    holdsPython: true,
  },
  {
    id: 'threads-cpu',
    source: 'Which to use when',
    text: 'Threads bring nothing for CPU-bound work.',
    python: 'Threads 0.97× sequential.',
    here: 'Threads 1.81× sequential on two cores.',
    holds: false,
    holdsPython: true,
    note: 'Under one lock (interpreterLock: true) threads here fall to 0.96× as well.',
  },
  {
    id: 'crash',
    source: `An article ${HOSTILE}`,
    text: `If one thread crashes, the entire process may crash ${HOSTILE}`,
    python: `os.abort() in a thread ended the process ${HOSTILE}`,
    here: 'process.exit() in a worker thread ended that thread alone.',
    holds: false,
    holdsPython: true,
  },
  {
    id: 'memory',
    source: 'Which to use when',
    text: 'Processes take more memory than threads.',
    python: 'Not measured: no memory figures.',
    here: 'Processes 161 MB, threads 88 MB.',
    holds: true,
    holdsPython: null,
  },
  {
    id: 'overhead',
    source: 'Interview questions',
    text: 'A process takes longer to start than a thread.',
    python: 'Not measured.',
    here: 'Not measured.',
    holds: null,
    holdsPython: null,
  },
];

const options: Report['options'] = { n: null, workers: 2, quick: false, only: [] };

/** Everything at once: all kinds of sections, a failed experiment, failed lanes, hostile text. */
export const full: Report = {
  machine,
  options,
  experiments: [
    { ...io, conclusion: `The event loop waits for all at once, without any worker ${HOSTILE}` },
    cpu,
    communicate,
    crash,
    {
      ...experiment('switch', 'Switching between tasks', 'Two tasks hand a token back and forth.', []),
      error: `spawn ENOMEM ${HOSTILE}`,
    },
  ],
  claims,
};

/** One experiment, no Python, no claims, no timelines, a busy machine. */
export const bare: Report = {
  machine: { ...machine, python: null, loadAverage: [3.9, 2, 1] },
  options: { n: 3, workers: 2, quick: true, only: ['sum'] },
  experiments: [
    experiment('sum', 'Summing an array', 'A million numbers.', [
      lane('sequential', 0.42, 1),
      lane('threads', 0.41, 1.02),
    ]),
  ],
  claims: [],
};

/** More spans than there are pixels, on one worker and on many. */
export const crowded: Report = {
  machine,
  options,
  experiments: [
    experiment('io', 'Waiting for the network', 'A thousand requests.', [
      lane('sequential', 10_000, 1, { timeline: spans(1000, 1, 10, 'main') }),
      lane('event-loop', 1630, 6.1, { timeline: overlapping(1000, 104) }),
      lane('threads', 900, 11.1, { timeline: spans(1000, 64, 50) }),
    ]),
  ],
  claims: [],
};
