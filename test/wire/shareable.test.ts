// Objects that are shared instead of copied, wherever they are in a value.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MessageChannel, MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import * as fc from 'fast-check';
import { NotShareableError } from '../../src/errors.ts';
import {
  bytesCodec,
  type Codec,
  cloneCodec,
  decodeWhenKnown,
  encodeArguments,
  encodeUnmoved,
  identityCodec,
  type Packed,
  realmCodec,
  transfer,
} from '../../src/wire/codec.ts';
import { packError, unpackError } from '../../src/wire/error-envelope.ts';
import { findUnshareable, type Reach } from '../../src/wire/not-shareable.ts';
import {
  reachesThreadsOnly,
  registerKind,
  SHARE,
  type Share,
  UnknownKindError,
} from '../../src/wire/shareable.ts';
import { FULL, Memory, UNFIT, ValueWriter } from '../../src/wire/values/index.ts';
import { type Medium, media, process, roundTrip, thread } from './media.ts';
import { assertSameGraph, graphPlans } from './values.ts';

const HERE = import.meta.url;

/** The state of a token is its number. There is one for each. */
class Token {
  static readonly #all = new Map<number, Token>();
  static shares = 0;
  readonly number: number;
  /** What no clone would take. */
  readonly handle = (): number => this.number;

  constructor(number: number) {
    this.number = number;
    Token.#all.set(number, this);
  }

  static of(number: number): Token {
    return Token.#all.get(number) ?? new Token(number);
  }

  [SHARE](): Share {
    Token.shares += 1;
    return { kind: 'test.Token', module: HERE, data: { number: this.number } };
  }
}
registerKind('test.Token', (data) => Token.of((data as { number: number }).number));

/** Reaches threads only. */
class Latch {
  [SHARE](reach: Reach): Share {
    if (reach === 'process') throw reachesThreadsOnly('threading.Latch', 'multiprocessing.Latch');
    return { kind: 'test.Latch', module: HERE, data: undefined };
  }
}
registerKind('test.Latch', () => new Latch());

/** Takes its port along. */
class Line {
  readonly port: MessagePort;
  readonly words: Int32Array;

  constructor(port: MessagePort, words: Int32Array) {
    this.port = port;
    this.words = words;
  }

  [SHARE](): Share {
    return { kind: 'test.Line', module: HERE, data: { ports: [this.port], buffer: this.words.buffer } };
  }
}
registerKind('test.Line', (data) => {
  const { ports, buffer } = data as { ports: [MessagePort]; buffer: SharedArrayBuffer };
  return new Line(ports[0], new Int32Array(buffer));
});

/** What `structuredClone` would make of it is a token of that number. */
class Placeholder {
  readonly placeholderOf: number;

  constructor(number: number) {
    this.placeholderOf = number;
  }
}

function tokenFor(expected: object): Token | undefined {
  const { placeholderOf } = expected as Partial<Placeholder>;
  return placeholderOf === undefined ? undefined : Token.of(placeholderOf);
}

/** The event loop: what was packed is what is decoded. */
const realm: Medium = { codec: realmCodec, carry: ({ value }) => value };

for (const medium of [...media, realm]) {
  const { codec, carry } = medium;
  const where = codec === realmCodec ? 'the event loop' : `reach '${codec.reach}'`;

  describe(`shareable objects, for ${where}`, { timeout: 60_000 }, () => {
    it('are the very same in copies that are otherwise as structuredClone makes them', () => {
      fc.assert(
        fc.property(graphPlans, (build) => {
          const value = build((number) => Token.of(number));
          const placeholders = [0, 1, 2].map((number) => new Placeholder(number));
          let expected: unknown;
          try {
            expected = structuredClone(build((number) => placeholders[number] as object));
          } catch {
            // v8 of Node 20 cannot copy an error that is part of its own cause.
            assert.throws(() => codec.encode(value, 'value'), /an error that is part of its own cause/);
            return;
          }
          assertSameGraph(withoutStacks(roundTrip(medium, value)), withoutStacks(expected), tokenFor);
        }),
        { numRuns: 2000 },
      );
    });

    it('leave the value that they are in as it was', () => {
      fc.assert(
        fc.property(graphPlans, (build) => {
          const leaves = [0, 1, 2].map((number) => Token.of(number));
          const leaf = (number: number): object => leaves[number] as object;
          const [value, untouched] = [build(leaf), build(leaf)];
          try {
            codec.encode(value, 'value');
          } catch {
            // See above.
          }
          const [seen, before] = [withoutStacks(value), withoutStacks(untouched)];
          assertSameGraph(seen, before, (object) => (object instanceof Token ? object : undefined));
        }),
        { numRuns: 500 },
      );
    });

    it('pass as the value itself, as arguments, as keys, and in what getters make', () => {
      const token = Token.of(7);
      assert.equal(roundTrip(medium, token), token);
      const args = [token, { token }, new Map([[token, token]]), new Set([token, 1])] as const;
      const [first, second, map, set] = codec.decode(carry(encodeArguments(codec, args))) as typeof args;
      assert.equal(first, token);
      assert.equal(second.token, token);
      assert.deepEqual([...map.keys(), ...map.values()], [token, token]);
      assert.deepEqual([...set], [token, 1]);
      const made = {
        get inner() {
          return { token };
        },
      };
      assert.equal((roundTrip(medium, made) as typeof made).inner.token, token);
      const caused = roundTrip(medium, [new RangeError('with', { cause: { token } })]) as [RangeError];
      assert.ok(caused[0] instanceof RangeError);
      assert.equal((caused[0].cause as { token: Token }).token, token);
    });

    it('may stand beside what is refused, whose path is told all the same', () => {
      const value = { tokens: [Token.of(1)], deep: new Map([['a', [Token.of(2), () => 1]]]) };
      assert.throws(
        () => codec.encode(value, 'result'),
        (error: Error) =>
          error instanceof NotShareableError &&
          error.message.startsWith('result.deep.get("a")[1]: a function'),
      );
      const throwing = {
        token: Token.of(1),
        get bad(): never {
          throw new Error('no');
        },
      };
      assert.throws(
        () => codec.encode(throwing, 'result'),
        /^NotShareableError: result\.bad: a property whose getter/,
      );
    });

    it('do not make what is refused look like what is not', () => {
      const listed = (function list(..._all: unknown[]) {
        // oxlint-disable-next-line prefer-rest-params -- Such an object is what this is about.
        return arguments;
      })(Token.of(1));
      assert.throws(
        () => codec.encode([listed], 'result'),
        /^NotShareableError: result\[0\]: an arguments object/,
      );
    });

    it('are nothing that a value of the user could be mistaken for', () => {
      const packed = cloneCodec.encode([Token.of(1)], 'value').value;
      for (const value of [packed, [packed], structuredClone(packed)]) {
        assert.deepEqual(roundTrip(medium, value), value);
      }
      const primitives = (packed as unknown[])[0];
      assert.deepEqual(codec.decode(carry(encodeArguments(codec, [primitives, 1, 2, 3, 4]))), [
        primitives,
        1,
        2,
        3,
        4,
      ]);
    });

    it('are looked for only on the way to them: large values beside them are moved, not copied twice', () => {
      const bytes = new Uint8Array(100_000).fill(3);
      const packed = codec.encode([Token.of(1), bytes], 'value');
      if (codec.reach === 'thread')
        assert.equal(packed.transfer?.length, codec === realmCodec ? undefined : 1);
      assert.deepEqual((codec.decode(carry(packed)) as unknown[])[1], bytes);
    });

    it('are named in what is packed, so that they can be kept alive', () => {
      const [a, b] = [Token.of(1), Token.of(2)];
      assert.deepEqual(codec.encode({ a, again: [a, b] }, 'value').shared, [a, b]);
      assert.equal(codec.encode({ a: 1 }, 'value').shared, undefined);
    });
  });
}

/** Stacks tell where an error was made, and no two are made in one place. */
function withoutStacks(root: unknown): unknown {
  const seen = new Set<unknown>();
  const pending = [root];
  while (pending.length > 0) {
    const part = pending.pop();
    if (typeof part !== 'object' || part === null || seen.has(part)) continue;
    seen.add(part);
    if (part instanceof Error) part.stack = 'somewhere';
    if (part instanceof Map) pending.push(...part.keys(), ...part.values());
    if (part instanceof Set) pending.push(...part);
    if (!ArrayBuffer.isView(part))
      for (const key of Reflect.ownKeys(part)) pending.push(Reflect.get(part, key));
  }
  return root;
}

describe('a shareable object', { timeout: 60_000 }, () => {
  it('is asked for one share a message', () => {
    const token = Token.of(9);
    const before = Token.shares;
    bytesCodec.encode([token, { token }, new Map([[token, 1]])], 'value');
    assert.equal(Token.shares, before + 1);
  });

  it('is not asked at all where nothing is copied', () => {
    const before = Token.shares;
    const token = Token.of(9);
    assert.equal((identityCodec.decode(identityCodec.encode([token], 'value').value) as Token[])[0], token);
    assert.equal((roundTrip(realm, { token }) as { token: Token }).token, token);
    assert.equal(Token.shares, before);
  });

  it('may refuse to go so far, and its place is told', () => {
    const latch = new Latch();
    assert.ok(roundTrip(thread, latch) instanceof Latch);
    assert.throws(
      () => encodeArguments(bytesCodec, [1, { locks: new Map([['a', [latch]]]) }]),
      (error: NotShareableError) => {
        assert.ok(error instanceof NotShareableError);
        assert.equal(
          error.message,
          'arguments[1].locks.get("a")[0]: a threading.Latch reaches the threads of this process only; ' +
            'use multiprocessing.Latch, which reaches other processes too',
        );
        return true;
      },
    );
  });

  it('is none of those that cannot cross, and neither is what it holds', () => {
    for (const reach of ['thread', 'process'] as const) {
      assert.equal(findUnshareable({ token: Token.of(1) }, 'value', reach), undefined);
    }
  });

  it('takes its ports along', () => {
    const { port1, port2 } = new MessageChannel();
    const words = new Int32Array(new SharedArrayBuffer(8));
    const line = roundTrip(thread, { line: new Line(port1, words) }) as { line: Line };
    line.line.port.postMessage('hello');
    assert.deepEqual(receiveMessageOnPort(port2), { message: 'hello' });
    words[1] = 4;
    assert.equal(line.line.words[1], 4);
    line.line.port.close();
  });

  it('moves along with what the call moves', () => {
    const { port1, port2 } = new MessageChannel();
    const { port1: other } = new MessageChannel();
    const value = { line: new Line(port1, new Int32Array(new SharedArrayBuffer(4))), other };
    const copy = roundTrip(thread, transfer(value, [other])) as typeof value;
    assert.ok(copy.other instanceof MessagePort);
    copy.line.port.postMessage(1);
    assert.deepEqual(receiveMessageOnPort(port2), { message: 1 });
    for (const port of [copy.line.port, copy.other]) port.close();
  });

  it('keeps its ports where they cannot be taken along', () => {
    const { port1, port2 } = new MessageChannel();
    const line = new Line(port1, new Int32Array(new SharedArrayBuffer(4)));
    assert.throws(
      () => encodeUnmoved(cloneCodec, [line], 'arguments'),
      /^NotShareableError: arguments: a MessagePort that is moved/,
    );
    line.port.postMessage('still here');
    assert.deepEqual(receiveMessageOnPort(port2), { message: 'still here' });
    port1.close();
  });

  it('is left to messages by what writes into shared memory', () => {
    const memory = new Memory(new ArrayBuffer(4096));
    const writer = new ValueWriter(memory);
    for (const value of [
      Token.of(1),
      [Token.of(1)],
      { a: new Map([[1, Token.of(1)]]) },
      new Set([Token.of(1)]),
    ]) {
      assert.equal(writer.write(value, 0, 4096), UNFIT);
      assert.equal(writer.writeList([1, value], 0, 4096), UNFIT);
    }
    assert.equal(writer.write('x'.repeat(5000), 0, 4096), FULL);
    assert.ok(writer.write({ fine: true }, 0, 4096) > 0);
  });

  it('may hang on an error, be its cause, or be what is thrown', () => {
    const token = Token.of(3);
    const cause = { token };
    const thrown = Object.assign(new RangeError('no', { cause }), {
      token,
      list: [token, new TypeError('in it')],
    });
    for (const { codec } of [thread, process]) {
      const error = unpackError(carried(codec, packError(thrown, codec)), codec) as typeof thrown;
      assert.ok(error instanceof RangeError);
      assert.equal(error.token, token);
      assert.equal(error.list[0], token);
      assert.ok(error.list[1] instanceof TypeError);
      assert.equal((error.cause as typeof cause).token, token);
      assert.equal(unpackError(carried(codec, packError(token, codec)), codec), token);
    }
    const failed = Object.assign(new RangeError('no'), { latch: new Latch(), why: 'kept' });
    const error = unpackError(packError(failed, bytesCodec), bytesCodec) as typeof failed;
    assert.deepEqual([error.message, error.why, error.latch], ['no', 'kept', undefined]);
  });
});

/** Envelopes are data; what is packed in them is for the codec. */
function carried<T>(codec: Codec, envelope: T): T {
  return codec === cloneCodec ? structuredClone(envelope) : envelope;
}

describe('a kind that is not known here', { timeout: 60_000 }, () => {
  let modules = 0;

  /** An object of a kind that only its module knows. */
  function stranger(program: (kind: string) => string): { packed: Packed; kind: string; module: string } {
    modules += 1;
    const kind = `test.Stranger${modules}`;
    const module = `data:text/javascript,${encodeURIComponent(program(kind))}`;
    class Stranger {
      [SHARE](): Share {
        return { kind, module, data: 'from afar' };
      }
    }
    return { packed: cloneCodec.encode([Token.of(1), new Stranger()], 'value'), kind, module };
  }

  const knows = (kind: string): string =>
    `const { registerKind } = await import(${JSON.stringify(new URL('../../src/wire/shareable.js', HERE).href)});
    registerKind(${JSON.stringify(kind)}, (said) => ({ said }));`;

  it('is said by decode, with the module to import, and nothing is spent', async () => {
    const { packed, kind, module } = stranger(knows);
    assert.throws(
      () => cloneCodec.decode(packed.value),
      (error: UnknownKindError) => {
        assert.ok(error instanceof UnknownKindError && error instanceof NotShareableError);
        assert.deepEqual([error.kind, error.module, error.name], [kind, module, 'NotShareableError']);
        assert.ok(error.message.includes(`import ${module} first`), error.message);
        return true;
      },
    );
    const decoding = decodeWhenKnown(cloneCodec, packed.value);
    assert.ok(decoding instanceof Promise);
    assert.deepEqual(await decoding, [Token.of(1), { said: 'from afar' }]);
    assert.ok(Array.isArray(decodeWhenKnown(cloneCodec, stranger(knows) && packed.value)));
  });

  it('is refused where its module cannot be loaded, or does not know it either', async () => {
    const missing = stranger(() => 'throw new Error("cannot load")');
    await assert.rejects(
      async () => decodeWhenKnown(cloneCodec, missing.packed.value),
      (error: NotShareableError) => {
        assert.ok(error instanceof NotShareableError && !(error instanceof UnknownKindError));
        assert.ok(
          error.message.includes(missing.kind) && error.message.includes(missing.module),
          error.message,
        );
        assert.equal((error.cause as Error).message, 'cannot load');
        return true;
      },
    );
    const ignorant = stranger(() => '');
    await assert.rejects(
      async () => decodeWhenKnown(cloneCodec, ignorant.packed.value),
      /^NotShareableError: A test\.Stranger\d+ came, and data:.*, which should know what that is, does not\.$/,
    );
    // Not for ever.
    assert.throws(() => cloneCodec.decode(missing.packed.value), UnknownKindError);
  });
});
