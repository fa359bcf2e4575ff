/**
 * How a function is named across the boundary: the parent's half. The worker's half is resolve.ts.
 *
 *                       registered by defineTasks?  --- yes --> { module, url, its key }
 *                                | no
 *   fn --> V8: written where? -- exported there?    --- yes --> { module, url, its export }
 *                                | no
 *                         stands alone?             --- yes --> { source, its text }
 *                                | no
 *                        NotShareableError, naming what it captures
 *
 * By name comes before by source, since a module brings everything its functions need, and is loaded once.
 * Nothing is imported to find out: see exported.ts.
 */
import { createRequire } from 'node:module';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freeVariables, tiesOf } from './free-variables.ts';
import { languageGlobals } from './globals.ts';
import { helpersFor } from './helpers.ts';
import { locate, type Place } from './locate.ts';
import { captureReason, refuse, refuseNative } from './refusal.ts';
import { registrationOf } from './registry.ts';
import { importableUrl, type Script, scriptOf } from './script.ts';
import { type FunctionNode, type FunctionText, readFunction, scopesOf } from './syntax.ts';

/** A function's name across the boundary: plain data, the same on every transport. */
export type TaskReference =
  | {
      readonly kind: 'module';
      readonly url: string;
      readonly export: string;
      /** How errors and timelines name the function. */
      readonly label: string;
    }
  | {
      readonly kind: 'source';
      /** An expression that evaluates to the function. */
      readonly source: string;
      readonly label: string;
      /** The module it was written in, where its own `import()` calls are to be resolved from. */
      readonly base?: string;
    };

type SourceReference = Extract<TaskReference, { kind: 'source' }>;

const references = new WeakMap<Function, TaskReference>();

/**
 * Inline arrows are another function object on each call, with the same text, so those that were found to stand
 * alone are also known by text. Enough for every call site of a large program; what falls out is looked at again.
 */
const textsKept = 512;
const texts = new Map<string, { readonly reference: SourceReference; readonly globals: readonly string[] }>();

/** Names of builtins that some script declares for itself, as in `import { Map } from 'immutable'`. */
const shadowed = new Set<string>();
const readScripts = new WeakSet<Script>();

/**
 * Names a function so that a worker can turn the name back into the function.
 *
 * Synchronous: 50 us for a function not seen before, some milliseconds for the first of a file, else a lookup.
 *
 * @throws TypeError when it is no function
 * @throws NotShareableError when it can go neither by name nor by source
 */
export function referenceTo(fn: Function): TaskReference {
  const known = references.get(fn);
  if (known !== undefined) return known;
  if (typeof fn !== 'function') {
    throw new TypeError(`A task must be a function; got ${describeValue(fn)}.`);
  }
  const reference = decide(fn);
  references.set(fn, reference);
  return reference;
}

function decide(fn: Function): TaskReference {
  const registration = registrationOf(fn);
  if (registration !== undefined) {
    const { url, name } = registration;
    return { kind: 'module', url, export: name, label: nameOf(fn) || name };
  }
  const text = Function.prototype.toString.call(fn);
  const label = labelOf(fn, text);

  const portable = texts.get(text);
  if (portable !== undefined && !portable.globals.some((name) => shadowed.has(name))) {
    return portable.reference.label === label ? portable.reference : { ...portable.reference, label };
  }
  if (/^class\b/.test(text)) {
    throw refuse(
      label,
      ['is a class'],
      'Submit a function, exported from a module, that makes the object and returns what you need of it.',
    );
  }
  if (/\{\s*\[native code\]\s*\}\s*$/.test(text)) {
    throw refuseNative(fn, label);
  }
  const place = locate(fn);
  const script = place && scriptOf(place);
  return (script && byName(fn, place, script)) ?? bySource(text, label, place, script);
}

/** The reference of a function that its module exports. */
function byName(fn: Function, place: Place, script: Script): TaskReference | undefined {
  const url = importableUrl(script.url);
  if (url === undefined) return undefined;
  const node = script.isModule ? script.functionAt(place) : undefined;
  const name = node ? script.exports.get(node) : commonJsExport(url, fn);
  if (name === undefined) return undefined;
  const own = nameOf(fn);
  const label = own !== '' && own !== 'default' ? own : name === 'default' ? basename(url) : name;
  return { kind: 'module', url, export: name, label };
}

/** CommonJS has its modules at hand and synchronously, so their exports are compared themselves. */
function commonJsExport(url: string, fn: Function): string | undefined {
  if (!url.startsWith('file:')) return undefined;
  const { cache } = createRequire(import.meta.url);
  const exported: unknown = cache[fileURLToPath(url)]?.exports;
  if (exported === fn) return 'default';
  if (exported === null || (typeof exported !== 'object' && typeof exported !== 'function')) return undefined;
  for (const name of Object.keys(exported)) {
    try {
      // A getter, where a compiler made the export; it may throw while the module is being loaded.
      if ((exported as Record<string, unknown>)[name] === fn) return name;
    } catch {}
  }
  return undefined;
}

/** The reference of a function that stands alone. */
function bySource(
  text: string,
  label: string,
  place: Place | undefined,
  script: Script | undefined,
): SourceReference {
  let own: FunctionText;
  try {
    own = readFunction(text);
  } catch (error) {
    throw refuse(label, [`cannot be read by itself (${(error as Error).message})`]);
  }
  // The function as its script has it, where names can be followed to their declarations.
  const written = place && script?.functionAt(place);
  const subject = written ?? own.node;
  const scopes = written && script ? script.scopes : scopesOf(own.program, true);
  const { captures, globals, selfName } = freeVariables(subject, scopes);
  const { reasons, importsModules } = tiesOf(own.node);
  const { declarations, rest } =
    written && script ? helpersFor(captures, script) : { declarations: [], rest: captures };

  const problems = [...(rest.length > 0 ? [captureReason(rest, own.node)] : []), ...reasons];
  if (problems.length > 0) throw refuse(label, problems);

  const reference: SourceReference = {
    kind: 'source',
    source: assemble(own.expression, declarations, selfNameNeeded(own.node, selfName)),
    label,
    ...(importsModules && script && importableUrl(script.url) ? { base: script.url } : {}),
  };
  if (script) noteShadowed(script);
  remember(text, reference, globals, declarations.length === 0 && selfName === undefined && !importsModules);
  return reference;
}

/** A function that knows its own name needs no variable of that name around it. */
function selfNameNeeded(node: FunctionNode, selfName: string | undefined): string | undefined {
  return node.id?.name === selfName ? undefined : selfName;
}

function assemble(expression: string, declarations: readonly string[], selfName: string | undefined): string {
  if (declarations.length === 0 && selfName === undefined) return expression;
  const result = selfName ?? `(${expression})`;
  const body =
    selfName === undefined ? declarations : [...declarations, `const ${selfName} = ${expression};`];
  return `(() => { ${body.join('\n')}\nreturn ${result}; })()`;
}

/**
 * Keeps a reference by text. Text alone does not tell `setTimeout` from an imported function of that name, so only
 * texts are kept that use no globals but the language's own, and these only while no script was seen
 * which declares such a name itself.
 */
function remember(
  text: string,
  reference: SourceReference,
  globals: ReadonlySet<string>,
  whole: boolean,
): void {
  if (!whole || [...globals].some((name) => !languageGlobals().has(name) || shadowed.has(name))) return;
  texts.set(text, { reference, globals: [...globals] });
  for (const oldest of texts.keys()) {
    if (texts.size <= textsKept) break;
    texts.delete(oldest);
  }
}

function noteShadowed(script: Script): void {
  if (readScripts.has(script)) return;
  readScripts.add(script);
  for (const { set } of script.scopes.scopes) {
    for (const name of set.keys()) if (languageGlobals().has(name)) shadowed.add(name);
  }
}

/** The name, or for a function without one the beginning of its text. */
function labelOf(fn: Function, text: string): string {
  const name = nameOf(fn);
  if (name !== '') return name;
  const line = text.replace(/\s+/g, ' ');
  return line.length <= 60 ? line : `${line.slice(0, 57)}...`;
}

function nameOf(fn: Function): string {
  const name: unknown = Object.getOwnPropertyDescriptor(fn, 'name')?.value;
  return typeof name === 'string' ? name : '';
}

function describeValue(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'string')
    return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  if (typeof value === 'object') return `an object (${Object.prototype.toString.call(value)})`;
  return `${String(value)} (a ${typeof value})`;
}
