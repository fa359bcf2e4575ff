/**
 * Runs code that shares memory in all orders that its steps can come in.
 *
 * The code is the real one. Each side is a program, run in this thread against stand-ins for `Atomics` and for the
 * views of a region. An access is a step: there the program is stopped, and any other side may go first.
 *
 *   program ── Atomics.load(words, 3) ──▶ stand-in: known from the last run? ── yes ──▶ the result, and on it runs
 *                                                                           └── no ───▶ throws STOP: the next step is known
 *
 * So nothing has to be suspended: a side is stopped by throwing, and continued by running it again from the beginning, with
 * the results of all its steps so far. As it sees nothing but these, they are its local state, and each of them
 * is run up to once, however many orders lead there (`Local`).
 *
 * A state is the memory and the local states. Orders that lead to the same state continue the same, so each state is
 * visited once, and all orders through it are counted without being walked.
 *
 * @see P. Godefroid, "Model checking for programming languages using VeriSoft" (1997)
 * @see S. V. Adve, H.-J. Boehm, "Foundations of the C++ concurrency memory model" (2008): a program in which no two accesses
 *   that conflict can come one right after the other, except atomics, behaves on any processor as it does here. That
 *   is looked for in each state.
 */

import assert from 'node:assert/strict';
import {
  addressOf,
  indexOf,
  type Kind,
  type Result,
  regionOf,
  runUpTo,
  SELF,
  type Self,
  SLICE,
  type Step,
  WOKEN,
  withStandIns,
} from './model-region.ts';

/** What is seen of a side while it has taken so many steps, with such results. */
class Local {
  readonly id: number;
  readonly before: Local | undefined;
  readonly result: Result;
  readonly after = new Map<Result, Local>();
  /** What it does next; undefined: its program is over. */
  next: Step | undefined = undefined;
  facts: readonly string[] = [];

  constructor(id: number, before: Local | undefined, result: Result) {
    this.id = id;
    this.before = before;
    this.result = result;
  }
}

export interface Side {
  readonly name: string;
  run(self: Self): void;
  /** Messages that come at any time. */
  readonly messages?: readonly string[];
  /** It may be stopped for ever before any of its steps. At most one side dies. */
  readonly mayDie?: boolean;
  /** Messages that come when another has died; side 0 gets `died N` unless it says otherwise. */
  readonly onDeath?: readonly string[];
}

/** What is so at some point of some order. */
export interface View {
  word(region: number, index: number): number;
  facts(side: number): readonly string[];
  /** Which one died. */
  readonly died: number | undefined;
}

export interface Scene {
  readonly sides: readonly Side[];
  /** What is in memory at first, where it is not 0: region, index, value. */
  readonly memory?: ReadonlyArray<readonly [region: number, index: number, value: number]>;
  /**
   * Plain accesses are steps as well, and races are looked for. Where there are none, orders that differ in plain
   * accesses lead to the same, and they go with the step before them.
   */
  readonly fine?: boolean;
  /** Words that one side plainly writes while another may load them, which then gets what was or what will be there. */
  mayRace?(region: number, index: number): boolean;
  /** Words that give no more than hints, and what is then read there, whatever was written. */
  hint?(region: number, index: number): number | undefined;
  /** Accesses that nobody else can come in between of, as the side has a latch: they go with the step before them. */
  isSheltered?(side: number, region: number, index: number, isLoad: boolean): boolean;
  /**
   * How many times a side may be interrupted in the middle of its steps by another one; it may always be where it waits.
   * By default any number of times. For scenes with more orders than one can wait for: what goes wrong at all mostly
   * does with two interruptions.
   *
   * @see M. Musuvathi, S. Qadeer, "Iterative context bounding for systematic testing of multithreaded programs" (2007)
   */
  readonly interruptions?: number;
  /** Holds at all times. */
  always?(view: View): void;
  /** Holds for each step. */
  between?(before: View, after: View): void;
  /** Holds when nobody can go on. */
  atEnd(view: View): void;
}

export interface Explored {
  readonly states: number;
  /** Orders of all steps, from beginning to end. Beyond 2 ** 53 this is not exact. */
  readonly orders: number;
}

interface State {
  /** Words that were written. */
  readonly memory: Map<number, number>;
  readonly locals: Local[];
  /** What has come for each side, in no particular order. */
  readonly inboxes: string[][];
  /** Who waits for a word, the first first. */
  waiting: ReadonlyArray<{ readonly side: number; readonly at: number; readonly wait: string }>;
  died: number | undefined;
  /** Who took the last step, and how many times another may take the next one in its place. */
  last: number;
  interruptions: number;
}

/** Beyond that, an order of steps does not end. */
const MOST_STEPS = 5000;
const DEAD = 'dead';

/** @throws AssertionError of `always` or `atEnd`, with the order of steps that led there */
export function explore(scene: Scene): Explored {
  return withStandIns(() => new Exploration(scene).explored());
}

class Exploration {
  readonly #scene: Scene;
  /** Orders from each state on. */
  readonly #known = new Map<string, number>();
  /** The order that led to where we are, for whoever has to understand it. */
  readonly #way: string[] = [];
  /** Words that were ever written, in the order in which this is to be put down. */
  readonly #written = new Set<number>();
  #locals = 0;
  /** Where a side forgot what led there. */
  readonly #pasts = new Map<string, Local>();

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  explored(): Explored {
    const { sides } = this.#scene;
    const begin: State = {
      memory: new Map(this.#scene.memory?.map(([region, index, value]) => [addressOf(region, index), value])),
      locals: [],
      inboxes: sides.map(({ messages = [] }) => [...messages]),
      waiting: [],
      died: undefined,
      last: 0,
      interruptions: this.#scene.interruptions ?? Infinity,
    };
    for (const at of begin.memory.keys()) this.#written.add(at);
    try {
      for (const side of sides.keys()) {
        this.#ran(begin, side, undefined, 0);
        this.#runOn(begin, side);
      }
      const orders = this.#explore(begin);
      return { states: this.#known.size, orders };
    } catch (error) {
      if (error instanceof Error) error.message += `\n\nafter\n  ${this.#way.join('\n  ')}\n`;
      throw error;
    }
  }

  /** In how many orders it can go on. */
  #explore(state: State): number {
    const key = keyOf(state, this.#written);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    assert.ok(this.#way.length < MOST_STEPS, 'the steps do not end');
    this.#lookForRaces(state);
    this.#scene.always?.(viewOfState(state));
    let orders = 0;
    const { last, interruptions } = state;
    const goesOn = canGoOn(state, last);
    for (const [side, { name, mayDie }] of this.#scene.sides.entries()) {
      const step = state.locals[side]?.next;
      if (step === undefined) continue;
      const left = goesOn && side !== last ? interruptions - 1 : interruptions;
      if (left < 0) continue;
      for (const message of choices(state, side, step)) {
        const then = copyOf(state, side, left);
        this.#take(then, side, message);
        this.#runOn(then, side);
        this.#scene.between?.(viewOfState(state), viewOfState(then));
        orders += this.#go(then, `${name}: ${wordsOf(step, message)}`);
      }
      if (mayDie === true && state.died === undefined) {
        const then = copyOf(state, side, left);
        die(then, side, this.#scene.sides);
        orders += this.#go(then, `${name}: dies`);
      }
    }
    if (orders === 0) {
      this.#scene.atEnd(viewOfState(state));
      orders = 1;
    }
    this.#known.set(key, orders);
    return orders;
  }

  #go(state: State, how: string): number {
    this.#way.push(how);
    const orders = this.#explore(state);
    this.#way.pop();
    return orders;
  }

  /** Takes the next step of a side. */
  #take(state: State, side: number, message: string): void {
    const local = state.locals[side] as Local;
    const step = local.next as Step;
    const result = effect(state, side, step, message, this.#scene);
    if (ACCESSES.has(step.kind)) this.#written.add(step.at);
    const after = local.after.get(result);
    if (after === undefined) local.after.set(result, this.#ran(state, side, local, result));
    else state.locals[side] = after;
  }

  /** Takes those steps that need not be steps. */
  #runOn(state: State, side: number): void {
    for (;;) {
      const step = state.locals[side]?.next;
      if (step === undefined || !this.#goesAlong(side, step)) return;
      this.#take(state, side, '');
    }
  }

  /** Whether it need not be a step of its own, as no order of it and those of others makes a difference. */
  #goesAlong(side: number, { kind, at }: Step): boolean {
    const { fine, mayRace, hint, isSheltered } = this.#scene;
    if (fine === true || !ACCESSES.has(kind) || kind === 'lock') return false;
    const region = regionOf(at);
    const index = indexOf(at);
    const isPlain = kind === 'read' || (kind === 'write' && mayRace?.(region, index) !== true);
    if (isPlain || hint?.(region, index) !== undefined) return true;
    return isSheltered?.(side, region, index, kind === 'load') === true;
  }

  /**
   * Runs a program up to its first step after that which counts, and gives what is seen of it right after that. What goes
   * along it finds in memory as it runs, so that it need not be run again for each.
   */
  #ran(state: State, side: number, before: Local | undefined, result: Result): Local {
    const { name, run: program } = this.#scene.sides[side] as Side;
    const first = new Local(this.#locals++, before, result);
    const results: Result[] = [];
    for (let one: Local = first; one.before !== undefined; one = one.before) results.push(one.result);
    let last = first;
    const run = runUpTo(program, side, results.toReversed(), (step) => {
      if (!this.#goesAlong(side, step)) return undefined;
      const found = effect(state, side, step, '', this.#scene);
      this.#written.add(step.at);
      const after = new Local(this.#locals++, last, found);
      last.next = step;
      last.after.set(found, after);
      last = after;
      return found;
    });
    last.next = run.upTo;
    last.facts = run.facts;
    state.locals[side] = last;
    if (run.remembered === undefined) return first;
    const past = `${name} ${run.remembered} ${run.facts.join()}`;
    const same = this.#pasts.get(past);
    if (same === undefined) this.#pasts.set(past, last);
    else if (last.before !== undefined) {
      state.locals[side] = same;
      last.before.after.set(last.result, same);
    }
    return first === last ? (same ?? first) : first;
  }

  /** Two of the next steps conflict, and one of them is not atomic. */
  #lookForRaces({ locals, memory }: State): void {
    const { fine, mayRace } = this.#scene;
    if (fine !== true) return;
    for (const { next: one } of locals) {
      if (one === undefined || (one.kind !== 'read' && one.kind !== 'write')) continue;
      if (mayRace?.(regionOf(one.at), indexOf(one.at)) === true) continue;
      for (const { next: two } of locals) {
        if (two === undefined || two === one || two.at !== one.at || !ACCESSES.has(two.kind)) continue;
        if (isWrite(one, memory) || isWrite(two, memory)) {
          assert.fail(`a race of two sides: ${wordsOf(one, '')}, and ${wordsOf(two, '')}`);
        }
      }
    }
  }
}

/** An exchange that finds another value writes nothing. */
function isWrite({ kind, at, value }: Step, memory: Map<number, number>): boolean {
  if (kind === 'exchange') return (memory.get(at) ?? 0) === value;
  return kind === 'store' || kind === 'add' || kind === 'write';
}

const ACCESSES: ReadonlySet<Kind> = new Set(['load', 'store', 'add', 'exchange', 'read', 'write', 'lock']);
const NOTHING: readonly string[] = [''];

/** What can come of a step: one thing, except that of what lies in an inbox any may be next; nothing: it has to wait. */
function choices(state: State, side: number, { kind, at, value }: Step): Iterable<string> {
  if (kind === 'lock') return isLatched(state, at) ? [] : NOTHING;
  if (kind !== 'next') return NOTHING;
  const inbox = state.inboxes[side] ?? [];
  return new Set(value === 0 ? inbox : inbox.filter((message) => message === value || message === SLICE));
}

/** Whether it is in the middle of its steps, and does not wait. */
function canGoOn(state: State, side: number): boolean {
  const step = state.locals[side]?.next;
  if (step === undefined || step.kind === 'next') return false;
  return step.kind !== 'lock' || !isLatched(state, step.at);
}

/** By one who lives: its owner is the number of a side, and 1. */
function isLatched({ memory, died }: State, at: number): boolean {
  const owner = memory.get(at) ?? 0;
  return owner !== 0 && owner - 1 !== died;
}

/** What a step does, and what its side is told. */
function effect(
  state: State,
  side: number,
  step: Step,
  message: string,
  { hint, isSheltered }: Scene,
): Result {
  const { memory, inboxes } = state;
  const { kind, at } = step;
  const value = step.value as number;
  const now = memory.get(at) ?? 0;
  switch (kind) {
    case 'load':
    case 'read':
      return hint?.(regionOf(at), indexOf(at)) ?? now;
    case 'store':
    case 'write':
      memory.set(at, value);
      return value;
    case 'add':
      memory.set(at, now + value);
      // Nobody asks what was there before, as it may be otherwise by now, except under a latch.
      return isSheltered === undefined ? Number.NaN : now;
    case 'exchange':
      if (now === value) memory.set(at, step.replacement);
      return now;
    case 'sleep':
      if (now !== value) return 'not-equal';
      state.waiting = [...state.waiting, { side, at, wait: `${WOKEN}${step.replacement}` }];
      return 'ok';
    case 'notify': {
      const woken = state.waiting.filter((one) => one.at === at).slice(0, value);
      state.waiting = state.waiting.filter((one) => !woken.includes(one));
      for (const one of woken) inboxes[one.side]?.push(one.wait);
      return woken.length;
    }
    case 'send':
      // Nobody hears what is said to the dead.
      if (state.died !== at) inboxes[at === SELF ? side : at]?.push(String(step.value));
      return 0;
    case 'next': {
      const inbox = inboxes[side] as string[];
      inbox.splice(inbox.indexOf(message), 1);
      // Whoever was blocked is not in that wait any more.
      if (step.value !== 0 && message !== step.value) {
        state.waiting = state.waiting.filter((one) => one.side !== side || one.wait !== step.value);
        const late = inbox.indexOf(String(step.value));
        if (late >= 0) inbox.splice(late, 1);
      }
      return message;
    }
    case 'lock':
      memory.set(at, side + 1);
      return now;
    case 'alive':
      return state.died === at ? 0 : 1;
  }
}

function die(state: State, side: number, sides: readonly Side[]): void {
  const local = state.locals[side] as Local;
  let dead = local.after.get(DEAD);
  if (dead === undefined) {
    dead = new Local(-local.id - 1, local, DEAD);
    dead.facts = local.facts;
    local.after.set(DEAD, dead);
  }
  state.died = side;
  state.locals[side] = dead;
  state.inboxes[side] = [];
  state.waiting = state.waiting.filter((one) => one.side !== side);
  for (const [other, { onDeath }] of sides.entries()) {
    if (other !== side) state.inboxes[other]?.push(...(onDeath ?? (other === 0 ? [`died ${side}`] : [])));
  }
}

function copyOf(
  { memory, locals, inboxes, waiting, died }: State,
  last: number,
  interruptions: number,
): State {
  return {
    memory: new Map(memory),
    locals: [...locals],
    inboxes: inboxes.map((inbox) => [...inbox]),
    waiting,
    died,
    last,
    interruptions,
  };
}

function keyOf(
  { memory, locals, inboxes, waiting, last, interruptions }: State,
  written: ReadonlySet<number>,
): string {
  let key = interruptions === Infinity ? '' : `${last} ${interruptions} `;
  for (const { id } of locals) key += `${id} `;
  for (const at of written) {
    const word = memory.get(at);
    if (word !== undefined) key += `${at}=${word} `;
  }
  for (const inbox of inboxes) key += `|${inbox.toSorted().join()}`;
  for (const { side, at, wait } of waiting) key += `/${side},${at},${wait}`;
  return key;
}

function viewOfState({ memory, locals, died }: State): View {
  return {
    word: (region, index) => memory.get(addressOf(region, index)) ?? 0,
    facts: (side) => locals[side]?.facts ?? [],
    died,
  };
}

function wordsOf({ kind, at, value, replacement }: Step, message: string): string {
  if (kind === 'next') return `gets ${message}`;
  if (kind === 'send') return `sends ${value} to ${at}`;
  if (kind === 'alive') return `asks whether ${at} lives`;
  const word = `word ${indexOf(at)} of region ${regionOf(at)}`;
  return `${kind} ${word}: ${value}${kind === 'exchange' ? ` -> ${replacement}` : ''}`;
}
