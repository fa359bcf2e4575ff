// Who may import whom. Arrows point one way, so that a reader can understand a layer from those below it
// alone, and so that what a program does not use is not loaded.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runNode } from './tasks/support.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const src = join(root, 'src');

/**
 * Each layer, and what it may import beside itself. A layer is a file or a folder of src; `types` are
 * imported for their types only, which leaves nothing at run time. `asked` lies above, and is loaded by a method that needs
 * it, when it is called: the one kind of arrow that points up.
 */
const layers: Readonly<
  Record<
    string,
    {
      readonly from: readonly string[];
      readonly types?: readonly string[];
      readonly asked?: readonly string[];
    }
  >
> = {
  'errors.ts': { from: [] },
  'options.ts': { from: [] },
  'wrap-text.ts': { from: [] },
  'context.ts': { from: ['options.ts'] },
  events: { from: [] },
  tasks: { from: ['errors.ts', 'options.ts'] },
  // A call carries the name of its function.
  wire: { from: ['errors.ts', 'options.ts'], types: ['tasks'] },
  memory: { from: ['errors.ts', 'options.ts'] },
  // `executor.dashboard()`
  futures: {
    from: ['errors.ts', 'options.ts', 'context.ts', 'events'],
    asked: ['observe/dashboard/dashboard.ts'],
  },
  sync: { from: ['errors.ts', 'options.ts', 'events', 'memory', 'wire', 'futures'] },
  queues: { from: ['errors.ts', 'options.ts', 'memory', 'tasks', 'wire', 'futures', 'sync'] },
  queue: { from: ['errors.ts', 'sync', 'queues'] },
  connections: { from: ['errors.ts', 'options.ts', 'memory', 'wire', 'futures'] },
  pool: { from: ['errors.ts', 'options.ts', 'context.ts', 'events', 'memory', 'tasks', 'wire', 'futures'] },
  backends: { from: ['errors.ts', 'options.ts', 'memory', 'tasks', 'wire', 'futures', 'pool'] },
  threading: {
    from: ['errors.ts', 'options.ts', 'memory', 'tasks', 'wire', 'futures', 'sync', 'pool', 'backends'],
  },
  'index.ts': {
    from: ['errors.ts', 'options.ts', 'context.ts', 'tasks', 'wire', 'futures', 'pool', 'backends'],
  },
  multiprocessing: {
    from: [
      'errors.ts',
      'options.ts',
      'memory',
      'tasks',
      'wire',
      'futures',
      'sync',
      'connections',
      'queues',
      'pool',
      'backends',
    ],
  },
  choose: {
    from: [
      'errors.ts',
      'options.ts',
      'context.ts',
      'memory',
      'tasks',
      'wire',
      'futures',
      'pool',
      'backends',
      'index.ts',
      'wrap-text.ts',
    ],
  },
  observe: { from: ['options.ts', 'events', 'futures'] },
  opentelemetry: { from: ['options.ts', 'context.ts', 'events', 'futures'] },
  cluster: { from: ['options.ts', 'backends'] },
  // Its task modules are loaded by workers, and take of the library only what a task needs.
  compare: { from: ['index.ts', 'tasks', 'wrap-text.ts'] },
  cli: { from: ['index.ts', 'choose', 'compare', 'observe'], types: ['cluster'] },
};

/** Packages, and the only layers that may use them. */
const packages: Readonly<Record<string, readonly string[]>> = {
  acorn: ['tasks'],
  bullmq: ['backends'],
  koffi: ['memory'],
  'eslint-scope': ['tasks'],
  commander: ['cli'],
  // What users import, and then only for its own command.
  'manyhands/cluster': ['cli'],
  tinyglobby: ['backends'],
  picocolors: ['cli', 'compare'],
  'cli-table3': ['compare'],
  'prom-client': ['observe'],
  '@opentelemetry/api': ['opentelemetry'],
};

interface Import {
  /** Both relative to src. */
  readonly file: string;
  readonly target: string;
  readonly typeOnly: boolean;
  readonly asked: boolean;
}

/** Statements at the beginning of a line, up to their module; and dynamic imports of a fixed module. */
const statement = /^(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)'/gm;
const dynamic = /\bimport\('([^']+)'\)/g;

function importsOf(path: string): Import[] {
  const text = readFileSync(path, 'utf8');
  const file = relative(src, path).split(sep).join('/');
  const place = (specifier: string): string =>
    specifier.startsWith('.')
      ? relative(src, join(dirname(path), specifier))
          .split(sep)
          .join('/')
      : specifier;
  return [
    ...[...text.matchAll(statement)].map(([, type, specifier]) => ({
      file,
      target: place(specifier as string),
      typeOnly: type !== undefined,
      asked: false,
    })),
    ...[...text.matchAll(dynamic)].map(([, specifier]) => ({
      file,
      target: place(specifier as string),
      typeOnly: false,
      asked: true,
    })),
  ];
}

const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
const imports = files.flatMap((file) => importsOf(join(src, file)));
const inside = imports.filter(({ target }) => target.endsWith('.ts'));
const layerOf = (file: string): string => file.split('/')[0] as string;

describe('layers', () => {
  it('are the folders of src, all of them', () => {
    assert.deepEqual(
      [...new Set(files.map((file) => layerOf(file.split(sep).join('/'))))].toSorted(),
      Object.keys(layers).toSorted(),
    );
    assert.ok(inside.length > 200, `only ${inside.length} imports were found`);
  });

  it('import only what lies below them', () => {
    const wrong = inside.filter((arrow) => {
      const { file, target } = arrow;
      const [own, other] = [layerOf(file), layerOf(target)];
      const { from, types = [], asked = [] } = layers[own] ?? { from: [] };
      if (own === other || from.includes(other)) return false;
      return !(arrow.typeOnly && types.includes(other)) && !(arrow.asked && asked.includes(target));
    });
    assert.deepEqual(wrong, []);
  });

  it('of backends do not know each other', () => {
    const backendOf = (file: string): string | undefined => /^backends\/([^/]+)\//.exec(file)?.[1];
    const wrong = inside.filter(({ file, target }) => {
      const [own, other] = [backendOf(file), backendOf(target)];
      return other !== undefined && layerOf(file) === 'backends' && own !== other;
    });
    assert.deepEqual(wrong, []);
  });

  it('have no cycles between files, types aside', () => {
    const next = new Map<string, string[]>();
    for (const { file, target, typeOnly } of inside) {
      if (!typeOnly) next.set(file, [...(next.get(file) ?? []), target]);
    }
    const done = new Set<string>();
    const visit = (file: string, path: readonly string[]): void => {
      assert.ok(!path.includes(file), `${[...path.slice(path.indexOf(file)), file].join(' -> ')}`);
      if (done.has(file)) return;
      for (const target of next.get(file) ?? []) visit(target, [...path, file]);
      done.add(file);
    };
    for (const file of next.keys()) visit(file, []);
  });

  it('use packages only where the table says so', () => {
    const wrong = imports
      .filter(({ target }) => !target.endsWith('.ts') && !target.startsWith('node:'))
      .filter(({ file, target }) => !(packages[target] ?? []).includes(layerOf(file)));
    assert.deepEqual(wrong, []);
    const bare = imports.filter(({ target }) => builtinModules.includes(target));
    assert.deepEqual(bare, [], 'builtin modules are named with node:');
  });
});

describe('importing manyhands', () => {
  it('loads neither the command line nor the comparison, and no package before it is needed', async () => {
    const entry = JSON.stringify(new URL('../src/index.js', import.meta.url).href);
    const hook = `export async function resolve(specifier, context, next) {
      const found = await next(specifier, context);
      process._rawDebug(found.url);
      return found;
    }`;
    const program = `import { register } from 'node:module';
      register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hook)}));
      await import(${entry});`;
    const { code, stderr } = await runNode(['--input-type=module', '-e', program]);
    assert.equal(code, 0, stderr);
    const loaded = stderr.split('\n').filter((line) => /^(?:file|node|data):/.test(line));
    assert.ok(
      loaded.some((url) => url.endsWith('/src/pool/scheduler.js')),
      stderr,
    );
    assert.deepEqual(
      loaded.filter((url) =>
        /node_modules|\/src\/(?:choose|cli|compare|cluster|backends\/cluster|multiprocessing)\//.test(url),
      ),
      [],
    );
  });
});
