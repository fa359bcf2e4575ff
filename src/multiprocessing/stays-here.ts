/** Objects that make no sense in another thread or process, and must not arrive there as an empty shell. */

const GUARD = 'stays in its process';

/**
 * Has every attempt to clone or serialize `object` fail: clones take its enumerable properties along, and refuse a
 * function among them. Without it they would copy an object with private fields to one without any, and say nothing.
 */
export function stayHere(object: object): void {
  Object.defineProperty(object, GUARD, { value: () => undefined, enumerable: true });
}

/** The enumerable fields of such an object, without what keeps it here. */
export function fieldsOf(object: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== GUARD));
}
