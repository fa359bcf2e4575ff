// Nobody waits for a lock that is free, no two have it, and nobody is passed by for ever, in whatever order those who block,
// who await and who give up take their steps, and wherever one dies.
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { OwnerDiedError, TimeoutError } from '../../src/errors.ts';
import type { Guard } from '../../src/sync/guard.ts';
import { type Explored, explore, type View } from '../memory/interleavings.ts';
import { SELF, type Self, SLICE } from '../memory/model-region.ts';
import { ModelBlock } from './model/block.ts';
import { LOCK_WORDS, LockCore, lineOf, MOST_PASSES, TURN } from './model/modules.ts';

/** Where things are in a lock, and in the wait list in it: see their pictures. */
const OWNER = 0;
const PASSES = 1;
const LATCH = 2;
const TOTAL = 4;
const FIRST_CELL = 5;
const CELL_WORDS = 5;
const SLEEP = 4;
/** A word for what is done with the lock. */
const WORK = LOCK_WORDS;

const LOCK = 0;

/** What a thread does, one after the other: gets the lock this way, and releases it. */
type Verb =
  /** Blocks until it has it. */
  | 'block'
  /** The same, without a look before it joins the line. */
  | 'line up'
  /** Blocks, and gives up at once, or after a slice. */
  | 'hurry'
  | 'patience'
  | 'try';
/** What functions of an event loop do, at any time: await the lock, or give up to do so. */
type Message = 'await' | 'give up';

interface EventLoop {
  readonly loop: readonly Message[];
  /** It has the lock when all begins. */
  readonly has?: boolean;
}

interface Plot {
  /** A thread each; those of one that has an event loop come in any order. */
  readonly threads: ReadonlyArray<readonly Verb[] | EventLoop>;
  /** The thread that may die. */
  readonly mortal?: number;
  /** How many times slices end in each thread that blocks, at any time. */
  readonly slices?: number;
  /** How often whoever is first in line has been passed by before all begins. */
  readonly passes?: number;
  readonly interruptions?: number;
  /** States that there are at least: fewer, and it is not this protocol that was explored. */
  readonly states: number;
}

function play({ threads, mortal, slices = 0, passes = 0, interruptions }: Plot): Explored {
  const block = new ModelBlock(LOCK, LOCK_WORDS + 1);
  const times = Array.from({ length: slices }, () => SLICE);
  return explore({
    sides: threads.map((verbs, n) => ({
      name: `thread ${n}`,
      messages: 'loop' in verbs ? [...verbs.loop, ...times] : times,
      // One to find out, one more for who is told in its place.
      onDeath: [SLICE, SLICE],
      mayDie: n === mortal,
      run: (self: Self) => {
        const core = new LockCore(block, 0);
        if ('loop' in verbs) runLoop(self, core, block, verbs);
        else runThread(self, core, block, verbs);
      },
    })),
    memory: [[LOCK, PASSES, passes]],
    isSheltered: (side, _, index, isLoad) => isSheltered(index) && (isLoad || side !== mortal),
    ...(interruptions === undefined ? {} : { interruptions }),
    always: (view) => assertOneInside(view, threads.length),
    between: assertReservationKept,
    atEnd: (view) => assertNobodyWaits(view, threads.length),
  });
}

/** What is written and read under the latch only. That one dies in between is seen. */
function isSheltered(index: number): boolean {
  if (index === PASSES || index === LATCH + 1) return true;
  return index >= FIRST_CELL && index < WORK && (index - FIRST_CELL) % CELL_WORDS !== SLEEP;
}

function runThread(
  self: Self,
  core: InstanceType<typeof LockCore>,
  block: ModelBlock,
  verbs: readonly Verb[],
): void {
  const line = lineOf<Guard>(self);
  for (const verb of verbs) {
    try {
      use(self, block, verb === 'line up' ? line.waitSync(undefined, undefined) : acquire(core, verb));
    } catch (error) {
      noteError(self, error);
    }
  }
  self.note('done');
}

function acquire(core: InstanceType<typeof LockCore>, verb: Exclude<Verb, 'line up'>): Guard | null {
  if (verb === 'try') return core.tryAcquire();
  return core.acquireSync(verb === 'block' ? undefined : verb === 'hurry' ? 0 : 150);
}

function use(self: Self, { words }: ModelBlock, guard: Guard | null): void {
  if (guard === null) return;
  self.note('in');
  Atomics.load(words, WORK);
  self.note('out');
  guard.release();
}

function noteError(self: Self, error: unknown): void {
  if (error instanceof OwnerDiedError) self.note('told');
  else if (!(error instanceof TimeoutError)) throw error;
}

/** A thread whose functions await; what they do with the lock takes turns of the event loop. */
function runLoop(
  self: Self,
  core: InstanceType<typeof LockCore>,
  block: ModelBlock,
  { loop: messages, has = false }: EventLoop,
): void {
  const loop = lineOf<Guard>(self);
  const guards: Guard[] = [];
  const waiter = {
    onValue: (guard: Guard) => {
      guards.push(guard);
      self.send(SELF, 'has it');
    },
    onError: (error: unknown) => noteError(self, error),
  };
  const acquireAtOnce = (): boolean => {
    const guard = core.attemptOutside();
    if (guard !== undefined) waiter.onValue(guard);
    return guard !== undefined;
  };
  let left = messages.length;
  if (has) acquireAtOnce();
  for (;;) {
    if (left === 0 && loop.waiting === 0 && guards.length === 0) self.note('done');
    const message = self.next();
    if (message === TURN) loop.turn();
    else if (message === SLICE) loop.slice();
    else if (message === 'has it') use(self, block, guards.pop() as Guard);
    else if (message === 'await' || message === 'give up') {
      left -= 1;
      if (message === 'give up') loop.leave();
      else if (!acquireAtOnce()) loop.add(waiter);
    }
  }
}

function count(view: View, side: number, fact: string): number {
  return view.facts(side).filter((one) => one === fact).length;
}

function isInside(view: View, side: number): boolean {
  return count(view, side, 'in') > count(view, side, 'out');
}

function assertOneInside(view: View, threads: number): void {
  const inside = Array.from({ length: threads }, (_, n) => n).filter((n) => isInside(view, n));
  assert.ok(inside.length <= 1 || inside.includes(view.died ?? -1), `threads ${inside.join()} have it`);
  assert.ok(inside.filter((n) => n !== view.died).length <= 1, `threads ${inside.join()} have it`);
  // Each may be just about to count a pass that others have counted after it.
  assert.ok(view.word(LOCK, PASSES) < MOST_PASSES + threads, `passed by ${view.word(LOCK, PASSES)} times`);
}

/** What is reserved for one nobody else takes, unless that one has died or given up. */
function assertReservationKept(before: View, after: View): void {
  const reserved = before.word(LOCK, OWNER);
  const owner = after.word(LOCK, OWNER);
  if (reserved < 0) assert.ok(owner === reserved || owner === -reserved || owner === 0, 'a newcomer took it');
}

function assertNobodyWaits(view: View, threads: number): void {
  const { died } = view;
  let told = 0;
  for (let n = 0; n < threads; n += 1) {
    told += count(view, n, 'told');
    if (n !== died) assert.ok(view.facts(n).includes('done'), `thread ${n} waits, and nobody has it`);
  }
  const owner = view.word(LOCK, OWNER);
  const isLeft = died !== undefined && Math.abs(owner) === died + 1;
  assert.ok(owner === 0 || isLeft, `it is held by ${owner}`);
  assert.ok(died === undefined ? told === 0 : told <= 1, `${told} were told`);
  if (died !== undefined && isInside(view, died)) assert.equal(told === 1, !isLeft, 'it went on in silence');
  if (died === undefined) assert.equal(view.word(LOCK, TOTAL), 0, 'somebody is taken for one that waits');
}

describe('nobody waits for a lock that is free, in any order of steps', () => {
  const scenes: Record<string, Plot> = {
    'of two that block': { threads: [['block'], ['block']], states: 1000 },
    'of two that block twice': {
      threads: [
        ['block', 'block'],
        ['block', 'block'],
      ],
      interruptions: 3,
      states: 1000,
    },
    'of three that block': { threads: [['block'], ['block'], ['block']], interruptions: 2, states: 1000 },
    'of two that block, and one that gives up at once': {
      threads: [['block'], ['block'], ['hurry']],
      interruptions: 2,
      states: 1000,
    },
    'of two that block, and one that gives up later': {
      threads: [['block'], ['block'], ['patience']],
      slices: 1,
      interruptions: 2,
      states: 1000,
    },
    'of two that block, and one that tries': {
      threads: [['block'], ['block'], ['try', 'try']],
      interruptions: 2,
      states: 1000,
    },
    'of two of which the second is reserved for': {
      threads: [['block', 'try'], ['block'], ['try', 'block']],
      passes: MOST_PASSES - 1,
      interruptions: 2,
      states: 1000,
    },
    'of one for whom it is reserved, and who gives up': {
      threads: [['block', 'block'], ['hurry'], ['block']],
      passes: MOST_PASSES - 1,
      interruptions: 2,
      states: 1000,
    },
    'of one that blocks, and two that await': {
      threads: [['block'], { loop: ['await', 'await'] }],
      interruptions: 1,
      states: 1000,
    },
    'of two that await in two threads': {
      threads: [{ loop: ['await', 'await'] }, { loop: ['await'] }],
      interruptions: 1,
      states: 1000,
    },
    // The cell of the first becomes that of the other thread, while its event loop sleeps there.
    'of those who await, and one that blocks in their place': {
      threads: [{ loop: ['await', 'await'], has: true }, ['line up']],
      interruptions: 1,
      states: 1000,
    },
    'of one that blocks, and those who await and give up': {
      threads: [['block'], { loop: ['await', 'await', 'give up'] }],
      interruptions: 1,
      states: 1000,
    },
  };
  for (const [name, plot] of Object.entries(scenes)) it(name, { timeout: 120_000 }, (t) => check(t, plot));
});

describe('a lock goes on, and one is told, wherever somebody dies', () => {
  const scenes: Record<string, Plot> = {
    'of two that block': { threads: [['block'], ['block']], mortal: 0, interruptions: 3, states: 1000 },
    'of three that block': {
      threads: [['block'], ['block'], ['block']],
      mortal: 0,
      interruptions: 1,
      states: 1000,
    },
    'of three, when it is reserved for the one that dies': {
      threads: [['block'], ['block', 'hurry'], ['block']],
      mortal: 1,
      passes: MOST_PASSES - 1,
      interruptions: 1,
      states: 1000,
    },
    'of three, when the one that dies reserves it': {
      threads: [['block'], ['block', 'hurry'], ['block']],
      mortal: 0,
      passes: MOST_PASSES - 1,
      interruptions: 1,
      states: 1000,
    },
    'of one that gives up': {
      threads: [['hurry'], ['block'], ['block']],
      mortal: 0,
      interruptions: 1,
      states: 1000,
    },
    'of one that blocks, while two await': {
      threads: [['block'], { loop: ['await', 'await'] }],
      mortal: 0,
      interruptions: 0,
      states: 1000,
    },
    'of one whose functions await, while one blocks': {
      threads: [{ loop: ['await', 'await', 'give up'] }, ['block']],
      mortal: 0,
      interruptions: 0,
      states: 1000,
    },
  };
  for (const [name, plot] of Object.entries(scenes)) it(name, { timeout: 120_000 }, (t) => check(t, plot));
});

function check(t: TestContext, plot: Plot): void {
  const { states, orders } = play(plot);
  t.diagnostic(`${states} states, ${orders} orders`);
  assert.ok(states >= plot.states, `there are ${states} states only`);
}
