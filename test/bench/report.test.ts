import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  compareWithBest,
  compareWithNamed,
  comparisonsOf,
  formatValue,
  tablesOf,
} from '../../bench/report.ts';
import { type Heat, type Lane, rotate } from '../../bench/runner.ts';
import { asMarkdown, asText } from '../../bench/table.ts';
import type { Figure, Workload } from '../../bench/workload.ts';

const workload: Workload = {
  name: 'noop',
  title: 'no-op tasks',
  figures: [
    {
      key: 'rate',
      label: 'throughput',
      unit: 'tasks/s',
      better: 'higher',
      against: [{ lane: 'slow' }, { lane: 'elsewhere' }, { lane: 'yardstick' }],
    },
  ],
  run: () => Promise.reject(new Error('not run here')),
};

function lane(name: string, role: Lane['role'], reach: Lane['reach'], ...rates: (number | string)[]): Lane {
  const outcomes = rates.map((rate) => (typeof rate === 'number' ? { figures: { rate } } : { error: rate }));
  return { name, role, reach, outcomes };
}

const heat: Heat = {
  workload,
  workers: 2,
  lanes: [
    lane('ours', 'ours', 'thread', 300, 310, 290),
    lane('slow', 'peer', 'thread', 100, 100, 100),
    lane('quick', 'peer', 'thread', 150, 155, 145),
    lane('broken', 'peer', 'thread', 'fell over', 'fell over', 'fell over'),
    lane('elsewhere', 'peer', 'process', 900, 900, 900),
    lane('yardstick', 'baseline', 'process', 5000, 5000, 5000),
  ],
};
const [figure] = workload.figures;

describe('the report', () => {
  it('compares with the best peer of the same reach, and with no baseline', () => {
    const [ours] = heat.lanes;
    assert.ok(ours !== undefined && figure !== undefined);
    assert.deepEqual(compareWithBest(heat, ours, figure), { ratio: 2, peer: 'quick' });
  });

  it('shows medians, comparisons and what failed', () => {
    const [table] = tablesOf([heat]);
    assert.ok(table !== undefined);
    assert.deepEqual(table.header, ['noop', '2 workers']);
    assert.deepEqual(table.rows, [
      ['threads:', ''],
      ['ours', '300'],
      ['slow', '100'],
      ['quick', '150'],
      ['broken', 'failed'],
      ['ours : best peer', '2.00x quick'],
      ['processes:', ''],
      ['elsewhere', '900'],
      ['yardstick', '5000'],
    ]);
    assert.deepEqual(table.notes, ['broken, 2 workers: fell over']);
  });

  it('compares with those that a figure names: peers of the same reach, and baselines of any', () => {
    const [ours] = heat.lanes;
    assert.ok(ours !== undefined && figure !== undefined);
    const against = (name: string) => compareWithNamed(heat, ours, figure, { lane: name });
    assert.equal(against('slow'), 3);
    assert.equal(against('elsewhere'), undefined);
    assert.equal(against('yardstick'), 0.06);
    assert.equal(against('broken'), undefined);
    assert.equal(against('nobody'), undefined);
  });

  it('holds only ours of one reach against a baseline that is for that one', () => {
    const [ours] = heat.lanes;
    assert.ok(ours !== undefined && figure !== undefined);
    const against = (reach: Lane['reach']) =>
      compareWithNamed(heat, ours, figure, { lane: 'yardstick', reach });
    assert.equal(against('thread'), 0.06);
    assert.equal(against('process'), undefined);
  });

  it('can hold a figure against another one of the peer, by the direction of ours', () => {
    const times = (name: string, role: Lane['role'], p50: number, p99: number): Lane => {
      return { name, role, reach: 'thread', outcomes: [{ figures: { p50, p99 } }] };
    };
    const p50 = { key: 'p50', label: 'half', unit: 'us', better: 'lower' } as const;
    const p99: Figure = {
      ...p50,
      key: 'p99',
      label: 'nearly all',
      against: [{ lane: 'peer', key: 'p50' }],
    };
    const both: Workload = { ...workload, figures: [p50, p99] };
    const lanes = [times('ours', 'ours', 1, 5), times('peer', 'peer', 20, 80)];
    const [best, named] = comparisonsOf([{ workload: both, workers: 1, lanes }]);
    assert.deepEqual(best?.rows, [
      ['noop: half', '20.00x peer'],
      ['noop: nearly all', '16.00x peer'],
    ]);
    assert.deepEqual(named?.rows, [['noop: nearly all : peer, half', '4.00x']]);
  });

  it('puts all comparisons that there are on two pages', () => {
    const [best, named, ...rest] = comparisonsOf([heat]);
    assert.deepEqual(best?.rows, [['noop: throughput', '2.00x quick']]);
    assert.deepEqual(named?.header, ['figure', 'ours, 2']);
    assert.deepEqual(named?.rows, [
      ['noop: throughput : slow', '3.00x'],
      ['noop: throughput : yardstick', '0.06x'],
    ]);
    assert.deepEqual(rest, []);
    assert.deepEqual(comparisonsOf([{ ...heat, lanes: heat.lanes.slice(1) }]), []);
  });

  it('says how far the rounds lay apart when they did, and nothing of peers where there are none', () => {
    const rows = tablesOf([{ ...heat, lanes: [lane('ours', 'ours', 'thread', 100, 200, 150)] }])[0]?.rows;
    assert.deepEqual(rows, [
      ['threads:', ''],
      ['ours', '150 ±33%'],
    ]);
  });

  it('writes text in columns and Markdown in cells', () => {
    const table = { title: 'T', header: ['a', 'b'], rows: [['x|y', '1']], notes: ['n'] };
    assert.equal(asText(table), 'T\n  a     b\n  ---   -\n  x|y   1\n  ! n\n');
    assert.equal(asMarkdown(table), '**T**\n\n| a | b |\n| --- | ---: |\n| x\\|y | 1 |\n\n- n\n');
  });

  it('keeps three digits', () => {
    const of = (value: number) => formatValue(value, 'us');
    assert.deepEqual([0.123, 1.5, 12.34, 123.4, 1234, 12_345, 123_456, 1_234_567].map(of), [
      '0.12',
      '1.50',
      '12.3',
      '123',
      '1234',
      '12.3 k',
      '123 k',
      '1.23 M',
    ]);
    assert.equal(formatValue(1.9, 'x'), '1.90x');
  });
});

describe('the order of a round', () => {
  it('begins with another contestant each time', () => {
    assert.deepEqual(
      [0, 1, 2, 3].map((round) => rotate(['a', 'b', 'c'], round).join('')),
      ['abc', 'bca', 'cab', 'abc'],
    );
    assert.deepEqual(rotate([], 2), []);
  });
});
