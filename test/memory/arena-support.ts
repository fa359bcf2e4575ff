// What the tests of arenas share: arenas of both kinds, and others who use them.
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import type { Allocator } from '../../src/memory/arena/allocator.ts';
import { Arena } from '../../src/memory/arena/arena.ts';
import { HEADER_BYTES } from '../../src/memory/arena/layout.ts';
import type { Place } from '../../src/memory/arena/places.ts';
import type { Block } from '../../src/memory/block.ts';
import type { ProcessRegion } from '../../src/memory/process-region.ts';
import { ThreadRegion } from '../../src/memory/thread-region.ts';
import type { actions } from './fixtures/arena-actor.ts';
import { makeProcessRegion } from './support.ts';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

type Actions = typeof actions;

export interface Call {
  readonly id: number;
  readonly name: keyof Actions;
  readonly args: readonly unknown[];
}

export interface Setup {
  readonly place: Place;
  readonly slice: number;
}

/** Somebody else who uses the arena. */
export interface Actor {
  call<N extends keyof Actions>(
    name: N,
    ...args: Parameters<Actions[N]>
  ): Promise<Awaited<ReturnType<Actions[N]>>>;
  /** Ends it by force, whatever it does. */
  end(): Promise<unknown>;
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

const url = new URL('./fixtures/arena-actor.js', import.meta.url);

function makeActor(
  post: (call: Call) => void,
  end: () => Promise<unknown>,
): [Actor, (answer: Answer) => void] {
  const calls = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let ids = 0;
  const actor: Actor = {
    call: (name, ...args) => {
      const result = new Promise((resolve, reject) => calls.set(ids, { resolve, reject }));
      // Of one that is ended by force nobody asks for the result.
      result.catch(() => undefined);
      post({ id: ids++, name, args });
      return result as never;
    },
    end,
  };
  const answered = ({ id, result, error }: Answer): void => {
    if (error === undefined) calls.get(id)?.resolve(result);
    else calls.get(id)?.reject(new Error(error));
    calls.delete(id);
  };
  return [actor, answered];
}

export function startThread(): Actor {
  const worker = new Worker(url, { workerData: 'actor' });
  const [actor, answered] = makeActor(
    (call) => worker.postMessage(call),
    () => worker.terminate(),
  );
  worker.on('message', answered);
  return actor;
}

export function startProcess(): Actor {
  const child = fork(url);
  const exited = once(child, 'exit');
  const end = async (): Promise<unknown> => {
    child.kill('SIGKILL');
    return exited;
  };
  const [actor, answered] = makeActor((call) => void child.send(call), end);
  child.on('message', (answer) => answered(answer as Answer));
  return actor;
}

export interface Kind {
  readonly name: string;
  /** Memory for an arena, and how others find it. */
  make(size: number): { readonly region: ProcessRegion | ThreadRegion; readonly place: Place };
  start(): Actor;
}

function makeProcessPlace(size: number): ReturnType<Kind['make']> {
  const region = makeProcessRegion(size);
  return { region, place: { pid: process.pid, descriptor: region.handle, address: region.address } };
}

export const threads: Kind = {
  name: 'threads',
  make: (size) => {
    const region = new ThreadRegion(size);
    return { region, place: region.handle };
  },
  start: startThread,
};
export const processes: Kind = { name: 'processes', make: makeProcessPlace, start: startProcess };
/** Threads that share what processes share. */
export const threadsOfProcesses: Kind = {
  name: 'threads, of the kind for processes',
  make: makeProcessPlace,
  start: startThread,
};
export const kinds: readonly Kind[] = [threads, processes, threadsOfProcesses];

/** So long that a wake-up which is lost is not made up for: its test hangs. */
export const NEVER: number = 2 ** 31 - 1;

export interface Scene {
  readonly arena: Arena;
  actor(): Promise<Actor>;
  /** Ends all actors. */
  end(): Promise<void>;
}

/** An arena, and actors that have it open. */
export function open(
  kind: Kind,
  { size = 2 ** 26, slice = NEVER }: { size?: number; slice?: number } = {},
): Scene {
  const { region, place } = kind.make(size);
  const arena = Arena.create(region, slice);
  assert.ok(arena !== undefined);
  const actors: Actor[] = [];
  return {
    arena,
    async actor() {
      const actor = kind.start();
      actors.push(actor);
      assert.equal(await actor.call('open', { place, slice }), arena.id);
      return actor;
    },
    async end() {
      await Promise.all(actors.map((actor) => actor.end()));
    },
  };
}

/** Runs what the test does with the arena, and ends its actors in any case. */
export async function using(scene: Scene, body: (scene: Scene) => Promise<void>): Promise<void> {
  try {
    await body(scene);
  } finally {
    await scene.end();
  }
}

/** What was dropped is collected now, and what is to be done then is done. */
export async function collectGarbage(): Promise<void> {
  for (let n = 0; n < 2; n += 1) {
    gc();
    await new Promise(setImmediate);
  }
}

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise(setImmediate);
}

export function fill(words: Int32Array, value: number): void {
  words.fill(value);
}

/** Numbers that look like chance, the same for the same seed. */
function* numbers(seed: number): Generator<number, never> {
  for (let state = seed * 2 + 1; ; ) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

/** So many blocks at once are in the hands of who churns. */
export const CHURNED = 8;

/** Allocates and frees at random. Each block is written over, and looked at before it is freed. */
export function churn(allocator: Allocator, words: Int32Array, seed: number, rounds: number): number {
  const random = numbers(seed);
  const next = (below: number): number => Math.floor(random.next().value * below);
  const held: Array<{ offset: number; bytes: number; mark: number }> = [];
  const release = (index: number): void => {
    const [{ offset, bytes, mark }] = held.splice(index, 1) as [(typeof held)[number]];
    const first = (offset + HEADER_BYTES) / 4;
    for (let word = first; word < first + bytes / 4; word += 1) {
      if (words[word] !== mark) throw new Error(`Word ${word} is ${words[word]}, not ${mark}`);
    }
    allocator.free(offset);
  };
  for (let round = 0; round < rounds; round += 1) {
    if (held.length === CHURNED || (held.length > 0 && next(2) === 0)) release(next(held.length));
    else {
      const bytes = next(next(10) === 0 ? 20_000 : 600) * 4;
      const offset = allocator.allocate(bytes);
      if (offset < 0) throw new Error('The arena is full');
      const first = (offset + HEADER_BYTES) / 4;
      for (let word = first; word < first + bytes / 4; word += 1) {
        if (words[word] !== 0) throw new Error(`Word ${word} of a new block is ${words[word]}`);
      }
      const mark = (seed + 1) * 1_000_000 + (round % 1_000_000);
      words.fill(mark, first, first + bytes / 4);
      held.push({ offset, bytes, mark });
    }
  }
  while (held.length > 0) release(0);
  return rounds;
}

/** Two who change word 0 in turn, from 0 to `last`: one the even numbers, the other the odd ones. */
export interface Turns {
  readonly odd: boolean;
  readonly last: number;
  readonly how: 'async' | 'sync' | 'mixed';
  /** The owner word of the other, if it is to be told by name. */
  readonly owner?: number;
}

export async function takeTurns(block: Block, { odd, last, how, owner }: Turns): Promise<void> {
  const { words } = block;
  for (let turn = odd ? 1 : 0; turn < last; turn += 2) {
    for (let now = Atomics.load(words, 0); now < turn; now = Atomics.load(words, 0)) {
      const blocks = how === 'sync' || (how === 'mixed' && turn % 3 === 0);
      if (blocks) block.wait(0, now);
      else await block.waitAsync(0, now);
    }
    Atomics.store(words, 0, turn + 1);
    block.notify(0, owner);
  }
}
