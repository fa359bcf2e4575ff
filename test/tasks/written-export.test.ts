import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { exportedFunctions } from '../../src/tasks/exported.ts';
import { isFunctionNode, parseProgram, scopesOf, walk } from '../../src/tasks/syntax.ts';
import { writtenExport } from '../../src/tasks/written-export.ts';

/** Asks for each function where V8 places it: an arrow at its first character, any other at its parameters' `(`. */
function read(source: string): (string | undefined)[] {
  const names: (string | undefined)[] = [];
  walk(parseProgram(source, true), (node) => {
    if (!isFunctionNode(node)) return;
    const isArrow = node.type === 'ArrowFunctionExpression';
    const offset = isArrow ? node.start : source.indexOf('(', node.id?.end ?? node.start);
    names.push(writtenExport(source, offset, source.slice(node.start, node.end)));
  });
  return names;
}

/** What the parser makes of the same functions. */
function parsed(source: string): (string | undefined)[] {
  const program = parseProgram(source, true);
  const exported = exportedFunctions(program, () => scopesOf(program, true));
  const names: (string | undefined)[] = [];
  walk(program, (node) => {
    if (isFunctionNode(node)) names.push(exported.get(node));
  });
  return names;
}

describe('the export that is written at a function', () => {
  const told: [string, string][] = [
    ['a declaration', 'export function fib(n) { return n; }'],
    ['an async declaration', 'export async function fib(n) {}'],
    ['a generator', 'export function* fib(n) {}'],
    ['an async generator, oddly spaced', 'export  async function  * fib (n) {}'],
    ['an arrow', 'export const fib = (n) => n;'],
    ['an arrow without parentheses', 'export const fib = n => n;'],
    ['an async arrow', 'export const fib = async (n) => n;'],
    ['a constant whose name is used in any way', 'export const fib = () => 1;\n[fib]; `fib = 2`;'],
    ['calls of itself', 'export function fib(n) { return n < 2 ? n : fib(n - 1) + fib (n - 2); }'],
    ['members and statements', 'export function fib(n) {}\nfib.unit = 1; const g = fib;'],
    ['being submitted', 'export function fib(n) {}\npool.submit(fib, 35); pool.submit(fib);'],
    ['names that contain its own', 'export function fib(n) {}\nlet fib2 = 1, $fib = 2; fib2 = $fib;'],
    ['a $ in the name', 'export function $a$(n) { return $a$(n); }'],
  ];
  for (const [title, source] of told) {
    it(`is told with ${title}`, () => {
      const [name] = read(source);
      assert.match(name ?? 'nothing', /^(?:fib|\$a\$)$/);
      assert.equal(parsed(source)[0], name);
    });
  }

  const untold: [string, string][] = [
    ['an assignment', 'export function fib(n) {}\nfib = 1;'],
    ['an assignment with a comment inside', 'export function fib(n) {}\nfib /* now */ = 1;'],
    ['an assignment with an operator', 'export function fib(n) {}\nfib ||= 1;'],
    ['an assignment in parentheses', 'export function fib(n) {}\n(fib) = 1;'],
    [
      'an assignment in parentheses after a keyword',
      'export function fib(n) {}\n() => { return(fib) = 1; };',
    ],
    ['a pattern', 'export function fib(n) {}\n[fib] = [1];'],
    ['a longer pattern', 'export function fib(n) {}\n[fib, fib.a] = [1];'],
    ['an object pattern', 'export function fib(n) {}\n({ fib } = {});'],
    ['a pattern with a default', 'export function fib(n) {}\n({ a: fib = 1 } = {});'],
    ['a pattern with the rest', 'export function fib(n) {}\n[...fib] = [];'],
    ['an update before it', 'export function fib(n) {}\n++ fib;'],
    ['an update after it', 'export function fib(n) {}\nfib--;'],
    ['an update in parentheses', 'export function fib(n) {}\n() => { return(fib)++; };'],
    ['a loop', 'export function fib(n) {}\nfor (fib of []);'],
    ['a loop over keys', 'export function fib(n) {}\nfor (fib in {});'],
    ['an escaped name', 'export function fib(n) {}\n\\u0066ib = 1;'],
    ['a variable', 'export let fib = (n) => n;'],
    ['a function that is called at once', 'export const fib = function (n) { return n; }(1);'],
    ['the function inside a call', 'export const fib = Object.freeze((n) => n);'],
    ['the function inside parentheses', 'export const fib = ((n) => n)(1);'],
    ['the end of the statement before', 'const it = {}; const a = it.export\nfunction fib(n) {}'],
    ['no export', 'function fib(n) {}'],
    ['a default export', 'export default function fib(n) {}'],
  ];
  for (const [title, source] of untold) {
    it(`is left to the parser with ${title}`, () => assert.equal(read(source)[0], undefined));
  }

  it('is believed only where the function itself stands', () => {
    const source = 'export function fib(n) { return n; }\nexport const next = (n) => n + 1;';
    const arrow = source.indexOf('(n) => n');
    assert.equal(writtenExport(source, source.indexOf('('), 'function fib(n) { return n; }'), 'fib');
    assert.equal(writtenExport(source, source.indexOf('('), 'function fib(n) { return -n; }'), undefined);
    assert.equal(writtenExport(source, arrow, '(n) => n + 1'), 'next');
    assert.equal(writtenExport(source, arrow, '(n) => n + 2'), undefined);
  });

  it('is never that of an inner function', () => {
    const source = 'export const outer = (a = () => 1, b = function inner() {}) => function outer() {};';
    assert.deepEqual(read(source), ['outer', undefined, undefined, undefined]);
  });
});
