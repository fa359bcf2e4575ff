/** The list of cases, the pages in `docs/conformance/` and the tests say the same. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { rows } from './rows/index.ts';

const FOLDER = 'test/conformance/';
const PAGES = 'docs/conformance/';
const INDEX = 'README.md';
const root = new URL('../../../', import.meta.url);

const pages = new Map<string, string>(
  readdirSync(new URL(PAGES, root)).map((file) => [file, readFileSync(new URL(PAGES + file, root), 'utf8')]),
);

const listed = rows
  .flatMap((files) => Object.values(files))
  .flatMap((classes) =>
    Object.entries(classes).flatMap(([name, cases]) => cases.map((one) => `${name}.${one}`)),
  );

/** Test files, and the rows that their titles name. */
const tested = new Map<string, ReadonlySet<string>>(
  readdirSync(new URL(FOLDER, root), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => {
      const text = readFileSync(new URL(FOLDER + file, root), 'utf8');
      const titles = [...text.matchAll(/['"`](\w+\.test_\w+)(?=[:'"`])/g)].map(([, row]) => String(row));
      // Cases that two classes have in common are tested for both, in a loop over their names.
      const [, both = ''] = /for \(const row of \[([^\]]+)\]/.exec(text) ?? [];
      const classes = [...both.matchAll(/'(\w+)'/g)].map(([, name]) => String(name));
      for (const [, one] of text.matchAll(/`\$\{row\}\.(test_\w+)(?=:)/g)) {
        for (const name of classes) titles.push(`${name}.${one}`);
      }
      return [FOLDER + file, new Set(titles)];
    }),
);

const allTitles = new Set([...tested.values()].flatMap((titles) => [...titles]));

interface Entry {
  readonly page: string;
  readonly row: string;
  /** Absent: any. */
  readonly file?: string;
  readonly deviations: number;
}

/** A line is about one case, or about the cases of a class that are as there. */
function entriesOf(page: string, text: string): Entry[] {
  return text.split('\n').flatMap((line): Entry[] => {
    const [, first = '', second = '', file = '', deviations = ''] = line
      .split('|')
      .map((cell) => cell.trim());
    const name = /^`(_?[A-Z]\w+)`$/.exec(first)?.[1];
    if (name !== undefined) {
      return [...second.matchAll(/`(test_\w+)`/g)].map(([, one]) => ({
        page,
        row: `${name}.${one}`,
        deviations: 0,
      }));
    }
    const row = /^`(\w+\.test_\w+)`$/.exec(first)?.[1];
    if (row === undefined) return [];
    return [{ page, row, file: file.replaceAll('`', ''), deviations: deviations.split('](').length - 1 }];
  });
}

const entries = [...pages].flatMap(([page, text]) => entriesOf(page, text));

/** What a link can point to in a page, as GitHub makes it from the headings. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    String(heading)
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

test('every case is on a page once, and no other', () => {
  assert.deepEqual(entries.map(({ row }) => row).toSorted(), listed.toSorted());
});

test('every case has a test of its name, or a deviation that says why not', () => {
  for (const { row, file, deviations } of entries) {
    if (file === 'none') assert.ok(deviations > 0, `${row} has neither test nor deviation`);
    else if (file === undefined) assert.ok(allTitles.has(row), `There is no test of ${row}`);
    else assert.ok(tested.get(file)?.has(row), `${file} has no test of ${row}`);
  }
});

test('no test names a case that is not listed, or that a page puts elsewhere', () => {
  for (const [file, titles] of tested) {
    for (const row of titles) {
      // Two of CPython's files may have a class of the same name.
      const isListed = entries.some((entry) => entry.row === row && (entry.file ?? file) === file);
      assert.ok(isListed, `${row} in ${file}`);
    }
  }
});

test('every link leads to a page, and to a heading there', () => {
  const links = [...pages].flatMap(([page, text]) =>
    [...text.matchAll(/\]\(([\w-]+\.md)?(?:#([\w-]+))?\)/g)].map(([, to = page, anchor]) => ({
      page,
      to,
      anchor,
    })),
  );
  const wrong = links.filter(({ to, anchor }) => {
    const text = pages.get(to);
    return text === undefined || (anchor !== undefined && !anchorsOf(text).includes(anchor));
  });
  assert.deepEqual(wrong, []);
  assert.ok(links.length > 100);
});

test('the index lists every page, with the numbers of its cases', () => {
  const expected = new Map<string, readonly number[]>();
  for (const page of pages.keys()) {
    const own = entries.filter((entry) => entry.page === page);
    if (page !== INDEX) expected.set(page, [own.length, own.filter(({ file }) => file !== 'none').length]);
  }
  const lines = [
    ...String(pages.get(INDEX)).matchAll(/^\|[^|]*\]\(([\w-]+\.md)\) *\| *(\d+) *\| *(\d+) *\|/gm),
  ];
  const found = lines.map(([, page, cases, withTest]) => [page, [Number(cases), Number(withTest)]] as const);
  assert.deepEqual(new Map(found), expected);
});
