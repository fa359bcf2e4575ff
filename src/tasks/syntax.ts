/**
 * The parsers, loaded when the first function has to be looked at and not before: importing the library is
 * to stay cheap, and programs which use exported functions in a worker never need them there.
 */
import { createRequire } from 'node:module';
import type { AnyNode, Expression, Function as FunctionSyntax, Options, Program } from 'acorn';
import type { Scope, ScopeManager, Variable } from 'eslint-scope';

export type { AnyNode, Program, Scope, ScopeManager, Variable };

/**
 * Syntax of what JavaScript calls a function at runtime; classes are functions too, and are refused as such.
 */
export type FunctionNode = AnyNode & FunctionSyntax;

const require: NodeJS.Require = createRequire(import.meta.url);
let acorn: typeof import('acorn') | undefined;
let eslintScope: typeof import('eslint-scope') | undefined;

/**
 * Parses a whole script the way Node compiles it. @throws SyntaxError where the text is none, or is too new
 */
export function parseProgram(source: string, isModule: boolean): Program {
  return parse(source, {
    sourceType: isModule ? 'module' : 'script',
    // A CommonJS file is the body of a function.
    allowReturnOutsideFunction: !isModule,
  });
}

function parse(source: string, options: Partial<Options>): Program {
  // eslint-scope reads `range`, acorn gives it on demand.
  acorn ??= require('acorn') as typeof import('acorn');
  return acorn.parse(source, {
    ecmaVersion: 'latest',
    ranges: true,
    allowHashBang: true,
    ...options,
  } as Options);
}

/** Who declares and who uses each name. */
export function scopesOf(program: Program, isModule: boolean): ScopeManager {
  eslintScope ??= require('eslint-scope') as typeof import('eslint-scope');
  return eslintScope.analyze(program as never, {
    ecmaVersion: 2025,
    sourceType: isModule ? 'module' : 'commonjs',
  });
}

/** A function's text as the program that evaluates to it. */
export interface FunctionText {
  /** An expression that evaluates to the function, whatever syntax it was written in. */
  readonly expression: string;
  readonly program: Program;
  readonly node: FunctionNode;
}

/**
 * Reads what `Function.prototype.toString` gave: an expression for most functions, but `square(n) {...}` for
 * a method, `get area() {...}` for an accessor and `#step() {...}` for a private method, none of which stand
 * alone.
 *
 * @throws SyntaxError where it is none of them
 */
export function readFunction(text: string): FunctionText {
  let problem: unknown;
  for (const [before, after] of [
    ['(', '\n)'],
    ['({', '\n})'],
    ['(class {', '\n})'],
  ] as const) {
    try {
      const source = before + text + after;
      const program = parse(source, { sourceType: 'module' });
      const [statement] = program.body;
      if (statement?.type !== 'ExpressionStatement') continue;
      const node = functionOf(statement.expression);
      if (node === undefined) continue;
      const expression = before === '(' ? text : methodExpression(source, node);
      return { expression, program, node };
    } catch (error) {
      // The first way of reading fails for every method; what the last says of private names is the reason.
      if (problem === undefined || (error as Error).message.startsWith('Private')) problem = error;
    }
  }
  throw problem ?? new SyntaxError('it is not written as a function');
}

function functionOf(expression: Expression): FunctionNode | undefined {
  switch (expression.type) {
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      return expression as FunctionNode;
    case 'ObjectExpression': {
      const [property] = expression.properties;
      return property?.type === 'Property' ? functionOf(property.value) : undefined;
    }
    case 'ClassExpression': {
      const [member] = expression.body.body;
      return member?.type === 'MethodDefinition' ? functionOf(member.value) : undefined;
    }
    default:
      return undefined;
  }
}

/** A method under a plain key: its own may be computed, and that computation is not the function's. */
function methodExpression(source: string, node: FunctionNode): string {
  const prefix = (node.async ? 'async ' : '') + (node.generator ? '*' : '');
  return `({ ${prefix}task${source.slice(node.start, node.end)} }).task`;
}

/** Calls `visit` for a node and all below it, until it answers `false` for a branch. */
export function walk(node: AnyNode, visit: (node: AnyNode) => boolean | void): void {
  if (visit(node) === false) return;
  for (const value of Object.values(node) as unknown[]) {
    if (Array.isArray(value)) {
      for (const item of value as unknown[]) if (isNode(item)) walk(item, visit);
    } else if (isNode(value)) {
      walk(value, visit);
    }
  }
}

function isNode(value: unknown): value is AnyNode {
  return typeof (value as { type?: unknown } | null)?.type === 'string';
}

export function isFunctionNode(node: AnyNode | null | undefined): node is FunctionNode {
  return (
    node?.type === 'FunctionDeclaration' ||
    node?.type === 'FunctionExpression' ||
    node?.type === 'ArrowFunctionExpression'
  );
}

/**
 * Is this esbuild's helper for keeping function names, whatever a minifier called it: `(target, value) =>
 * defineProperty(target, "name", { value, configurable: true })`? It returns its first argument.
 */
export function isNameKeeper(node: AnyNode | null | undefined): boolean {
  if (node?.type !== 'ArrowFunctionExpression' || node.params.length !== 2) return false;
  const [target] = node.params;
  const call = node.body;
  if (call.type !== 'CallExpression' || target?.type !== 'Identifier') return false;
  const [object, property] = call.arguments;
  return (
    object?.type === 'Identifier' &&
    object.name === target.name &&
    property?.type === 'Literal' &&
    property.value === 'name'
  );
}
