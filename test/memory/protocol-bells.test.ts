// Nobody sleeps through news between processes, in whatever order sleepers and wakers take their steps, and wherever
// a waker dies.
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Bell } from '../../src/memory/arena/bell.ts';
import * as layout from '../../src/memory/arena/layout.ts';
import { type Others, ProcessWakeUps } from '../../src/memory/arena/wake-ups.ts';
import { type Explored, explore } from './interleavings.ts';
import { ModelRegion, type Self } from './model-region.ts';

const SLEEPER = 0;
const RING = 'ring';
/** Two words that have the same bit of WAITS_FOR. */
const WORD = layout.FIRST / 4;
const OTHER_WORD = WORD + 32;

interface Plot {
  /** Each changes the word once. */
  readonly wakers: number;
  /** The sleeper waits for two words, and wakers change them in turn. */
  readonly twoWords?: boolean;
  readonly byName?: boolean;
  readonly mayDie?: boolean;
  readonly interruptions?: number;
  /** States that there are at least: fewer, and it is not this protocol that was explored. */
  readonly states: number;
}

function play({ wakers, twoWords = false, byName = false, mayDie = false, interruptions }: Plot): Explored {
  const region = new ModelRegion(0, 2 ** 20, false);
  const participants: Others = {
    at: (participant) => layout.PARTICIPANTS + participant * layout.PARTICIPANT_WORDS,
    limit: 1 + wakers,
    owner: (participant) => participant + 1,
    find: (word) => word - 1,
  };
  const sideOf = (self: Self, side: number): [ProcessWakeUps, Bell] => {
    const bell: Bell = { descriptor: 5, inode: 6, listeners: [] };
    const others = { ring: (participant: number) => self.send(participant, RING), forget: () => undefined };
    return [new ProcessWakeUps(region, participants, side, 100, { own: () => bell, others }), bell];
  };
  const words = twoWords ? [WORD, OTHER_WORD] : [WORD];
  const changes = words.map((_, n) => Math.ceil((wakers - n) / words.length));
  return explore({
    sides: [
      { name: 'sleeper', run: (self) => sleep(self, ...sideOf(self, SLEEPER), region.words, words, changes) },
      ...Array.from({ length: wakers }, (_, n) => ({
        name: `waker ${n}`,
        mayDie: mayDie && n === 0,
        run: (self: Self) => {
          const [wakeUps] = sideOf(self, 1 + n);
          const word = words[n % words.length] as number;
          Atomics.add(region.words, word, 1);
          if (byName) wakeUps.notify(word, SLEEPER + 1);
          else wakeUps.notify(word);
        },
      })),
    ],
    ...(interruptions === undefined ? {} : { interruptions }),
    atEnd: (view) => {
      const seen = words.map((word, n) => view.facts(SLEEPER).includes(`${n}: ${view.word(0, word)}`));
      assert.ok(
        seen.every((isSeen, n) => isSeen || view.word(0, words[n] as number) === 0),
        'a word has changed, and who waits for it sleeps',
      );
    },
  });
}

/** Waits for the next change of each word, until there are no more. */
function sleep(
  self: Self,
  { waits }: ProcessWakeUps,
  { listeners }: Bell,
  memory: Int32Array,
  words: readonly number[],
  changes: readonly number[],
): void {
  for (const [n, word] of words.entries()) {
    const wait = (value: number): void => {
      if (value === changes[n]) return;
      waits.add(word, value, Infinity, () => {
        const now = Atomics.load(memory, word);
        self.note(`${n}: ${now}`);
        wait(now);
      });
    };
    wait(0);
  }
  for (;;) {
    const message = self.next();
    if (message === RING) for (const listener of listeners) listener();
    // The slice after that.
    if (message.startsWith('died ')) waits.tick();
  }
}

describe('nobody sleeps through a change, in any order of steps', () => {
  const scenes: Record<string, Plot> = {
    'by one': { wakers: 1, states: 50 },
    'by one who names the sleeper': { wakers: 1, byName: true, states: 50 },
    'by two at once': { wakers: 2, states: 1000 },
    'by two at once, of two words': { wakers: 2, twoWords: true, states: 1000 },
    'by three at once': { wakers: 3, byName: true, interruptions: 4, states: 1000 },
    'by two at once, one of whom dies at some step': { wakers: 2, byName: true, mayDie: true, states: 1000 },
  };
  for (const [name, plot] of Object.entries(scenes)) {
    it(name, { timeout: 60_000 }, (t: TestContext) => {
      // Slices come when the scene says so.
      t.mock.method(globalThis, 'setInterval', () => ({ ref: () => undefined, unref: () => undefined }));
      const { states, orders } = play(plot);
      t.diagnostic(`${states} states, ${orders} orders`);
      assert.ok(states >= plot.states, `there are ${states} states only`);
    });
  }
});
