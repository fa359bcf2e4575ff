/**
 * Under which name a module exports a function, read from the module's text.
 *
 * The obvious way is to import the module and compare values. It is closed to the parent: submit is
 * synchronous, and the module may be the main one, waiting at its top level for the very result. So the text
 * is asked which exported binding holds the function written at this place. Only a binding that is certain to
 * hold it counts: one at the top level, set where it is declared and never again. A closure that a factory
 * returned has a text too, but no binding of its own, and is not taken for one.
 */
import {
  type AnyNode,
  type FunctionNode,
  isFunctionNode,
  isNameKeeper,
  type Program,
  type ScopeManager,
  walk,
} from './syntax.ts';

/**
 * Every function that this module surely exports, with one name it is exported under.
 *
 * @param scopes is asked only where text leaves a doubt, since it costs as much as parsing
 */
export function exportedFunctions(program: Program, scopes: () => ScopeManager): Map<FunctionNode, string> {
  const bindings: Bindings = new Map();
  const exported = new Map<FunctionNode, string>();
  const names: Exported[] = [];

  for (const statement of program.body) {
    if (statement.type === 'ExportDefaultDeclaration') {
      const declaration = statement.declaration as AnyNode;
      const [declared] = declare(bindings, declaration);
      const value = declared ?? aliasOrFunction(declaration, bindings);
      if (typeof value === 'string') names.push({ local: value, exported: 'default' });
      else if (value !== undefined) exported.set(value, 'default');
    } else if (statement.type === 'ExportNamedDeclaration') {
      if (statement.declaration) {
        for (const local of declare(bindings, statement.declaration as AnyNode)) {
          names.push({ local, exported: local });
        }
      } else if (!statement.source) {
        for (const { local, exported: outside } of statement.specifiers) {
          names.push({ local: nameOf(local), exported: nameOf(outside) });
        }
      }
    } else {
      declare(bindings, statement as AnyNode);
    }
  }

  return settle(names, bindings, reassigned(program, bindings, scopes), exported);
}

/**
 * The same for a module that Vite (and so Vitest) has turned into a function, where exports are calls:
 * `__vite_ssr_exportName__("fib", () => { ... return fib ... })`, and before version 7 a property with a
 * getter.
 */
export function wrappedExports(program: Program, scopes: () => ScopeManager): Map<FunctionNode, string> {
  const bindings: Bindings = new Map();
  const names: Exported[] = [];
  let found = false;
  walk(program, (node) => {
    if (found) return false;
    if (!isFunctionNode(node) || !node.params.some(isViteParameter)) return true;
    found = true;
    const { body } = node.body as { body: AnyNode[] };
    const [only] = body;
    for (const statement of only?.type === 'BlockStatement' ? only.body : body) {
      if (statement.type === 'ExpressionStatement') {
        const name = exportCall(statement.expression as AnyNode);
        if (name !== undefined) names.push(name);
      } else {
        declare(bindings, statement as AnyNode);
      }
    }
    return false;
  });
  return settle(names, bindings, reassigned(program, bindings, scopes), new Map());
}

function isViteParameter(parameter: { type: string; name?: string }): boolean {
  return parameter.type === 'Identifier' && parameter.name === '__vite_ssr_import__';
}

/** The name in a call's text argument, and the variable that the function after it returns. */
function exportCall(call: AnyNode): Exported | undefined {
  if (call.type !== 'CallExpression') return undefined;
  let exported: string | undefined;
  let local: string | undefined;
  for (const argument of call.arguments as AnyNode[]) {
    if (argument.type === 'Literal' && typeof argument.value === 'string') exported = argument.value;
    else if (exported !== undefined) {
      walk(argument, (node) => {
        if (node.type === 'ReturnStatement' && node.argument?.type === 'Identifier')
          local = node.argument.name;
        return true;
      });
    }
  }
  return exported === undefined || local === undefined ? undefined : { local, exported };
}

/** A name outside, and the variable that it stands for. */
interface Exported {
  readonly local: string;
  readonly exported: string;
}

function settle(
  names: readonly Exported[],
  bindings: Bindings,
  unsure: ReadonlySet<string>,
  exported: Map<FunctionNode, string>,
): Map<FunctionNode, string> {
  for (const { local, exported: name } of names) {
    const node = follow(local, bindings, unsure);
    // A function exported twice keeps its first name; `default` only if it has no other.
    if (node !== undefined && (!exported.has(node) || exported.get(node) === 'default')) {
      exported.set(node, name);
    }
  }
  return exported;
}

/** What a top-level name is declared as: a function, another name for one, or something of no interest. */
interface Binding {
  readonly value: FunctionNode | string | undefined;
  readonly constant: boolean;
  readonly declaration: AnyNode;
}

type Bindings = Map<string, Binding>;

function declare(bindings: Bindings, statement: AnyNode): string[] {
  if (statement.type === 'FunctionDeclaration' && statement.id) {
    const { name } = statement.id;
    bindings.set(name, { value: statement as FunctionNode, constant: false, declaration: statement });
    return [name];
  }
  if (statement.type !== 'VariableDeclaration') return [];
  const declared: string[] = [];
  for (const declaration of statement.declarations as (AnyNode & { type: 'VariableDeclarator' })[]) {
    const { id, init } = declaration;
    if (id.type !== 'Identifier') continue;
    // `var` may declare a name twice; then none of the values is certain.
    const value = bindings.has(id.name) ? undefined : aliasOrFunction(init as AnyNode | null, bindings);
    bindings.set(id.name, { value, constant: statement.kind === 'const', declaration });
    declared.push(id.name);
  }
  return declared;
}

function keepsNames(binding: Binding | undefined): boolean {
  const declaration = binding?.declaration;
  return declaration?.type === 'VariableDeclarator' && isNameKeeper(declaration.init as AnyNode | null);
}

/** The function that an expression certainly evaluates to, or the variable. */
function aliasOrFunction(expression: AnyNode | null | undefined, bindings: Bindings): Binding['value'] {
  if (isFunctionNode(expression)) return expression;
  if (expression?.type === 'Identifier') return expression.name;
  if (expression?.type !== 'CallExpression') return undefined;
  const { callee, arguments: given } = expression;
  // These return their first argument: esbuild's `__name(fn, "name")`, and `Object.assign(fn, extras)`.
  const transparent =
    (callee.type === 'Identifier' && (callee.name === '__name' || keepsNames(bindings.get(callee.name)))) ||
    (callee.type === 'MemberExpression' &&
      callee.object.type === 'Identifier' &&
      callee.object.name === 'Object' &&
      callee.property.type === 'Identifier' &&
      ['assign', 'freeze', 'seal', 'defineProperty', 'defineProperties'].includes(callee.property.name));
  return transparent ? aliasOrFunction(given[0] as AnyNode | undefined, bindings) : undefined;
}

function follow(local: string, bindings: Bindings, unsure: ReadonlySet<string>): FunctionNode | undefined {
  const seen = new Set<string>();
  for (let name = local; !seen.has(name); ) {
    seen.add(name);
    const value = unsure.has(name) ? undefined : bindings.get(name)?.value;
    if (typeof value !== 'string') return value;
    name = value;
  }
  return undefined;
}

/** The bindings that get another value somewhere. */
function reassigned(program: Program, bindings: Bindings, scopes: () => ScopeManager): Set<string> {
  const candidates = assignedNames(program);
  const result = new Set<string>();
  for (const [name, { constant, declaration }] of bindings) {
    if (constant || !candidates.has(name)) continue;
    // The name is assigned to, and it may be an inner variable's: in a bundle it mostly is.
    const variable = scopes()
      .getDeclaredVariables(declaration as never)
      .find((declared) => declared.name === name);
    const writes = variable?.references.filter((reference) => reference.isWrite() && !reference.init);
    if (writes?.length !== 0 || variable?.defs.length !== 1) result.add(name);
  }
  return result;
}

/** Names that something in the program assigns to, whosever they are. */
function assignedNames(program: Program): Set<string> {
  const names = new Set<string>();
  const target = (pattern: AnyNode): void =>
    walk(pattern, (node) => {
      if (node.type === 'Identifier') names.add(node.name);
      return node.type !== 'MemberExpression';
    });
  walk(program, (node) => {
    if (node.type === 'AssignmentExpression') target(node.left as AnyNode);
    else if (node.type === 'UpdateExpression') target(node.argument as AnyNode);
    else if (node.type === 'ForInStatement' || node.type === 'ForOfStatement') target(node.left as AnyNode);
    // An inner `var` may be the outer one, declared again.
    else if (
      node.type === 'VariableDeclaration' &&
      node.kind === 'var' &&
      !program.body.includes(node as never)
    ) {
      for (const { id } of node.declarations) target(id as AnyNode);
    }
  });
  return names;
}

function nameOf(name: { type: string; name?: string; value?: unknown }): string {
  return name.name ?? String(name.value);
}
