// What the threads of these tests run. They speak to each other by words of shared memory.
import { currentTask } from '../../../src/index.ts';
import {
  activeCount,
  currentThread,
  enumerate,
  getIdent,
  mainThread,
  Thread,
  ThreadLocal,
  Timer,
} from '../../../src/threading/index.ts';

export function pass(): void {}

/** Blocks until somebody opens the gate. */
export function waitAt(gate: Int32Array): void {
  Atomics.wait(gate, 0, 0);
}

/** Says that it runs, then the same. */
export function comeAndWaitAt(gate: Int32Array, here: Int32Array): void {
  say(here, 1);
  waitAt(gate);
}

export function say(word: Int32Array, value: number): void {
  Atomics.store(word, 0, value);
  Atomics.notify(word, 0);
}

export function count(word: Int32Array): void {
  Atomics.add(word, 0, 1);
  Atomics.notify(word, 0);
}

export function sum(word: Int32Array, ...args: readonly unknown[]): void {
  say(word, JSON.stringify(args) === '[1,[2,[3]],{"a":4}]' ? 1 : -1);
}

/** Four words: how many are inside, the most there ever were, how many have left, how many may enter. */
export function enterGate(words: Int32Array): void {
  while (Atomics.sub(words, 3, 1) <= 0) {
    Atomics.add(words, 3, 1);
    Atomics.wait(words, 2, Atomics.load(words, 2), 5);
  }
  const inside = Atomics.add(words, 0, 1) + 1;
  for (;;) {
    const most = Atomics.load(words, 1);
    if (most >= inside || Atomics.compareExchange(words, 1, most, inside) === most) break;
  }
  for (let n = 0, x = 0; n < 1e6; n += 1) x += n;
  Atomics.sub(words, 0, 1);
  Atomics.add(words, 3, 1);
  Atomics.add(words, 2, 1);
  Atomics.notify(words, 2);
}

/** What a thread finds out about itself: written as JSON after its length. */
export function describe(words: Int32Array): void {
  const me = currentThread();
  let alone = false;
  try {
    me.joinSync();
  } catch (error) {
    alone = (error as { code?: string }).code === 'MANYHANDS_INVALID_STATE';
  }
  write(words, {
    name: me.name,
    ident: me.ident,
    own: getIdent(),
    daemon: me.daemon,
    alive: me.isAlive(),
    isMain: me === mainThread(),
    isSame: me === currentThread(),
    main: { name: mainThread().name, ident: mainThread().ident, alive: mainThread().isAlive() },
    names: enumerate().map(({ name }) => name),
    isListed: enumerate().includes(me),
    active: activeCount(),
    inherits: new Thread({}).daemon,
    text: String(me),
    refusesToJoinItself: alone,
    task: currentTask()?.name,
  });
}

export function write(words: Int32Array, value: unknown): void {
  const bytes = Buffer.from(JSON.stringify(value));
  Buffer.from(words.buffer, 4).set(bytes);
  say(words, bytes.length);
}

export function read<T>(words: Int32Array): T {
  return JSON.parse(Buffer.from(words.buffer, 4, words[0]).toString()) as T;
}

export function recurse(n: number): number {
  return 1 + recurse(n + 1);
}

export class Oops extends Error {
  readonly rows: readonly number[] = [1, 2];
}

export function fail(text: string): never {
  throw new Oops(text);
}

export function throwNothing(): never {
  throw undefined;
}

export function failLater(): Promise<void> {
  setTimeout(() => fail('from a timer'), 1);
  return new Promise(() => undefined);
}

export function rejectUnheard(): Promise<void> {
  void Promise.reject(new Oops('unheard'));
  return new Promise((resolve) => setTimeout(resolve, 60_000).unref());
}

export function leave(code: number): never {
  process.exit(code);
}

export function returnsWhatCannotCross(): unknown {
  return { fn: () => undefined };
}

export function fillMemory(): never {
  const all: unknown[] = [];
  for (;;) all.push(Array.from({ length: 1e5 }, Math.random));
}

/** Leaves a timer behind that says something later. */
export function leaveTimer(word: Int32Array, ms: number): void {
  setTimeout(() => say(word, 1), ms);
}

/** Starts a thread that counts, and so on; each ends after those that it started. */
export function startMore(word: Int32Array, depth: number): void {
  count(word);
  if (depth === 0) return;
  for (let n = 0; n < 2; n += 1) new Thread({ target: startMore, args: [word, depth - 1] }).start();
}

/** Starts a thread that fails. */
export function startFailing(name: string): void {
  new Thread({ target: fail, args: ['of a child'], name }).start();
}

/** Starts a thread that waits, and is ended by force itself. */
export function startAndLeave(gate: Int32Array, ident: Int32Array): Promise<never> {
  const thread = new Thread({ target: comeAndWaitAt, args: [gate, gate.subarray(1)] });
  thread.start();
  say(ident, thread.ident as number);
  return new Promise(() => setInterval(() => Atomics.load(gate, 2) === 1 && process.exit(), 1));
}

/** Joins all threads but itself and the main one, and counts those that have ended. */
export async function joinOthers(word: Int32Array, blocking: boolean, only: number): Promise<void> {
  const thread = enumerate().find(({ ident }) => ident === only);
  const ended = thread === undefined || (blocking ? thread.joinSync() : await thread.join());
  if (ended) count(word);
}

export function rename(words: Int32Array, gate: Int32Array): void {
  currentThread().name = 'renamed';
  write(words, [currentThread().name, enumerate().map(({ name }) => name)]);
  waitAt(gate);
}

export const local: ThreadLocal<{ list: number[] }> = new ThreadLocal(() => ({ list: [getIdent()] }));

export class Counter extends ThreadLocal<number[]> {
  readonly start: number;

  constructor(start: number) {
    super(() => [this.start]);
    this.start = start;
  }

  next(): number {
    this.value.push(this.value.length + this.start);
    return this.value.length;
  }
}

export const counter: Counter = new Counter(10);
export const bare: ThreadLocal = new ThreadLocal();

export function useLocals(words: Int32Array): void {
  const before = local.isSet;
  local.value.list.push(1);
  counter.next();
  write(words, { before, list: local.value.list, counter: counter.value, bare: bare.value ?? 'none' });
}

export class Worker extends Thread {
  readonly word: Int32Array;
  factor = 1;
  readonly #secret: number;

  constructor(word: Int32Array, secret: number) {
    super({ name: 'a subclass' });
    this.word = word;
    this.#secret = secret;
  }

  override run(): void {
    const isMe = currentThread() === (this as Thread) && this.name === 'a subclass' && this instanceof Worker;
    say(this.word, isMe ? this.factor : -1);
  }

  get secret(): number {
    return this.#secret;
  }
}

class Hidden extends Thread {
  override run(): void {}
}

export const makeHidden = (): Thread => new Hidden();

export async function timeInThread(word: Int32Array): Promise<void> {
  const timer = new Timer(1, fail, { args: ['of a timer'], name: 'tick' });
  timer.start();
  await timer.join();
  count(word);
}

/** For pools: as whom does a worker appear? */
export function asDummy(): {
  text: string;
  alive: boolean;
  joining: string;
  listed: boolean;
  daemon: boolean;
} {
  const before = enumerate().length;
  const me = currentThread();
  let joining = '';
  try {
    mainThread().joinSync({ timeout: 0 });
    me.joinSync();
  } catch (error) {
    joining = String((error as Error).name);
  }
  const listed = enumerate().length === before + 1 && enumerate().includes(me);
  return { text: me.name, alive: me.isAlive(), joining, listed, daemon: me.daemon };
}

export function printLater(text: string, ms: number): void {
  setTimeout(() => console.log(text), ms);
}

export async function printAfterMain(text: string): Promise<void> {
  await mainThread().join();
  console.log(text);
}

/** The same, with a blocked event loop. */
export function printAfterMainBlocked(text: string): void {
  mainThread().joinSync();
  console.log(text);
}

export function computeForEver(): never {
  for (;;) Math.sqrt(Math.random());
}

export async function readForEver(here: Int32Array): Promise<never> {
  const { readFile } = await import('node:fs/promises');
  for (;;) {
    await readFile(new URL(import.meta.url));
    count(here);
  }
}

/** Starts a thread that prints later, and returns at once. */
export function startPrinting(text: string, daemon: boolean): void {
  new Thread({ target: printLater, args: [text, 100], daemon }).start();
}

export async function startFailingInPool(name: string): Promise<void> {
  const thread = new Thread({ target: fail, args: ['of a child'], name });
  thread.start();
  await thread.join();
}

export function countAndWait(here: Int32Array, gate: Int32Array): void {
  count(here);
  waitAt(gate);
}

/** Joins the thread that it is given, which is the one that is listed. */
export async function joinGiven(words: Int32Array, [thread, again]: readonly Thread[]): Promise<void> {
  const isListed = enumerate().includes(thread as Thread);
  const state = [isListed, thread === again, thread?.name, thread?.daemon, thread instanceof Thread];
  write(words, [...state, await thread?.join(), thread?.isAlive()]);
}
