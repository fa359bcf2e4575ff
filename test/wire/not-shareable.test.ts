import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import vm from 'node:vm';
import { MessageChannel } from 'node:worker_threads';
import * as fc from 'fast-check';
import { bytesCodec, cloneCodec } from '../../src/wire/codec.ts';
import { findUnshareable } from '../../src/wire/not-shareable.ts';
import { graphs } from './values.ts';

describe('findUnshareable', () => {
  it('names every kind of thing that cannot cross', () => {
    const cases: [string, unknown][] = [
      ['a function', () => 1],
      ['a function', Map],
      ['a symbol', Symbol.iterator],
      ['a symbol', Object(Symbol.iterator)],
      ['a Promise', Promise.resolve()],
      ['a WeakMap', new WeakMap()],
      ['a WeakSet', new WeakSet()],
      ['a WeakRef', new WeakRef({})],
      ['a FinalizationRegistry', new FinalizationRegistry(() => {})],
      ['a generator', (function* () {})()],
      ['an iterator of a Map', new Map().keys()],
      ['an iterator of a Set', new Set().values()],
      ['a Proxy', new Proxy({}, {})],
      ['a Proxy', new Proxy(() => {}, {})],
      ['a Proxy', new Proxy(new Error('e'), {})],
      ['a NumberFormat', new Intl.NumberFormat()],
      ['a MessagePort', new MessageChannel().port1],
      [
        'an arguments object',
        (function () {
          return arguments;
        })(),
      ],
    ];
    for (const reach of ['thread', 'process'] as const) {
      for (const [name, bad] of cases) {
        assert.throws(() => structuredClone(bad), name);
        const found = findUnshareable({ list: [1, bad] }, 'result', reach);
        assert.ok(found?.startsWith(`result.list[1]: ${name}`), `${found} does not name ${name}`);
      }
    }
  });

  it('names modules', async () => {
    const module: unknown = await import('../../src/errors.ts');
    assert.equal(findUnshareable([module], 'result', 'thread'), 'result[0]: a module namespace');
  });

  it('writes paths as one would write them in a program', () => {
    const at = (value: unknown): string | undefined => findUnshareable(value, 'arguments[1]', 'thread');
    const f = (): void => {};
    assert.equal(at(f), 'arguments[1]: a function');
    assert.equal(at({ a: { $b_1: [[], [f]] } }), 'arguments[1].a.$b_1[1][0]: a function');
    assert.equal(at({ 'a b': { '': { '1x': f } } }), 'arguments[1]["a b"][""]["1x"]: a function');
    assert.equal(at({ 'say "hi"\n': f }), 'arguments[1]["say \\"hi\\"\\n"]: a function');
    assert.equal(at(new Map([['k', new Map([[7, f]])]])), 'arguments[1].get("k").get(7): a function');
    assert.equal(at(new Map([[{}, f]])), 'arguments[1].values()[0]: a function');
    assert.equal(at(new Map([[f, 1]])), 'arguments[1].keys()[0]: a function');
    assert.equal(at(new Set([1, f])), 'arguments[1].values()[1]: a function');
    assert.equal(at(new Error('e', { cause: { f } })), 'arguments[1].cause.f: a function');
    assert.equal(at(Object.assign(new Error('e'), { name: Symbol('n') })), 'arguments[1].name: a symbol');
    assert.equal(at(Object.assign([1], { '01': f })), 'arguments[1]["01"]: a function');
    assert.equal(at(Object.assign([1], { named: f })), 'arguments[1].named: a function');
  });

  it('finds nothing in what can cross', () => {
    fc.assert(
      fc.property(graphs, (value) => {
        try {
          structuredClone(value);
        } catch {
          return;
        }
        assert.equal(findUnshareable(value, 'value', 'thread'), undefined);
        assert.equal(findUnshareable(value, 'value', 'process'), undefined);
      }),
      { numRuns: 500 },
    );
    // These are left behind by a clone without complaint, and so are not at fault.
    assert.equal(findUnshareable(Object.assign(new Error('e'), { f() {} }), 'value', 'thread'), undefined);
    assert.equal(findUnshareable({ [Symbol.iterator]: () => {} }, 'value', 'thread'), undefined);
    assert.equal(findUnshareable(Object.assign(new Map(), { f() {} }), 'value', 'thread'), undefined);
  });

  it('finds a path that leads to what the clone failed on', () => {
    const steps = fc.array(fc.oneof(fc.string(), fc.nat({ max: 20 })), { maxLength: 8 });
    const bad = fc.constantFrom(() => {}, Symbol('s'), new WeakMap(), Promise.resolve(), new Proxy({}, {}));
    fc.assert(
      fc.property(steps, bad, graphs, (path, culprit, neighbour) => {
        try {
          structuredClone(neighbour);
        } catch {
          return;
        }
        const root = path.reduceRight<unknown>(
          (inner, step) =>
            typeof step === 'number'
              ? Object.assign([neighbour], { [step]: inner })
              : Object.defineProperty({ ' before': neighbour }, step, { value: inner, enumerable: true }),
          culprit,
        );
        for (const codec of [cloneCodec, bytesCodec]) {
          let message = '';
          assert.throws(
            () => codec.encode(root, 'root'),
            (error: Error) => {
              message = error.message;
              return true;
            },
          );
          const [place] =
            /^[^]*?(?=: an? (function|symbol|WeakMap|Promise|Proxy), which)/.exec(message) ?? [];
          assert.ok(place, message);
          assert.equal(vm.runInNewContext(place, { root }), culprit, place);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('walks deep, wide and circular values', () => {
    let deep: unknown = () => {};
    for (let depth = 0; depth < 50_000; depth += 1) deep = [deep];
    assert.match(
      findUnshareable(deep, 'result', 'thread') ?? '',
      /^result(\[0\]){49} \(49901 more\) (\[0\]){50}: a function$/,
    );

    const wide: unknown[] = Array.from({ length: 200_000 }, (_, index) => ({ index }));
    wide.push(Symbol('last'));
    assert.equal(findUnshareable(wide, 'result', 'process'), 'result[200000]: a symbol');

    const circle: Record<string, unknown> = {};
    circle['self'] = [circle, new Map([[circle, circle]])];
    assert.equal(findUnshareable(circle, 'result', 'thread'), undefined);
    circle['f'] = () => {};
    assert.equal(findUnshareable(circle, 'result', 'thread'), 'result.f: a function');
  });

  it('walks linked structures of class instances', () => {
    class Item {
      next: unknown;
      constructor(next: unknown) {
        this.next = next;
      }
    }
    const nest = (inner: unknown): unknown => {
      let item = inner;
      for (let index = 0; index < 1000; index += 1) item = new Item(item);
      return item;
    };
    for (const reach of ['thread', 'process'] as const) {
      assert.equal(findUnshareable(nest(1), 'result', reach), undefined);
      assert.match(
        findUnshareable(
          nest(() => {}),
          'result',
          reach,
        ) ?? '',
        /^result(\.next){49} \(901 more\) (\.next){50}: a function$/,
      );
    }
    assert.match(findUnshareable(nest(new Blob([])), 'result', 'process') ?? '', / (\.next){50}: a Blob$/);
  });

  it('passes over what is moved', () => {
    const { port1 } = new MessageChannel();
    const value = [port1, { f() {} }];
    assert.equal(findUnshareable(value, 'result', 'thread', new Set([port1])), 'result[1].f: a function');
    assert.throws(() => cloneCodec.encode(value, 'result', [port1]), /result\[1\]\.f: a function/);
    port1.close();
  });
});
