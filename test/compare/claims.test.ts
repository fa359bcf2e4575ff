import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { claims, judgeClaims } from '../../src/compare/claims/index.ts';
import type { Claim, ExperimentId, Lane, LaneId } from '../../src/compare/report.ts';
import { expectedRun, experiment, lane } from './synthetic.ts';

type Run = ReturnType<typeof expectedRun>;

function judged(run: Run, id: string): Claim {
  const claim = judgeClaims(run).find((each) => each.id === id);
  assert.ok(claim, `there is no claim ${id}`);
  return claim;
}

function change(id: ExperimentId, laneId: LaneId, changes: Partial<Lane>): Run {
  const run = expectedRun();
  const found = run.experiments.find((each) => each.id === id)?.lanes.find((each) => each.lane === laneId);
  assert.ok(found, `there is no lane ${laneId} in ${id}`);
  Object.assign(found, changes, { metrics: { ...found.metrics, ...changes.metrics } });
  return run;
}

describe('claims', () => {
  test('are more than twenty, each with a name of its own', () => {
    assert.ok(claims.length > 20);
    assert.equal(new Set(claims.map(({ id }) => id)).size, claims.length);
  });

  test('are all decided by a full run', () => {
    const undecided = judgeClaims(expectedRun()).filter(
      (claim) => claim.holds === null || claim.holdsPython === null,
    );
    assert.deepEqual(
      undecided.map(({ id }) => id),
      [],
    );
  });

  test('are all open without figures, and say so', () => {
    for (const claim of judgeClaims({ machine: expectedRun().machine, experiments: [] })) {
      assert.equal(claim.holds, null);
      assert.equal(claim.holdsPython, null);
      assert.match(claim.here, /not measured/);
    }
  });

  test('say that there was no Python', () => {
    const run = expectedRun();
    run.machine = { ...run.machine, python: null };
    for (const { lanes } of run.experiments) {
      lanes.splice(0, lanes.length, ...lanes.filter((each) => !each.lane.startsWith('python-')));
    }
    for (const claim of judgeClaims(run)) {
      assert.equal(claim.holdsPython, null);
      assert.equal(claim.python, 'not measured: no python3');
      assert.notEqual(claim.holds, null);
    }
  });

  test('take no figure from a lane that failed', () => {
    const run = change('cpu', 'threads', { ok: false });
    assert.equal(judged(run, 'processes-faster-for-cpu').holds, null);
  });

  test('about parallelism stay open on one core', () => {
    const run = expectedRun();
    run.machine = { ...run.machine, cores: 1 };
    assert.equal(judged(run, 'processes-compute-in-parallel').holds, null);
    assert.equal(judged(run, 'threads-for-io').holds, true);
  });

  test('that are true of Python and false of Node say so', () => {
    const claim = judged(expectedRun(), 'one-thread-at-a-time');
    assert.deepEqual([claim.holdsPython, claim.holds], [true, false]);
    assert.match(claim.note ?? '', /True of Python, false of Node/);
    assert.equal(judged(expectedRun(), 'threads-for-io').note, undefined);
  });
});

/** Each row: a claim, its verdict in the expected run, and a change of figures that turns it over. */
const flips: [claim: string, side: 'holds' | 'holdsPython', before: boolean, after: Run][] = [
  ['one-thread-at-a-time', 'holds', false, change('cpu', 'threads', { wallMs: 1000 })],
  ['one-thread-at-a-time', 'holdsPython', true, change('cpu', 'python-threads', { wallMs: 300 })],
  ['threads-gain-nothing-on-cpu', 'holds', false, change('cpu', 'threads', { speedup: 1 })],
  ['lock-is-the-reason', 'holds', true, change('cpu', 'threads-gil', { speedup: 3 })],
  ['lock-ends-at-the-process', 'holds', true, change('cpu', 'processes', { speedup: 1 })],
  ['processes-compute-in-parallel', 'holds', true, change('cpu', 'processes', { wallMs: 900 })],
  ['own-interpreter', 'holds', true, change('io', 'processes', { metrics: { processes: 1 } })],
  ['processes-faster-for-cpu', 'holds', false, change('cpu', 'threads', { wallMs: 900 })],
  ['processes-faster-for-cpu', 'holdsPython', true, change('cpu', 'python-threads', { wallMs: 250 })],
  ['processes-scale-better', 'holds', false, change('cpu', 'processes', { speedup: 8 })],
  ['two-sums-faster-on-processes', 'holds', false, change('sum', 'sequential', { wallMs: 2000 })],
  ['too-many-processes', 'holds', true, change('cpu', 'processes', { metrics: { tooManyMs: 355 } })],
  ['threads-for-io', 'holds', true, change('io', 'threads', { speedup: 1.1 })],
  ['lock-no-hindrance-to-io', 'holds', true, change('io', 'threads-gil', { speedup: 1 })],
  ['threads-faster-for-io', 'holds', true, change('io', 'processes', { wallMs: 210 })],
  ['processes-overkill-for-io', 'holds', true, change('io', 'processes', { wallMs: 100 })],
  ['sleeping-threads-one-at-a-time', 'holds', false, change('sleep', 'threads-gil', { speedup: 1 })],
  ['sleeping-threads-run-together', 'holds', true, change('sleep', 'threads', { speedup: 1 })],
  ['sleeping-processes-use-cores', 'holds', false, change('sleep', 'processes', { cpuMs: 900 })],
  ['join-is-needed', 'holds', true, change('sleep', 'threads', { metrics: { doneBeforeJoin: 3 } })],
  ['threads-lighter-in-memory', 'holds', true, change('start', 'threads', { metrics: { memoryMb: 12 } })],
  ['threads-start-faster', 'holds', true, change('start', 'processes', { metrics: { startMs: 10 } })],
  ['processes-cost-more-cpu', 'holds', true, change('sleep', 'processes', { cpuMs: 50 })],
  ['threads-switch-faster', 'holds', true, change('switch', 'threads', { metrics: { switchUs: 40 } })],
  [
    'threads-for-many-short-tasks',
    'holds',
    true,
    change('communicate', 'processes', { metrics: { roundTripUs: 10 } }),
  ],
  ['thread-pool-efficient', 'holds', true, change('start', 'threads', { metrics: { startMs: 0.01 } })],
  ['process-pool-efficient', 'holds', true, change('start', 'processes', { metrics: { startMs: 0.01 } })],
  [
    'threads-share-memory',
    'holds',
    false,
    change('communicate', 'threads', { metrics: { sharesObjects: 1 } }),
  ],
  [
    'processes-have-own-memory',
    'holds',
    true,
    change('communicate', 'processes', { metrics: { sharesBuffers: 1 } }),
  ],
  [
    'threads-communicate-faster',
    'holds',
    true,
    change('communicate', 'threads', { metrics: { roundTripUs: 60 } }),
  ],
  [
    'threads-move-data-faster',
    'holds',
    true,
    change('communicate', 'threads', { metrics: { mbPerSecond: 60 } }),
  ],
  [
    'minimise-data-transfer',
    'holds',
    true,
    change('communicate', 'processes', { metrics: { payloadMs: 0.05 } }),
  ],
  [
    'frequent-messages-costly',
    'holds',
    true,
    change('communicate', 'sequential', { metrics: { roundTripUs: 50 } }),
  ],
  ['threads-race', 'holds', true, change('communicate', 'threads', { metrics: { lostUpdates: 0 } })],
  [
    'locks-prevent-races',
    'holds',
    true,
    change('communicate', 'threads', { metrics: { lostUpdatesGuarded: 3 } }),
  ],
  [
    'processes-do-not-race',
    'holds',
    true,
    change('communicate', 'processes', { metrics: { lostUpdates: 3 } }),
  ],
  [
    'queues-are-safe',
    'holds',
    true,
    change('communicate', 'processes', { metrics: { messagesReceived: 3 } }),
  ],
  ['thread-fault-takes-all', 'holds', true, change('crash', 'threads', { metrics: { survivorsOfFault: 4 } })],
  [
    'thread-error-takes-all',
    'holds',
    false,
    change('crash', 'threads', { metrics: { survivorsOfError: 0 } }),
  ],
  [
    'process-fault-stays-alone',
    'holds',
    true,
    change('crash', 'processes', { metrics: { survivorsOfFault: 3 } }),
  ],
  [
    'process-error-stays-alone',
    'holds',
    true,
    change('crash', 'processes', { metrics: { survivorsOfError: 3 } }),
  ],
  ['pool-survives-crash', 'holds', true, change('crash', 'processes', { metrics: { survivorsOfFault: 0 } })],
  [
    'pool-survives-crash',
    'holdsPython',
    false,
    change('crash', 'python-process-pool', { metrics: { survivorsOfFault: 4 } }),
  ],
  ['depends-on-the-task', 'holds', false, change('cpu', 'threads', { wallMs: 1000 })],
  ['depends-on-the-task', 'holdsPython', true, change('io', 'python-threads', { wallMs: 400 })],
  ['hybrid-overlaps', 'holds', true, change('hybrid', 'processes', { wallMs: 330 })],
  ['hybrid-fastest', 'holds', false, change('hybrid', 'threads', { wallMs: 500 })],
];

describe('a verdict follows the figures', () => {
  for (const [id, side, before, after] of flips) {
    test(`${id} (${side})`, () => {
      assert.equal(judged(expectedRun(), id)[side], before);
      assert.equal(judged(after, id)[side], !before);
    });
  }

  test('for every claim', () => {
    const covered = new Set(flips.map(([id]) => id));
    assert.deepEqual(
      claims.map(({ id }) => id).filter((id) => !covered.has(id)),
      [],
    );
  });

  test('of a free-threaded Python as well', () => {
    const run = change('cpu', 'python-threads', { speedup: 3, wallMs: 333 });
    assert.equal(judged(run, 'lock-is-the-reason').holdsPython, false);
    run.machine = { ...run.machine, python: { version: '3.14.0', gil: false, path: '/usr/bin/python3' } };
    assert.equal(judged(run, 'lock-is-the-reason').holdsPython, true);
  });

  test('and partial runs decide what they can', () => {
    const run = { ...expectedRun(), experiments: [experiment('sleep', [lane('threads', 300)])] };
    assert.equal(judged(run, 'sleeping-threads-run-together').holds, true);
    assert.equal(judged(run, 'threads-for-io').holds, null);
  });
});
