/** A made-up run in which every figure is known, for those that read reports. */
import type { Experiment, ExperimentId, Lane, LaneId, Machine } from '../../src/compare/report.ts';

export const machine: Machine = {
  node: '20.20.0',
  platform: 'linux',
  arch: 'x64',
  cpuModel: 'Test CPU',
  cores: 4,
  memoryMb: 8192,
  loadAverage: [0.5, 0.4, 0.3],
  python: { version: '3.12.1', gil: true, path: '/usr/bin/python3' },
  date: '2026-01-01T00:00:00.000Z',
  version: '0.0.0',
};

/** A lane that ran and was right. The speed-up is over 1000 ms. */
export function lane(
  id: LaneId,
  wallMs: number,
  metrics: Record<string, number> = {},
  changes: Partial<Lane> = {},
): Lane {
  return {
    lane: id,
    wallMs,
    cpuMs: 1000,
    speedup: 1000 / wallMs,
    peakRssMb: 50,
    ok: true,
    results: 'all right',
    metrics,
    ...changes,
  };
}

export function experiment(id: ExperimentId, lanes: Lane[], changes: Partial<Experiment> = {}): Experiment {
  return { id, title: `The ${id} experiment`, description: 'Made up.', lanes, ...changes };
}

/** A run as one would expect it: Python as the articles say, and Node whose threads compute in parallel. */
export function expectedRun(): { machine: Machine; experiments: Experiment[] } {
  const talk = (roundTripUs: number, mbPerSecond: number, more: Record<string, number> = {}) => ({
    roundTripUs,
    mbPerSecond,
    payloadMs: 2000 / mbPerSecond,
    messagesSent: 4,
    messagesReceived: 4,
    increments: 1000,
    ...more,
  });
  const ended = (survivorsOfError: number, survivorsOfFault: number) => ({
    others: 4,
    survivorsOfError,
    survivorsOfFault,
  });
  return {
    machine,
    experiments: [
      experiment('io', [
        lane('sequential', 1000, { processes: 1 }),
        lane('event-loop', 110, { processes: 1 }),
        lane('threads', 200, { processes: 1 }),
        lane('threads-gil', 210, { processes: 1 }),
        lane('processes', 500, { processes: 10 }, { cpuMs: 2000 }),
        lane('python-sequential', 1000, { processes: 1 }),
        lane('python-threads', 120, { processes: 1 }),
        lane('python-processes', 200, { processes: 10 }, { cpuMs: 2000 }),
      ]),
      experiment('cpu', [
        lane('sequential', 1000),
        lane('event-loop', 1000),
        lane('threads', 280),
        lane('threads-gil', 1010),
        lane('processes', 350, { rightSizeMs: 350, tooManyMs: 600 }),
        lane('python-sequential', 1000),
        lane('python-threads', 1050),
        lane('python-processes', 270),
        lane('python-process-pool', 280, { rightSizeMs: 280, tooManyMs: 290 }),
      ]),
      experiment('sleep', [
        lane('threads', 350, { doneBeforeJoin: 0, doneAfterJoin: 3 }, { cpuMs: 50 }),
        lane('threads-gil', 350),
        lane('processes', 400, {}, { cpuMs: 150 }),
        lane('python-threads', 340, { doneBeforeJoin: 0, doneAfterJoin: 3 }, { cpuMs: 1 }),
        lane('python-processes', 350, {}, { cpuMs: 10 }),
      ]),
      experiment('sum', [
        lane('sequential', 20),
        lane('threads', 30),
        lane('processes', 80),
        lane('python-sequential', 800),
        lane('python-processes', 420),
      ]),
      experiment('hybrid', [
        lane('threads', 190),
        lane('processes', 200, { cpuAloneMs: 180, ioAloneMs: 150 }),
        lane('python-threads', 1000),
        lane('python-processes', 300, { cpuAloneMs: 280, ioAloneMs: 120 }),
      ]),
      experiment('communicate', [
        lane('sequential', 1, { roundTripUs: 0.1 }),
        lane(
          'threads',
          100,
          talk(15, 2500, { sharesObjects: 0, sharesBuffers: 1, lostUpdates: 400, lostUpdatesGuarded: 0 }),
        ),
        lane('processes', 100, talk(45, 700, { sharesObjects: 0, sharesBuffers: 0, lostUpdates: 0 })),
        lane('python-sequential', 1, { roundTripUs: 0.1 }),
        lane(
          'python-threads',
          100,
          talk(12, 200_000, { sharesObjects: 1, sharesBuffers: 1, lostUpdates: 300, lostUpdatesGuarded: 0 }),
        ),
        lane('python-processes', 100, talk(20, 500, { sharesObjects: 0, sharesBuffers: 0, lostUpdates: 0 })),
        lane('python-thread-pool', 100, talk(16, 200_000)),
        lane('python-process-pool', 100, talk(80, 500)),
      ]),
      experiment('start', [
        lane('threads', 100, { startMs: 15, memoryMb: 8 }),
        lane('processes', 200, { startMs: 45, memoryMb: 12 }),
        lane('python-threads', 10, { startMs: 0.1, memoryMb: 0.1 }),
        lane('python-processes', 20, { startMs: 3, memoryMb: 2 }),
      ]),
      experiment('switch', [
        lane('event-loop', 1, { switchUs: 0.2 }),
        lane('threads', 10, { switchUs: 8 }),
        lane('processes', 20, { switchUs: 30 }),
        lane('python-threads', 10, { switchUs: 6 }),
        lane('python-processes', 20, { switchUs: 11 }),
      ]),
      experiment('crash', [
        lane('event-loop', 500, ended(0, 0)),
        lane('threads', 500, ended(4, 0)),
        lane('processes', 500, ended(4, 4)),
        lane('python-threads', 500, ended(4, 0)),
        lane('python-processes', 500, ended(4, 4)),
        lane('python-process-pool', 500, ended(4, 0)),
      ]),
    ],
  };
}
