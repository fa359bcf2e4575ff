// What is published while a test runs, in its order.
import { type EventName, type Events, subscribe } from '../../src/observe/index.ts';

const NAMES = [
  'manyhands:executor:open',
  'manyhands:executor:close',
  'manyhands:worker:start',
  'manyhands:worker:ready',
  'manyhands:worker:exit',
  'manyhands:task:submit',
  'manyhands:task:start',
  'manyhands:task:settle',
] as const satisfies readonly EventName[];

export class Recording implements Disposable {
  readonly events: Array<readonly [name: EventName, message: Events[EventName]]> = [];
  readonly #stops: Array<() => void>;

  constructor(names: readonly EventName[] = NAMES) {
    this.#stops = names.map((name) => subscribe(name, (message) => void this.events.push([name, message])));
  }

  /** The names of what was published, without what is common to all of them. */
  get names(): string[] {
    return this.events.map(([name]) => name.slice('manyhands:'.length));
  }

  of<K extends EventName>(name: K): Array<Events[K]> {
    return this.events.filter(([other]) => other === name).map(([, message]) => message as Events[K]);
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }

  [Symbol.dispose](): void {
    this.stop();
  }
}
