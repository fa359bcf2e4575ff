import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeFrame, FrameReader } from '../../src/wire/frames.ts';

const message = fc.oneof(
  fc.tuple(fc.nat(9), fc.nat(), fc.string({ maxLength: 40 })),
  fc.tuple(
    fc.nat(9),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  ),
  fc.tuple(
    fc.nat(9),
    fc.dictionary(fc.string({ maxLength: 5 }), fc.double({ noNaN: true }), { noNullPrototype: true }),
  ),
);
const batches = fc.array(fc.array(message, { maxLength: 4 }), { minLength: 1, maxLength: 6 });

/** The bytes in pieces, cut at these places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [...new Set(places.map((place) => place % (bytes.length + 1)))].toSorted((a, b) => a - b);
  const bounds = [0, ...at, bytes.length];
  return bounds.slice(1).map((end, n) => bytes.subarray(bounds[n], end));
}

test('frames that are cut anywhere come out whole, in order', () => {
  fc.assert(
    fc.property(batches, fc.array(fc.nat(), { maxLength: 30 }), (sent, places) => {
      const bytes = Buffer.concat(sent.map((batch) => encodeFrame(batch)));
      const reader = new FrameReader();
      const read = cut(bytes, places).flatMap((piece) => reader.push(piece));
      assert.deepEqual(read, sent);
    }),
  );
});

test('what JSON would change comes back the same', () => {
  const sparse: unknown[] = [1, 'two'];
  sparse[4] = true;
  const primitives = [0, -0, NaN, Infinity, -Infinity, 2 ** 53, 10n, '\ud800', null, undefined];
  const arrays = [[-0], [undefined], [1, undefined, 2], sparse];
  const objects = [{ field: undefined }, { deep: [[[[[-0]]]]] }, new Date(0), new Map([[1, -0]])];
  for (const value of [...primitives, ...arrays, ...objects, new Uint8Array([91, 93])]) {
    const [[last]] = new FrameReader().push(encodeFrame([[2, 7, 0.5, value], [1]])) as [[unknown[]]];
    assert.deepEqual(last[3], value);
    // In the middle of a message, where nothing can be left out.
    const [[between]] = new FrameReader().push(encodeFrame([[2, value, 7]])) as [[unknown[]]];
    assert.deepEqual(between, [2, value, 7]);
  }
});

test('byte by byte as well', () => {
  const sent = [[[1, 'a']], [], [[2, { b: [1, 2, 3] }], [3]]];
  const bytes = Buffer.concat(sent.map((batch) => encodeFrame(batch)));
  const reader = new FrameReader();
  const read = [...bytes].flatMap((byte) => reader.push(Buffer.from([byte])));
  assert.deepEqual(read, sent);
});

test('a frame comes out with its last byte, not before', () => {
  const bytes = encodeFrame([[1, 'x'.repeat(100_000)]]);
  const reader = new FrameReader();
  assert.deepEqual(reader.push(bytes.subarray(0, -1)), []);
  assert.equal(reader.push(bytes.subarray(-1)).length, 1);
});

test('mutated bytes give batches or an error, and nothing else', () => {
  fc.assert(
    fc.property(
      batches,
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      fc.array(fc.nat(), { maxLength: 5 }),
      (sent, mutations, places) => {
        const bytes = Buffer.concat(sent.map((batch) => encodeFrame(batch)));
        for (const [place, value] of mutations) bytes[place % bytes.length] = value;
        const reader = new FrameReader();
        try {
          for (const piece of cut(bytes, places)) {
            for (const batch of reader.push(piece)) assert.ok(Array.isArray(batch));
          }
        } catch (error) {
          assert.ok(error instanceof Error && error.name !== 'AssertionError', String(error));
        }
      },
    ),
    { numRuns: 1000 },
  );
});

test('bytes that are no frames give an error, or wait for the rest of what they announce', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (bytes) => {
      try {
        for (const batch of new FrameReader().push(Buffer.from(bytes))) assert.ok(Array.isArray(batch));
      } catch (error) {
        assert.ok(error instanceof Error && error.name !== 'AssertionError', String(error));
      }
    }),
    { numRuns: 1000 },
  );
});
