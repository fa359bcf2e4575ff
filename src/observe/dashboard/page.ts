/** The page of the dashboard: one file that was built beforehand, with its script and its style inside. */

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface DashboardPage {
  readonly html: string;
  /** Lets run what is in the page, and nothing else: no other script, no other server. */
  readonly policy: string;
}

/** @throws an Error that says how to build the page if it is missing. */
export function readPage(): DashboardPage {
  const html = readFileSync(findPage(), 'utf8');
  const directives = [
    `default-src 'none'`,
    `script-src ${hashes(html, 'script')}`,
    `style-src ${hashes(html, 'style')}`,
    `connect-src 'self'`,
    'img-src data:',
    `base-uri 'none'`,
    `form-action 'none'`,
    `frame-ancestors 'none'`,
  ];
  return { html, policy: directives.join('; ') };
}

function findPage(): string {
  // From dist/src/bundle, from dist/src/observe/dashboard, and from src/observe/dashboard.
  const candidates = ['../../ui', '../../../ui', '../../../dist/ui'];
  const paths = candidates.map((path) => fileURLToPath(new URL(`${path}/dashboard.html`, import.meta.url)));
  const found = paths.find((path) => existsSync(path));
  if (found === undefined) {
    throw new Error(
      `The page of the dashboard is missing: ${paths[0]} is not there. Build it with: npm run build`,
    );
  }
  return found;
}

function hashes(html: string, tag: 'script' | 'style'): string {
  const texts = [...html.matchAll(new RegExp(`<${tag}\\b[^>]*>([\\s\\S]*?)</${tag}>`, 'g'))];
  const list = texts.map(([, text = '']) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`);
  return list.length === 0 ? `'none'` : list.join(' ');
}
