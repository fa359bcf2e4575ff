/** Proxies whose methods are those that their object exposes. */

import { BaseProxy, callOn, type Inner } from './base.ts';

/** What of a class can be called through a proxy; promises of it. */
export type Managed<T> = BaseProxy & {
  readonly [K in keyof T as K extends `_${string}` | symbol | number | 'then' | keyof BaseProxy
    ? never
    : T[K] extends (...args: never) => unknown
      ? K
      : never]: T[K] extends (...args: infer A) => infer R ? (...args: A) => Promise<Awaited<R>> : never;
};

/**
 * The proxy of an object of a registered type, with a method for each that the object exposes.
 *
 * @see CPython `multiprocessing.managers.AutoProxy`.
 */
export class ManagedObject extends BaseProxy {
  constructor(inner: Inner) {
    super(inner);
    for (const name of inner.data.methods) {
      // `callMethod` and `snapshot` stay what they are; `callMethod('snapshot')` calls the object's.
      if (name in BaseProxy.prototype || name === 'then') continue;
      Object.defineProperty(this, name, {
        value: (...args: unknown[]) => callOn(this, name, args),
      });
    }
  }
}

/** An iterator in the manager's process, asked for one item after the other. @see CPython `IteratorProxy` */
export class ManagedIterator<T = unknown> extends BaseProxy implements AsyncIterableIterator<T> {
  next(...value: readonly unknown[]): Promise<IteratorResult<T, undefined>> {
    return callOn(this, 'next', value);
  }

  /** Ends it. Python's `close`. */
  return(value?: unknown): Promise<IteratorResult<T, undefined>> {
    return callOn(this, 'return', [value]);
  }

  throw(error?: unknown): Promise<IteratorResult<T, undefined>> {
    return callOn(this, 'throw', [error]);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
