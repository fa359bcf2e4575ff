/**
 * A hook of Node's module loader, by which a test gets the real code of `src/sync` with three modules of the model in it:
 * who a thread is, whether it lives, and the latch are then steps that `test/memory/interleavings.ts` can put in any order.
 */

interface Resolved {
  readonly url: string;
}

const STAND_INS: ReadonlyArray<readonly [end: string, standIn: URL]> = [
  ['/src/memory/owner.js', new URL('./owner.js', import.meta.url)],
  ['/src/memory/latch.js', new URL('./latch.js', import.meta.url)],
  ['/src/sync/line.js', new URL('./line.js', import.meta.url)],
];

function replace(resolved: Resolved, parent: string | undefined): Resolved {
  // The stand-ins themselves build on what they stand in for.
  if (parent?.startsWith(new URL('.', import.meta.url).href) === true) return resolved;
  const found = STAND_INS.find(([end]) => resolved.url.endsWith(end));
  return found === undefined ? resolved : { ...resolved, url: found[1].href };
}

/** In the form that Node calls it in, with what is next or with a promise of that. */
export function resolve<T extends Resolved | Promise<Resolved>>(
  specifier: string,
  context: { readonly parentURL?: string },
  next: (specifier: string, context: object) => T,
): Resolved | Promise<Resolved> {
  const resolved = next(specifier, context);
  return resolved instanceof Promise
    ? resolved.then((found) => replace(found, context.parentURL))
    : replace(resolved, context.parentURL);
}
