import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import vm from 'node:vm';
import * as fc from 'fast-check';
import { NotShareableError } from '../../src/errors.ts';
import { referenceTo } from '../../src/tasks/reference.ts';
import { resolveTask } from '../../src/tasks/resolve.ts';
import { TestWorker } from './support.ts';

const worker = new TestWorker();
after(() => worker[Symbol.asyncDispose]());

/** Evaluates to what `source` says, in this thread: a way to write syntax that a formatter would change. */
function evaluate(source: string): never {
  return vm.runInThisContext(source) as never;
}

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

describe('a function that does not stand alone', () => {
  const factor = 2;
  const offset = { by: 1 };
  class Counter {
    step = 2;
    next(n: number): number {
      return n + this.step;
    }
    static twice(n: number): number {
      return n * 2;
    }
    arrow = (n: number): number => n + this.step;
  }
  class Child extends Counter {
    override next(n: number): number {
      return super.next(n);
    }
  }
  const cases: [string, () => unknown, RegExp][] = [
    ['captures a constant', () => (n: number) => n * factor, /it uses factor, which is defined outside/],
    [
      'captures two variables',
      () => (n: number) => n * factor + offset.by,
      /it uses factor and offset, which are/,
    ],
    [
      'captures in a default parameter',
      () =>
        (n = factor) =>
          n,
      /it uses factor,/,
    ],
    ['captures in an inner function', () => () => () => factor, /it uses factor,/],
    ['captures in a template', () => () => `${factor}`, /it uses factor,/],
    ['captures by typeof', () => () => typeof factor, /it uses factor,/],
    ['captures by shorthand', () => () => ({ factor }), /it uses factor,/],
    [
      'captures by assignment',
      () => {
        let count = 0;
        return () => {
          count += 1;
        };
      },
      /it uses count,/,
    ],
    [
      'captures the parameters of an outer function',
      () =>
        (
          (k: number) => () =>
            k
        )(1),
      /it uses k,/,
    ],
    [
      'captures the arguments of an outer function',
      () =>
        (function () {
          return () => arguments.length;
        })(),
      /it uses arguments,/,
    ],
    [
      'imports under the name of a global',
      () => {
        const setTimeout = sleep;
        return () => setTimeout(1);
      },
      /it uses setTimeout,/,
    ],
    ['uses a global that the program made', () => evaluate('() => madeUpGlobal'), /it uses madeUpGlobal,/],
    [
      'requires',
      () => evaluate('() => require("node:fs")'),
      /it uses require \(write await import\(\) instead\),/,
    ],
    ['uses import.meta', () => () => import.meta.url, /import\.meta/],
    ['imports a relative path', () => () => import('./fixtures/exports.ts'), /relative/],
    ['uses this', () => new Counter().next, /uses this/],
    ['uses this in an arrow', () => new Counter().arrow, /uses this/],
    ['uses super', () => new Child().next, /uses super/],
    [
      'uses a private field',
      () => evaluate('new (class { #x = 1; read() { return this.#x } })().read'),
      /#x|this/,
    ],
    ['calls eval', () => evaluate('(s) => eval(s)'), /eval/],
    ['is bound', () => Counter.twice.bind(null, 3), /is bound.*Submit twice itself/s],
    ['is native', () => Math.sqrt, /Wrap it: \(x\) => Math\.sqrt\(x\)/],
    ['is a global function of the runtime', () => structuredClone, /structuredClone/],
    ['is a class', () => Counter, /is a class/],
    ['is a Proxy', () => new Proxy(Counter.twice, {}), /Proxy/],
    [
      'captures an import that Vite renamed',
      () =>
        evaluate(
          '(() => { const __vite_ssr_import_0__ = {}; return (n) => __vite_ssr_import_0__.readFile(n) })()',
        ),
      /it uses readFile,/,
    ],
    [
      'captures an import that TypeScript renamed',
      () =>
        evaluate(
          '((require) => { const lib_1 = require("./lib"); return (n) => (0, lib_1.work)(n) })(() => ({}))',
        ),
      /it uses work \(from '\.\/lib'\),/,
    ],
    [
      'captures state under the name of a helper',
      () => evaluate('(() => { var __cache = new Map(); return (n) => __cache.get(n) })()'),
      /it uses __cache,/,
    ],
  ];
  for (const [title, make, message] of cases) {
    it(`is refused: it ${title}`, () => {
      assert.throws(
        () => referenceTo(make() as Function),
        (error: unknown) => {
          assert.ok(error instanceof NotShareableError, String(error));
          assert.equal(error.code, 'MANYHANDS_NOT_SHAREABLE');
          assert.match(error.message, message);
          return true;
        },
      );
    });
  }

  it('is refused although another function of the same text stood alone', () => {
    const text = '(n) => new Map([[n, Infinity]]).size';
    assert.equal(referenceTo(evaluate(text)).kind, 'source');
    const shadowing = evaluate(`((Map) => [${text}, () => Map])(class {})`) as Function[];
    // The script that shadows the name becomes known when any of its functions is looked at.
    assert.throws(() => referenceTo(shadowing[1] as Function), /it uses Map,/);
    assert.throws(() => referenceTo(shadowing[0] as Function), /it uses Map,/);
    assert.equal(referenceTo(evaluate(text)).kind, 'source');
  });

  for (const value of [undefined, null, 5, 'fib', {}, [], Symbol('s'), 1n, true]) {
    it(`is a TypeError when it is no function: ${String(value)}`, () => {
      assert.throws(() => referenceTo(value as never), {
        name: 'TypeError',
        message: /A task must be a function; got /,
      });
    });
  }
});

describe('any function, by property', () => {
  // Functions put together from parts whose free variables are known.
  const heads = [
    '(a) =>',
    'async (a) =>',
    'function (a)',
    'async function (a)',
    'function* (a)',
    'async function* named(a)',
  ];
  const expressions: readonly [string, readonly string[]][] = [
    ['a', []],
    ['a + 1', []],
    ['Math.max(a, 2)', []],
    ['[a, x]', ['x']],
    ['{ y }.y', ['y']],
    ['((x) => x)(a)', []],
    ['((a = z) => a)()', ['z']],
    ['`${y}`', ['y']],
    ['(function f() { return f ? x : 0 })()', ['x']],
    ['(() => { try { throw z } catch { return a } })()', ['z']],
    ['class { [y] = x }', ['x', 'y']],
    ['(({ x = a }) => x)({})', []],
    ['((x) => { { let z = x; return z } })(y)', ['y']],
    ['JSON.stringify({ x: 1, z })', ['z']],
  ];
  const shapes = fc.record({
    head: fc.constantFrom(...heads),
    parts: fc.array(fc.constantFrom(...expressions), { minLength: 1, maxLength: 5 }),
  });

  it('is refused exactly when it captures, and names every captured variable', () => {
    fc.assert(
      fc.property(shapes, ({ head, parts }) => {
        const body = parts
          .map(([text], i) => `const v${i} = ${text.startsWith('{') ? `(${text})` : text};`)
          .join(' ');
        const expected = [...new Set(parts.flatMap(([, names]) => names))].toSorted();
        const text = `${head} { ${body} return v0; }`;
        const fn = evaluate(`((x, y, z) => (${text}))(1, 2, 3)`) as Function;
        let captured: string[] = [];
        try {
          referenceTo(fn);
        } catch (error) {
          assert.ok(error instanceof NotShareableError);
          captured = (/it uses (.*), which/.exec(error.message)?.[1] ?? '').split(/, | and /).toSorted();
        }
        assert.deepEqual(captured, expected, text);
      }),
      { numRuns: 150 },
    );
  });
});
