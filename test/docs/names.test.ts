/** What the documents mention exists: files, links, and functions in code font. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const documents = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'docs/architecture.md',
  'docs/cluster.md',
  'docs/choose.md',
  'docs/design.md',
  'docs/observe.md',
  'examples/README.md',
];

/** Their functions are Python's as well as ours. */
const tables = readdirSync(join(root, 'docs/conformance')).map((file) => join('docs/conformance', file));

const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(join(root, 'src', file), 'utf8'))
  .join('\n');

/** Names that belong to Node, the language or npm. */
const foreign = new Set(['process.exit', 'import', 'require', 'Math.sqrt', 'AbortSignal.timeout', 'join']);

/** Whether some source declares a function, method, or property of that name. */
function isDeclared(name: string): boolean {
  const own = name.split('.').at(-1) ?? name;
  return new RegExp(`(?:^|[\\s.#(])${own}[<(?:]|\\b(?:let|const) ${own}\\b`, 'm').test(sources);
}

/** Without programs in code blocks: they are run elsewhere, and what they name is theirs. */
function proseOf(document: string): string {
  return readFileSync(join(root, document), 'utf8').replace(/^```.*?^```$/gms, '');
}

for (const document of [...documents, ...tables]) {
  test(`${document}: files and links exist`, () => {
    const prose = proseOf(document);
    const paths = [...prose.matchAll(/`((?:src|test|scripts|docs|examples|bench|ui|\.ci)\/[\w./-]*)`/g)];
    const links = [...prose.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)];
    const wanted = [
      ...paths.map(([, path]) => String(path)),
      ...links.map(([, path]) => join(dirname(document), String(path))),
    ];
    assert.deepEqual(
      wanted.filter((path) => !existsSync(join(root, path))),
      [],
    );
  });
}

for (const document of documents) {
  test(`${document}: functions exist`, () => {
    const names = [...proseOf(document).matchAll(/`(?:\w+\.)*?([\w.]+)\([^`]*\)`/g)].map(([, name]) =>
      String(name),
    );
    assert.deepEqual(
      names.filter((name) => !foreign.has(name) && !isDeclared(name)),
      [],
    );
  });
}
