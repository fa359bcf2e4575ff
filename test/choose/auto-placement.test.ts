// Where a function goes by what is known of it: arithmetic, without any pool.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Knowledge } from '../../src/choose/auto/knowledge.ts';
import {
  AWAIT_MS,
  choose,
  INLINE_MS,
  mostOut,
  required,
  type Situation,
} from '../../src/choose/auto/placement.ts';
import { sizeOf } from '../../src/choose/auto/size-of.ts';
import { explain } from '../../src/choose/auto/statistics.ts';

const quiet: Situation = { waiting: 0, isChunk: false, isLoopBusy: false };

/** A function of which so many calls were measured. */
function knownBy(count: number, busy: number, wall = busy): Knowledge {
  const known = new Knowledge('work');
  for (let n = 0; n < count; n += 1) {
    known.learn({ asynchronous: wall > busy, blocked: Math.min(busy, 0.01), busy, wall });
  }
  return known;
}

const placeOf = (known: Knowledge, situation: Situation = quiet): string => choose(known, situation).place;

describe('a function', () => {
  it('that is new runs on a thread, and few of its calls are out', () => {
    const known = new Knowledge('work');
    assert.equal(placeOf(known), 'thread');
    assert.equal(mostOut(known, { maxWorkers: 2, concurrency: 100 }), 2);
  });

  it('that takes no time runs inline once three calls have said so, and not earlier', () => {
    assert.equal(placeOf(knownBy(2, 0.01)), 'thread');
    assert.equal(placeOf(knownBy(3, 0.01)), 'inline');
    assert.equal(mostOut(knownBy(1, 0.01), { maxWorkers: 2, concurrency: 100 }), Infinity);
  });

  it('that takes no time goes to threads in chunks, and in numbers', () => {
    const known = knownBy(3, 0.01);
    assert.equal(placeOf(known, { ...quiet, isChunk: true }), 'thread');
    const crowded = choose(known, { ...quiet, waiting: 1 });
    assert.deepEqual([crowded.place, crowded.home], ['thread', 'inline']);
  });

  it('that computes runs on threads', () => {
    assert.equal(placeOf(knownBy(20, 2)), 'thread');
  });

  it('that only waits runs on the event loop, once one call has come back', () => {
    const known = new Knowledge('wait');
    known.learn({ asynchronous: true, blocked: 0.01, busy: 0.01, wall: undefined });
    assert.equal(placeOf(known), 'shared-thread');
    assert.equal(mostOut(known, { maxWorkers: 2, concurrency: 100 }), 100);
    known.learn({ asynchronous: true, blocked: 0.01, busy: 0.02, wall: 5 });
    assert.equal(placeOf(known), 'event-loop');
  });

  it('that waits and computes shares threads, and so does one that does little on a busy loop', () => {
    assert.equal(placeOf(knownBy(8, 3, 10)), 'shared-thread');
    const light = knownBy(8, 0.15, 10);
    assert.equal(placeOf(light), 'event-loop');
    assert.equal(placeOf(light, { ...quiet, isLoopBusy: true }), 'shared-thread');
  });

  it('at the border stays where it is', () => {
    for (const [limit, wall, home] of [
      [INLINE_MS, 0, 'inline'],
      [AWAIT_MS, 5, 'event-loop'],
    ] as const) {
      const known = knownBy(9, 0.9 * limit, Math.max(wall, 0.9 * limit));
      assert.notEqual(placeOf(known), home);
      known.place = home;
      assert.equal(placeOf(known), home);
    }
  });

  it('is judged by what is typical, not by the call that was interrupted', () => {
    const known = knownBy(5, 0.01);
    known.learn({ asynchronous: false, blocked: 50, busy: 50, wall: 50 });
    assert.equal(placeOf(known), 'inline');
    for (let n = 0; n < 2; n += 1) known.learn({ asynchronous: false, blocked: 5, busy: 5, wall: 5 });
    assert.equal(placeOf(known), 'thread');
  });

  it('that blocked the event loop once may come back when a call on a worker is quick', () => {
    for (const [blocked, place] of [
      [0.01, 'inline'],
      [5, 'thread'],
    ] as const) {
      const known = knownBy(5, 0.01);
      known.doubt(true);
      assert.equal(placeOf(known), 'thread');
      assert.ok(known.shouldMeasure(0));
      known.learn({ asynchronous: false, blocked, busy: blocked, wall: blocked });
      assert.equal(placeOf(known), place);
      assert.equal(known.strikes, place === 'inline' ? 0 : 1);
    }
  });

  it('is not struck for what another program did', () => {
    const known = knownBy(5, 0.01);
    for (let n = 0; n < 3; n += 1) {
      known.doubt(false);
      known.learn({ asynchronous: false, blocked: 0.01, busy: 0.01, wall: 0.01 });
    }
    assert.equal(known.strikes, 0);
  });

  it('that blocked the event loop has to be good for twice as long each time', () => {
    const known = knownBy(5, 0.01);
    known.doubt(true);
    for (const strikes of [1, 2, 3]) {
      known.doubt(true);
      assert.equal(required(known), 3 * 2 ** strikes);
      for (let n = 0; n < 3 * 2 ** strikes; n += 1) {
        assert.equal(placeOf(known), 'thread');
        known.learn({ asynchronous: false, blocked: 0.01, busy: 0.01, wall: 0.01 });
      }
      assert.equal(placeOf(known), 'inline');
    }
  });

  it('that took its worker along runs in processes; one that may have done it, alone until it is cleared', () => {
    const guilty = knownBy(5, 0.01);
    guilty.crash(true);
    assert.equal(placeOf(guilty), 'process');
    const suspect = knownBy(5, 0.01, 5);
    suspect.crash(false);
    assert.equal(placeOf(suspect), 'thread');
    suspect.learn({ asynchronous: true, blocked: 0.01, busy: 0.01, wall: 5 });
    for (let n = 0; n < 8; n += 1) suspect.survive();
    assert.equal(placeOf(suspect), 'event-loop');
  });

  it('is explained in a sentence', () => {
    const known = knownBy(8, 3, 10);
    const { place, why } = choose(known, quiet);
    Object.assign(known, { place, why });
    assert.equal(
      explain(known),
      'work runs on threads, many at once: it waits, and computes as well (busy for 3 ms of 10 ms)',
    );
  });
});

describe('measuring', () => {
  it('is for the first calls, some at a time, and then for one now and then', () => {
    const known = new Knowledge('work');
    const asked = Array.from({ length: 20 }, () => known.shouldMeasure(0));
    assert.equal(asked.filter(Boolean).length, 5);
    for (let n = 0; n < 5; n += 1) {
      known.learn({ asynchronous: false, blocked: 1, busy: 1, wall: 1 });
      known.measured();
    }
    const later = Array.from({ length: 640 }, () => {
      const measured = known.shouldMeasure(1);
      if (measured) known.measured();
      return measured;
    });
    assert.ok(later.filter(Boolean).length <= 10, 'one of 64');
    assert.ok(known.shouldMeasure(1000), 'it was long ago');
  });
});

describe('the size of arguments', () => {
  it('is told by what is large in them', () => {
    assert.equal(sizeOf([1, null, undefined]), 24);
    assert.equal(sizeOf([new Uint8Array(1000)]), 1000);
    assert.ok(sizeOf([{ pixels: new Uint8Array(100_000) }]) >= 100_000);
    assert.ok(sizeOf([Array.from({ length: 10_000 }, () => 'ten letters')]) >= 100_000);
    assert.ok(sizeOf([new Map(Array.from({ length: 10_000 }, (_, n) => [n, n]))]) >= 100_000);
  });
});
