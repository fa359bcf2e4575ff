/**
 * What it costs to write a value as bytes and to read it again, by each codec that could serve:
 * `node dist/bench/codec.js`. All of it in one thread and one process, so nothing but the codecs is measured.
 *
 * JSON is there as a yardstick for values that it can carry at all, and `structuredClone` for the semantics.
 */
import { isDeepStrictEqual } from 'node:util';
import { deserialize, serialize } from 'node:v8';
import { Memory, ValueReader, ValueWriter } from '../src/wire/values/index.ts';
import { median } from './statistics.ts';
import { asText } from './table.ts';
import { record } from './workloads/echo.ts';

const lists: Readonly<Record<string, readonly unknown[]>> = {
  'no arguments': [],
  'a number': [4711],
  'a number, a string, a boolean': [4711, 'abc', true],
  'a string of 30 characters': ['the quick brown fox jumps over'],
  'the 1 KB record of echo-object': [record],
  '1000 small integers': [Array.from({ length: 1000 }, (_, i) => i)],
  '1000 doubles': [Array.from({ length: 1000 }, (_, i) => i * 1.1)],
  '100 objects of one shape': [
    Array.from({ length: 100 }, (_, i) => ({ id: i, name: `item ${i}`, price: i * 1.1, sold: i % 3 === 0 })),
  ],
  'a Map, a Set and a Date': [
    {
      prices: new Map([
        ['apple', 1.5],
        ['pear', 2.5],
      ]),
      seen: new Set([1, 2, 3]),
      at: new Date(1_700_000_000_000),
    },
  ],
  'a string of 64 KB': ['lorem ipsum dolor sit amet '.repeat(2428)],
  'a Uint8Array of 1 MiB': [new Uint8Array(1 << 20).map((_, i) => i % 251)],
};

const memory = new Memory(new SharedArrayBuffer(4 << 20));
const writer = new ValueWriter(memory);
const reader = new ValueReader(memory);
const limit = memory.bytes.length;

/** Each gives back a copy that came out of bytes. */
const codecs: Readonly<Record<string, (list: readonly unknown[]) => unknown>> = {
  values: (list) => reader.readList(0, writer.writeList(list, 0, limit)),
  v8: (list) => deserialize(serialize(list)),
  structuredClone: (list) => structuredClone(list),
  JSON: (list) => JSON.parse(JSON.stringify(list)),
};

const ROUNDS = 7;

/** Microseconds that each codec gets in a round. */
const WINDOW = 40_000;

/**
 * Microseconds of processor time, those of the garbage collector's threads included: time on the clock would
 * count also what else the machine does.
 */
function spent(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Microseconds for a call, over as many calls as fill the window. */
function measure(run: () => unknown): number {
  const begun = spent();
  let calls = 0;
  let batch = 1;
  for (;;) {
    for (let call = 0; call < batch; call += 1) run();
    calls += batch;
    const passed = spent() - begun;
    if (passed > WINDOW) return passed / calls;
    if (passed < WINDOW / 10) batch *= 2;
  }
}

const names = Object.keys(codecs);
const rows = Object.entries(lists).map(([title, list]) => {
  const able = names.filter((name) => isDeepStrictEqual(codecs[name]?.(list), list));
  const times = new Map(able.map((name) => [name, [] as number[]]));
  // All codecs in each round, so that what else the machine does befalls all of them. The first is thrown away.
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const name of able) {
      const time = measure(() => codecs[name]?.(list));
      if (round > 0) times.get(name)?.push(time);
    }
  }
  return [
    title,
    ...names.map((name) => (times.has(name) ? median(times.get(name) ?? []).toPrecision(3) : '-')),
  ];
});

console.log(
  asText({
    title: `Microseconds to write and read, Node ${process.versions.node}`,
    header: ['value', ...names],
    rows,
    notes: [],
  }),
);
