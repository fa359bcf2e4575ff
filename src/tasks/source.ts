/** A function that came as text, turned back into a function: the worker's end of "by source". */
import { constants, Script } from 'node:vm';
import { viteImport } from './globals.ts';

/** What calls that compilers wrote into a function's text refer to. See isProvidedHelper in globals.ts. */
const keepName = (target: Function, value: string): Function =>
  Object.defineProperty(target, 'name', { value, configurable: true });

/** Compiles an expression, in strict mode and without any scope but the global one. */
export async function compileSource(
  source: string,
  label: string,
  base: string | undefined,
): Promise<Function> {
  const counters = [...new Set(source.match(/\bcov_[a-z0-9]+\b/g))];
  const parameters = ['__name', ...counters].join(', ');
  const imports = source.includes(viteImport) ? `const ${viteImport} = (module) => import(module); ` : '';
  const code = `'use strict'; (function (${parameters}) { ${imports}return (${source}\n); })`;
  let script: Script;
  if (/\bimport\b/.test(code)) {
    await (announced ??= announceImports());
    script = new Script(code, { filename: base ?? `manyhands:${label}`, importModuleDynamically });
  } else {
    script = new Script(code, { filename: `manyhands:${label}` });
  }
  const make = script.runInThisContext() as (...helpers: Function[]) => Function;
  return make(keepName, ...counters.map(() => () => coverage));
}

/** Lets code of no module call `import()`, resolved from its file name, or from the working folder. */
const importModuleDynamically = constants.USE_MAIN_CONTEXT_DEFAULT_LOADER as never;

let announced: Promise<void> | undefined;

/**
 * Node announces that constant as experimental, on stderr, at the first `import()` that relies on it. The
 * user never asked for it by name, so that first import is made here, and this one notice kept back. It is
 * emitted as an event on the next tick, past `process.emitWarning`; all other events pass.
 */
async function announceImports(): Promise<void> {
  const { emit } = process;
  const filtered = (event: string, ...rest: unknown[]): boolean => {
    const [warning] = rest as { message?: string }[];
    if (event === 'warning' && warning?.message?.startsWith('vm.USE_MAIN_CONTEXT_DEFAULT_LOADER'))
      return true;
    return Reflect.apply(emit, process, [event, ...rest]) as boolean;
  };
  process.emit = filtered as typeof process.emit;
  try {
    await (new Script("import('node:process')", {
      importModuleDynamically,
    }).runInThisContext() as Promise<void>);
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    // Somebody else may have wrapped it meanwhile; then it stays, and still lets everything else pass.
    if (process.emit === (filtered as typeof process.emit)) process.emit = emit;
  }
}

/**
 * Istanbul's counters: `cov().s[3]++`, `cov().b[1][0]++`. They count nothing here; the code runs elsewhere.
 */
const zeroes: object = new Proxy({}, { get: () => 0, set: () => true });
const branches: object = new Proxy({}, { get: () => zeroes });
const coverage: object = { s: zeroes, f: zeroes, b: branches };
