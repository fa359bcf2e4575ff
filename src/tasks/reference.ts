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
import { type ModuleReference, referenceByFile, referenceByName, referenceByWrappedName } from './by-name.ts';
import {
  isSelfSufficient,
  readOwnText,
  type SourceReference,
  type Standing,
  sourceReference,
  standingOf,
} from './by-source.ts';
import { languageGlobals } from './globals.ts';
import { locate } from './locate.ts';
import { refuse, refuseNative } from './refusal.ts';
import { registrationOf } from './registry.ts';
import { type Script, scriptOf } from './script.ts';

/** A function's name across the boundary: plain data, the same on every transport. */
export type TaskReference = ModuleReference | SourceReference;

const references = new WeakMap<Function, TaskReference>();

/**
 * Inline arrows are another function object on each call, with the same text, so those that were found to
 * stand alone are also known by text. Enough for every call site of a large program; what falls out is looked
 * at again.
 */
const inlineKept = 512;
const texts = new Map<string, { readonly reference: SourceReference; readonly globals: readonly string[] }>();

/**
 * What arrows of another kind (that use `setTimeout`, or import) turned out to be, by where they are written:
 * finding the place costs 30 us, looking at the text ten times that.
 */
const places = new Map<string, SourceReference>();

/** Names of builtins that some script declares for itself, as in `import { Map } from 'immutable'`. */
const shadowed = new Set<string>();
const readScripts = new WeakSet<Script>();

/**
 * Names a function so that a worker can turn the name back into the function.
 *
 * Synchronous: 50 us for a function not seen before, some milliseconds for the first of a file, else a
 * lookup.
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
    return relabelled(portable.reference, label);
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
  const spot = place && `${place.scriptId}:${place.line}:${place.column}`;
  const seen = spot === undefined ? undefined : places.get(spot);
  if (seen !== undefined) return relabelled(seen, label);

  // What has no name is no export of a module. It may be `module.exports`, but so small a function goes by
  // source as well; and its script, which may be a bundle of megabytes, need not be parsed.
  const nameless = nameOf(fn) === '' ? readOwnText(text) : undefined;
  if (nameless !== undefined && isSelfSufficient(nameless))
    return remember(text, spot, sourceReference(nameless, alone, label, undefined), alone.globals);

  const inFile = place && referenceByFile(fn, label, text, place);
  if (inFile !== undefined) return inFile;

  const script = place && scriptOf(place);
  const exported = script && referenceByName(fn, label, text, place, script);
  if (exported !== undefined) return exported;

  const own = nameless ?? readOwnText(text, label);
  const written = place && script?.functionAt(place);
  if (isSelfSufficient(own))
    return remember(text, spot, sourceReference(own, alone, label, script), alone.globals);
  if (written && script) noteShadowed(script);
  const standing = standingOf(own, written, script);
  if (standing.problems.length > 0) {
    const wrapped = written && script && referenceByWrappedName(label, written, script);
    if (wrapped) return wrapped;
    throw refuse(label, standing.problems);
  }
  const reference = sourceReference(own, standing, label, script);
  return remember(text, spot, reference, isKnownByText(standing, reference) ? standing.globals : undefined);
}

/** The standing of a function that needs nothing. */
const alone: Standing = { problems: [], globals: new Set(), declarations: [], selfName: undefined };

/**
 * Whether all functions of the same text have this reference. Text does not tell `setTimeout` from an
 * imported function of that name, so it must use no globals but the language's own; and of these none that
 * was seen to be declared by a script.
 */
function isKnownByText({ globals, declarations, selfName }: Standing, { base }: SourceReference): boolean {
  return (
    declarations.length === 0 &&
    selfName === undefined &&
    base === undefined &&
    [...globals].every((name) => languageGlobals().has(name) && !shadowed.has(name))
  );
}

/** Keeps a reference by text where `globals` are given, else by place where that is known. */
function remember(
  text: string,
  spot: string | undefined,
  reference: SourceReference,
  globals: ReadonlySet<string> | undefined,
): SourceReference {
  if (globals !== undefined) keep(texts, text, { reference, globals: [...globals] });
  else if (spot !== undefined) keep(places, spot, reference);
  return reference;
}

function keep<K, V>(cache: Map<K, V>, key: K, value: V): void {
  cache.set(key, value);
  for (const oldest of cache.keys()) {
    if (cache.size <= inlineKept) break;
    cache.delete(oldest);
  }
}

/** Functions of one text may have several names. */
function relabelled(reference: SourceReference, label: string): SourceReference {
  return reference.label === label ? reference : { ...reference, label };
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
