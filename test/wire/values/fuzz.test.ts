// Bytes that no writer wrote. Whatever they are, reading them ends in a value or in an error, is no longer
// than they are, and looks at nothing beside them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { types } from 'node:util';
import * as fc from 'fast-check';
import { MessageKind, Tag } from '../../../src/wire/values/format.ts';
import { Memory, ValueReader, ValueWriter } from '../../../src/wire/values/index.ts';
import { assertSameGraph } from '../values.ts';

const RUNS = 100_000;

const START = 64;

/** The header of a message of one value. */
const ONE = (1 << 8) | MessageKind.values;
const LONGEST = 2048;

const shared = { shared: [1, 2.5] };
const buffer = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]).buffer;

const values: readonly unknown[] = [
  'a short string',
  'a long string '.repeat(20),
  'Ω'.repeat(200),
  -7,
  1.5,
  10n ** 30n,
  -(2n ** 40n),
  new Date(5),
  [1, 2, 3, 4],
  [1.5, 2.5, 3.5],
  ['a', null, true, undefined, { b: 'Ω' }],
  { id: 1, name: 'one', tags: ['a', 'b'], nested: { id: 2, name: 'two', tags: [], nested: {} } },
  Array.from({ length: 20 }, (_, id) => ({ id, text: `item ${id}` })),
  Object.fromEntries(Array.from({ length: 70 }, (_, i) => [`key ${i}`, i])),
  new Map<unknown, unknown>([
    ['a', new Set([1, 'b', 2.5])],
    [{}, []],
  ]),
  [shared, shared, { shared }],
  [new Uint8Array(buffer, 2, 3), new DataView(buffer, 1), buffer, new Float64Array([1.5])],
  [[[[[[1]]]]]],
  /left to v8/g,
  [1, , { boxed: Object('s') }, new RangeError('m')], // oxlint-disable-line no-sparse-arrays
];

const scratch = new Memory(new ArrayBuffer(LONGEST));
const writer = new ValueWriter(scratch);
const frames = values.flatMap((value) =>
  [writer.write(value, 0, LONGEST), writer.writeList([1, value, 'end'], 0, LONGEST)].map((end, index) => {
    // The second has overwritten the first.
    if (index === 0) writer.write(value, 0, LONGEST);
    else writer.writeList([1, value, 'end'], 0, LONGEST);
    return Buffer.from(scratch.bytes.subarray(0, end));
  }),
);
frames.push(Buffer.from(scratch.bytes.subarray(0, writer.writeList([1, 2.5, -0], 0, LONGEST))));

type Frame = Buffer;

/** A change of a frame: `at` says where, as a number that is taken modulo its length. */
const change: fc.Arbitrary<(frame: Frame) => Frame> = fc
  .record({
    kind: fc.nat({ max: 6 }),
    at: fc.nat(),
    value: fc.oneof(
      fc.nat({ max: 40 }),
      fc.nat({ max: 0xff_ff_ff_ff }),
      fc.constantFrom(0xff_ff_ff_ff, 0x7f_ff_ff_ff),
    ),
    other: fc.nat(),
  })
  .map(({ kind, at, value, other }) => (frame) => {
    const copy = Buffer.from(frame);
    if (copy.length < 8) return copy;
    const word = (at % (copy.length / 4)) * 4;
    switch (kind) {
      case 0:
        copy[at % copy.length] = value & 0xff;
        return copy;
      case 1:
        copy.writeInt32LE(value | 0, Math.floor(word / 4) * 4);
        return copy;
      case 2: // Another tag before the same payload,
        copy[Math.floor(word / 4) * 4] = value % 24;
        return copy;
      case 3: // another payload after the same tag.
        copy.writeUIntLE(value % 2 ** 24, Math.floor(word / 4) * 4 + 1, 3);
        return copy;
      case 4:
        return copy.subarray(0, Math.floor(word / 8) * 8);
      case 5: {
        const tail = frames[other % frames.length] as Frame;
        const joined = Buffer.concat([
          copy.subarray(0, Math.floor(word / 8) * 8),
          tail.subarray(Math.floor((value % tail.length) / 8) * 8),
        ]);
        return joined.subarray(0, LONGEST);
      }
      default: {
        const repeated = Buffer.concat([copy, copy.subarray(Math.floor(word / 8) * 8)]);
        return repeated.subarray(0, LONGEST);
      }
    }
  });

const mutants: fc.Arbitrary<Frame> = fc
  .tuple(fc.nat({ max: frames.length - 1 }), fc.array(change, { minLength: 1, maxLength: 4 }))
  .map(([index, changes]) => {
    let frame = frames[index] as Frame;
    for (const apply of changes) frame = apply(frame);
    return frame;
  });

const noise: fc.Arbitrary<Frame> = fc
  .array(fc.oneof(fc.nat({ max: 24 }), fc.integer(), fc.nat({ max: 0xff_ff })), {
    minLength: 2,
    maxLength: 40,
  })
  .map((words) => Buffer.from(new Int32Array(words.length % 2 === 0 ? words : [...words, 0]).buffer))
  .chain((frame) =>
    fc.nat({ max: 5 }).map((kind) => {
      frame[0] = kind;
      return frame;
    }),
  );

/** Two memories that differ in all but the frame: what is read beside it shows as a difference. */
const surroundings = [0x00, 0x06, 0xff].map((filling) => {
  const memory = new Memory(new SharedArrayBuffer(START + LONGEST + 1024));
  return { memory, filling, reader: new ValueReader(memory) };
});

type Outcome = { readonly value: unknown } | { readonly error: Error };

function outcomeOf(read: () => unknown): Outcome {
  try {
    return { value: read() };
  } catch (error) {
    assert.ok(error instanceof Error);
    return { error };
  }
}

/** How much there is in a value: elements, characters and bytes, each object once. */
function weightOf(root: unknown): number {
  let weight = 0;
  const seen = new Set<object>();
  const pending: unknown[] = [root];
  while (pending.length > 0) {
    const value = pending.pop();
    weight += typeof value === 'string' ? value.length : 1;
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    if (types.isArrayBuffer(value)) weight += value.byteLength;
    else if (ArrayBuffer.isView(value)) pending.push(value.buffer);
    else if (types.isMap(value)) for (const entry of value) pending.push(...entry);
    else if (types.isSet(value)) pending.push(...value);
    else if (Array.isArray(value)) for (const element of value) pending.push(element);
    else pending.push(...Object.values(value));
  }
  return weight;
}

function check(frame: Frame): void {
  const end = START + frame.length;
  for (const method of ['read', 'readList'] as const) {
    const outcomes = surroundings.map(({ memory, filling, reader }) => {
      memory.bytes.fill(filling);
      memory.bytes.set(frame, START);
      const outcome = outcomeOf(() => reader[method](START, end));
      assert.deepEqual(memory.bytes.subarray(START, end), frame);
      return outcome;
    });
    const [first, ...others] = outcomes as [Outcome, ...Outcome[]];
    if ('value' in first)
      assert.ok(weightOf(first.value) <= 8 + 2 * frame.length, 'more than there are bytes');
    for (const other of others) {
      if ('error' in first || 'error' in other) {
        assert.equal('error' in other && other.error.message, 'error' in first && first.error.message);
      } else assertSameGraph(other.value, first.value);
    }
  }
}

describe('reading bytes that nobody wrote', () => {
  it('ends in a value or an error, when frames are changed', () => {
    fc.assert(fc.property(mutants, check), { numRuns: RUNS * 0.9 });
  });

  it('ends in a value or an error, when words are made up', () => {
    fc.assert(fc.property(noise, check), { numRuns: RUNS * 0.1 });
  });

  it('reads the frames that were not changed', () => {
    for (const [index, value] of values.entries()) {
      for (const { memory, reader } of surroundings) {
        const [one, list] = frames.slice(index * 2) as [Frame, Frame];
        memory.bytes.set(one, START);
        assertSameGraph(reader.read(START, START + one.length), structuredClone(value));
        memory.bytes.set(list, START);
        assertSameGraph(reader.readList(START, START + list.length), structuredClone([1, value, 'end']));
      }
    }
  });

  it('refuses places that no message can be at', () => {
    const reader = new ValueReader(scratch);
    for (const [start, end] of [
      [4, 16],
      [-8, 16],
      [0, 4],
      [16, 8],
      [0, LONGEST + 8],
    ] as const) {
      assert.throws(() => reader.read(start, end), /damaged: bytes .* cannot hold one/);
      assert.throws(() => reader.readList(start, end), /damaged: bytes .* cannot hold one/);
    }
  });

  for (const [what, words, message] of [
    ['a kind of message that there is not', [(1 << 8) | 9, 0], /of kind 9/],
    [
      'two values where one is asked for',
      [(2 << 8) | MessageKind.values, 0, Tag.null, Tag.null],
      /not one value/,
    ],
    ['a trailer outside', [ONE, 99, Tag.null, 0], /its trailer at word 99/],
    ['a tag that there is not', [ONE, 0, 99, 0], /a value of kind 99/],
    ['words that are left', [ONE, 0, Tag.null, 0, 0, 0], /3 words too many/],
    [
      'more characters than the text has',
      [ONE, 3, (5 << 8) | Tag.shortString, Tag.latin1String, 2, 0],
      /too short/,
    ],
    ['a longer string than there is', [ONE, 0, Tag.latin1String, 1 << 20], /ends too early/],
    ['a string of negative length', [ONE, 0, Tag.latin1String, -8], /ends too early/],
    ['more values than words', [ONE, 0, (9 << 8) | Tag.array, 0], /9 values/],
    ['more numbers than there are', [(1 << 8) | MessageKind.numbers, 0], /1 numbers/],
    ['a reference in a message without', [ONE, 0, Tag.reference, 0], /a reference to object 0/],
    [
      'a reference to what is not complete',
      [(1 << 8) | MessageKind.linked, 0, (1 << 8) | Tag.array, Tag.reference],
      /a reference to object 0/,
    ],
    ['keys that never came', [ONE, 0, (3 << 8) | Tag.shape, 0], /keys number 3/],
    ['keys that are no JSON', [ONE, 0, (1 << 8) | Tag.newShape, 0, 1, 0], /JSON/],
    ['a nest of 101', [ONE, 0, ...Array.from({ length: 101 }, () => (1 << 8) | Tag.array), 0], /too deeply/],
  ] as const) {
    it(`refuses ${what}`, () => {
      const memory = new Memory(new ArrayBuffer(LONGEST));
      memory.words.set(words, START / 4);
      const end = START + Math.ceil(words.length / 2) * 8;
      assert.throws(() => new ValueReader(memory).read(START, end), message);
    });
  }

  it('refuses v8 bytes with a single wrong one', () => {
    const memory = new Memory(new ArrayBuffer(LONGEST));
    const reader = new ValueReader(memory);
    const end = new ValueWriter(memory).write(Object.assign([], { 1e9: 1 }), 0, LONGEST);
    for (let at = 16; at < end; at += 1) {
      (memory.bytes[at] as number) ^= 0x10;
      assert.throws(() => reader.read(0, end), /damaged: a wrong checksum/);
      (memory.bytes[at] as number) ^= 0x10;
    }
    assert.equal((reader.read(0, end) as unknown[]).length, 1e9 + 1);
  });
});
