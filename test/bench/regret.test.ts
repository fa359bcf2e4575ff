import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AUTO, lanes, type Regret, regretOf } from '../../bench/regret/regret.ts';
import { regretTable, verdict } from '../../bench/regret/report.ts';
import { workloads } from '../../bench/regret/workloads.ts';

const samples = (...lists: ReadonlyArray<readonly [string, readonly number[]]>) => new Map(lists);

function regret(ratio: number, name = 'some'): Regret {
  const workload = { name, title: name, run: () => Promise.resolve() };
  const times = new Map(lanes.map((lane) => [lane.name, 10]));
  return { workload, times, best: 'threads', ratio, explanations: [] };
}

describe('regret', () => {
  it('is what auto takes for each ms of the best fixed lane, round by round', () => {
    const { best, ratio, times } = regretOf(
      samples([AUTO, [12, 22, 33]], ['event-loop', [100, 100, 100]], ['threads', [10, 20, 30]]),
    );
    assert.equal(best, 'threads');
    assert.equal(ratio, 1.1);
    assert.equal(times.get('event-loop'), 100);
  });

  it('counts also where auto is the best of all', () => {
    const { best, ratio } = regretOf(samples([AUTO, [5]], ['threads', [10]], ['processes', [20]]));
    assert.deepEqual([best, ratio], ['threads', 0.5]);
  });

  it('is judged by the share within the limit, and by the worst', () => {
    const good = Array.from({ length: 9 }, () => regret(1.05));
    assert.match(verdict([...good, regret(1.4, 'slow')]), /9 of 10 .*90 %.*slow at 1\.40.* met\.$/);
    assert.match(verdict([...good, regret(1.6)]), /not met\.$/);
    assert.match(verdict([...good, regret(1.2), regret(1.2)]), /82 %.*not met\.$/);
  });

  it('is shown for each workload, with marks', () => {
    const { rows } = regretTable([regret(1), regret(1.2), regret(1.7)]);
    assert.deepEqual(
      rows.map(([, ratio]) => ratio),
      ['1.00', '1.20 !', '1.70 !!'],
    );
  });

  it('is measured over many kinds of work, each with a name of its own', () => {
    assert.ok(workloads.length >= 24);
    assert.equal(new Set(workloads.map(({ name }) => name)).size, workloads.length);
  });
});
