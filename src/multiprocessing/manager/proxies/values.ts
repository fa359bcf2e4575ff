/** Single values, numbers in a row, and named values in a manager's process. */

import { BaseProxy, callOn } from './base.ts';

/** @see CPython `ValueProxy` */
export class ManagedValue<T = unknown> extends BaseProxy {
  get(): Promise<T> {
    return callOn(this, 'get');
  }

  set(value: T): Promise<void> {
    return callOn(this, 'set', [value]);
  }

  override snapshot(): Promise<T> {
    return super.snapshot() as Promise<T>;
  }
}

/** Numbers of one type, as many as there are from the beginning. @see CPython `ArrayProxy` */
export class ManagedNumbers<T extends number | bigint = number | bigint> extends BaseProxy {
  length(): Promise<number> {
    return callOn(this, 'length');
  }

  /** `undefined` where there is none. */
  at(index: number): Promise<T | undefined> {
    return callOn(this, 'at', [index]);
  }

  /** @throws RangeError where there is no such item, and for a number that the type does not hold; TypeError */
  set(index: number, value: T): Promise<void> {
    return callOn(this, 'set', [index, value]);
  }

  slice(start?: number, end?: number): Promise<T[]> {
    return callOn(this, 'slice', [start, end]);
  }

  override snapshot(): Promise<T[]> {
    return super.snapshot() as Promise<T[]>;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void> {
    for (let index = 0; ; index += 1) {
      const value = await this.at(index);
      if (value === undefined) return;
      yield value;
    }
  }
}

/** Values by name. Names that begin with `_` stay in this proxy, and nobody else sees them. @see CPython `NamespaceProxy` */
export class ManagedNamespace extends BaseProxy {
  readonly #own = new Map<string, unknown>();

  /** `undefined` where there is none. */
  async get<T = unknown>(name: string): Promise<T | undefined> {
    if (isOwn(name)) return this.#own.get(name) as T | undefined;
    return await callOn(this, 'get', [name]);
  }

  async set(name: string, value: unknown): Promise<void> {
    if (isOwn(name)) this.#own.set(name, value);
    else await callOn(this, 'set', [name, value]);
  }

  async has(name: string): Promise<boolean> {
    return isOwn(name) ? this.#own.has(name) : await callOn(this, 'has', [name]);
  }

  /** Says whether it was there. */
  async delete(name: string): Promise<boolean> {
    return isOwn(name) ? this.#own.delete(name) : await callOn(this, 'delete', [name]);
  }

  /** The names and values that all see. */
  override snapshot(): Promise<Record<string, unknown>> {
    return super.snapshot() as Promise<Record<string, unknown>>;
  }
}

function isOwn(name: unknown): boolean {
  return typeof name === 'string' && name.startsWith('_');
}
