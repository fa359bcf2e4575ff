/** In a worker: passes on who waits for locks there, to a pool that wants to hear it. */

import { subscribe } from '../events/subscribe.ts';
import { type FromWorker, HEARD, type LockChannel } from '../wire/protocol.ts';
import { toMachineTime } from './clock.ts';

const CHANNELS: readonly LockChannel[] = ['manyhands:lock:wait', 'manyhands:lock:resume'];

export class LockNews {
  readonly #post: (batch: readonly FromWorker[]) => void;
  #stops: Array<() => void> = [];

  constructor(post: (batch: readonly FromWorker[]) => void) {
    this.#post = post;
  }

  /** Leaves at once: who blocks its thread sends nothing later. */
  watch(on: boolean): void {
    for (const stop of this.#stops) stop();
    this.#stops = [];
    if (!on) return;
    for (const name of CHANNELS) {
      this.#stops.push(
        subscribe(name, (event) => this.#post([[HEARD, name, { ...event, at: toMachineTime(event.at) }]])),
      );
    }
  }
}
