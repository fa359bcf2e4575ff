// Histories of random operations by several workers: is there an order of the operations, within the times that they took,
// in which a simple model does the same?
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Deed, type Event, record } from './fixtures/recorder.ts';
import { boardOf, HANGS_MS, locksOf, poolOf, REACHES } from './stage.ts';

const WORKERS = 3;
const RUNS = Number(process.env['MANYHANDS_LINEAR_RUNS'] ?? 25);

/** What an operation does to a number of free permits, or `undefined` if it could not have had that outcome then. */
function permits(free: number, { deed, outcome }: Event): number | undefined {
  if (deed === 'release') return free + 1;
  // Who gives up says nothing about what was free: others may have been before it in line.
  if (outcome !== true) return free;
  return free > 0 ? free - 1 : undefined;
}

function flag(isSet: number, { deed, outcome }: Event): number | undefined {
  if (deed === 'set') return 1;
  if (deed === 'clear') return 0;
  if (deed === 'look') return Boolean(isSet) === outcome ? isSet : undefined;
  return isSet === 1 || outcome !== true ? isSet : undefined;
}

/** Whether the events have an order, within their times, that the model can follow from this state. */
function isLinear(events: readonly Event[], start: number, model: typeof permits): boolean {
  const done = new Set<string>();
  const search = (left: readonly Event[], state: number): boolean => {
    if (left.length === 0) return true;
    const key = `${state}:${left.map(({ from }) => from).join()}`;
    if (done.has(key)) return false;
    done.add(key);
    const firstEnd = Math.min(...left.map(({ to }) => to));
    return left.some((event) => {
      if (event.from > firstEnd) return false;
      const next = model(state, event);
      return (
        next !== undefined &&
        search(
          left.filter((other) => other !== event),
          next,
        )
      );
    });
  };
  return search(events, start);
}

const limit = fc.constantFrom(0, 1);
const ofPermits: fc.Arbitrary<Deed> = fc.oneof(
  fc.record({ deed: fc.constant('acquire' as const), sync: fc.boolean(), timeout: limit }),
  fc.record({ deed: fc.constant('abort' as const), sync: fc.constant(false), timeout: fc.constant(1) }),
  fc.record({ deed: fc.constant('try' as const), sync: fc.boolean(), timeout: limit }),
  fc.record({ deed: fc.constant('release' as const), sync: fc.boolean(), timeout: limit }),
);
const ofFlags: fc.Arbitrary<Deed> = fc.record({
  deed: fc.constantFrom('set' as const, 'clear' as const, 'look' as const, 'wait' as const),
  sync: fc.boolean(),
  timeout: limit,
});

const scripts = (deeds: fc.Arbitrary<Deed>): fc.Arbitrary<Deed[][]> =>
  fc.array(fc.array(deeds, { minLength: 2, maxLength: 12 }), { minLength: WORKERS, maxLength: WORKERS });

for (const reach of REACHES) {
  for (const [name, start, deeds, model] of [
    ['Lock', 1, ofPermits, permits],
    ['Semaphore', 2, ofPermits, permits],
    ['Event', 0, ofFlags, flag],
  ] as const) {
    test(`${name}: whatever several do at once could have been one after the other [${reach}]`, {
      timeout: HANGS_MS,
    }, async () => {
      const pool = poolOf(reach, WORKERS);
      const locks = locksOf(reach);
      try {
        await fc.assert(
          fc.asyncProperty(scripts(deeds), async (all) => {
            const object = name === 'Semaphore' ? new locks.Semaphore(start) : new locks[name]();
            const board = boardOf(reach);
            const events = (
              await Promise.all(
                all.map((script) => pool.submit(record, board, object, script, WORKERS).result()),
              )
            ).flat();
            assert.ok(isLinear(events, start, model), JSON.stringify(events));
          }),
          { numRuns: RUNS },
        );
      } finally {
        await pool.shutdown();
      }
    });
  }
}

test('the checker tells a history that has no such order', () => {
  const event = (deed: Deed['deed'], outcome: boolean, from: number, to: number): Event => ({
    deed,
    outcome,
    from,
    to,
  });
  const both = [event('acquire', true, 1, 3), event('acquire', true, 2, 4)];
  assert.equal(isLinear(both, 1, permits), false);
  assert.equal(isLinear([...both, event('release', true, 2, 3)], 1, permits), true);
  assert.equal(isLinear([...both, event('release', true, 5, 6)], 1, permits), false);
  assert.equal(isLinear([event('set', true, 1, 2), event('look', false, 3, 4)], 0, flag), false);
});
