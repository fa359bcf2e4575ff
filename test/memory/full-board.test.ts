// A board on which as many tasks are up as there may be, and that all workers have left.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Board, BoardClaims, boardBytes } from '../../src/memory/board.ts';
import { ThreadRegion } from '../../src/memory/thread-region.ts';

const shape = { entries: 8, slots: 16 };

/** Fills it. */
function full(): { board: Board; claims: BoardClaims; slots: number[] } {
  const region = new ThreadRegion(boardBytes(shape));
  const board = new Board(region, shape);
  const slots = Array.from({ length: shape.entries }, () => {
    const slot = board.take();
    board.post(slot);
    return slot;
  });
  board.publish();
  assert.equal(board.take(), -1);
  return { board, claims: new BoardClaims(region, shape, 0), slots };
}

describe('a full board', () => {
  it('has room again when its tasks were taken down, though no worker looks at it', () => {
    const { board, slots } = full();
    for (const slot of slots) assert.ok(board.revoke(slot));
    assert.ok(board.take() >= 0);
  });

  it('also when a worker died before it could pass what it had claimed', () => {
    const { board, claims, slots } = full();
    const { compareExchange } = Atomics;
    // The first exchange claims the slot. The second, which passes its entry, never comes.
    let exchanges = 0;
    Atomics.compareExchange = ((words: Int32Array, ...rest: [number, number, number]) => {
      exchanges += 1;
      if (exchanges === 2) throw new Error('it died');
      return compareExchange(words, ...rest);
    }) as typeof compareExchange;
    try {
      assert.throws(() => claims.claim(), /it died/);
    } finally {
      Atomics.compareExchange = compareExchange;
    }
    const [claimed = -1, ...others] = slots;
    assert.equal(board.holder(claimed), 0);
    board.free(claimed);
    for (const slot of others) assert.ok(board.revoke(slot));
    assert.ok(board.take() >= 0);
    assert.equal(board.unclaimed, 0);
  });
});
