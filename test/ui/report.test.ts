/**
 * The built page, opened in a real browser: what it shows is compared with the report it was given, and any
 * request it makes is an error.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { readTemplate, renderHtml } from '../../src/compare/html.ts';
import type { Report } from '../../src/compare/report.ts';
import { type ShowsFile, withFiles } from './browser.ts';
import { bare, crowded, full, HOSTILE, lane, overlapping } from './sample.ts';

const PLACE = /<script type="application\/json" id="report"><\/script>/g;

describe('the report page', () => {
  const showsFile = withFiles();

  /** A test with a page of its own showing `report`. */
  function shows(
    name: string,
    report: Report | null,
    options: BrowserContextOptions,
    check: Parameters<ShowsFile>[3],
  ): void {
    showsFile(name, () => pageOf(report), options, check);
  }

  it('is one file of moderate size with a place for the report', () => {
    const template = readTemplate();
    assert.equal(template.match(PLACE)?.length, 1);
    assert.ok(template.length < 400_000, `${template.length} characters`);
    assert.doesNotMatch(template, /<(?:script|img|iframe)[^>]*\ssrc=|<link[^>]*\shref="(?!data:)/);
  });

  shows('shows each experiment with a bar for each lane that ran', full, {}, async ({ page }) => {
    assert.equal(await page.locator('section.experiment').count(), full.experiments.length);
    for (const { id, title, lanes } of full.experiments) {
      const section = page.locator(`section[data-experiment=${id}]`);
      assert.equal(await section.locator('h2').textContent(), title);
      assert.equal(await section.locator('.lane').count(), lanes.length, id);
      const ran = lanes.filter(({ ok }) => ok);
      if (ran.length > 0) await section.locator('.lane-bar > *').first().waitFor();
      assert.equal(await section.locator('.lane-bar > *').count(), ran.length, id);
    }
  });

  shows('draws bars in proportion to the wall times, on one scale', full, {}, async ({ page }) => {
    for (const { id, lanes } of full.experiments) {
      const widths = new Map<string, number>();
      for (const { lane: laneId, ok } of lanes) {
        if (!ok) continue;
        const bar = page.locator(`section[data-experiment=${id}] .lane[data-lane=${laneId}] .lane-bar > *`);
        await bar.waitFor();
        widths.set(laneId, (await bar.boundingBox())?.width ?? 0);
      }
      const longest = lanes.reduce((most, { wallMs }) => Math.max(most, wallMs), 0);
      const widest = Math.max(...widths.values());
      for (const { lane: laneId, wallMs } of lanes) {
        const width = widths.get(laneId);
        if (width !== undefined)
          assert.ok(Math.abs(width - (wallMs / longest) * widest) < 1, `${id} ${laneId}`);
      }
    }
  });

  shows('draws a timeline with each span once, when it is opened', full, {}, async ({ page }) => {
    for (const { id, lanes } of full.experiments) {
      const section = page.locator(`section[data-experiment=${id}]`);
      const timed = lanes.filter(({ timeline }) => timeline !== undefined);
      assert.equal(await section.locator('details.timeline').count(), timed.length);
      const open = await section.locator('details.timeline[open]').count();
      assert.ok(timed.length === 0 || (open > 0 && open <= 3), `${open} of ${timed.length} are open`);
      for (const { lane: laneId, timeline = [] } of timed) {
        const details = section.locator(`details.timeline[data-lane=${laneId}]`);
        if ((await details.getAttribute('open')) === null) await details.locator('summary').click();
        await details.locator('.span rect').first().waitFor();
        assert.equal(await details.locator('.span rect').count(), timeline.length, `${id} ${laneId}`);
      }
    }
  });

  shows('puts the lanes of an experiment on one time axis', full, {}, async ({ page }) => {
    const rightEnd = async (laneId: string): Promise<number> => {
      const details = page.locator(`section[data-experiment=cpu] details[data-lane=${laneId}]`);
      const boxes = await details.locator('.span rect').evaluateAll((rects) =>
        rects.map((rect) => {
          const { left, right } = rect.getBoundingClientRect();
          return { left, right };
        }),
      );
      return Math.max(...boxes.map(({ right }) => right)) - Math.min(...boxes.map(({ left }) => left));
    };
    await page
      .locator('section[data-experiment=cpu] details[data-lane=python-threads] .span rect')
      .first()
      .waitFor();
    // 4 rounds of 128 ms and 4 of 590 ms, both with 3 ms between the two workers.
    const ratio = (await rightEnd('python-threads')) / (await rightEnd('threads'));
    assert.ok(Math.abs(ratio - (4 * 590 + 3) / (4 * 128 + 3)) < 0.02, String(ratio));
  });

  shows('answers first, from the figures', full, {}, async ({ page }) => {
    const headline = (await page.locator('h1').textContent()) ?? '';
    // Processes were within 5 % of threads: level.
    assert.equal(
      headline.trim(),
      'Fastest here for I/O: the event loop. For CPU work: threads or processes.',
    );
    const lede = (await page.locator('.lede').textContent()) ?? '';
    assert.match(lede, /Python 3\.12\.4.*threads for I\/O and processes for CPU work\./);
    assert.deepEqual(
      await page.locator('.lane.best').evaluateAll((rows) => rows.map((row) => row.dataset['lane'])),
      [
        'event-loop',
        'python-threads',
        'python-thread-pool',
        'threads',
        'processes',
        'python-processes',
        'python-process-pool',
      ],
    );
  });

  shows('says what failed, and why', full, {}, async ({ page }) => {
    const failures = await page.locator('.failure').allTextContents();
    const expected = full.experiments.flatMap(({ error, lanes }) => [
      ...(error === undefined ? [] : [error]),
      ...lanes.flatMap((failed) => (failed.ok ? [] : (failed.error ?? []))),
    ]);
    assert.deepEqual(failures.toSorted(), expected.map((error) => `✗ Failed. ${error}`).toSorted());
    assert.match(
      (await page.locator('.caution').textContent()) ?? '',
      /A worker that dies.*Switching between tasks/,
    );
  });

  shows('lists metrics with their units', full, {}, async ({ page }) => {
    const table = page.locator('section[data-experiment=communicate] table.metrics');
    assert.deepEqual(await table.locator('thead th').allTextContents(), [
      'Measured',
      'Round trip µs',
      'MB/s',
      'Shared MB',
    ]);
    assert.deepEqual(await table.locator('tbody tr').nth(1).locator('th, td').allInnerTexts(), [
      'Processes',
      '61.7',
      '610',
      '–',
    ]);
  });

  shows('filters the claims, by keyboard too', full, {}, async ({ page }) => {
    const shown = page.locator('table.claims tbody tr:visible');
    assert.equal(await shown.count(), full.claims.length);
    const verdicts = await page.locator('[data-claim=threads-cpu] .verdict').allTextContents();
    assert.deepEqual(verdicts, ['✓Holds', '✗Does not hold']);

    await page.getByRole('radio', { name: /^All/ }).focus();
    await page.keyboard.press('ArrowRight');
    assert.deepEqual(await shown.evaluateAll((rows) => rows.map((row) => row.dataset['claim'])), [
      'threads-cpu',
      'crash',
    ]);
    assert.equal(await page.getByRole('status').textContent(), '2 of 5 claims');
  });

  shows('has one h1, no skipped heading levels, landmarks and a language', full, {}, async ({ page }) => {
    const levels = await page
      .locator('h1, h2, h3, h4')
      .evaluateAll((all) => all.map(({ tagName }) => Number(tagName[1])));
    assert.deepEqual(
      levels.filter((level) => level === 1),
      [1],
    );
    for (const [index, level] of levels.entries())
      assert.ok(level <= (levels[index - 1] ?? 0) + 1, levels.join(' '));
    for (const role of ['banner', 'navigation', 'main', 'contentinfo'] as const) {
      assert.equal(await page.getByRole(role).count(), 1, role);
    }
    assert.equal(await page.locator('html').getAttribute('lang'), 'en');
    const targets = await page
      .locator('nav a')
      .evaluateAll((links) => links.map((link) => link.getAttribute('href')));
    for (const target of targets) assert.equal(await page.locator(target ?? '').count(), 1, String(target));
  });

  shows('keeps what a report says as text', full, {}, async ({ page }) => {
    const text = (await page.locator('main').textContent()) ?? '';
    // A conclusion, two errors, and a claim's text, source and figures.
    assert.equal(text.split(HOSTILE).length - 1, 6);
    assert.equal(await page.locator('main').locator('img, script, iframe').count(), 0);
    assert.equal(await page.title(), 'manyhands compare');
  });

  shows('keeps names of tasks and workers as text', hostileTimeline(), {}, async ({ page }) => {
    await page.locator('.span rect').first().hover();
    await page
      .getByText(`Task ${HOSTILE.slice(0, 9)}`)
      .first()
      .waitFor();
    assert.equal(await page.locator('main').locator('img, script, iframe').count(), 0);
    assert.equal(await page.title(), 'manyhands compare');
  });

  for (const [name, report] of Object.entries({ full, bare, crowded })) {
    for (const width of [360, 701, 1140]) {
      shows(
        `fits ${width} pixels with all of it open: ${name}`,
        report,
        { viewport: { width, height: 800 } },
        async ({ page }) => {
          const timelines = page.locator('details.timeline');
          await page
            .locator('details')
            .evaluateAll((all) => all.forEach((details) => details.setAttribute('open', '')));
          for (const details of await timelines.all()) await details.locator('.span rect').first().waitFor();
          const overflow = await page.evaluate(
            'document.documentElement.scrollWidth - document.documentElement.clientWidth',
          );
          assert.equal(overflow, 0);
        },
      );
    }
  }

  shows('is drawn anew when the window changes its width', full, {}, async ({ page }) => {
    const bar = page.locator('section[data-experiment=io] .lane[data-lane=sequential] .lane-bar > *');
    await bar.waitFor();
    const wide = (await bar.boundingBox())?.width ?? 0;
    await page.setViewportSize({ width: 760, height: 800 });
    await page.waitForFunction(
      `document.querySelector('section[data-experiment=io] .lane-bar > *').getBoundingClientRect().width < ${wide}`,
    );
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    shows(
      `follows the system, and the reader against it: ${colorScheme}`,
      full,
      { colorScheme },
      async ({ page }) => {
        const other = colorScheme === 'light' ? 'Dark' : 'Light';
        const system = await colours(page);
        await page.getByRole('radio', { name: other }).check();
        const chosen = await colours(page);
        assert.equal(system.isDark, colorScheme === 'dark');
        assert.equal(chosen.isDark, colorScheme === 'light');
        assert.notEqual(chosen.bar, system.bar);
        await page.getByRole('radio', { name: 'Auto' }).check();
        assert.deepEqual(await colours(page), system);
      },
    );
  }

  shows('shows a thousand spans of overlapping tasks', crowded, {}, async ({ page }) => {
    const details = page.locator('details[data-lane=event-loop]');
    await details.locator('summary').click();
    await details.locator('.span rect').first().waitFor();
    assert.equal(await details.locator('.span rect').count(), 1000);
    const height = (await details.boundingBox())?.height ?? 0;
    assert.ok(height < 450, `${height} pixels high`);
  });

  shows('makes do without Python, claims and timelines', bare, {}, async ({ page }) => {
    assert.match((await page.locator('.lede').textContent()) ?? '', /No Python was found/);
    assert.equal(await page.locator('details.timeline').count(), 0);
    assert.equal(await page.getByText('This run checked no claims.').count(), 1);
    assert.equal(await page.locator('.caution').count(), 2);
  });

  shows('makes do without any experiment', { ...bare, experiments: [] }, {}, async ({ page }) => {
    assert.equal(await page.locator('section.experiment').count(), 0);
    assert.equal(await page.locator('#machine').count(), 1);
  });

  shows('says so when it holds no report', null, {}, async ({ page }) => {
    assert.equal(await page.locator('h1').textContent(), 'This page holds no report yet');
  });
});

function pageOf(report: Report | null): string {
  const template = readTemplate();
  return report === null ? template : renderHtml(template, report);
}

function hostileTimeline(): Report {
  const timeline = overlapping(3, 300, HOSTILE).map((span) => ({ ...span, task: HOSTILE }));
  const io = { id: 'io', title: 'One', description: 'One lane.' } as const;
  return { ...bare, experiments: [{ ...io, lanes: [lane('threads', 320, null, { timeline })] }] };
}

/** Whether the page is dark, and the colour in which a bar is drawn. */
async function colours(page: Page): Promise<{ isDark: boolean; bar: string }> {
  await page.locator('.lane[data-lane=threads] .lane-bar > *').first().waitFor();
  const paper = await page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
  const fill = await page.evaluate(
    `getComputedStyle(document.querySelector('.lane[data-lane=threads] .lane-bar > *')).fill`,
  );
  const [red = 255] = String(paper).match(/\d+/g)?.map(Number) ?? [];
  return { isDark: red < 128, bar: String(fill) };
}
