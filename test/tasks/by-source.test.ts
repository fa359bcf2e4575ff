import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { referenceTo } from '../../src/tasks/reference.ts';
import { resolveTask } from '../../src/tasks/resolve.ts';
import { evaluate, TestWorker } from './support.ts';

const worker = new TestWorker();
after(() => worker[Symbol.asyncDispose]());

describe('a function that stands alone', () => {
  const key = 'computed';
  const cases: [string, Function, readonly unknown[], unknown][] = [
    ['an arrow', (n: number) => n * n, [5], 25],
    [
      'an arrow with a body',
      (n: number) => {
        const m = n + 1;
        return m * m;
      },
      [5],
      36,
    ],
    ['an arrow without parentheses', evaluate('n => n * n'), [5], 25],
    ['an arrow that gives an object', (n: number) => ({ n }), [5], { n: 5 }],
    ['an async arrow', async (n: number) => n * n, [5], 25],
    [
      'a function expression',
      function (n: number) {
        return n * n;
      },
      [5],
      25,
    ],
    [
      'a recursive function expression',
      function f(n: number): number {
        return n < 2 ? n : f(n - 1) + f(n - 2);
      },
      [10],
      55,
    ],
    [
      'a generator',
      function* (n: number) {
        yield n;
        yield* [n + 1];
      },
      [5],
      [5, 6],
    ],
    [
      'an async function',
      async function (n: number) {
        return n * n;
      },
      [5],
      25,
    ],
    [
      'an async generator',
      async function* (n: number) {
        yield n;
        yield await Promise.resolve(n + 1);
      },
      [5],
      [5, 6],
    ],
    [
      'a method',
      {
        square(n: number) {
          return n * n;
        },
      }.square,
      [5],
      25,
    ],
    [
      'an async method',
      {
        async square(n: number) {
          return n * n;
        },
      }.square,
      [5],
      25,
    ],
    [
      'a generator method',
      {
        *items(n: number) {
          yield n;
        },
      }.items,
      [5],
      [5],
    ],
    [
      'an async generator method',
      {
        async *items(n: number) {
          yield n;
        },
      }.items,
      [5],
      [5],
    ],
    [
      'a method with a computed name',
      {
        [`${key}!`](n: number) {
          return n * n;
        },
      }[`${key}!`] as Function,
      [5],
      25,
    ],
    [
      'a method with a quoted name',
      {
        'a b'(n: number) {
          return n * n;
        },
      }['a b'],
      [5],
      25,
    ],
    [
      'a method with a number for a name',
      {
        7(n: number) {
          return n * n;
        },
      }[7],
      [5],
      25,
    ],
    [
      'a method called async',
      {
        async(n: number) {
          return n * n;
        },
      }.async,
      [5],
      25,
    ],
    [
      'a method called get',
      {
        get(n: number) {
          return n * n;
        },
      }.get,
      [5],
      25,
    ],
    ['a method called constructor', evaluate('({ constructor(n) { return n * n } }).constructor'), [5], 25],
    [
      'a static method',
      class {
        n = 0;
        static square(n: number) {
          return n * n;
        }
      }.square,
      [5],
      25,
    ],
    [
      'a method of a class',
      new (class {
        square(n: number) {
          return n * n;
        }
      })().square,
      [5],
      25,
    ],
    [
      'a getter function',
      Object.getOwnPropertyDescriptor(
        {
          get five() {
            return 5;
          },
        },
        'five',
      )?.get as Function,
      [],
      5,
    ],
    [
      'default parameters',
      (n = 2, { m = 3, ...rest } = { m: undefined }, [a, ...b] = [1, 2]) => [n, m, rest, a, b],
      [],
      [2, 3, {}, 1, [2]],
    ],
    [
      'rest parameters and arguments',
      function (...all: number[]) {
        return all.length + arguments.length;
      },
      [1, 2, 3],
      6,
    ],
    [
      'inner functions and classes',
      (n: number) => {
        class A {
          #v = n;
          get v() {
            return this.#v;
          }
        }
        const f = () => new A().v;
        return f();
      },
      [5],
      5,
    ],
    [
      'labels, catch, destructuring',
      (n: number) => {
        outer: for (const [k, v] of Object.entries({ a: n })) {
          try {
            throw v;
          } catch (e) {
            if (k) break outer;
            return e;
          }
        }
        return 'out';
      },
      [5],
      'out',
    ],
    [
      'standard globals',
      (s: string) => [
        typeof URL,
        Buffer.from(s).length,
        JSON.parse('1'),
        Math.max(1, 2),
        typeof process.pid,
        typeof performance.now(),
      ],
      ['abc'],
      ['function', 3, 1, 2, 'number', 'number'],
    ],
    ['a builtin module', async () => (await import('node:path')).posix.join('a', 'b'), [], 'a/b'],
    ['a package', async () => typeof (await import('acorn')).parse, [], 'function'],
    ['a built function', new Function('a', 'b', 'return a + b'), [2, 3], 5],
    ['an evaluated function', evaluate('(function named(n) { return n * n })'), [5], 25],
    ['a comment at the end', evaluate('(n) => n // the same'), [5], 5],
    [
      'a comment in the head',
      evaluate('(function /* ( */ named /* => */ (/* ) */ n) { return n * n })'),
      [5],
      25,
    ],
    [
      'strings that look like code',
      (n: number) => `${n} import.meta this ${'super'}`,
      [5],
      '5 import.meta this super',
    ],
    [
      'a name kept by esbuild',
      evaluate('(n) => { const f = __name((k) => k * k, "inner"); return f.name + f(n) }'),
      [5],
      'inner25',
    ],
    [
      'counters of Istanbul',
      evaluate(
        '(n) => { cov_1a2b().f[0]++; cov_1a2b().s[3]++; return n ? (cov_1a2b().b[0][0]++, n) : (cov_1a2b().b[0][1]++, 0) }',
      ),
      [5],
      5,
    ],
  ];
  for (const [title, fn, args, expected] of cases) {
    it(`goes by source: ${title}`, async () => {
      const reference = referenceTo(fn);
      assert.equal(reference.kind, 'source');
      assert.deepEqual(await worker.run(fn, ...args), expected);
    });
  }

  it('recurses by a constant of its own', async () => {
    const fib = (n: number): number => (n < 2 ? n : fib(n - 1) + fib(n - 2));
    assert.equal(await worker.run(fib, 10), 55);
  });
  it('recurses by its own declaration', async () => {
    function fib(n: number): number {
      return n < 2 ? n : fib(n - 1) + fib(n - 2);
    }
    assert.equal(await worker.run(fib, 10), 55);
  });
  it('runs in strict mode', async () => {
    assert.equal(
      await worker.run(evaluate('(function () { return (function () { return this === undefined })() })')),
      true,
    );
  });
  it('sees nothing of the worker but its globals', async () => {
    const fn = new Function(
      'return [typeof globalThis.require, typeof globalThis.module, typeof globalThis.source]',
    );
    assert.deepEqual(await worker.run(fn), ['undefined', 'undefined', 'undefined']);
  });
  it('takes along what a compiler put beside it', async () => {
    const fn = evaluate(`(() => {
      var __defProp = Object.defineProperty;
      var __pow = Math.pow;
      var __set = (o, k, v) => k in o ? __defProp(o, k, { value: v }) : o[k] = v;
      var __spread = (a, b) => { for (var p in b ||= {}) __set(a, p, b[p]); return a; };
      return (n) => __spread({ p: __pow(n, 2) }, { n }) })()`);
    assert.deepEqual(await worker.run(fn, 5), { p: 25, n: 5 });
  });
  it('is labelled by its name or else by its text', () => {
    const named = (n: number): number => n;
    assert.equal(referenceTo(named).label, 'named');
    assert.equal(
      referenceTo(
        (
          () => (n: number) =>
            n - 1
        )(),
      ).label,
      '(n) => n - 1',
    );
  });
  it('is known by its text when it is made anew', () => {
    const make = (): Function => [(n: number) => Math.abs(n) + 17][0] as Function;
    assert.notEqual(make(), make());
    assert.equal(referenceTo(make()), referenceTo(make()));
  });
  it('imports without a word on stderr', async () => {
    const warnings: Error[] = [];
    const listener = (warning: Error): void => void warnings.push(warning);
    process.on('warning', listener);
    try {
      const task = await resolveTask(referenceTo(async () => (await import('node:os')).EOL));
      assert.equal(typeof (await task()), 'string');
      await sleep(0);
      assert.deepEqual(warnings, []);
      process.emitWarning('others pass');
      await sleep(0);
      assert.equal(warnings.length, 1);
    } finally {
      process.off('warning', listener);
    }
  });
  it('reports errors from a file named after it', async () => {
    const reference = referenceTo(function broken() {
      throw new Error('no');
    });
    const task = await resolveTask(reference);
    assert.throws(
      () => task(),
      (error: Error) => /manyhands:broken:\d/.test(error.stack ?? ''),
    );
  });
});
