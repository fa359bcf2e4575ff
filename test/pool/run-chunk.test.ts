import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ChunkOutcome, runChunk } from '../../src/pool/run-chunk.ts';

type Kind = 'value' | 'throw' | 'later' | 'reject' | 'bad thenable';

/** What a call with these arguments comes to, and how. */
interface Item {
  readonly kind: Kind;
  readonly args: readonly unknown[];
}

const outcomeOf = ({ args }: Item): unknown =>
  args.every((arg) => typeof arg === 'number') ? args[0] : args.join();

function run(
  items: readonly Item[],
  arity: number,
): { outcome: unknown; calls: unknown[][]; most: () => number } {
  const calls: unknown[][] = [];
  let running = 0;
  let most = 0;
  const fn = (...args: unknown[]): unknown => {
    const item = items[calls.length] as Item;
    calls.push(args);
    const value = outcomeOf(item);
    running += 1;
    most = Math.max(most, running);
    const end = <T>(result: T): T => {
      running -= 1;
      return result;
    };
    switch (item.kind) {
      case 'value':
        return end(value);
      case 'throw':
        throw end(value);
      case 'later':
        return Promise.resolve().then(() => end(value));
      case 'reject':
        return Promise.resolve().then(() => {
          throw end(value);
        });
      case 'bad thenable':
        return Object.defineProperty({}, 'then', {
          get: () => {
            throw end(value);
          },
        });
    }
  };
  const args = items.flatMap((item) => item.args);
  return { outcome: runChunk(fn, args, arity), calls, most: () => most };
}

const kinds: readonly Kind[] = ['value', 'throw', 'later', 'reject', 'bad thenable'];
const anything = fc.oneof(fc.integer(), fc.double(), fc.string(), fc.constant(undefined));

function chunkOf(allowed: readonly Kind[]): fc.Arbitrary<{ arity: number; items: Item[] }> {
  return fc.integer({ min: 1, max: 5 }).chain((arity) =>
    fc.record({
      arity: fc.constant(arity),
      items: fc.array(
        fc.record({
          kind: fc.constantFrom(...allowed),
          args: fc.array(anything, { minLength: arity, maxLength: arity }),
        }),
        { maxLength: 12 },
      ),
    }),
  );
}

function check(items: readonly Item[], calls: readonly unknown[][], { values, errors }: ChunkOutcome): void {
  assert.deepStrictEqual(
    calls,
    items.map(({ args }) => args),
  );
  const fails = ({ kind }: Item): boolean => kind !== 'value' && kind !== 'later';
  assert.deepStrictEqual(
    values,
    items.map((item) => (fails(item) ? undefined : outcomeOf(item))),
  );
  assert.deepStrictEqual(
    errors,
    items.flatMap((item, index) => (fails(item) ? [[index, outcomeOf(item)]] : [])),
  );
}

test('each item gets its arguments, and its value or its error, and no other', async () => {
  await fc.assert(
    fc.asyncProperty(chunkOf(kinds), async ({ arity, items }) => {
      const { outcome, calls, most } = run(items, arity);
      check(items, calls, (await outcome) as ChunkOutcome);
      assert.ok(most() <= 1, 'one after the other');
    }),
  );
});

test('without promises as long as the function returns none', () => {
  fc.assert(
    fc.property(chunkOf(['value', 'throw', 'bad thenable']), ({ arity, items }) => {
      const { outcome, calls } = run(items, arity);
      check(items, calls, outcome as ChunkOutcome);
    }),
  );
});
