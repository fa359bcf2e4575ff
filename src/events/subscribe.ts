import { subscribe as listen, unsubscribe } from 'node:diagnostics_channel';
import type { EventName, Events } from './events.ts';

/**
 * Calls `listener` with each message on a channel, inside of what causes it: it should be quick. What it throws is an
 * uncaught exception of the program. Returns what ends that.
 *
 * The channels are those of `node:diagnostics_channel`; this adds the types of the messages.
 *
 * @example
 * const stop = subscribe('manyhands:task:settle', ({ name, runMs }) => console.log(name, runMs));
 */
export function subscribe<K extends EventName>(name: K, listener: (message: Events[K]) => void): () => void {
  const hear = (message: unknown): void => listener(message as Events[K]);
  listen(name, hear);
  return () => void unsubscribe(name, hear);
}
