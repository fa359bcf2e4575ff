// The page of `manyhands advise`, in a real browser: what it shows is what it was given, and it asks for nothing else.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { BrowserContextOptions, Page } from 'playwright-core';
import type { Advice } from '../../src/choose/advice.ts';
import { readTemplate, renderHtml } from '../../src/compare/html.ts';
import { adviceOn } from '../choose/synthetic.ts';
import { withFiles } from './browser.ts';

const HOSTILE = '</script><img src=x onerror=alert(1)>';

const full = adviceOn(
  { cpu: 10, hold: 10, longest: 10, blocked: 10 },
  { name: HOSTILE },
  { findings: [{ code: 'changing-state', text: `It changes ${HOSTILE}` }] },
  { thread: 0.8, process: 1.25 },
);
const empty = adviceOn({}, {}, { samples: [], impossible: { thread: 'no', 'event-loop': 'no' } });

describe('the page of an advice', { timeout: 60_000 }, () => {
  const showsFile = withFiles();

  function shows(
    name: string,
    advice: Advice | null,
    options: BrowserContextOptions,
    check: (page: Page) => Promise<void>,
  ): void {
    const template = (): string => readTemplate('advise');
    const html = (): string => (advice === null ? template() : renderHtml(template(), advice));
    showsFile(name, html, options, ({ page }) => check(page));
  }

  shows('shows the advice in words, and the code', full, {}, async (page) => {
    const text = (selector: string): Promise<string[]> => page.locator(selector).allTextContents();
    assert.deepEqual(
      (await text('h1')).map((title) => title.replaceAll('\u00A0', ' ')),
      [full.words.use],
    );
    assert.deepEqual(
      await text('.caution'),
      full.findings.map((finding) => finding.text),
    );
    assert.deepEqual(await text('[data-words=changes] li'), full.words.changes);
    assert.deepEqual(await text('[data-words=pays] li'), full.words.pays);
    assert.deepEqual(await text('.code code'), [full.words.code]);
    assert.equal(await page.locator('img').count(), 0);
  });

  shows('draws a line for each backend, and a dot where one crosses another', full, {}, async (page) => {
    await page.locator('.curve').first().waitFor();
    assert.equal(await page.locator('.curve path').count(), 3);
    const crossings = full.crossings.filter(({ calls }) => calls !== null && calls > 1).length;
    assert.ok(crossings > 0);
    assert.equal(await page.locator('.crossing circle').count(), crossings);
    assert.match(
      String(await page.locator('#curves [role=img]').getAttribute('aria-label')),
      /for 100 calls/,
    );
  });

  shows('draws what was predicted beside what was measured, on one scale', full, {}, async (page) => {
    for (const { plan, predicted, measured } of full.checks) {
      const bars = page.locator(`[data-backend=${plan.backend}] .check-bar > *`);
      await bars.first().waitFor();
      const [first, second] = await Promise.all([0, 1].map((index) => bars.nth(index).boundingBox()));
      const ratio = Number(first?.width) / Number(second?.width);
      assert.ok(Math.abs(ratio - predicted / measured) < 0.03, `${plan.backend}: ${ratio}`);
    }
    assert.match(String(await page.locator('#checks').textContent()), /off by 20 %/);
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    shows(
      `keeps to a narrow ${colorScheme} screen`,
      full,
      { colorScheme, viewport: { width: 360, height: 740 } },
      async (page) => {
        await page.locator('.curve').first().waitFor();
        // In the browser's words: here there is no document.
        const root = 'document.documentElement';
        const wide = await page.evaluate(`${root}.scrollWidth > ${root}.clientWidth`);
        const paper = await page.evaluate(`getComputedStyle(${root}).backgroundColor`);
        assert.equal(wide, false);
        assert.equal(paper, colorScheme === 'light' ? 'rgb(252, 252, 251)' : 'rgb(20, 23, 27)');
      },
    );
  }

  shows('says so where nothing is known', empty, {}, async (page) => {
    assert.match(String(await page.locator('h1').textContent()), /^Use processes/);
    assert.equal(await page.locator('#curves').count(), 0);
    assert.equal(await page.locator('#checks .empty').count(), 1);
  });

  shows('explains itself without advice', null, {}, async (page) => {
    assert.equal(await page.locator('h1').textContent(), 'This page holds no advice yet');
  });
});
