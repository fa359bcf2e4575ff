import { EmptyError, FullError } from '../../../errors.ts';
import type { WaitOptions } from '../../../options.ts';
import { BaseProxy, callOn } from './base.ts';
import { waitOn } from './sync.ts';

/** A queue in a manager's process. Python's `Queue` and `JoinableQueue`, which are the same there. */
export class ManagedQueue<T = unknown> extends BaseProxy {
  /** Puts an item, once there is a place for it. @throws FullError in time; ShutDownError; `signal.reason` */
  put(item: T, options: WaitOptions = {}): Promise<void> {
    return waitOn(this, 'put', [item], options);
  }

  /** The oldest item, once there is one. @throws EmptyError in time; ShutDownError; `signal.reason` */
  get(options: WaitOptions = {}): Promise<T> {
    return waitOn(this, 'get', [], options);
  }

  /** Puts an item if there is a place for it, and says so. */
  async tryPut(item: T): Promise<boolean> {
    try {
      await this.put(item, { timeout: 0 });
      return true;
    } catch (error) {
      if (error instanceof FullError) return false;
      throw error;
    }
  }

  /** The oldest item if there is one, which may be `undefined`: hence in an object. */
  async tryGet(): Promise<{ readonly value: T } | null> {
    try {
      return { value: await this.get({ timeout: 0 }) };
    } catch (error) {
      if (error instanceof EmptyError) return null;
      throw error;
    }
  }

  size(): Promise<number> {
    return callOn(this, 'size');
  }

  empty(): Promise<boolean> {
    return callOn(this, 'empty');
  }

  full(): Promise<boolean> {
    return callOn(this, 'full');
  }

  /** An item that was got is done. @throws InvalidStateError for more than were put */
  taskDone(): Promise<void> {
    return callOn(this, 'taskDone');
  }

  /** Waits until all that was put is done. @throws TimeoutError; `signal.reason` */
  join(options: WaitOptions = {}): Promise<void> {
    return waitOn(this, 'join', [], options);
  }

  /** Nothing can be put any more, and, if `immediate`, what is in it is gone. */
  shutdown(options: { readonly immediate?: boolean } = {}): Promise<void> {
    return callOn(this, 'shutdown', [options.immediate ?? false]);
  }
}
