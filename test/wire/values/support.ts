/** Memory of both kinds, and a way there and back through it. */
import assert from 'node:assert/strict';
import { FULL, Memory, UNFIT, ValueReader, ValueWriter } from '../../../src/wire/values/index.ts';

export const ROOM: number = 1 << 20;

export const kinds: Readonly<Record<string, () => Memory>> = {
  SharedArrayBuffer: () => new Memory(new SharedArrayBuffer(ROOM)),
  ArrayBuffer: () => new Memory(new ArrayBuffer(ROOM)),
};

/** Some place that is not the beginning. */
const START = 24;

export interface Trip {
  write(value: unknown): unknown;
  writeList(values: readonly unknown[]): unknown;
}

/** Each method gives back the copy, or `UNFIT`. */
export function tripThrough(memory: Memory): Trip {
  const writer = new ValueWriter(memory);
  const reader = new ValueReader(memory);
  const arrive = (end: number, read: (end: number) => unknown): unknown => {
    assert.notEqual(end, FULL);
    if (end === UNFIT) return UNFIT;
    assert.ok(end >= START && end % 8 === 0);
    return read(end);
  };
  return {
    write: (value) => arrive(writer.write(value, START, ROOM), (end) => reader.read(START, end)),
    writeList: (values) =>
      arrive(writer.writeList(values, START, ROOM), (end) => reader.readList(START, end)),
  };
}
