/**
 * Under which name a module exports a function, read from the module's text.
 *
 * The obvious way is to import the module and compare values. It is closed to the parent: submit is synchronous,
 * and the module may be the main one, waiting at its top level for the very result. So the text is asked
 * which exported binding holds the function written at this place. Only a binding that is certain to hold it
 * counts: one at the top level, set where it is declared and never again. A closure that a factory returned has
 * a text too, but no binding of its own, and is not taken for one.
 */
import { type AnyNode, type FunctionNode, isFunctionNode, type Program, walk } from './syntax.ts';

/** Every function that this module surely exports, with one name it is exported under. */
export function exportedFunctions(program: Program): Map<FunctionNode, string> {
  const bindings = new Map<string, Binding>();
  const exported = new Map<FunctionNode, string>();
  const names: { local: string; exported: string }[] = [];

  for (const statement of program.body) {
    if (statement.type === 'ExportDefaultDeclaration') {
      const { declaration } = statement;
      const node = functionValue(declaration as AnyNode);
      if (declaration.type === 'Identifier') names.push({ local: declaration.name, exported: 'default' });
      else if (node?.type === 'FunctionDeclaration' && node.id) {
        declare(bindings, statement.declaration as AnyNode);
        names.push({ local: node.id.name, exported: 'default' });
      } else if (node !== undefined) exported.set(node, 'default');
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

  const unsure = reassigned(program, bindings);
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
}

function declare(bindings: Map<string, Binding>, statement: AnyNode): string[] {
  if (statement.type === 'FunctionDeclaration' && statement.id) {
    const { name } = statement.id;
    bindings.set(name, { value: statement as FunctionNode, constant: false });
    return [name];
  }
  if (statement.type !== 'VariableDeclaration') return [];
  const declared: string[] = [];
  for (const { id, init } of statement.declarations) {
    if (id.type !== 'Identifier') continue;
    // `var` may declare a name twice; then none of the values is certain.
    const value = bindings.has(id.name) ? undefined : aliasOrFunction(init as AnyNode | null);
    bindings.set(id.name, { value, constant: statement.kind === 'const' });
    declared.push(id.name);
  }
  return declared;
}

function aliasOrFunction(init: AnyNode | null | undefined): Binding['value'] {
  return init?.type === 'Identifier' ? init.name : functionValue(init);
}

/** The function that an expression certainly evaluates to. */
function functionValue(expression: AnyNode | null | undefined): FunctionNode | undefined {
  if (isFunctionNode(expression)) return expression;
  if (expression?.type !== 'CallExpression') return undefined;
  const { callee, arguments: given } = expression;
  // These return their first argument: esbuild's `__name(fn, "name")`, and `Object.assign(fn, extras)`.
  const transparent =
    (callee.type === 'Identifier' && callee.name === '__name') ||
    (callee.type === 'MemberExpression' &&
      callee.object.type === 'Identifier' &&
      callee.object.name === 'Object' &&
      callee.property.type === 'Identifier' &&
      ['assign', 'freeze', 'seal', 'defineProperty', 'defineProperties'].includes(callee.property.name));
  return transparent ? functionValue(given[0] as AnyNode | undefined) : undefined;
}

function follow(
  local: string,
  bindings: ReadonlyMap<string, Binding>,
  unsure: ReadonlySet<string>,
): FunctionNode | undefined {
  const seen = new Set<string>();
  for (let name = local; !seen.has(name); ) {
    seen.add(name);
    const value = unsure.has(name) ? undefined : bindings.get(name)?.value;
    if (typeof value !== 'string') return value;
    name = value;
  }
  return undefined;
}

/** Names that something in the program assigns to. Inner variables of the same name count too: better safe. */
function reassigned(program: Program, bindings: ReadonlyMap<string, Binding>): Set<string> {
  const names = new Set<string>();
  if ([...bindings.values()].every(({ constant }) => constant)) return names;
  const target = (pattern: AnyNode): void =>
    walk(pattern, (node) => {
      if (node.type === 'Identifier') names.add(node.name);
      return node.type !== 'MemberExpression';
    });
  walk(program, (node) => {
    if (node.type === 'AssignmentExpression') target(node.left as AnyNode);
    else if (node.type === 'UpdateExpression') target(node.argument as AnyNode);
    else if (node.type === 'ForInStatement' || node.type === 'ForOfStatement') {
      if (node.left.type !== 'VariableDeclaration') target(node.left as AnyNode);
    }
  });
  for (const [name, { constant }] of bindings) if (constant) names.delete(name);
  return names;
}

function nameOf(name: { type: string; name?: string; value?: unknown }): string {
  return name.name ?? String(name.value);
}
