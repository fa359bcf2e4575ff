import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import vm from 'node:vm';
import { MessageChannel, MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import * as fc from 'fast-check';
import { NotShareableError } from '../../src/errors.ts';
import { bytesCodec, cloneCodec, encodeArguments, transfer } from '../../src/wire/codec.ts';
import { media, process, roundTrip, thread } from './media.ts';
import { assertSameGraph, graphs, trees } from './values.ts';

for (const medium of media) {
  const { codec, carry } = medium;

  describe(`codec for reach '${codec.reach}'`, () => {
    it('copies graphs as structuredClone does', () => {
      fc.assert(
        fc.property(graphs, (value) => {
          let expected: unknown;
          try {
            expected = structuredClone(value);
          } catch {
            // v8 of Node 20 cannot copy an error that is part of its own cause.
            assert.throws(() => codec.encode(value, 'value'), /an error that is part of its own cause/);
            return;
          }
          assertSameGraph(roundTrip(medium, value), expected);
        }),
        { numRuns: 2000 },
      );
    });

    it('copies trees as structuredClone does', () => {
      fc.assert(
        fc.property(trees, (value) => {
          const copy = roundTrip(medium, value);
          assert.deepStrictEqual(copy, structuredClone(value));
          assertSameGraph(copy, structuredClone(value));
        }),
        { numRuns: 1000 },
      );
    });

    it('copies lists of arguments as structuredClone does', () => {
      fc.assert(
        fc.property(fc.array(trees, { maxLength: 4 }), (args) => {
          const copy = codec.decode(carry(encodeArguments(codec, args)));
          assertSameGraph(copy, structuredClone(args));
        }),
        { numRuns: 300 },
      );
    });

    it('takes its snapshot at once', () => {
      const list = [1];
      const args = [{ list }, new Uint8Array([1, 2, 3]), new Map([['a', { b: 1 }]])] as const;
      const packed = encodeArguments(codec, args);
      list.push(2);
      args[1].fill(9);
      args[2].clear();
      assert.deepStrictEqual(codec.decode(carry(packed)), [
        { list: [1] },
        new Uint8Array([1, 2, 3]),
        new Map([['a', { b: 1 }]]),
      ]);
    });

    it('lets primitives pass as they are', () => {
      for (const value of [undefined, null, true, 0, -0, NaN, Infinity, '', 'text', 2n ** 70n]) {
        const packed = codec.encode(value, 'result');
        assert.ok(Object.is(packed.value, value));
        assert.equal(packed.transfer, undefined);
        assert.ok(Object.is(roundTrip(medium, value), value));
      }
      const args = [1, 'two', undefined, 4n, null, -0, NaN];
      assert.equal(encodeArguments(codec, args).value, args);
    });

    it('keeps large and resizable memory', () => {
      const large = new Float64Array(100_000).map((_, index) => index);
      assert.deepStrictEqual(roundTrip(medium, large), large);
      assert.deepStrictEqual(roundTrip(medium, [large, large.subarray(7)]), [large, large.slice(7)]);
      const Resizable = ArrayBuffer as unknown as new (length: number, options: object) => ArrayBuffer;
      const resizable = new Resizable(8, { maxByteLength: 16 });
      const copy = roundTrip(medium, { view: new Uint8Array(resizable) }) as { view: Uint8Array };
      const expected = structuredClone({ view: new Uint8Array(resizable) });
      assert.deepStrictEqual(Object(copy.view.buffer).resizable, Object(expected.view.buffer).resizable);
    });

    it('reads objects of other realms', () => {
      const value: unknown = vm.runInNewContext(
        '({ map: new Map([[1, [new Date(5)]]]), error: new TypeError("t") })',
      );
      assertSameGraph(roundTrip(medium, value), structuredClone(value));
    });

    it('names what cannot cross', () => {
      const cases: [unknown, string][] = [
        [{ handlers: [1, 2, () => 3] }, 'result.handlers[2]: a function'],
        [Symbol('s'), 'result: a symbol'],
        [{ 'a b': { c: Promise.resolve() } }, 'result["a b"].c: a Promise'],
        [new Proxy({}, {}), 'result: a Proxy'],
        [[new WeakMap()], 'result[0]: a WeakMap'],
        [{ port: new MessageChannel().port1 }, 'result.port: a MessagePort'],
      ];
      for (const [value, place] of cases) {
        assert.throws(
          () => codec.encode(value, 'result'),
          (error) =>
            error instanceof NotShareableError &&
            error.code === 'MANYHANDS_NOT_SHAREABLE' &&
            error.message.startsWith(place),
          place,
        );
      }
      assert.throws(
        () => encodeArguments(codec, [1, { f() {} }]),
        /^NotShareableError: arguments\[1\]\.f: a function/,
      );
    });

    it('says so when a getter throws, or a value is nested too deeply', () => {
      const thrown = new Error('not now');
      const value = {
        get half(): never {
          throw thrown;
        },
      };
      assert.throws(
        () => codec.encode([value], 'result'),
        (error: Error) =>
          error.message.startsWith('result[0].half: a property whose getter throws') &&
          error.cause === thrown,
      );
      let deep: object = {};
      for (let depth = 0; depth < 100_000; depth += 1) deep = { deep };
      assert.throws(() => codec.encode(deep, 'result'), /^NotShareableError: result: .*nested too deeply/);
    });

    it('moves what is marked or listed, and leaves it empty here', () => {
      const marked = new Uint8Array(50_000).fill(1);
      const listed = new Uint8Array(10).fill(2);
      const args = [transfer({ marked }, [marked.buffer]), { listed }, 'text'];
      const packed = encodeArguments(codec, args, [listed.buffer]);
      assert.equal(marked.byteLength + listed.byteLength, 0);
      assert.deepStrictEqual(codec.decode(carry(packed)), [
        { marked: new Uint8Array(50_000).fill(1) },
        { listed: new Uint8Array(10).fill(2) },
        'text',
      ]);
    });

    it('moves results, and the same object listed twice once', () => {
      const bytes = new Uint8Array(4).fill(7);
      const packed = codec.encode(transfer(bytes, [bytes.buffer]), 'result', [bytes.buffer]);
      assert.equal(bytes.byteLength, 0);
      assert.deepStrictEqual(codec.decode(carry(packed)), new Uint8Array(4).fill(7));
    });

    it('moves nothing when the value cannot cross', () => {
      const bytes = new Uint8Array(4);
      assert.throws(() => codec.encode({ bytes, f() {} }, 'result', [bytes.buffer]), NotShareableError);
      assert.equal(bytes.byteLength, 4);
    });

    it('moves what is listed beside a primitive', () => {
      const bytes = new Uint8Array(4);
      assert.equal(codec.decode(carry(codec.encode(1, 'result', [bytes.buffer]))), 1);
      assert.equal(bytes.byteLength, 0);
    });

    it('uses a mark once', () => {
      const box = { bytes: new Uint8Array(3) };
      codec.encode(transfer(box, [box.bytes.buffer]), 'result');
      box.bytes = new Uint8Array(5);
      assert.deepStrictEqual(roundTrip(medium, box), box);
      assert.equal(box.bytes.byteLength, 5);
    });

    it('does not accept what was moved away already', () => {
      const bytes = new Uint8Array(4);
      structuredClone(bytes, { transfer: [bytes.buffer] });
      assert.throws(() => codec.encode([bytes], 'result'), /result\[0\]: a detached ArrayBuffer/);
    });
  });
}

describe('cloneCodec', () => {
  it('puts the large buffers of its snapshot on the transfer list, each once', () => {
    const memory = new ArrayBuffer(1 << 20);
    const { value, transfer: list } = encodeArguments(cloneCodec, [
      new Uint8Array(memory, 0, 8),
      new Uint8Array(memory, 8),
      'text',
    ]);
    const [first, second] = value as Uint8Array[];
    assert.equal(first?.buffer, second?.buffer);
    assert.deepStrictEqual(list, [first?.buffer]);
    assert.equal(memory.byteLength, 1 << 20, 'the memory of the caller stays');
  });

  it('keeps shared memory shared', () => {
    const shared = new Int32Array(new SharedArrayBuffer(8));
    const copy = roundTrip(thread, shared) as Int32Array;
    Atomics.store(copy, 1, 42);
    assert.equal(Atomics.load(shared, 1), 42);
  });

  it('moves ports over both hops', () => {
    const { port1, port2 } = new MessageChannel();
    port2.postMessage('waiting');
    const packed = encodeArguments(cloneCodec, [{ port1 }], [port1]);
    const [arrived] = cloneCodec.decode(thread.carry(packed)) as [{ port1: MessagePort }];
    assert.ok(arrived.port1 instanceof MessagePort);
    assert.deepStrictEqual(receiveMessageOnPort(arrived.port1), { message: 'waiting' });
    arrived.port1.close();
  });

  it('keeps what the platform keeps', async () => {
    const blob = roundTrip(thread, { blob: new Blob(['text']) }) as { blob: Blob };
    assert.equal(await blob.blob.text(), 'text');
  });
});

describe('bytesCodec', () => {
  const refused: [string, unknown][] = [
    ['a Blob', new Blob(['a'])],
    ['a SharedArrayBuffer', new SharedArrayBuffer(8)],
    ['a SharedArrayBuffer', new Uint8Array(new SharedArrayBuffer(8))],
    ['a MessagePort', new MessageChannel().port1],
    ['a DOMException', new DOMException('gone', 'AbortError')],
    [
      'a WebAssembly.Module',
      vm.runInThisContext('new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))'),
    ],
    ['a ReadableStream', new ReadableStream()],
  ];
  const places: [string, (bad: unknown) => unknown][] = [
    ['result', (bad) => bad],
    ['result.a[1]', (bad) => ({ a: [0, bad] })],
    ['result.get("k")', (bad) => new Map([['k', bad]])],
    ['result.values()[1]', (bad) => new Set([1, bad])],
    ['result.keys()[0]', (bad) => new Map([[bad, 1]])],
    ['result.cause', (bad) => new Error('e', { cause: bad })],
    ['result[40]', (bad) => [...Array.from({ length: 40 }, () => 1), bad]],
    [
      'result.named',
      (bad) =>
        Object.assign(
          Array.from({ length: 1000 }, () => 1),
          { named: bad },
        ),
    ],
    ['result[123456789]', (bad) => Object.assign([1], { 123456789: bad })],
    [
      'result.inner',
      (bad) =>
        new (class Holder {
          inner = bad;
        })(),
    ],
    ['result[299].x', (bad) => Array.from({ length: 300 }, (_, index) => (index < 299 ? {} : { x: bad }))],
  ];
  for (const [name, bad] of refused) {
    it(`refuses ${name} wherever it is`, () => {
      for (const [path, hide] of places) {
        assert.throws(
          () => bytesCodec.encode(hide(bad), 'result'),
          (error: Error) =>
            error instanceof NotShareableError && error.message.startsWith(`${path}: ${name}`),
          path,
        );
      }
    });
  }

  it('refuses whatever structuredClone keeps or refuses of the platform', () => {
    const objects = [
      new URL('http://localhost/'),
      new Headers(),
      new AbortController().signal,
      new EventTarget(),
      new TextEncoder(),
      new (class Mine extends Blob {})([]),
      new (class Mine {
        url = new URL('http://localhost/');
      })(),
    ];
    for (const value of objects) {
      let expected: unknown;
      try {
        expected = structuredClone(value);
      } catch {
        assert.throws(() => bytesCodec.encode([value], 'result'), NotShareableError);
        continue;
      }
      if (Object.getPrototypeOf(expected) === Object.prototype) {
        assert.deepStrictEqual(roundTrip(process, value), expected);
      } else assert.throws(() => bytesCodec.encode([value], 'result'), NotShareableError);
    }
  });

  it('remembers of a class only what holds for all of its instances', () => {
    class Box {
      content: unknown;
      constructor(content: unknown) {
        this.content = content;
      }
    }
    assert.throws(() => bytesCodec.encode(new Box(new Blob([])), 'result'), /result\.content: a Blob/);
    assert.deepStrictEqual(roundTrip(process, new Box(1)), { content: 1 });
    assert.throws(
      () => bytesCodec.encode([new Box(1), new Box(() => 1)], 'result'),
      /result\[1\]\.content: a function/,
    );
    assert.throws(
      () => bytesCodec.encode(new Box(new ReadableStream()), 'result'),
      /content: a ReadableStream/,
    );
    assert.deepStrictEqual(roundTrip(process, new Box([2])), { content: [2] });
  });

  it('refuses to move ports', () => {
    const { port1 } = new MessageChannel();
    assert.throws(
      () => encodeArguments(bytesCodec, [1], [port1]),
      /^NotShareableError: arguments: a MessagePort/,
    );
    port1.close();
  });

  it('decodes into memory of its own', () => {
    const packed = bytesCodec.encode([new Uint8Array([1, 2, 3]), Buffer.from('four')], 'result');
    const frame = packed.value as Uint8Array;
    const [bytes, text] = bytesCodec.decode(frame) as [Uint8Array, Uint8Array];
    assert.notEqual(bytes.buffer, frame.buffer);
    assert.equal(bytes.buffer.byteLength, 3);
    frame.fill(0);
    assert.deepStrictEqual([...bytes], [1, 2, 3]);
    assert.equal(Buffer.from(text).toString(), 'four');
  });

  it('throws on bytes that are not of its making', () => {
    const { value } = bytesCodec.encode({ a: [1, 2, 3] }, 'result');
    const bytes = value as Uint8Array;
    assert.throws(() => bytesCodec.decode(bytes.subarray(0, bytes.length - 4)));
    assert.throws(() => bytesCodec.decode(new Uint8Array([1, 2, 3])));
    assert.throws(() => bytesCodec.decode(new Uint8Array()));
  });

  it('looks at shared parts once', () => {
    let doubled: unknown[] = [1];
    for (let depth = 0; depth < 60; depth += 1) doubled = [doubled, doubled];
    let copy = roundTrip(process, doubled) as unknown[];
    for (let depth = 0; depth < 60; depth += 1) {
      assert.equal(copy[0], copy[1]);
      copy = copy[0] as unknown[];
    }
    assert.deepStrictEqual(copy, [1]);
  });

  it('reads large arrays without looking at every hole', () => {
    const sparse: unknown[] = [];
    sparse[4_000_000_000] = { a: 1 };
    const copy = roundTrip(process, sparse) as unknown[];
    assert.equal(copy.length, 4_000_000_001);
    assert.deepStrictEqual(copy[4_000_000_000], { a: 1 });
  });
});
