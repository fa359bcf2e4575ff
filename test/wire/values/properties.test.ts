import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { FULL, Memory, UNFIT, ValueReader, ValueWriter } from '../../../src/wire/values/index.ts';
import { assertSameGraph, graphs, trees } from '../values.ts';
import { kinds, tripThrough } from './support.ts';

/** Values in each kind of memory; `npm run test:codec` asks for 100,000. */
const RUNS = Number(process.env.MANYHANDS_CODEC_RUNS ?? 4000);

const NOTHING = Symbol('nothing');

function cloneOf(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch {
    return NOTHING;
  }
}

/** What the writer has ways of its own for, with parts that come twice. */
const plain: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown; object: object }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    fc.constantFrom<unknown>(undefined, null, true, false, -0, Number.NaN, 2 ** 23, -(2 ** 23), 2 ** 31),
    fc.integer(),
    fc.double(),
    fc.bigInt(),
    fc.string({ unit: 'binary' }),
    fc.string({ minLength: 100, maxLength: 300 }),
    { weight: 8, arbitrary: tie('object') },
    { weight: 2, arbitrary: tie('object').map((object) => ({ first: object, again: [object] })) },
  ),
  object: fc.oneof(
    fc.array(tie('value')),
    fc.array(fc.integer(), { maxLength: 200 }),
    fc.array(fc.double(), { maxLength: 200 }),
    fc.dictionary(
      fc.oneof(fc.string(), fc.constantFrom('a', 'b', '7', '__proto__', 'toString')),
      tie('value'),
    ),
    fc.record({ id: fc.nat(), name: fc.string(), value: tie('value') }, { noNullPrototype: false }),
    fc.array(fc.record({ x: fc.double(), y: fc.nat() }), { maxLength: 40 }),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 4 }).map((entries) => new Map(entries)),
    fc.array(tie('value'), { maxLength: 4 }).map((values) => new Set(values)),
    fc.date({ noInvalidDate: false }),
    fc.uint8Array(),
    fc.float64Array(),
  ),
})).object;

for (const [kind, create] of Object.entries(kinds)) {
  describe(`values in ${kind} memory`, () => {
    const trip = tripThrough(create());

    for (const [name, values] of Object.entries({ graphs, trees, plain })) {
      it(`are copied as structuredClone copies them: ${name}`, () => {
        fc.assert(
          fc.property(values, (value) => {
            const expected = cloneOf(value);
            const copy = trip.write(value);
            if (expected === NOTHING) assert.equal(copy, UNFIT);
            else assertSameGraph(copy, expected);
          }),
          { numRuns: RUNS / 4 },
        );
      });
    }

    it('are copied in lists as structuredClone copies them', () => {
      fc.assert(
        fc.property(fc.array(fc.oneof(plain, fc.double(), trees), { maxLength: 4 }), (values) => {
          assertSameGraph(trip.writeList(values), structuredClone(values));
        }),
        { numRuns: RUNS / 4 },
      );
    });
  });
}

describe('the room for a value', () => {
  const BLANK = 0x5a;
  const START = 16;
  const memory = new Memory(new ArrayBuffer(1 << 16));
  const writer = new ValueWriter(memory);
  const reader = new ValueReader(memory);

  it('is all that is written to, however small it is', () => {
    fc.assert(
      fc.property(fc.oneof(plain, graphs), fc.nat({ max: 600 }), (value, room) => {
        memory.bytes.fill(BLANK);
        const limit = START + room;
        const end = writer.write(value, START, limit);
        assert.ok(end === FULL || end === UNFIT || (end >= START && end <= limit), `${end} of ${limit}`);
        assert.ok(memory.bytes.subarray(0, START).every((byte) => byte === BLANK));
        assert.ok(memory.bytes.subarray(limit).every((byte) => byte === BLANK));
        if (end >= START) assertSameGraph(reader.read(START, end), structuredClone(value));
      }),
      { numRuns: RUNS / 4 },
    );
  });

  it('may be anywhere: what was written can be copied', () => {
    fc.assert(
      fc.property(plain, (value) => {
        const end = writer.write(value, START, memory.bytes.length);
        fc.pre(end >= START);
        const target = new Memory(new ArrayBuffer(START + end));
        target.bytes.set(memory.bytes.subarray(START, end), 2 * START);
        assertSameGraph(new ValueReader(target).read(2 * START, START + end), structuredClone(value));
      }),
      { numRuns: RUNS / 4 },
    );
  });
});
