/** Imports point one way, as the table in docs/architecture.md says, and backends do not know each other. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Layer by the path that it is for: `src/pool` is 4. */
const layers = new Map(
  readFileSync(join(root, 'docs/architecture.md'), 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, layer, paths] = /^\|\s*(\d)\s*\|([^|]*)\|/.exec(line) ?? [];
      return [...(paths ?? '').matchAll(/`([^`]+)`/g)].map(
        ([, path]) => [String(path), Number(layer)] as const,
      );
    }),
);

const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => join('src', file));

/** `src/pool` for `src/pool/task.ts`; a file that lies in `src` itself stands for itself. */
function placeOf(file: string): string {
  return file.split('/').slice(0, 2).join('/');
}

interface Import {
  readonly file: string;
  readonly to: string;
  readonly isType: boolean;
}

const imports: Import[] = sources.flatMap((file) =>
  [
    ...readFileSync(join(root, file), 'utf8').matchAll(
      /^(?:import|export)\b([^;]*?)from '(\.[^']+)'|^import '(\.[^']+)'/gm,
    ),
  ].map(([, names, from, bare]) => ({
    file,
    to: normalize(join(dirname(file), String(from ?? bare))),
    isType: /^ type\b/.test(names ?? ''),
  })),
);

test('every source has a layer', () => {
  assert.deepEqual(
    sources.filter((file) => !layers.has(placeOf(file))),
    [],
  );
  assert.ok(imports.length > 100);
});

test('imports point to earlier layers', () => {
  const wrong = imports.filter(({ file, to, isType }) => {
    const [own, other] = [placeOf(file), placeOf(to)];
    const [layer = 0, otherLayer = 0] = [layers.get(own), layers.get(other)];
    if (own === other || otherLayer < layer) return false;
    // The protocol carries task references.
    return !(own === 'src/wire' && other === 'src/tasks' && isType);
  });
  assert.deepEqual(wrong, []);
});

test('backends do not know each other', () => {
  const kindOf = (path: string): string | undefined => /^src\/backends\/([^/.]+)\//.exec(path)?.[1];
  const wrong = imports.filter(({ file, to }) => {
    const [own, other] = [kindOf(file), kindOf(to)];
    return other !== undefined && own !== undefined && own !== other;
  });
  assert.deepEqual(wrong, []);
});

test('the front door leads to no command, experiment or report', () => {
  const reached = new Set(['src/index.ts']);
  for (const file of reached) {
    for (const { file: from, to } of imports) if (from === file) reached.add(to);
  }
  assert.deepEqual(
    [...reached].filter((file) => /^src\/(?:choose|cli|compare|multiprocessing)\//.test(file)),
    [],
  );
});
