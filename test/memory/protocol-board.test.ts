// A task is taken by one, in whatever order host and workers take their steps, and wherever one dies.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  ACTIVE,
  Board,
  BoardClaims,
  type BoardShape,
  boardBytes,
  SLOT_WORDS,
} from '../../src/memory/board.ts';
import { LaneReader, LaneWriter, laneBytes } from '../../src/memory/lane.ts';
import { ThreadRegion } from '../../src/memory/thread-region.ts';
import { type Explored, explore, type Scene, type View } from './interleavings.ts';
import { ModelRegion, type Self } from './model-region.ts';

const BOARD = 0;
/** A word of a slot that the host writes, and whoever has claimed the slot reads. */
const TASK = 1;
const HEAD = 0;
const TAIL = 16;
const RING = ACTIVE + 16;
/** Who has it, in the state of a slot; all of them: it is up. */
const OWNER = 4095;

type Verb = 'post' | 'publish' | 'collect' | `revoke ${number}`;

interface Plot {
  readonly shape: BoardShape;
  /** What the host does; tasks are numbered as they are posted. */
  readonly host: readonly Verb[];
  /** How many times each worker looks for a task. */
  readonly looks: readonly number[];
  readonly mayDie?: boolean;
  readonly fine?: boolean;
  readonly interruptions?: number;
  always?(view: View): void;
  /** States that there are at least: fewer, and it is not this protocol that was explored. */
  readonly states: number;
}

function play({ shape, host, looks, mayDie = false, fine = false, always, interruptions }: Plot): Explored {
  const board = new ModelRegion(BOARD, boardBytes(shape));
  const lanes = looks.map((_, n) => new ModelRegion(BOARD + 1 + n, laneBytes(shape.slots)));
  const hostSide = { name: 'host', run: (self: Self) => runHost(self, board, lanes, shape, host) };
  const workers = looks.map((count, n) => ({
    name: `worker ${n}`,
    mayDie,
    run: (self: Self) => runWorker(self, board, lanes[n] as ModelRegion, shape, n, count),
  }));
  const scene: Scene = {
    sides: [hostSide, ...workers],
    // The host writes an entry while one that was held up may read it, see invariant 4 of the board.
    mayRace: (region, index) => region === BOARD && index >= RING && index < RING + shape.entries,
    between: (before, after) => {
      assert.ok(after.word(BOARD, HEAD) >= before.word(BOARD, HEAD), 'the head went back');
    },
    atEnd: (view) => assertEachTakenOnce(view, shape),
    fine,
    ...(interruptions === undefined ? {} : { interruptions }),
    ...(always === undefined ? {} : { always }),
  };
  return explore(scene);
}

function runHost(
  self: Self,
  region: ModelRegion,
  lanes: readonly ModelRegion[],
  shape: BoardShape,
  verbs: readonly Verb[],
): void {
  const board = new Board(region, shape);
  const readers = lanes.map((lane) => new LaneReader(lane, shape.slots));
  const slots: Array<number | undefined> = [];
  for (const verb of verbs) {
    if (verb === 'publish') board.publish();
    else if (verb === 'post') {
      const slot = board.take();
      if (slot < 0) continue;
      const task = slots.push(slot) - 1;
      board.words[board.at(slot) + TASK] = task;
      board.post(slot);
      self.note(`posted ${task} ${slot} ${board.generation(slot)}`);
    } else if (verb === 'collect') {
      for (const [lane, reader] of readers.entries()) {
        for (let slot = reader.shift(); slot >= 0; slot = reader.shift()) {
          assert.equal(board.holder(slot), lane);
          const task = slots.lastIndexOf(slot);
          slots[task] = undefined;
          board.free(slot);
          self.note(`settled ${task}`);
        }
      }
    } else {
      const task = Number(verb.slice('revoke '.length));
      const slot = slots[task];
      if (slot === undefined || !board.revoke(slot)) continue;
      slots[task] = undefined;
      self.note(`revoked ${task}`);
    }
  }
}

function runWorker(
  self: Self,
  region: ModelRegion,
  lane: ModelRegion,
  shape: BoardShape,
  number: number,
  looks: number,
): void {
  const claims = new BoardClaims(region, shape, number);
  const answers = new LaneWriter(lane, shape.slots);
  for (let look = 0; look < looks; look += 1) {
    self.forget(`look ${look}`);
    const slot = claims.claim();
    if (slot < 0) continue;
    self.note(`claimed ${claims.words[claims.at(slot) + TASK]} ${slot} ${claims.generation(slot)}`);
    answers.push(slot);
  }
}

/** Who has not been told of tasks can still find them: the code that claims, on what is there now. */
function claimRest(view: View, shape: BoardShape, lane: number): string[] {
  const region = new ThreadRegion(boardBytes(shape));
  for (let index = 0; index < region.words.length; index += 1) region.words[index] = view.word(BOARD, index);
  const claims = new BoardClaims(region, shape, lane);
  const rest: string[] = [];
  for (let slot = claims.claim(); slot >= 0; slot = claims.claim()) {
    rest.push(`${claims.words[claims.at(slot) + TASK]} ${slot} ${claims.generation(slot)}`);
  }
  return rest;
}

function firstOf(shape: BoardShape): number {
  return new Board(new ThreadRegion(boardBytes(shape)), shape).at(0);
}

function startingWith(facts: readonly string[], word: string): string[] {
  return facts.filter((fact) => fact.startsWith(`${word} `)).map((fact) => fact.slice(word.length + 1));
}

function assertEachTakenOnce(view: View, shape: BoardShape): void {
  const host = view.facts(0);
  const posted = startingWith(host, 'posted');
  // No two tasks have the same name, however often a slot is used.
  assert.equal(new Set(posted.map((post) => post.slice(post.indexOf(' ')))).size, posted.length);
  const takings = [
    ...startingWith(host, 'revoked').map((task) => posted[Number(task)]),
    ...startingWith(view.facts(1), 'claimed'),
    ...startingWith(view.facts(2), 'claimed'),
    ...inNameOfDead(view, shape, posted),
    ...claimRest(view, shape, 100),
  ];
  assert.deepEqual(takings.toSorted(), posted.toSorted());
}

/** Claimed by one that died before it could say so: the host finds the slot in its name. */
function inNameOfDead({ died, facts, word }: View, shape: BoardShape, posted: readonly string[]): string[] {
  if (died === undefined) return [];
  const said = startingWith(facts(died), 'claimed');
  return posted.filter((post) => {
    const [, slot, generation] = post.split(' ').map(Number) as [number, number, number];
    const state = word(BOARD, firstOf(shape) + slot * SLOT_WORDS);
    // Worker n is side n + 1, and n + 1 is what its claims say.
    return state >>> 12 === generation && (state & OWNER) === died && !said.includes(post);
  });
}

/** While nothing is revoked or used again: nobody has a task while an earlier one is up. */
function assertInOrder({ word }: View): void {
  let isReady = false;
  for (let task = 0; task < word(BOARD, TAIL); task += 1) {
    const owner = word(BOARD, firstOf(queue) + task * SLOT_WORDS) & OWNER;
    assert.ok(owner === OWNER || !isReady, `task ${task} was claimed before its turn`);
    isReady ||= owner === OWNER;
  }
}

const queue: BoardShape = { entries: 4, slots: 3 };
/** One slot more than entries, so that a slot is used again while its old entry is still there. */
const narrow: BoardShape = { entries: 2, slots: 3 };
const full: BoardShape = { entries: 2, slots: 2 };

describe('a task is taken by one, in any order of steps', () => {
  const scenes: Record<string, Plot> = {
    'and first in, first out': {
      shape: queue,
      host: ['post', 'publish', 'post', 'post', 'publish'],
      looks: [2, 2],
      always: assertInOrder,
      states: 10_000,
    },
    'when slots and entries are used again': {
      shape: full,
      host: ['post', 'post', 'publish', 'collect', 'post', 'publish', 'collect', 'post', 'publish'],
      looks: [2, 1],
      states: 50_000,
    },
    'when it is taken down': {
      shape: narrow,
      host: ['post', 'publish', 'revoke 0', 'post', 'publish'],
      looks: [2, 1],
      states: 10_000,
    },
    'when more are taken down than the ring has room for': {
      shape: narrow,
      host: ['post', 'post', 'publish', 'revoke 0', 'post', 'publish', 'revoke 2', 'post', 'post', 'publish'],
      looks: [2, 2],
      interruptions: 2,
      states: 5000,
    },
    'when it is taken down before it was published': {
      shape: narrow,
      host: ['post', 'revoke 0', 'post', 'post', 'post', 'publish'],
      looks: [2, 2],
      states: 1000,
    },
    'when a worker dies at some step': {
      shape: narrow,
      host: ['post', 'post', 'publish', 'revoke 0', 'post', 'publish', 'collect', 'post', 'publish'],
      looks: [2, 2],
      mayDie: true,
      interruptions: 1,
      states: 5000,
    },
    'and nothing races but entries of the ring': {
      shape: full,
      host: ['post', 'publish', 'revoke 0', 'post', 'publish', 'collect', 'post', 'publish'],
      looks: [2, 1],
      fine: true,
      interruptions: 3,
      states: 30_000,
    },
  };
  for (const [name, plot] of Object.entries(scenes)) {
    it(name, (t) => {
      const { states, orders } = play(plot);
      t.diagnostic(`${states} states, ${orders} orders`);
      assert.ok(states >= plot.states, `there are ${states} states only`);
    });
  }
});

it('a task that gets the slot of one that was taken down waits for its turn', () => {
  const region = new ThreadRegion(boardBytes(queue));
  const board = new Board(region, queue);
  const claims = new BoardClaims(region, queue, 0);
  const first = board.take();
  board.post(first);
  const second = board.take();
  board.post(second);
  board.publish();
  assert.ok(board.revoke(first));
  assert.equal(board.take(), first);
  board.post(first);
  board.publish();
  assert.deepEqual([claims.claim(), claims.claim(), claims.claim()], [second, first, -1]);
});
