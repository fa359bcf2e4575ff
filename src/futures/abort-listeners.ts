/**
 * Listens to abort signals, once for each however many tasks and waits share it: a program may put thousands
 * of them under one signal, and Node takes more than ten listeners for a leak, and says so.
 */

interface Listeners {
  readonly all: Set<(reason: unknown) => void>;
  stop(): void;
}

const listening = new WeakMap<AbortSignal, Listeners>();

/** Calls `fn` with the reason when the signal, which has not fired, does; returns what takes it off again. */
export function onAbort(signal: AbortSignal, fn: (reason: unknown) => void): () => void {
  let listeners = listening.get(signal);
  if (listeners === undefined) listening.set(signal, (listeners = listen(signal)));
  const { all, stop } = listeners;
  all.add(fn);
  return () => {
    if (all.delete(fn) && all.size === 0) stop();
  };
}

function listen(signal: AbortSignal): Listeners {
  const all = new Set<(reason: unknown) => void>();
  const stop = (): void => {
    listening.delete(signal);
    signal.removeEventListener('abort', fire);
  };
  const fire = (): void => {
    stop();
    for (const fn of all) fn(signal.reason);
  };
  signal.addEventListener('abort', fire, { once: true });
  return { all, stop };
}
