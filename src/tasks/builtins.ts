/**
 * Functions of Node's own modules (`crypto.scryptSync`, `path.join`): exports of a module that everybody has.
 */
import { builtinModules, createRequire } from 'node:module';

/** Modules that warn when loaded, start something, or are only others' insides. */
const avoided = /^_|^(?:sys|punycode|repl|domain|cluster|wasi|trace_events|inspector|test)(?:\/|$)/;

/**
 * The builtin module that exports this function, found by comparing, which loads all of them (10 ms) where
 * the first guess fails. Where the function was written is no answer: most live in `node:internal/...`.
 *
 * @param scriptUrl where V8 says it was written, `node:internal/crypto/scrypt`; a hint
 */
export function builtinExport(fn: Function, scriptUrl: string): { url: string; name: string } | undefined {
  const require = createRequire(import.meta.url);
  const [guess = ''] = scriptUrl.replace(/^node:(?:internal\/)?/, '').split('/');
  const names = builtinModules.filter((name) => !avoided.test(name) && !name.startsWith('node:'));
  for (const id of names.toSorted((a, b) => Number(b.startsWith(guess)) - Number(a.startsWith(guess)))) {
    const exported = require(id) as object;
    if (exported === fn) return { url: `node:${id}`, name: 'default' };
    // Descriptors, since reading a deprecated property would print a warning.
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(exported))) {
      if (value === fn) return { url: `node:${id}`, name };
    }
  }
  return undefined;
}
