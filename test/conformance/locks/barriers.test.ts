// Those of CPython's tests of barriers that say something about behaviour: `lock_tests.py`, `_test_multiprocessing.py`.
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { onStage, type Stage, until } from '../../sync/stage.ts';

const IT = 0;
const PARTIES = 5;
/** Words of the board. */
const FIRST = 0;
const SECOND = 1;
const ACTIONS = 2;
const SEEN = 3;
const GO = 4;

type Barrier = InstanceType<Stage['locks']['Barrier']>;

const wait = ['wait', IT] as const;
const indices = [0, 1, 2, 3, 4];

/** Four parties elsewhere that wait, once they do. */
async function four(stage: Stage, barrier: Barrier): Promise<{ all: ReturnType<Stage['parties']> }> {
  const all = stage.parties(PARTIES - 1, [barrier], wait);
  await until(() => barrier.waiting === PARTIES - 1);
  return { all };
}

async function inLockstep(stage: Stage, cycles: number): Promise<void> {
  const barrier = new stage.locks.Barrier(PARTIES);
  // After the first wait all have counted in FIRST, and after the second in SECOND.
  const all = await stage.parties(
    PARTIES,
    [barrier],
    ['times', cycles, [['count', FIRST], wait, ['look', FIRST], ['count', SECOND], wait, ['look', SECOND]]],
  );
  for (const outcomes of all) {
    for (let cycle = 1; cycle <= cycles; cycle += 1) {
      const [, , first, , , second] = outcomes.splice(0, 6);
      assert.equal(first, PARTIES * cycle);
      assert.ok(Number(second) >= PARTIES * cycle);
    }
  }
  assert.equal(barrier.waiting, 0);
  assert.equal(barrier.broken, false);
}

onStage('BarrierTests', (on) => {
  on('BarrierTests.test_constructor: there is at least one party', ({ locks }) => {
    for (const parties of [0, -1, 1e9]) assert.throws(() => new locks.Barrier(parties), RangeError);
    assert.throws(() => new locks.Barrier(1, { timeout: -1 }), RangeError);
    assert.throws(() => new locks.Barrier(1, { action: 1 as never }), TypeError);
  });

  for (const row of ['BarrierTests', '_TestBarrier'] as const) {
    on(`${row}.test_barrier: nobody goes on before all have come`, (stage) => inLockstep(stage, 1));

    on(`${row}.test_wait_return: each party gets another number`, async (stage) => {
      const barrier = new stage.locks.Barrier(PARTIES);
      const all = await stage.parties(PARTIES, [barrier], wait);
      assert.deepEqual(all.flat().toSorted(), indices);
      assert.equal(barrier.waiting, 0);
    });

    on(`${row}.test_action: it runs once before anybody goes on`, async (stage) => {
      const { words } = stage.board;
      const action = (): void => void Atomics.add(words, ACTIONS, 1);
      const barrier = new stage.locks.Barrier(PARTIES, { action });
      for (let cycle = 1; cycle <= 3; cycle += 1) {
        const all = stage.parties(PARTIES - 1, [barrier], wait, ['look', ACTIONS]);
        const here = barrier.wait().then(() => Atomics.load(words, ACTIONS));
        for (const outcomes of await all) assert.equal(outcomes[1], cycle);
        assert.equal(await here, cycle);
      }
    });

    on(`${row}.test_abort: those who wait fail, and who comes later`, async (stage) => {
      const barrier = new stage.locks.Barrier(PARTIES);
      const { all } = await four(stage, barrier);
      await stage.party([barrier], ['abort', IT]);
      assert.deepEqual((await all).flat(), Array(PARTIES - 1).fill('BrokenBarrierError'));
      assert.equal(barrier.broken, true);
      assert.deepEqual(await stage.party([barrier], wait, ['broken', IT]), ['BrokenBarrierError', true]);
    });

    on(`${row}.test_reset: those who wait fail, and then it is as new`, async (stage) => {
      const barrier = new stage.locks.Barrier(PARTIES);
      const { all } = await four(stage, barrier);
      await stage.party([barrier], ['reset', IT]);
      assert.deepEqual((await all).flat(), Array(PARTIES - 1).fill('BrokenBarrierError'));
      assert.equal(barrier.broken, false);
      assert.deepEqual((await stage.parties(PARTIES, [barrier], wait)).flat().toSorted(), indices);
    });

    on(`${row}.test_timeout: one that does not come in time breaks it for all`, async (stage) => {
      const barrier = new stage.locks.Barrier(PARTIES);
      const { all } = await four(stage, barrier);
      const [late] = await stage.party([barrier], ['broken', IT]);
      assert.equal(late, false);
      const hurried = new stage.locks.Barrier(PARTIES);
      const patient = stage.parties(3, [hurried], wait);
      await until(() => hurried.waiting === 3);
      assert.deepEqual(await stage.party([hurried], ['wait', IT, { timeout: 2 }]), ['TimeoutError']);
      assert.deepEqual((await patient).flat(), Array(3).fill('BrokenBarrierError'));
      assert.deepEqual(await stage.party([hurried], wait), ['BrokenBarrierError']);
      barrier.abort();
      await all;
    });

    on(`${row}.test_default_timeout: it is that of the barrier if a wait has none`, async (stage) => {
      const barrier = new stage.locks.Barrier(PARTIES, { timeout: 5 });
      const outcomes = (await stage.parties(3, [barrier], wait)).flat();
      assert.ok(outcomes.includes('TimeoutError'));
      assert.ok(outcomes.every((outcome) => outcome === 'TimeoutError' || outcome === 'BrokenBarrierError'));
      assert.equal(barrier.broken, true);
    });

    on(`${row}.test_single_thread: a single party never waits`, async (stage) => {
      const barrier = new stage.locks.Barrier(1);
      assert.deepEqual(await stage.party([barrier], wait, wait, wait), [0, 0, 0]);
      assert.deepEqual(await stage.here([barrier], wait, wait), [0, 0]);
    });
  }

  on('BarrierTests.test_abort_and_reset: a broken one is as new when it is reset', abortAndReset);
  on('_TestBarrier.test_abort_and_reset: a broken one is as new when it is reset', abortAndReset);

  on('BarrierTests.test_repr: what is printed says how many wait, or that it is broken', async (stage) => {
    const barrier = new stage.locks.Barrier(2);
    assert.match(inspect(barrier), /0 of 2 wait/);
    const other = stage.party([barrier], wait);
    await until(() => barrier.waiting === 1);
    assert.match(inspect(barrier), /1 of 2 wait/);
    barrier.abort();
    await other;
    assert.match(inspect(barrier), /broken/);
  });

  on('BarrierTests.test_barrier_10: ten cycles', (stage) => inLockstep(stage, 10));
  on('_TestBarrier.test_barrier_10: ten cycles of two waits', (stage) => inLockstep(stage, 10));
  on('_TestBarrier.test_thousand: a thousand waits', (stage) => inLockstep(stage, 500));
});

async function abortAndReset(stage: Stage): Promise<void> {
  const barrier = new stage.locks.Barrier(PARTIES);
  const { all } = await four(stage, barrier);
  barrier.abort();
  assert.deepEqual((await all).flat(), Array(PARTIES - 1).fill('BrokenBarrierError'));
  barrier.reset();
  assert.equal(barrier.broken, false);
  const again = stage.parties(PARTIES, [barrier], wait, ['count', SEEN], ['until', GO, 1], wait);
  await stage.until(SEEN, PARTIES);
  await stage.here([], ['count', GO]);
  for (const [first, , , second] of await again)
    assert.ok(Number.isInteger(first) && Number.isInteger(second));
}
