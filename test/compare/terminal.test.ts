import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { judgeClaims } from '../../src/compare/claims/index.ts';
import type { Experiment, Report } from '../../src/compare/report.ts';
import { renderClaims, renderExperiment, renderMachine, renderSummary } from '../../src/compare/terminal.ts';
import { expectedRun, experiment, lane, machine } from './synthetic.ts';

const plain = (text: string): string => stripVTControlCharacters(text);

function fullReport(): Report {
  const run = expectedRun();
  return { ...run, options: { n: null, workers: 4, quick: false, only: [] }, claims: judgeClaims(run) };
}

test('everything fits into 100 columns', () => {
  const report = fullReport();
  const text = [
    renderMachine(report.machine),
    ...report.experiments.map(renderExperiment),
    renderClaims(report.claims),
    renderSummary(report),
  ].join('\n');
  for (const line of plain(text).split('\n')) assert.ok(line.trimEnd().length <= 100, line);
});

test('a lane that failed is marked, and its reason is told', () => {
  const broken: Experiment = experiment('cpu', [
    lane('sequential', 1000),
    lane('threads', 0, {}, { ok: false, speedup: null, error: 'killed by SIGKILL' }),
  ]);
  const text = plain(renderExperiment(broken));
  assert.match(text, /^threads .*✗/m);
  assert.match(text, /threads failed: killed by SIGKILL/);
  assert.match(text, /^one after the other .*✓/m);
});

test('an experiment that failed as a whole says why', () => {
  assert.match(plain(renderExperiment(experiment('io', [], { error: 'no server' }))), /failed: no server/);
});

test('the machine tells whether the GIL is on, or that there is no Python', () => {
  assert.match(plain(renderMachine(machine)), /Python 3\.12\.1 with its GIL on/);
  assert.match(plain(renderMachine({ ...machine, python: null })), /No python3 was found/);
});

test('the summary says what the figures say', () => {
  const report = fullReport();
  assert.match(plain(renderSummary(report)), /Tasks that compute:\s+threads \(/);
  const cpu = report.experiments.find(({ id }) => id === 'cpu')!;
  const processes = cpu.lanes.find((each) => each.lane === 'processes')!;
  Object.assign(processes, { wallMs: 100, speedup: 10 });
  assert.match(plain(renderSummary(report)), /Tasks that compute:\s+processes \(/);
});

test('only claims that were measured are shown', () => {
  const report = fullReport();
  const [first, second] = report.claims;
  assert.ok(first !== undefined && second !== undefined);
  const text = plain(
    renderClaims([
      { ...first, holds: null, holdsPython: null, text: 'unheard' },
      { ...second, text: 'heard' },
    ]),
  );
  assert.match(text, /^heard/m);
  assert.doesNotMatch(text, /unheard/);
  assert.equal(renderClaims([{ ...first, holds: null, holdsPython: null }]), '');
});

test('a report of nothing has no summary', () => {
  assert.equal(renderSummary({ ...fullReport(), experiments: [], claims: [] }), '');
});
