// Threads and processes that a test starts to kill them.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { SharedObject } from '../../src/sync/shared-object.ts';
import type { Order } from './fixtures/actor.ts';
import type { Board } from './fixtures/parties.ts';
import { boardOf, type Locks, locksOf, type Reaching } from './stage.ts';

const url = new URL('./fixtures/actor.js', import.meta.url);
const parties = new URL('./fixtures/parties.js', import.meta.url).href;

export interface Actor {
  /** Ends it by force, and resolves when it has ended. */
  kill(): Promise<void>;
}

export interface Scene {
  readonly reach: Reaching;
  readonly locks: Locks;
  readonly board: Board;
  readonly words: Int32Array;
  start(object: SharedObject, deed: Order['deed'], party: number, ...args: readonly unknown[]): Actor;
}

/** Runs what the test does, and ends all actors in any case. */
export async function scene(reach: Reaching, body: (scene: Scene) => Promise<void>): Promise<void> {
  const board = boardOf(reach);
  const actors = new Set<Actor>();
  const start: Scene['start'] = (object, deed, ...args) => {
    const sharing = reach === 'threads' ? 'thread' : 'process';
    const shares = [board, object].map((each) => each.toShare(sharing));
    const order = { modules: [parties, ...shares.map(({ module }) => module)], shares, deed, args };
    const actor = reach === 'threads' ? startThread(order) : startProcess(order);
    actors.add(actor);
    return {
      kill: async () => {
        actors.delete(actor);
        await actor.kill();
      },
    };
  };
  try {
    await body({ reach, locks: locksOf(reach), board, words: board.words, start });
  } finally {
    await Promise.all([...actors].map((actor) => actor.kill()));
  }
}

function startThread(order: Order): Actor {
  const worker = new Worker(url, { workerData: order });
  return { kill: async () => void (await worker.terminate()) };
}

function startProcess(order: Order): Actor {
  const child = fork(url, { serialization: 'advanced' });
  const exited = once(child, 'exit');
  child.send(order);
  return {
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
