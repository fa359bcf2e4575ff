// A Chromium for the tests of a suite: one that is there, or that could be installed; else they are skipped, with the reason.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** From dist/test/ui. */
const ROOT = new URL('../../../', import.meta.url);
/** The sandbox needs privileges that containers lack; the rest keeps the browser itself off the network. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A page, and what it has said on its console or thrown. */
export interface Opened {
  readonly page: Page;
  readonly messages: string[];
}

/** Runs a test in a page of its own; skips it where there is no browser. */
export type InPage = (
  t: TestContext,
  options: BrowserContextOptions & { readonly patience: number },
  use: (opened: Opened) => Promise<void>,
) => Promise<void>;

/** To be called in a `describe`. */
export function withBrowser(): InPage {
  let browser: Browser | undefined;
  let skipReason = '';

  before(async () => {
    const { ensureChromium } = (await import(new URL('scripts/chromium.mjs', ROOT).href)) as {
      ensureChromium(): { path: string | null; reason: string };
    };
    const { path, reason } = ensureChromium();
    if (path === null) skipReason = reason;
    else browser = await chromium.launch({ executablePath: path, args: ARGUMENTS });
  });

  after(() => browser?.close());

  return async (t, { patience, ...options }, use) => {
    if (browser === undefined) {
      t.skip(skipReason);
      return;
    }
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    try {
      context.setDefaultTimeout(patience);
      const page = await context.newPage();
      const messages: string[] = [];
      page.on('console', (message) => messages.push(`${message.type()}: ${message.text()}`));
      page.on('pageerror', (error) => messages.push(`uncaught: ${error.message}`));
      await use({ page, messages });
    } finally {
      await context.close();
    }
  };
}

/** A page that is a file: says nothing, and asks for nothing but itself. */
export type ShowsFile = (
  name: string,
  html: () => string,
  options: BrowserContextOptions,
  check: (opened: Opened & { readonly requests: string[] }) => Promise<void>,
) => void;

/** To be called in a `describe`: what it gives makes a test of such a page. */
export function withFiles(): ShowsFile {
  const inPage = withBrowser();
  let folder = '';

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'manyhands-ui-'));
  });

  after(() => rm(folder, { recursive: true }));

  return (name, html, options, check) => {
    it(name, (t) =>
      inPage(t, { patience: 10_000, ...options }, async ({ page, messages }) => {
        const file = join(folder, `${name.replaceAll(/\W+/g, '-')}.html`);
        await writeFile(file, html());
        const { href } = pathToFileURL(file);
        const requests: string[] = [];
        await page.context().route('**/*', (route) => {
          const url = route.request().url();
          requests.push(url);
          return url === href ? route.continue() : route.abort();
        });
        await page.goto(href);
        await check({ page, requests, messages });
        assert.deepEqual(messages, []);
        assert.deepEqual(requests, [href]);
      }),
    );
  };
}
