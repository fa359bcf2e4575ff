/**
 * Helper functions that a compiler wrote into a file, and calls from the functions in it: `__async`,
 * `__using`, `__awaiter`... A function which needs them takes them along.
 *
 * Only what is certain to be such a helper goes: a name as compilers choose them, declared once, whose value
 * is a function (or a builtin under a short name) that needs nothing but builtins and other helpers. A
 * variable with state never does; a copy of it would be another variable.
 */
import { type Capture, freeVariables } from './free-variables.ts';
import type { Script } from './script.ts';
import { type AnyNode, isFunctionNode, isNameKeeper } from './syntax.ts';

/** esbuild and TypeScript begin with two underscores; SWC and Babel with one, hence the list. */
const helperName =
  /^(?:__[a-zA-Z]\w*|_(?:async_to_generator|asyncToGenerator|async_generator|wrap_async_generator|await_async_generator|async_iterator|asyncIterator|object_spread|object_spread_props|objectSpread2?|object_without_properties\w*|define_property|defineProperty|extends|to_consumable_array|sliced_to_array|ts_generator|ts_add_disposable_resource|ts_dispose_resources|using_ctx|usingCtx))$/;

/** The declarations to put before the function, dependencies first; or the captures that are no helpers. */
export function helpersFor(
  captures: readonly Capture[],
  script: Script,
): { declarations: readonly string[]; rest: readonly Capture[] } {
  const declarations = new Map<string, string>();
  const rest = captures.filter((capture) => !collect(capture, script, declarations, new Set()));
  return { declarations: [...declarations.values()], rest };
}

function collect(
  { name, variable }: Capture,
  script: Script,
  found: Map<string, string>,
  pending: Set<string>,
): boolean {
  if (found.has(name) || pending.has(name)) return true;
  if (variable === undefined || variable.defs.length !== 1) return false;
  const declaration = variable.defs[0]?.node as unknown as AnyNode | undefined;
  if (!helperName.test(name) && !isMinifiedHelper(declaration, script)) return false;
  let value: AnyNode | null | undefined;
  let text: string;
  if (declaration?.type === 'FunctionDeclaration') {
    value = declaration;
    text = script.source.slice(declaration.start, declaration.end);
  } else if (declaration?.type === 'VariableDeclarator' && declaration.id.type === 'Identifier') {
    value = declaration.init as AnyNode | null | undefined;
    if (!value || !isStateless(value)) return false;
    text = `var ${name} = ${script.source.slice(value.start, value.end)};`;
  } else {
    return false;
  }
  pending.add(name);
  const { captures } = freeVariables(value, script.scopes);
  if (!captures.every((capture) => collect(capture, script, found, pending))) return false;
  found.set(name, text);
  return true;
}

/**
 * The helper that a minifier renamed, `r = (e, t) => p(e, "name", ...)`, and its `p = Object.defineProperty`.
 */
function isMinifiedHelper(declaration: AnyNode | undefined, script: Script): boolean {
  if (declaration?.type !== 'VariableDeclarator' || !declaration.init) return false;
  const { init } = declaration;
  return (
    isNameKeeper(init as AnyNode) || script.source.slice(init.start, init.end) === 'Object.defineProperty'
  );
}

/** A function, a builtin by its path, a choice between such, or what a function made of such. */
function isStateless(value: AnyNode): boolean {
  if (isFunctionNode(value)) return true;
  switch (value.type) {
    case 'Identifier':
    case 'ThisExpression':
    case 'Literal':
      return true;
    case 'MemberExpression':
      return isStateless(value.object as AnyNode);
    case 'UnaryExpression':
      return value.operator === 'typeof';
    case 'BinaryExpression':
      return isStateless(value.left as AnyNode) && isStateless(value.right as AnyNode);
    case 'LogicalExpression':
      return isStateless(value.left as AnyNode) && isStateless(value.right as AnyNode);
    case 'ConditionalExpression':
      return [value.test, value.consequent, value.alternate].every((part) => isStateless(part as AnyNode));
    case 'CallExpression':
      // TypeScript's __disposeResources = (function (SuppressedError) { return function ... })(...)
      return [value.callee, ...value.arguments].every(
        (part, i) => (i > 0 || isFunctionNode(part as AnyNode)) && isStateless(part as AnyNode),
      );
    default:
      return false;
  }
}
