import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import * as fc from 'fast-check';
import { NotShareableError } from '../../src/errors.ts';
import { referenceTo } from '../../src/tasks/reference.ts';
import { evaluate } from './support.ts';

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
