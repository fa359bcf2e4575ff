/** What all proxies have in common: they stand for an object in the process of a manager. */

import { inspect } from 'node:util';
import { InvalidStateError } from '../../../errors.ts';
import { stayHere } from '../../stays-here.ts';
import type { Channel, ProxyData } from '../channel.ts';

/** What a proxy is made of. */
export interface Inner {
  readonly channel: Channel;
  readonly data: ProxyData;
}

/** For this package: what is in a proxy. @throws InvalidStateError once it is disposed of */
export let innerOf: (proxy: BaseProxy) => Inner;

/**
 * Stands for an object in a manager's process. Whoever has a proxy has the object: the object lives as long as some process
 * has a proxy of it, or it is in a container that lives. In one thread there is one proxy for an object.
 *
 * A proxy passes to other threads and processes of the program as an argument, a result, or an item of a queue, and is the
 * same object there. Between leaving here and arriving there the object is kept for a while
 * (`transferTimeout` of the manager), also if this proxy is gone by then.
 *
 * Two proxies are equal if they are the same. To print one says which object it is, and asks nobody.
 *
 * @see CPython `multiprocessing.managers.BaseProxy`.
 */
export class BaseProxy implements Disposable {
  readonly #inner: Inner;
  #disposed = false;

  static {
    innerOf = (proxy) => {
      if (proxy.#disposed) throw new InvalidStateError('This proxy was disposed of');
      return proxy.#inner;
    };
    Object.defineProperty(BaseProxy.prototype, inspect.custom, {
      value(this: BaseProxy): string {
        const { proxy, typeid, object, address } = this.#inner.data;
        const place = typeof address === 'string' ? address : inspect(address, { breakLength: Infinity });
        return `${proxy} { ${typeid} ${object} at ${place} }`;
      },
    });
  }

  /** For this package: managers make proxies. */
  constructor(inner: Inner) {
    if (typeof inner?.channel?.call !== 'function') {
      throw new TypeError('Proxies are made by the methods of a manager');
    }
    this.#inner = inner;
    stayHere(this);
  }

  /**
   * Calls a method of the object by its name.
   *
   * @throws RemoteError when it exposes no such method, or is gone, or its result cannot be sent; BrokenConnectionError
   *   when its manager is gone; NotShareableError for arguments that cannot be sent; else what the method throws.
   * @see CPython `BaseProxy._callmethod`.
   */
  async callMethod(name: string, ...args: readonly unknown[]): Promise<unknown> {
    if (typeof name !== 'string') throw new TypeError(`name must be a string, received ${inspect(name)}`);
    return await callOn(this, name, args);
  }

  /**
   * A copy of the object as it is now.
   *
   * @throws RemoteError when it is gone or cannot be copied; BrokenConnectionError.
   * @see CPython `BaseProxy._getvalue`.
   */
  async snapshot(): Promise<unknown> {
    const { channel, data } = innerOf(this);
    return await channel.snapshot(data.object);
  }

  /**
   * Lets go of the object now, instead of when this proxy is collected. It cannot be used afterwards; as there is one proxy
   * for an object in a thread, by nobody in this thread.
   */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#inner.channel.release(this.#inner.data.object);
  }
}

/** For this package: the same with a signal. */
export async function callOn<T = void>(
  proxy: BaseProxy,
  method: string,
  args: readonly unknown[] = [],
  signal?: AbortSignal,
): Promise<T> {
  const { channel, data } = innerOf(proxy);
  return (await channel.call(data.object, method, args, signal)) as T;
}
