/** A report as one self-contained HTML file: the page is built beforehand, the figures are put into it. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const SLOT = /(<script\b[^>]*\bid="report"[^>]*>)[\s\S]*?(<\/script>)/;

/** The pages that there are, in `ui`. */
type PageName = 'report' | 'advise';

function findTemplate(page: PageName): string {
  // From dist/src/compare, and from src/compare.
  const candidates = [`../../ui/${page}.html`, `../../dist/ui/${page}.html`];
  const paths = candidates.map((path) => fileURLToPath(new URL(path, import.meta.url)));
  const found = paths.find((path) => existsSync(path));
  if (found === undefined) {
    throw new Error(
      `The page of the HTML report is missing: ${paths[0]} is not there. Build it with: npm run build`,
    );
  }
  return found;
}

/** The page, without figures. Throws an error that says how to build it if it is missing. */
export function readTemplate(page: PageName = 'report'): string {
  return readFileSync(findTemplate(page), 'utf8');
}

/** Puts a report, or whatever the page shows, into it. Throws if the page has no place for it. */
export function renderHtml(template: string, report: object): string {
  if (!SLOT.test(template)) {
    throw new Error('The page of the HTML report has no <script type="application/json" id="report">.');
  }
  // "</script>" in a value would end the element; as an escape it is the same JSON. A function, since in a
  // replacement string "$&" and its like would be taken for more than they are.
  const json = JSON.stringify(report).replaceAll('<', '\\u003c');
  return template.replace(SLOT, (_whole, open: string, close: string) => `${open}${json}${close}`);
}
