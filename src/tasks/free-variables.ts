/**
 * Does a function stand alone? If not, what does it need?
 *
 * Its own text tells which names it does not declare. Whether such a name is a builtin or a variable around
 * the function only the script can tell: `setTimeout` is the global one, unless the file imports the one of
 * `node:timers/promises`. So the script is asked whenever V8 can show it; by text alone go `eval` and the
 * like.
 */
import { isProvidedHelper, standardGlobals, viteImport } from './globals.ts';
import {
  type AnyNode,
  type FunctionNode,
  isFunctionNode,
  type Scope,
  type ScopeManager,
  type Variable,
  walk,
} from './syntax.ts';

/** A variable that a function uses and does not declare. */
export interface Capture {
  readonly name: string;
  /** The variable as its script declares it; absent for a global that is not a standard one. */
  readonly variable?: Variable;
}

export interface FreeVariables {
  /** Variables of the surrounding script, and globals that workers do not have. */
  readonly captures: readonly Capture[];
  /** Standard globals it relies on. */
  readonly globals: ReadonlySet<string>;
  /** The name by which it calls itself, where that name is a variable outside of it. */
  readonly selfName: string | undefined;
}

/** The names that `node` uses and does not declare, sorted by where they come from. */
export function freeVariables(node: AnyNode, scopes: ScopeManager): FreeVariables {
  const captures = new Map<string, Capture>();
  const globals = new Set<string>();
  let selfName: string | undefined;
  for (const { identifier, resolved } of referencesLeaving(node, scopes)) {
    const { name } = identifier as { name: string };
    if (resolved !== null && isVariableOf(resolved, node)) selfName = name;
    else if (isProvidedHelper(name)) continue;
    else if (resolved !== null) captures.set(name, { name, variable: resolved });
    else if (standardGlobals().has(name)) globals.add(name);
    else captures.set(name, { name });
  }
  return { captures: [...captures.values()], globals, selfName };
}

function referencesLeaving(node: AnyNode, scopes: ScopeManager): Scope['through'] {
  const own = scopes.acquire(node as never);
  if (own !== null) return own.through;
  // Not a function: an expression. Its names are those references of all scopes that stand within its text.
  const within = (range: { start?: number; end?: number }): boolean =>
    (range.start ?? -1) >= node.start && (range.end ?? Infinity) <= node.end;
  return scopes.scopes
    .flatMap((scope) => scope.references)
    .filter(({ identifier }) => within(identifier as never))
    .filter(({ resolved }) => resolved === null || !resolved.identifiers.some((id) => within(id as never)));
}

/**
 * Is this the variable that holds the function itself: `function f() {...}`, `const f = ...`, never set
 * again?
 */
function isVariableOf({ defs, references }: Variable, node: AnyNode): boolean {
  const [definition] = defs;
  if (defs.length !== 1 || definition === undefined) return false;
  if (references.some((reference) => reference.isWrite() && !reference.init)) return false;
  const declaration = definition.node as unknown as AnyNode;
  if (declaration === node) return true;
  if (declaration.type !== 'VariableDeclarator' || !declaration.init) return false;
  let value = declaration.init as AnyNode;
  // esbuild: const f = __name(() => ..., "f"). Of any other call it is not known what it returns.
  if (
    value.type === 'CallExpression' &&
    value.callee.type === 'Identifier' &&
    value.callee.name === '__name' &&
    value.arguments[0] !== undefined
  ) {
    value = value.arguments[0] as AnyNode;
  }
  return value === node;
}

/** Syntax that ties a function to the place where it was written, in words that follow "it". */
export interface Ties {
  readonly reasons: readonly string[];
  /** Whether it imports modules, which the worker has to resolve from where the function was written. */
  readonly importsModules: boolean;
}

export function tiesOf(fn: FunctionNode): Ties {
  const reasons = new Set<string>();
  let importsModules = false;
  const imports = (specifier: AnyNode | undefined): void => {
    importsModules = true;
    if (specifier?.type === 'Literal' && /^\.{0,2}\//.test(String(specifier.value))) {
      reasons.add(`imports '${specifier.value}', which is relative to the file it is written in`);
    }
  };
  // Arrows have the `this` of what surrounds them; every other function, and a class, brings its own.
  const visit = (node: AnyNode, ownsThis: boolean): void => {
    walk(node, (inner) => {
      if (inner !== node && ((isFunctionNode(inner) && !isArrow(inner)) || isClass(inner))) {
        visit(inner, true);
        return false;
      }
      switch (inner.type) {
        case 'ThisExpression':
          if (!ownsThis) reasons.add('uses this, and would be called without the object it belongs to');
          break;
        case 'Super':
          if (!ownsThis) reasons.add('uses super, and would be called without the object it belongs to');
          break;
        case 'MetaProperty':
          if (inner.meta.name === 'import') reasons.add('uses import.meta, which belongs to its module');
          break;
        case 'ImportExpression':
          imports(inner.source as AnyNode);
          break;
        case 'CallExpression':
          if (inner.callee.type !== 'Identifier') break;
          if (inner.callee.name === viteImport) imports(inner.arguments[0] as AnyNode | undefined);
          if (inner.callee.name === 'eval') {
            reasons.add('calls eval, whose code may use variables that cannot be seen from here');
          }
          break;
        default:
      }
      return true;
    });
  };
  visit(fn as AnyNode, false);
  return { reasons: [...reasons], importsModules };
}

function isArrow(node: AnyNode): boolean {
  return node.type === 'ArrowFunctionExpression';
}

function isClass(node: AnyNode): boolean {
  return node.type === 'ClassExpression' || node.type === 'ClassDeclaration';
}
