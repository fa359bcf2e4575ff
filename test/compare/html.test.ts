import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeClaims } from '../../src/compare/claims/index.ts';
import { renderHtml } from '../../src/compare/html.ts';
import type { Report } from '../../src/compare/report.ts';
import { expectedRun } from './synthetic.ts';

const page = `<!doctype html><script type="application/json" id="report">{"old":1}</script><script>run()</script>`;

function report(description: string): Report {
  const run = expectedRun();
  for (const experiment of run.experiments) experiment.description = description;
  return { ...run, options: { n: null, workers: 2, quick: true, only: [] }, claims: judgeClaims(run) };
}

function readBack(html: string): unknown {
  return JSON.parse(/id="report">([\s\S]*?)<\/script>/.exec(html)?.[1] ?? '');
}

test('the page holds the report and nothing of what was there before', () => {
  const written = report('Plain.');
  const html = renderHtml(page, written);
  assert.deepEqual(readBack(html), JSON.parse(JSON.stringify(written)));
  assert.doesNotMatch(html, /"old"/);
  assert.match(html, /<script>run\(\)<\/script>$/);
});

test('text that looks like markup or like a replacement pattern stays text', () => {
  const written = report("</script><script>alert(1)</script> <!-- $& $1 $' $`");
  const html = renderHtml(page, written);
  assert.deepEqual(readBack(html), JSON.parse(JSON.stringify(written)));
  assert.equal(html.split('<script').length, page.split('<script').length);
});

test('a page without a place for the report is refused', () => {
  assert.throws(() => renderHtml('<html></html>', report('Plain.')), /id="report"/);
});
