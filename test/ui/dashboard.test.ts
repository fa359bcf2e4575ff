/**
 * The page of the dashboard, in a real browser, on real executors of this process: what it shows is compared with what ran.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { EventLoopExecutor, ThreadPoolExecutor } from '../../src/index.ts';
import type { Program, Tick } from '../../src/observe/dashboard/messages.ts';
import { MOST_SPANS } from '../../src/observe/dashboard/span-sample.ts';
import { type Dashboard, dashboard } from '../../src/observe/index.ts';
import { Note } from '../contract/backends.ts';
import * as tasks from '../contract/fixtures/tasks.ts';
import { withBrowser } from './browser.ts';

const TIMEOUT = { timeout: 60_000 };
const PROGRAM: Program = {
  pid: 1,
  title: 'app.js',
  node: 'v20.19.0',
  cores: 2,
  startedAt: 0,
  instance: 'x',
  tickMs: 500,
};

/** As much as a tick can be: half a second of 10,000 tasks a second on four workers, with errors. */
function fullTick(number: number): Tick {
  const workers = ['a', 'b', 'c', 'd'].map((name) => ({ name, id: null, cpu: null, memory: null }));
  const times = { p50: 0.1, p95: 0.2, p99: 0.3, max: 1 };
  const executor = { id: 1, name: 'pool', backend: 'thread', state: 'open', maxWorkers: 4, concurrency: 1 };
  const counts = { pending: 10, running: 4, settled: 5000, failed: 8, cancelled: 0 };
  return {
    at: Date.UTC(2030, 0, 1) + number * 500,
    ms: 500,
    watched: true,
    executors: [
      {
        ...executor,
        ...counts,
        wait: times,
        run: times,
        workers: workers.map((worker) => ({ ...worker, state: 'busy', inFlight: 1, busy: 0.9 })),
      },
    ],
    rows: workers.map(({ name }) => `1/${name}`),
    names: ['one', 'two', 'three'],
    spans: Array.from({ length: MOST_SPANS }, (_, n) => [n % 4, n % 3, -500 + n * 1.9, -498.7 + n * 1.9, 0]),
    running: [],
    oneOf: 32,
    ended: 5000,
    functions: [{ name: 'one', count: 5000, failed: 8, runMs: 1500 }],
    errors: Array.from({ length: 8 }, (_, n) => ({
      at: 0,
      source: 'one',
      executor: 'pool',
      worker: 'a',
      message: `error ${number}, ${n}`,
      stack: 'at nowhere\n'.repeat(100),
    })),
    moreErrors: 10,
    host: { cpu: 1, memory: 1e8, heap: 1e7, loopBusy: 0.5, loopDelay: times },
  };
}

describe('the page of the dashboard', () => {
  const inPage = withBrowser();

  /** A test with a dashboard and a page of its own that shows it. */
  function shows(
    name: string,
    options: BrowserContextOptions,
    check: (page: Page, board: Dashboard, allowed: RegExp[]) => Promise<void>,
  ): void {
    it(name, TIMEOUT, (t) =>
      inPage(t, { patience: 20_000, ...options }, async ({ page, messages }) => {
        await using board = await dashboard();
        await page.goto(board.url);
        // Tasks are heard of from here on.
        await truth(page, `document.body.dataset.state === 'open'`);
        /** What the page may have to say: that it was refused, where it was. */
        const allowed: RegExp[] = [];
        await check(page, board, allowed);
        assert.deepEqual(
          messages.filter((message) => !allowed.some((pattern) => pattern.test(message))),
          [],
        );
      }),
    );
  }

  /** Waits until `expression` is true in the page. By frames of its own, as the page lets nobody evaluate text there. */
  async function truth(page: Page, expression: string): Promise<void> {
    const look = `new Promise((resolve) => requestAnimationFrame(() => resolve(Boolean(${expression}))))`;
    while (!(await page.evaluate<boolean>(look)));
  }
  const drawn = `Number(document.querySelector('canvas.timeline-canvas').dataset.spans)`;

  shows('shows workers and their tasks, and what failed with its stack', {}, async (page) => {
    await using pool = new ThreadPoolExecutor({ maxWorkers: 2, threadNamePrefix: 'seen' });
    await Promise.all(Array.from({ length: 12 }, (_, index) => pool.submit(tasks.compute, 5, index)));
    await assert.rejects(pool.submit(tasks.fail));
    await truth(page, `${drawn} === 13`);
    assert.equal(new URL(page.url()).search, '', 'the token is gone from the address');
    await page.getByText('All 13 tasks of this time are shown.').waitFor();
    const names = await page.locator('table.workers tbody th').allTextContents();
    assert.deepEqual(
      names.toSorted(),
      pool
        .statistics()
        .workers.map(({ name }) => name)
        .toSorted(),
    );
    const computed = page.locator('table.functions tbody tr', { hasText: 'compute' });
    assert.equal(await computed.locator('[data-label=Tasks]').textContent(), '12');
    const failed = page.locator('details.error');
    assert.equal(await failed.count(), 1);
    assert.equal(await failed.locator('pre').isVisible(), false);
    await failed.locator('summary').focus();
    await page.keyboard.press('Enter');
    assert.match((await failed.locator('pre').textContent()) ?? '', /ShopError[^]*tasks\.js/);
    // It stays as it is when the next tick comes.
    const rendered = await page.locator('.uplot canvas').count();
    assert.equal(rendered, await page.locator('.charts .card').count());
    await pool.submit(tasks.compute, 5, 0);
    await truth(page, `${drawn} === 14`);
    assert.equal(await failed.locator('pre').isVisible(), true);
  });

  shows('shows 64 workers, each with its row', {}, async (page) => {
    await using pool = new EventLoopExecutor({ concurrency: 2 });
    const loops = Array.from({ length: 63 }, () => new EventLoopExecutor({ concurrency: 2 }));
    const gate = new Note();
    const waiting = [pool, ...loops].map((executor) => executor.submit(tasks.waitFor, gate.path, 1));
    await truth(page, `document.querySelector('canvas.timeline-canvas').dataset.rows === '64'`);
    await truth(page, `${drawn} === 64`);
    assert.equal(await page.locator('table.workers tbody tr').count(), 64);
    const height = (await page.locator('canvas.timeline-canvas').boundingBox())?.height ?? 0;
    assert.ok(height < 700, `${height} pixels high`);
    await page.getByRole('combobox', { name: 'Executor' }).selectOption({ index: 3 });
    await truth(page, `document.querySelectorAll('table.workers tbody tr').length === 1`);
    gate.open();
    await Promise.all(waiting);
    await Promise.all(loops.map((executor) => executor.shutdown()));
  });

  shows('is worked by keyboard: order of focus, pause, filter', {}, async (page) => {
    await using pool = new EventLoopExecutor();
    const both = async (): Promise<void> => {
      await Promise.all([pool.submit(tasks.same, 1), pool.submit(tasks.square, 2)]);
    };
    await both();
    await both();
    await truth(page, `${drawn} >= 2`);
    const order: string[] = [];
    for (let presses = 0; presses < 6; presses += 1) {
      await page.keyboard.press('Tab');
      order.push(
        await page.evaluate<string>(
          `document.activeElement.getAttribute('aria-label') || document.activeElement.name || document.activeElement.textContent`,
        ),
      );
    }
    assert.match(order.join(' | '), /^Skip.* \| theme \| .*Pause.* \| Executor \| Functions.* \| window$/s);
    const ticks = `document.querySelector('.timeline-canvas').dataset.spans`;
    await page.locator('main').focus();
    await page.keyboard.press('Space');
    const pause = page.getByRole('button', { name: 'Go on' });
    assert.equal(await pause.getAttribute('aria-pressed'), 'true');
    const drawnBefore = await page.evaluate(ticks);
    await both();
    await page.keyboard.press('Space');
    await truth(page, `${ticks} !== '${String(drawnBefore)}'`);
    await page.keyboard.press('/');
    await page.keyboard.type('squa');
    await truth(page, `document.querySelectorAll('table.functions tbody tr').length === 1`);
    assert.match((await page.locator('table.functions tbody').textContent()) ?? '', /^square/);
    await page.keyboard.press('Escape');
    await truth(page, `document.querySelectorAll('table.functions tbody tr').length === 2`);
  });

  shows(
    'says that it has lost its program, and comes back when that does',
    {},
    async (page, board, allowed) => {
      allowed.push(
        /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE/,
      );
      await truth(page, `document.body.dataset.state === 'open'`);
      await using pool = new EventLoopExecutor();
      await board.close();
      await page.getByText('The connection is lost').waitFor();
      const { port, token } = board;
      {
        await using again = await dashboard({ port, token });
        await truth(page, `document.body.dataset.state === 'open'`);
        assert.equal(await page.locator('.banner').isVisible(), false);
        await pool.submit(tasks.same, 1);
        await truth(page, `${drawn} === 1`);
        await again.close();
      }
      allowed.push(/401/);
      await using stranger = await dashboard({ port });
      assert.notEqual(stranger.token, token);
      await page.getByText('The program does not know this page').waitFor();
    },
  );

  for (const colorScheme of ['light', 'dark'] as const) {
    shows(`follows the system, and the reader against it: ${colorScheme}`, { colorScheme }, async (page) => {
      await using pool = new EventLoopExecutor();
      await pool.submit(tasks.same, 1);
      await truth(page, `document.querySelectorAll('.uplot canvas').length > 0`);
      const isDark = `(() => {
        const [red] = getComputedStyle(document.body.parentElement).backgroundColor.match(/\\d+/g);
        return Number(red) < 128;
      })()`;
      assert.equal(await page.evaluate(isDark), colorScheme === 'dark');
      await page.locator('main').focus();
      await page.keyboard.press('Space');
      const picture = `document.querySelector('.uplot canvas').toDataURL()`;
      const painted = await page.evaluate<string>(picture);
      await page.getByRole('radio', { name: colorScheme === 'dark' ? 'Light' : 'Dark' }).check();
      assert.equal(await page.evaluate(isDark), colorScheme === 'light');
      // A canvas has no colours of the style sheet by itself.
      await truth(page, `${picture} !== '${painted}'`);
    });
  }

  for (const width of [360, 700]) {
    shows(`fits ${width} pixels`, { viewport: { width, height: 800 } }, async (page) => {
      await using pool = new ThreadPoolExecutor({
        maxWorkers: 2,
        threadNamePrefix: `a-rather-long-name-${'x'.repeat(40)}`,
      });
      await Promise.allSettled([pool.submit(tasks.compute, 1, 1), pool.submit(tasks.fail)]);
      await pool.with({ name: 'y'.repeat(120) }).submit(tasks.same, 1);
      await truth(page, `document.querySelectorAll('table.workers tbody tr').length > 0`);
      await page
        .locator('details')
        .evaluateAll((all) => all.forEach((details) => details.setAttribute('open', '')));
      assert.equal(
        await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
        0,
      );
    });
  }

  shows('takes no more memory for ten minutes of 10,000 tasks a second than for two', {}, async (page) => {
    // Ticks as full as they get, as fast as the page takes them: each reconnect brings the next.
    const BATCH = 200;
    const TEN_MINUTES = 1200;
    let sent = 0;
    await page.route('**/events', (route) => {
      const ticks = Array.from({ length: sent < TEN_MINUTES ? BATCH : 0 }, () => fullTick((sent += 1)));
      const head = sent <= BATCH ? `event: program\ndata: ${JSON.stringify(PROGRAM)}\n\n` : '';
      const body = ticks.map((tick) => `id: x:${sent}\nevent: tick\ndata: ${JSON.stringify(tick)}\n\n`);
      return route.fulfill({ contentType: 'text/event-stream', body: `retry: 1\n\n${head}${body.join('')}` });
    });
    await page.reload();
    await page.getByRole('radio', { name: '2 min' }).check();
    await truth(
      page,
      `document.querySelector('.sampled').textContent.startsWith('${(240 * MOST_SPANS).toLocaleString('en')} of')`,
    );
    const last = `document.querySelector('.errors').textContent.includes('error ${TEN_MINUTES},')`;
    await truth(page, last);
    assert.equal(await page.evaluate('document.body.dataset.ticks'), '240');
    assert.equal(await page.evaluate(drawn), 240 * MOST_SPANS);
    assert.equal(await page.locator('details.error').count(), 50);
    const client = await page.context().newCDPSession(page);
    await client.send('HeapProfiler.collectGarbage');
    const { usedSize } = (await client.send('Runtime.getHeapUsage')) as { usedSize: number };
    assert.ok(usedSize < 100e6, `${usedSize} bytes`);
  });

  shows('keeps what tasks are called as text', {}, async (page) => {
    const hostile = '<img src=x onerror=alert(1)>';
    await using pool = new EventLoopExecutor();
    await pool.with({ name: hostile }).submit(tasks.same, 1);
    await page.locator('table.functions tbody', { hasText: hostile }).waitFor();
    assert.equal(await page.locator('img').count(), 0);
  });

  shows('is not let run anything else, nor ask others', {}, async (page, _board, allowed) => {
    allowed.push(/Content Security Policy|violates/);
    const ran = await page.evaluate<boolean>(`(() => {
      const script = document.createElement('script');
      script.textContent = 'window.ran = true';
      document.body.append(script);
      return window.ran === true;
    })()`);
    assert.equal(ran, false);
    assert.equal(
      await page.evaluate<string>(`fetch('http://127.0.0.1:9/').then(() => 'sent', (error) => error.name)`),
      'TypeError',
    );
  });
});
