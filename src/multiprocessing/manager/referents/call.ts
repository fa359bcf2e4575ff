/** Who calls. Methods of what a manager keeps ask at their beginning, before they wait for anything. */

/** A client, as owner of locks: a connection. */
export interface Owner {
  /** Fires when the connection has ended. */
  readonly ended: AbortSignal;
  /** What it holds, and what is done about that when its connection has ended. */
  readonly holds: Map<object, () => void>;
}

export interface Call {
  readonly owner: Owner;
  /** Fires when the client gives up this call, and when its connection has ended. */
  readonly signal: AbortSignal;
}

let current: Call | undefined;

/** The call that is being made. @throws Error outside of calls */
export function thisCall(): Call {
  if (current === undefined) throw new Error('This is called by a manager only');
  return current;
}

/** Calls `fn` for a client. */
export function callFor<T>(call: Call, fn: () => T): T {
  const outer = current;
  current = call;
  try {
    return fn();
  } finally {
    current = outer;
  }
}

const SNAPSHOT: unique symbol = Symbol('snapshot') as never;

/**
 * Says how objects of a class are copied. Under a symbol, as clients can call what has a name; and from a static block, as
 * `isolatedDeclarations` knows no methods under symbols of other files.
 */
export function snapshotBy<T extends object>(
  { prototype }: { readonly prototype: T },
  copy: (object: T) => unknown,
): void {
  Object.defineProperty(prototype, SNAPSHOT, {
    value(this: T): unknown {
      return copy(this);
    },
  });
}

/** What is in an object; itself, where nobody has said otherwise. */
export function contentsOf(object: unknown): unknown {
  const copy = (object as { [SNAPSHOT]?: () => unknown } | null | undefined)?.[SNAPSHOT];
  return copy === undefined ? object : Reflect.apply(copy, object, []);
}
