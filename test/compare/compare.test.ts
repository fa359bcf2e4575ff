import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { claims } from '../../src/compare/claims/index.ts';
import { compare, hasFailed, type Progress } from '../../src/compare/compare.ts';
import { nodeLanes, pythonLanes } from '../../src/compare/lanes.ts';
import type { LaneId, Report } from '../../src/compare/report.ts';
import { allGone, cannotFindProcesses, newMark } from './processes.ts';

/** Runs with a PATH on which there is no python3. */
async function withoutPython<T>(run: () => Promise<T>): Promise<T> {
  const path = process.env['PATH'];
  process.env['PATH'] = '/nonexistent';
  try {
    return await run();
  } finally {
    process.env['PATH'] = path;
  }
}

/** Runs with a folder of its own for temporary files. */
async function withTemporary<T>(run: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'manyhands-test-'));
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = directory;
  try {
    return await run(directory);
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    rmSync(directory, { recursive: true });
  }
}

function lanesOf(report: Report, id: string): LaneId[] {
  return report.experiments.find((experiment) => experiment.id === id)?.lanes.map(({ lane }) => lane) ?? [];
}

/** More than there are workers, and few: what they compute takes long in Python. */
const TASKS = 3;

describe('a quick run', () => {
  test('has every lane right, with figures, and judges all claims', async () => {
    const report = await compare({ quick: true, only: ['cpu', 'sleep'], workers: 2, n: TASKS });
    assert.deepEqual(
      report.experiments.map(({ id }) => id),
      ['cpu', 'sleep'],
    );
    const python = report.machine.python === null ? [] : pythonLanes;
    for (const experiment of report.experiments) {
      assert.deepEqual(lanesOf(report, experiment.id), [...nodeLanes, ...python]);
      for (const lane of experiment.lanes) {
        assert.ok(lane.ok, `${experiment.id} ${lane.lane}: ${lane.error}`);
        assert.ok(lane.wallMs > 0 && lane.cpuMs >= 0, lane.lane);
        assert.ok((lane.speedup ?? 0) > 0 && (lane.peakRssMb ?? 0) > 0, lane.lane);
        assert.equal(lane.timeline?.length, TASKS);
        for (const span of lane.timeline ?? []) assert.ok(span.endMs >= span.startMs, lane.lane);
      }
      assert.equal(experiment.lanes.find(({ lane }) => lane === 'sequential')?.speedup, 1);
    }
    const processes = report.experiments[0]?.lanes.find(({ lane }) => lane === 'processes');
    assert.ok((processes?.metrics?.['tooManyMs'] ?? 0) > 0, 'what is measured beside a lane is not lost');
    assert.equal(report.claims.length, claims.length);
    assert.equal(
      typeof report.claims.find(({ id }) => id === 'sleeping-threads-run-together')?.holds,
      'boolean',
    );
    assert.equal(report.claims.find(({ id }) => id === 'process-fault-stays-alone')?.holds, null);
    assert.equal(hasFailed(report), false);
    assert.deepEqual(report, JSON.parse(JSON.stringify(report)));
  });

  test('without Python has no Python lanes, and runs as many tasks as it is told', async () => {
    const report = await withoutPython(() => compare({ quick: true, only: ['sum'], n: 5 }));
    assert.equal(report.machine.python, null);
    assert.deepEqual(lanesOf(report, 'sum'), [...nodeLanes]);
    assert.equal(hasFailed(report), false);
    assert.ok(report.claims.every((claim) => claim.holdsPython === null));
    for (const lane of report.experiments[0]?.lanes ?? []) assert.equal(lane.timeline?.length, 5, lane.lane);
  });

  test('measures every experiment in every lane, and leaves no files behind', async () => {
    const report = await withTemporary((directory) => {
      const only = ['io', 'hybrid', 'communicate', 'start', 'switch', 'crash'] as const;
      return compare({ quick: true, only }).finally(() => assert.deepEqual(readdirSync(directory), []));
    });
    for (const { id, error, lanes, conclusion } of report.experiments) {
      assert.equal(error, undefined);
      assert.ok(lanes.length >= 3 && conclusion !== undefined, id);
      for (const lane of lanes) assert.ok(lane.ok, `${id} ${lane.lane}: ${lane.error}`);
    }
    const open = report.claims.filter(
      ({ id, here, holds }) => holds === null && !/not measured/.test(here) && id !== '',
    );
    assert.deepEqual(open, []);
    assert.equal(report.claims.find(({ id }) => id === 'process-fault-stays-alone')?.holds, true);
    assert.equal(report.claims.find(({ id }) => id === 'thread-fault-takes-all')?.holds, true);
    assert.equal(report.claims.find(({ id }) => id === 'processes-have-own-memory')?.holds, true);
  });
});

describe('when something breaks', () => {
  test('a lane that is killed is reported, and the others go on', async () => {
    const kill = (progress: Progress): void => {
      if (progress.type === 'lane' && progress.experiment.id === 'cpu' && progress.lane === 'threads') {
        process.kill(progress.pid, 'SIGKILL');
      }
    };
    const report = await withoutPython(() =>
      compare({ quick: true, only: ['cpu', 'sum'], n: 2, onProgress: kill }),
    );
    const [cpu, sum] = report.experiments;
    const broken = cpu?.lanes.find(({ lane }) => lane === 'threads');
    assert.equal(broken?.ok, false);
    assert.match(broken?.error ?? '', /SIGKILL/);
    assert.ok(cpu?.lanes.filter(({ lane }) => lane !== 'threads').every(({ ok }) => ok));
    assert.ok(sum?.lanes.every(({ ok }) => ok));
    assert.equal(hasFailed(report), true);
    assert.equal(report.claims.find(({ id }) => id === 'processes-faster-for-cpu')?.holds, null);
  });

  test('aborting rejects with the reason and leaves nothing behind', {
    skip: cannotFindProcesses,
  }, async () => {
    const mark = newMark();
    Object.assign(process.env, mark);
    const controller = new AbortController();
    const reason = new Error('enough');
    await assert.rejects(
      compare({
        quick: true,
        only: ['io'],
        signal: controller.signal,
        onProgress(progress) {
          if (progress.type === 'lane' && progress.lane === 'processes') controller.abort(reason);
        },
      }),
      reason,
    );
    const [name] = Object.keys(mark);
    if (name !== undefined) delete process.env[name];
    await allGone(mark);
  });
});
