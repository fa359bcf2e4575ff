// Several threads (processes) put and get at random, and note when each call began and when it ended. What they noted
// must be what one queue, that did one thing at a time, could have given.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Note, Step } from './fixtures/actor.ts';
import { limit, reaches } from './support.ts';

/** By what is necessary for a queue that is first in, first out, and together sufficient where no item comes twice. */
function checkFifo(notes: readonly Note[]): void {
  const puts = new Map(notes.filter(({ what }) => what === 'put').map((note) => [note.item, note]));
  const gets = new Map(notes.filter(({ what }) => what === 'got').map((note) => [note.item, note]));
  assert.equal(puts.size + gets.size, notes.length, 'an item came twice');
  for (const [item, got] of gets) {
    const put = puts.get(item);
    assert.ok(put !== undefined, `${item} was never put`);
    assert.ok(put.begun < got.ended, `${item} came before it was put`);
  }
  for (const [one, put] of puts) {
    for (const [other, later] of puts) {
      if (put.ended >= later.begun) continue;
      // `one` was there before `other` was put.
      const got = gets.get(other);
      if (got === undefined) continue;
      const first = gets.get(one);
      assert.ok(first !== undefined, `${other} came, and ${one}, which was put before it, has not`);
      assert.ok(first.begun < got.ended, `${other} came before ${one}, which was put before it`);
    }
  }
}

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    what: fc.constantFrom('put', 'putSync', 'tryPut'),
    timeout: fc.constantFrom(0, 1, 20),
    size: fc.constantFrom(0, 0, 100, 20_000),
  }),
  fc.record({ what: fc.constantFrom('get', 'getSync', 'tryGet'), timeout: fc.constantFrom(0, 1, 20) }),
  fc.record({
    what: fc.constantFrom('gets', 'puts'),
    count: fc.integer({ min: 2, max: 5 }),
    timeout: fc.constant(20),
  }),
) as fc.Arbitrary<Step>;

for (const reach of reaches) {
  describe(`random schedules: ${reach.name}`, () => {
    it('are those of one queue, first in, first out', limit, async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(step, { minLength: 10, maxLength: 60 }), { minLength: 2, maxLength: 3 }),
          fc.constantFrom(0, 1, 3),
          async (plans, maxSize) => {
            const queue = reach.queue<[string, string]>({ maxSize });
            const gate = reach.queue<string>();
            const actors = plans.map((plan, who) => reach.start('follow', queue, gate, who, plan));
            // So that they begin together.
            for (const _ of plans) await gate.put('go');
            const notes = (await Promise.all(actors.map(({ result }) => result))).flat();
            await Promise.all(actors.map((actor) => actor.kill()));
            const rest: Note[] = [];
            for (let got = queue.tryGet(); got !== null; got = queue.tryGet()) {
              const begun = process.hrtime.bigint();
              rest.push({ what: 'got', item: got.value[0], begun, ended: begun });
            }
            checkFifo([...notes, ...rest]);
            const puts = notes.filter(({ what }) => what === 'put').length;
            const gets = notes.length - puts + rest.length;
            assert.equal(gets, puts, 'an item is lost');
            assert.equal(queue.size, 0);
          },
        ),
        { numRuns: reach.name === 'threads' ? 20 : 6 },
      );
    });
  });
}
