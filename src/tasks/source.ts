/** A function that came as text, turned back into a function: the worker's end of "by source". */
import { constants, Script } from 'node:vm';

/** What calls that compilers wrote into a function's text refer to. See isProvidedHelper in globals.ts. */
const keepName = (target: Function, value: string): Function =>
  Object.defineProperty(target, 'name', { value, configurable: true });

/** Compiles an expression, in strict mode and without any scope but the global one. */
export function compileSource(source: string, label: string, base: string | undefined): Function {
  const counters = [...new Set(source.match(/\bcov_[a-z0-9]+\b/g))];
  const parameters = ['__name', ...counters].join(', ');
  const code = `'use strict'; (function (${parameters}) { return (${source}\n); })`;
  const make = compile(code, base ?? `manyhands:${label}`, /\bimport\b/.test(source)) as (
    ...helpers: Function[]
  ) => Function;
  return make(keepName, ...counters.map(() => () => coverage));
}

/**
 * `import()` in code of no module has to be allowed by this constant, which Node >= 20.12 announces as
 * experimental, once, on stderr. The user did not ask for it by name, so the notice is kept from them;
 * a filter on warnings in general would also keep back theirs.
 */
function compile(code: string, filename: string, importsModules: boolean): unknown {
  if (!importsModules) return new Script(code, { filename }).runInThisContext();
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    const importModuleDynamically = constants.USE_MAIN_CONTEXT_DEFAULT_LOADER as never;
    return new Script(code, { filename, importModuleDynamically }).runInThisContext();
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** Istanbul's counters: `cov().s[3]++`, `cov().b[1][0]++`. They count nothing here; the code runs elsewhere. */
const zeroes: object = new Proxy({}, { get: () => 0, set: () => true });
const branches: object = new Proxy({}, { get: () => zeroes });
const coverage: object = { s: zeroes, f: zeroes, b: branches };
