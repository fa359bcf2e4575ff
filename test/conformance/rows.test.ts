/** The list of cases, `docs/conformance.md` and the tests say the same. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { rows } from './rows/index.ts';

const FOLDER = 'test/conformance/';
const root = new URL('../../../', import.meta.url);
const page = readFileSync(new URL('docs/conformance.md', root), 'utf8');

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
  readonly row: string;
  /** Absent: any. */
  readonly file?: string;
  readonly deviations: readonly string[];
}

/** A line is about one case, or about the cases of a class that are as there. */
const entries = page.split('\n').flatMap((line): Entry[] => {
  const [, first = '', second = '', file = '', deviations = ''] = line.split('|').map((cell) => cell.trim());
  const name = /^`(_?[A-Z]\w+)`$/.exec(first)?.[1];
  if (name !== undefined) {
    return [...second.matchAll(/`(test_\w+)`/g)].map(([, one]) => ({
      row: `${name}.${one}`,
      deviations: [],
    }));
  }
  const row = /^`(\w+\.test_\w+)`$/.exec(first)?.[1];
  if (row === undefined) return [];
  const anchors = [...deviations.matchAll(/\]\(#([\w-]+)\)/g)].map(([, anchor]) => String(anchor));
  return [{ row, file: file.replaceAll('`', ''), deviations: anchors }];
});

const headings = new Set(
  [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    String(heading)
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  ),
);

test('every case is on the page once, and no other', () => {
  assert.deepEqual(entries.map(({ row }) => row).toSorted(), listed.toSorted());
});

test('every case has a test of its name, or a deviation that says why not', () => {
  for (const { row, file, deviations } of entries) {
    if (file === 'none') assert.ok(deviations.length > 0, `${row} has neither test nor deviation`);
    else if (file === undefined) assert.ok(allTitles.has(row), `There is no test of ${row}`);
    else assert.ok(tested.get(file)?.has(row), `${file} has no test of ${row}`);
  }
});

test('no test names a case that is not listed, or that the page puts elsewhere', () => {
  for (const [file, titles] of tested) {
    for (const row of titles) {
      // Two of CPython's files may have a class of the same name.
      const isListed = entries.some((entry) => entry.row === row && (entry.file ?? file) === file);
      assert.ok(isListed, `${row} in ${file}`);
    }
  }
});

test('every link to a deviation leads to one', () => {
  const anchors = [...page.matchAll(/\]\(#([\w-]+)\)/g)].map(([, anchor]) => String(anchor));
  assert.deepEqual(
    anchors.filter((anchor) => !headings.has(anchor)),
    [],
  );
  assert.ok(anchors.length > 0);
});
