/** Which name a module exports one of its classes under, read from its syntax. */
import type { AnyNode, Program } from './syntax.ts';

/**
 * @param offset where V8 places the class: the `(` of its constructor if it has one, else its first character. No other
 *   class, also none inside of it, has the same place.
 */
export function exportedClass(program: Program, offset: number): string | undefined {
  let local: string | undefined;
  for (const statement of program.body as AnyNode[]) {
    switch (statement.type) {
      case 'ExportDefaultDeclaration':
        if (isClassAt(statement.declaration as AnyNode, offset)) return 'default';
        break;
      case 'ExportNamedDeclaration': {
        const name = declaredAt(statement.declaration as AnyNode | null | undefined, offset);
        if (name !== undefined) return name;
        break;
      }
      default:
        local ??= declaredAt(statement, offset);
    }
  }
  return local === undefined ? undefined : exportOfLocal(program, local);
}

/** The name of the class at this place, if the statement declares it. */
function declaredAt(statement: AnyNode | null | undefined, offset: number): string | undefined {
  if (statement?.type === 'ClassDeclaration')
    return isClassAt(statement, offset) ? statement.id?.name : undefined;
  if (statement?.type !== 'VariableDeclaration') return undefined;
  for (const { id, init } of statement.declarations) {
    if (id.type === 'Identifier' && isClassAt(init as AnyNode | null | undefined, offset)) return id.name;
  }
  return undefined;
}

function isClassAt(node: AnyNode | null | undefined, offset: number): boolean {
  if (node?.type !== 'ClassDeclaration' && node?.type !== 'ClassExpression') return false;
  const constructor = node.body.body.find(
    (member) => member.type === 'MethodDefinition' && member.kind === 'constructor',
  );
  return offset === (constructor?.type === 'MethodDefinition' ? constructor.value.start : node.start);
}

function exportOfLocal(program: Program, local: string): string | undefined {
  let byDefault: string | undefined;
  for (const statement of program.body as AnyNode[]) {
    if (statement.type === 'ExportDefaultDeclaration') {
      const { declaration } = statement;
      if (declaration.type === 'Identifier' && declaration.name === local) byDefault = 'default';
    } else if (statement.type === 'ExportNamedDeclaration' && !statement.source) {
      for (const { local: from, exported } of statement.specifiers) {
        if (from.type !== 'Identifier' || from.name !== local) continue;
        return exported.type === 'Identifier' ? exported.name : String(exported.value);
      }
    }
  }
  return byDefault;
}
