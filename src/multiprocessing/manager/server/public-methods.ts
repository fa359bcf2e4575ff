/** Which methods of an object clients may call. */

/**
 * Names that are never exposed, whoever asks: they lead to all of the language, or make a promise of what is none.
 */
const NEVER: ReadonlySet<string> = new Set(['constructor', '__proto__', 'prototype', 'then']);

/** Where inheritance begins to be that of the language. What all objects have is no part of anybody's interface. */
const ROOTS: ReadonlySet<object | null> = new Set([null, Object.prototype, Function.prototype]);
const OF_ALL_OBJECTS: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(Object.prototype));

/**
 * The methods of an object and of its classes, without names that begin with `_`, without those of all objects, and without
 * getters, none of which is called to find out.
 */
export function publicMethods(object: unknown): string[] {
  const found = new Set<string>();
  const hidden = new Set<string>();
  for (let at = asObject(object); !ROOTS.has(at); at = Object.getPrototypeOf(at) as object | null) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      // A field or a getter hides the method of that name further up.
      if (typeof value !== 'function') hidden.add(name);
      else if (!hidden.has(name) && !name.startsWith('_') && !OF_ALL_OBJECTS.has(name)) found.add(name);
    }
  }
  return [...found].filter((name) => !NEVER.has(name));
}

/** @throws RangeError for names that cannot be exposed */
export function checkExposed(names: readonly string[]): void {
  for (const name of names) {
    if (NEVER.has(name)) throw new RangeError(`exposed must not have '${name}', which no client may call`);
  }
}

function asObject(value: unknown): object | null {
  return (typeof value === 'object' && value !== null) || typeof value === 'function' ? value : null;
}
