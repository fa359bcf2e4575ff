// Messages as bytes: headers of both forms, in pieces of any size.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Assembler, frame } from '../../src/connections/framing.ts';
import { BrokenConnectionError } from '../../src/index.ts';

/** All messages that come out when the bytes are given in pieces of at most `piece`. */
function assemble(bytes: Uint8Array, piece: number, limit = Infinity): Buffer[] {
  const assembler = new Assembler();
  const messages: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const { target } = assembler;
    const count = Math.min(target.length, piece, bytes.length - at);
    assert.ok(count > 0, 'an empty target would never be filled');
    target.set(bytes.subarray(at, at + count));
    at += count;
    const message = assembler.fill(count, limit);
    if (message !== undefined) messages.push(Buffer.from(message));
  }
  assert.equal(assembler.begun, false);
  return messages;
}

test('what is framed is assembled again, in whatever pieces it comes', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 10 }),
      fc.integer({ min: 1, max: 70 }),
      (messages, piece) => {
        const bytes = Buffer.concat(messages.flatMap((message) => [...frame(message)]));
        assert.deepEqual(
          assemble(bytes, piece),
          messages.map((message) => Buffer.from(message)),
        );
      },
    ),
  );
});

test('a header is the length, big-endian; long messages have theirs apart', () => {
  assert.deepEqual(frame(Uint8Array.of(7, 8)), [Buffer.from([0, 0, 0, 2, 7, 8])]);
  const long = new Uint8Array(100_000);
  const [header, body, ...none] = frame(long);
  assert.deepEqual([header, none], [Buffer.from([0, 1, 0x86, 0xa0]), []]);
  assert.equal(body, long);
});

test('the form for more than 2 GiB is read, whatever length it gives', () => {
  const header = Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 3]);
  for (const piece of [1, 5, 100]) {
    assert.deepEqual(assemble(Buffer.from([...header, 1, 2, 3, 0, 0, 0, 1, 9]), piece), [
      Buffer.from([1, 2, 3]),
      Buffer.from([9]),
    ]);
  }
});

test('a message above the limit is refused before memory is taken for it', () => {
  for (const header of [
    [0x7f, 0xff, 0xff, 0xff],
    [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  ]) {
    assert.throws(() => assemble(Uint8Array.from(header), 100, 2 ** 31 - 2), BrokenConnectionError);
  }
});

test('a length below zero is none', () => {
  assert.throws(() => assemble(Uint8Array.of(0xff, 0xff, 0xff, 0xfe), 100), /its length is -2/);
});

test('memory is taken as it is needed', () => {
  const assembler = new Assembler();
  assembler.target.set([0x70, 0, 0, 0]);
  assembler.fill(4, Infinity);
  let largest = 0;
  for (let received = 0; received < 8 * 2 ** 20; ) {
    largest = Math.max(largest, assembler.target.length);
    const count = Math.min(assembler.target.length, 65_536);
    received += count;
    assembler.fill(count, Infinity);
  }
  assert.ok(largest <= 8 * 2 ** 20, `${largest} bytes were taken for 8 MiB`);
});
