import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect, types } from 'node:util';
import v8 from 'node:v8';
import vm from 'node:vm';
import { MessageChannel } from 'node:worker_threads';
import * as fc from 'fast-check';
import * as library from '../../src/errors.ts';
import { transfer } from '../../src/wire/codec.ts';
import { registerErrorClasses } from '../../src/wire/error-classes.ts';
import {
  type ErrorEnvelope,
  packError,
  type UnpackOptions,
  unpackError,
} from '../../src/wire/error-envelope.ts';
import { type Medium, media } from './media.ts';
import { assertSameGraph, trees } from './values.ts';

class KnownError extends RangeError {
  readonly detail: unknown;
  #constructed = true;
  constructor(message: string, detail?: unknown) {
    super(message);
    this.detail = detail;
    KnownError.made += 1;
  }
  static made = 0;
  get constructed(): boolean {
    return this.#constructed;
  }
}
class DerivedError extends KnownError {
  override get name(): string {
    return 'DerivedByGetter';
  }
}
class UnknownError extends TypeError {
  override name = 'UnknownError';
}
registerErrorClasses('file:///tasks.js', { KnownError, notAnError: () => {}, number: 1, Map });

/** Through the medium, as part of a message of its own. */
function cross({ codec }: Medium, thrown: unknown, options?: UnpackOptions): unknown {
  const envelope = packError(thrown, codec);
  const arrived =
    codec.reach === 'thread' ? structuredClone(envelope) : v8.deserialize(v8.serialize(envelope));
  return unpackError(arrived as ErrorEnvelope, codec, options);
}

function crossError(medium: Medium, thrown: Error, options?: UnpackOptions): Error & Record<string, unknown> {
  const error = cross(medium, thrown, options);
  assert.ok(error instanceof Error, inspect(error));
  assert.notEqual(error, thrown);
  return error as Error & Record<string, unknown>;
}

const CLASSES = [
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
  KnownError,
  library.TimeoutError,
  library.CancelledError,
  library.NotShareableError,
  library.QueueFullError,
] as const;

/** Random errors that hold one another: by causes, by lists of an AggregateError, and in plain data. */
const errorGraphs = fc
  .array(
    fc.record({
      kind: fc.nat({ max: CLASSES.length + 1 }),
      message: fc.string(),
      code: fc.oneof(fc.string(), fc.integer(), fc.constant(undefined)),
      fields: fc.dictionary(
        fc
          .string()
          .filter(
            (key) => !['stack', 'message', 'name', 'code', 'cause', 'errors', 'toString'].includes(key),
          ),
        trees,
        { maxKeys: 3 },
      ),
      links: fc.array(fc.nat(), { maxLength: 3 }),
      cause: fc.option(fc.oneof(fc.nat(), fc.string(), fc.constant(null)), { nil: undefined }),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((specifications) => {
    const errors = specifications.map(({ kind, message }): Error => {
      const Class = CLASSES[kind];
      return Class === undefined ? new AggregateError([], message) : new Class(message);
    });
    for (const [index, { code, fields, links, cause }] of specifications.entries()) {
      const error = errors[index] as Error;
      const linked = links.map((link) => errors[link % errors.length] as Error);
      if (code !== undefined && !(error instanceof library.ManyhandsError)) Object.assign(error, { code });
      for (const [key, value] of Object.entries(withoutErrors(fields) as object)) {
        Object.defineProperty(error, key, { value, enumerable: true, writable: true, configurable: true });
      }
      if (linked.length === 2)
        Object.assign(error, { linked: { inside: [linked, new Map([[linked[0], linked[1]]])] } });
      if (linked.length === 3) Object.assign(error, { direct: linked[0], many: new Set(linked) });
      if (error instanceof AggregateError) error.errors.push(...linked, 'not an error', 0);
      if (cause !== undefined) {
        const value = typeof cause === 'number' ? errors[cause % errors.length] : cause;
        Object.defineProperty(error, 'cause', { value, writable: true, configurable: true });
      }
    }
    return errors[0] as Error;
  });

/**
 * The trees as they are after a clone: what an error's data is compared with. Their errors are made
 * elsewhere.
 */
function withoutErrors(value: unknown): unknown {
  const copy = structuredClone(value) as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(copy).filter(([, part]) => !/Error/.test(inspect(part, { depth: 9 }))),
  );
}

for (const medium of media) {
  const { codec } = medium;

  describe(`error envelope for reach '${codec.reach}'`, () => {
    it('brings back random graphs of errors as they were', () => {
      fc.assert(
        fc.property(errorGraphs, (error) => {
          const copy = crossError(medium, error);
          assertSameGraph(withoutClasses(copy), withoutClasses(error));
          assert.equal(String(copy), String(error));
          assert.equal(copy.stack, error.stack);
        }),
        { numRuns: 1000 },
      );
    });

    it('brings back thrown values that are not errors', () => {
      fc.assert(
        fc.property(
          trees.filter((value) => !(value instanceof Error)),
          (value) => assertSameGraph(cross(medium, value), structuredClone(value)),
        ),
        { numRuns: 1000 },
      );
      for (const value of [null, undefined, 0, -0, NaN, '', false, 0n]) {
        assert.ok(Object.is(cross(medium, value), value));
      }
    });

    it('says why a thrown value cannot cross', () => {
      const { port1 } = new MessageChannel();
      for (const [value, place] of [
        [() => {}, 'error: a function'],
        [{ a: [Symbol('s')] }, 'error.a[0]: a symbol'],
        [Promise.resolve(), 'error: a Promise'],
        [new Proxy({}, {}), 'error: a Proxy'],
        [transfer({ port1 }, [port1]), 'error: a MessagePort'],
      ] as const) {
        const error = crossError(medium, value as never);
        assert.ok(error instanceof library.NotShareableError);
        assert.ok(error.message.startsWith(place), error.message);
      }
    });

    it('makes native errors without running their constructors', () => {
      const original = new KnownError('known', { row: 3 });
      const before = KnownError.made;
      const error = crossError(medium, original);
      assert.equal(KnownError.made, before);
      assert.equal(Object.getPrototypeOf(error), KnownError.prototype);
      assert.deepEqual(error['detail'], { row: 3 });
      assert.ok(types.isNativeError(error));
      assert.equal(structuredClone(error).message, 'known');
      assert.throws(() => error['constructed'], TypeError);
    });

    it('keeps usual properties as hidden as they are', () => {
      const error = crossError(
        medium,
        new AggregateError([new Error('a')], 'all', { cause: new Error('why') }),
      );
      assert.deepEqual(Object.keys(error), []);
      assert.deepEqual(Object.getOwnPropertyNames(error).toSorted(), ['cause', 'errors', 'message', 'stack']);
      assert.equal(Object.hasOwn(crossError(medium, new Error()), 'message'), false);
      const hidden = Object.defineProperty(new Error('e'), 'secret', { value: 1, enumerable: false });
      assert.equal('secret' in crossError(medium, hidden), false);
    });

    it('finds the nearest class that is known, and keeps the name', () => {
      const derived = crossError(medium, new DerivedError('d'));
      assert.equal(Object.getPrototypeOf(derived), KnownError.prototype);
      assert.equal(String(derived), 'DerivedByGetter: d');
      assert.equal(Object.keys(derived).includes('name'), false);

      const unknown = crossError(medium, new UnknownError('u'));
      assert.equal(Object.getPrototypeOf(unknown), TypeError.prototype);
      assert.equal(String(unknown), 'UnknownError: u');
      assert.ok(Object.keys(unknown).includes('name'), 'it was enumerable there');

      class Plain extends Error {}
      assert.equal(Object.getPrototypeOf(crossError(medium, new Plain('p'))), Error.prototype);
      assert.equal(crossError(medium, new Plain('p')).name, 'Error');
    });

    it('asks findClass first, from the most special class on', () => {
      const asked: string[] = [];
      const error = crossError(medium, new DerivedError('d'), {
        findClass(reference) {
          asked.push(`${reference.name} ${reference.url} ${reference.export}`);
          return reference.export === 'KnownError' ? UnknownError : undefined;
        },
      });
      assert.deepEqual(asked, ['DerivedError undefined undefined', 'KnownError file:///tasks.js KnownError']);
      assert.ok(error instanceof UnknownError);
    });

    it('survives a findClass that throws or finds nonsense', () => {
      const finders: UnpackOptions['findClass'][] = [
        () => {
          throw new Error('no');
        },
        () => Map,
        () => () => {},
      ];
      for (const findClass of finders) {
        assert.equal(
          crossError(medium, new UnknownError('u'), { findClass: findClass as never }).message,
          'u',
        );
      }
    });

    it("brings back the library's own errors with all of their fields", () => {
      const death = {
        exitCode: null,
        signal: 'SIGKILL',
        reason: 'killed',
        workerName: 'w-1',
        stderr: ['last'],
      };
      const died = new library.WorkerDiedError('fib(35)', death, { cause: new Error('why') });
      const error = crossError(medium, died);
      assert.ok(error instanceof library.WorkerDiedError);
      assert.deepEqual({ ...error }, { ...died });
      assert.equal(error.message, died.message);
      assert.equal(error.name, 'WorkerDiedError');
      assert.equal((error.cause as Error).message, 'why');
      for (const Class of Object.values(library)) {
        if (Class === library.ManyhandsError || Class === library.WorkerDiedError) continue;
        const original = new (Class as typeof library.TimeoutError)('m');
        const copy = crossError(medium, original);
        assert.equal(Object.getPrototypeOf(copy), Class.prototype);
        assert.equal(copy['code'], original.code);
      }
    });

    it('brings back DOMExceptions', () => {
      const error = crossError(medium, new DOMException('stopped', 'AbortError')) as unknown as DOMException;
      assert.ok(error instanceof DOMException);
      assert.deepEqual([error.name, error.message, error.code], ['AbortError', 'stopped', 20]);
      const inside = crossError(medium, new Error('e', { cause: new DOMException('late', 'TimeoutError') }));
      assert.equal((inside.cause as DOMException).name, 'TimeoutError');
    });

    it('keeps identity in cycles and shared causes', () => {
      const shared = new Error('shared');
      const error = Object.assign(new Error('e'), {
        parts: [{ shared }, shared],
        self: {} as unknown,
      });
      error.cause = error;
      error.self = { error, causes: new Map([[shared, new Set([error])]]) };
      const copy = crossError(medium, error);
      const parts = copy['parts'] as [{ shared: Error }, Error];
      const self = copy['self'] as { error: Error; causes: Map<Error, Set<Error>> };
      assert.equal(copy.cause, copy);
      assert.equal(parts[0].shared, parts[1]);
      assert.equal(self.error, copy);
      assert.ok(self.causes.get(parts[1])?.has(copy));
    });

    it('drops the fields that cannot cross, and no others', () => {
      const error = Object.assign(new Error('request failed', { cause: () => {} }), {
        code: 'ECONNRESET',
        callback() {},
        config: { url: '/', adapter() {} },
        socket: { deep: [new WeakMap()] },
        status: 502,
        body: { ok: false, at: new Date(5), bytes: new Uint8Array([1]) },
      });
      const copy = crossError(medium, error);
      assert.deepEqual({ ...copy }, { code: 'ECONNRESET', status: 502, body: error.body });
      assert.equal(Object.hasOwn(copy, 'cause'), false);
    });

    it('sends what is shared with a dropped field whole', () => {
      const shared = { deep: { list: [1, 2] } };
      const unreadable = {
        shared,
        get never(): never {
          throw new Error('unreadable');
        },
      };
      const copy = crossError(
        medium,
        Object.assign(new Error('e'), { unreadable, shared, again: [shared.deep] }),
      );
      assert.deepEqual({ ...copy }, { shared, again: [shared.deep] });
      assert.equal((copy['again'] as unknown[])[0], (copy['shared'] as typeof shared).deep);
    });

    it('keeps the places in the list of an AggregateError', () => {
      const error = new AggregateError(
        [new RangeError('a'), () => {}, { f() {} }, undefined, { ok: 1 }],
        'all',
      );
      const { errors } = crossError(medium, error) as unknown as AggregateError;
      assert.equal(errors.length, 5);
      assert.ok(errors[0] instanceof RangeError);
      assert.ok(errors[1] instanceof library.NotShareableError);
      assert.match(errors[1].message, /^error\.errors\[1\]: a function/);
      assert.match((errors[2] as Error).message, /^error\.errors\[2\]\.f: a function/);
      assert.deepEqual(errors.slice(3), [undefined, { ok: 1 }]);
    });

    it("puts the frames of the submit under the worker's stack", () => {
      const thrown = new Error('two\nlines');
      const { stack = '' } = new Error('submit');
      const error = crossError(medium, thrown, { submitStack: stack });
      const lines = error.stack?.split('\n') ?? [];
      const separator = lines.findIndex((line) => /submitted/.test(line));
      assert.equal(lines.slice(0, separator).join('\n'), thrown.stack);
      assert.equal(lines.slice(separator + 1).join('\n'), stack.split('\n').slice(1).join('\n'));
      assert.equal(Object.getOwnPropertyDescriptor(error, 'stack')?.enumerable, false);
      assert.equal(crossError(medium, thrown, { submitStack: '' }).stack, thrown.stack);
    });

    it('carries very long chains of causes', () => {
      let chain = new Error('0');
      for (let depth = 1; depth < 10_000; depth += 1) chain = new Error(String(depth), { cause: chain });
      let copy: unknown = crossError(medium, chain);
      let length = 0;
      for (; copy instanceof Error; copy = copy.cause) length += 1;
      assert.equal(length, 10_000);
    });

    it('comes to an end with errors that have none', () => {
      class Endless extends Error {
        constructor() {
          super('endless');
          Object.defineProperty(this, 'cause', { get: () => new Endless(), enumerable: true });
        }
      }
      const limit = Error.stackTraceLimit;
      Error.stackTraceLimit = 0;
      try {
        assert.ok(crossError(medium, new Endless()).cause instanceof Error);
      } finally {
        Error.stackTraceLimit = limit;
      }
      const growing = (): object => ({
        get more() {
          return growing();
        },
      });
      assert.equal('data' in crossError(medium, Object.assign(new Error('e'), { data: growing() })), false);
    });

    it('carries large linked structures', () => {
      class Item {
        next: Item | undefined;
        readonly owner: { first?: Item };
        constructor(next: Item | undefined, owner: { first?: Item }) {
          this.next = next;
          this.owner = owner;
        }
      }
      const owner: { first?: Item; f?: () => void } = {};
      for (let index = 0; index < 900; index += 1) owner.first = new Item(owner.first, owner);
      const wide = { owner, items: Array.from({ length: 20_000 }, () => new Item(undefined, owner)) };
      const copy = crossError(medium, Object.assign(new Error('e'), { wide }));
      const arrived = copy['wide'] as typeof wide;
      assert.equal(arrived.items.length, 20_000);
      assert.equal(arrived.items[7]?.owner, arrived.owner);
      owner.f = () => {};
      assert.equal('wide' in crossError(medium, Object.assign(new Error('e'), { wide })), false);
    });

    it('reads errors that resist', () => {
      const fail = (): never => {
        throw new Error('unreadable');
      };
      const trap = new Proxy(new Error('behind'), { get: fail, ownKeys: fail, getPrototypeOf: fail });
      const unreadable = new Error('g');
      assert.ok(unreadable.stack); // Node 20 puts it together when the properties change, and reads them.
      const getters = Object.defineProperties(unreadable, {
        message: { get: fail },
        name: { get: fail },
        stack: { get: fail },
        cause: { get: fail, enumerable: true },
        fine: { value: 1, enumerable: true },
      });
      const strange = Object.assign(new Error('s'), { message: { not: 'a string' }, name: 7, stack: ['x'] });
      const nameless = Object.setPrototypeOf(new TypeError('n'), null) as Error;
      function Legacy(this: Error, message: string): void {
        this.message = message;
        this.name = 'Legacy';
      }
      Legacy.prototype = Object.create(Error.prototype, { constructor: { value: Legacy } });
      const legacy = new (Legacy as unknown as new (message: string) => Error)('old style');

      assert.ok(cross(medium, trap) instanceof Error);
      assert.equal(crossError(medium, new Proxy(new RangeError('through'), {})).message, 'through');
      assert.equal(crossError(medium, getters)['fine'], 1);
      assert.deepEqual(crossError(medium, strange).message, { not: 'a string' });
      assert.equal(crossError(medium, nameless).message, 'n');
      assert.equal(crossError(medium, Object.freeze(new SyntaxError('frozen'))).name, 'SyntaxError');
      assert.equal(String(crossError(medium, legacy)), 'Legacy: old style');
      assert.ok(types.isNativeError(crossError(medium, legacy)));

      const foreign = crossError(
        medium,
        vm.runInNewContext('class Far extends RangeError {}; new Far("far")') as Error,
      );
      assert.ok(foreign instanceof RangeError);
      assert.equal(foreign.message, 'far');
      const own = Object.defineProperty(new Error('o'), '__proto__', { value: 5, enumerable: true });
      assert.equal(Object.getOwnPropertyDescriptor(crossError(medium, own), '__proto__')?.value, 5);
    });

    it('says what a class would have said', () => {
      class Coded extends Error {
        get code(): string {
          return 'E_GETTER';
        }
        override get message(): string {
          return 'by getter';
        }
      }
      const copy = crossError(medium, new Coded());
      assert.deepEqual([copy['code'], copy.message], ['E_GETTER', 'by getter']);
    });

    it('gives the decode error for bytes that are broken', () => {
      const broken = unpackError({ kind: 'value', value: new Uint8Array([1, 2]) }, codec);
      if (codec.reach === 'process') assert.ok(broken instanceof Error);
      const envelope = packError(Object.assign(new Error('e'), { data: [1] }), codec);
      const spoiled = { ...envelope, values: new Uint8Array([1]) } as ErrorEnvelope;
      assert.equal((unpackError(spoiled, codec) as Error).message, 'e');
    });
  });
}

/**
 * A view of a graph of errors in which everything that matters of an error is a plain field, for the
 * comparison of two graphs: its prototype by name, and no order among its hidden keys, which engines differ
 * in.
 */
function withoutClasses(root: unknown): unknown {
  const views = new Map<unknown, unknown>();
  const view = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if (views.has(value)) return views.get(value);
    if (value instanceof Error) {
      const fields: Record<string, unknown> = {};
      views.set(value, fields);
      const keys = Object.getOwnPropertyNames(value).toSorted();
      fields['prototype'] = Object.getPrototypeOf(value).constructor.name;
      fields['keys'] = keys.map((key) => [
        key,
        key !== 'stack' && Object.getOwnPropertyDescriptor(value, key)?.enumerable,
      ]);
      fields['values'] = keys.map((key) => view(Reflect.get(value, key)));
      return fields;
    }
    if (types.isMap(value) || types.isSet(value) || Array.isArray(value)) {
      const list: unknown[] = [value.constructor.name];
      views.set(value, list);
      if (types.isMap(value)) for (const entry of value) list.push([view(entry[0]), view(entry[1])]);
      else for (const part of value) list.push(view(part));
      return list;
    }
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return value;
    const copy = {};
    views.set(value, copy);
    for (const [key, part] of Object.entries(value)) {
      Object.defineProperty(copy, key, { value: view(part), enumerable: true });
    }
    return copy;
  };
  return view(root);
}
