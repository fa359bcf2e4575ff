// Nobody waits at a barrier for one that has died, be it who comes, who acts for all, who breaks it or who resets it, at
// whatever step that one dies; and those who live are told the same.
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { BrokenBarrierError } from '../../src/errors.ts';
import { explore, type View } from '../memory/interleavings.ts';
import { type Self, SLICE } from '../memory/model-region.ts';
import { ModelBlock } from './model/block.ts';
import { BARRIER_WORDS, BarrierCore } from './model/modules.ts';

/** Where things are in a barrier, and in the wait list in it: see their pictures. */
const PARTIES = 0;
const PHASE = 1;
const BREACHES = 2;
const ACTOR = 3;
const SUPPLIER = 4;
const SUPPLIED = 5;
const LAST_ARRIVAL = 9;
const FIRST_CELL = 11;
const CELL_WORDS = 5;
const SLEEP = 4;
/** A word for what the action does. */
const WORK = BARRIER_WORDS;
const NO_ROUND = 0xffff;

const BARRIER = 0;

type Verb = 'wait' | 'abort' | 'reset';

interface Plot {
  /** A thread each, and what it does. */
  readonly threads: readonly Verb[];
  readonly parties: number;
  /** The thread that has the action. */
  readonly supplier?: number;
  readonly mortal?: number;
  readonly interruptions: number;
  /** States that there are at least: fewer, and it is not this protocol that was explored. */
  readonly states: number;
}

function check(t: TestContext, plot: Plot): void {
  const { threads, parties, supplier, mortal, interruptions } = plot;
  const block = new ModelBlock(BARRIER, BARRIER_WORDS + 1);
  const { states, orders } = explore({
    sides: threads.map((verb, n) => ({
      name: `thread ${n}`,
      mayDie: n === mortal,
      // One to find out, one more for who dies in the middle of being found out.
      onDeath: [SLICE, SLICE],
      run: (self: Self) => {
        const core = new BarrierCore(block, 0);
        const action = (): void => {
          self.note('acts');
          Atomics.load(block.words, WORK);
        };
        if (n === supplier) core.initialise(parties, action, undefined);
        act(self, core, verb);
      },
    })),
    memory: [
      [BARRIER, PARTIES, parties],
      [BARRIER, SUPPLIED, NO_ROUND],
      ...(supplier === undefined ? [] : [[BARRIER, SUPPLIER, supplier + 1] as const]),
    ],
    isSheltered: (side, _, index, isLoad) => isSheltered(index) && (isLoad || side !== mortal),
    interruptions,
    atEnd: (view) => assertAllTold(view, plot),
  });
  t.diagnostic(`${states} states, ${orders} orders`);
  assert.ok(states >= plot.states, `there are ${states} states only`);
}

/** What is written and read under the latch only. */
function isSheltered(index: number): boolean {
  if (index === LAST_ARRIVAL) return true;
  return index >= FIRST_CELL && index < WORK && (index - FIRST_CELL) % CELL_WORDS !== SLEEP;
}

function act(self: Self, core: InstanceType<typeof BarrierCore>, verb: Verb): void {
  try {
    if (verb === 'wait') core.waitSync(undefined);
    else core[verb]();
    self.note('passed');
  } catch (error) {
    if (!(error instanceof BrokenBarrierError)) throw error;
    self.note('broken');
  }
}

function assertAllTold(view: View, { threads, mortal }: Plot): void {
  const outcomes = new Set<string>();
  let acts = 0;
  let waiting = 0;
  for (const [n, verb] of threads.entries()) {
    const facts = view.facts(n);
    acts += facts.filter((fact) => fact === 'acts').length;
    if (n === view.died) continue;
    const outcome = facts.findLast((fact) => fact !== 'acts');
    if (outcome === undefined) waiting += 1;
    else if (verb === 'wait') outcomes.add(outcome);
  }
  if (waiting > 0) {
    // It died before it came, or they came after the reset: then they wait for another.
    if (!threads.includes('reset')) {
      assert.notEqual(view.died, undefined, 'somebody waits, and all have come');
      assert.equal(outcomes.size, 0, 'somebody waits, and others have been told');
    }
    assert.equal(view.word(BARRIER, PHASE) & NO_ROUND, waiting, 'somebody waits for one that came and died');
  }
  assert.ok(acts <= 1, 'the action has run twice');
  assert.ok(outcomes.size <= 1, 'one has passed, and one was told that it is broken');
  // Else whoever comes next would find places taken, by nobody.
  const isBroken = (view.word(BARRIER, BREACHES) & 1) !== 0;
  const come = view.word(BARRIER, PHASE) & NO_ROUND;
  const isFoundOut = view.died !== undefined && view.word(BARRIER, ACTOR) === view.died + 1;
  assert.ok(isBroken || isFoundOut || come === waiting, `${come} are said to wait`);
  if (mortal === undefined && !threads.includes('abort') && !threads.includes('reset')) {
    assert.deepEqual([...outcomes], ['passed']);
  }
}

describe('nobody waits at a barrier for one that does not come, in any order of steps', () => {
  const scenes: Record<string, Plot> = {
    'of two': { threads: ['wait', 'wait'], parties: 2, interruptions: 3, states: 1000 },
    'of two, one of whom has the action': {
      threads: ['wait', 'wait'],
      parties: 2,
      supplier: 0,
      interruptions: 3,
      states: 1000,
    },
    'of two, one of whom dies': {
      threads: ['wait', 'wait'],
      parties: 2,
      mortal: 0,
      interruptions: 2,
      states: 1000,
    },
    'of two, when the one dies that has the action': {
      threads: ['wait', 'wait'],
      parties: 2,
      supplier: 0,
      mortal: 0,
      interruptions: 2,
      states: 1000,
    },
    'of three, when the one dies that comes last': {
      threads: ['wait', 'wait', 'wait'],
      parties: 3,
      mortal: 2,
      interruptions: 1,
      states: 1000,
    },
    'of three, when the one dies that has the action': {
      threads: ['wait', 'wait', 'wait'],
      parties: 3,
      supplier: 0,
      mortal: 0,
      interruptions: 0,
      states: 1000,
    },
    'of three, when one dies for whom another acts': {
      threads: ['wait', 'wait', 'wait'],
      parties: 3,
      supplier: 0,
      mortal: 1,
      interruptions: 0,
      states: 1000,
    },
    'of three, two of whom have come, when the one dies that resets it': {
      threads: ['wait', 'wait', 'reset'],
      parties: 3,
      mortal: 2,
      interruptions: 0,
      states: 1000,
    },
    'of three, two of whom have come, when the one dies that breaks it': {
      threads: ['wait', 'wait', 'abort'],
      parties: 3,
      mortal: 2,
      interruptions: 0,
      states: 1000,
    },
    'of two that are let go while another resets it': {
      threads: ['wait', 'wait', 'reset'],
      parties: 2,
      interruptions: 1,
      states: 1000,
    },
  };
  for (const [name, plot] of Object.entries(scenes)) it(name, { timeout: 60_000 }, (t) => check(t, plot));
});
