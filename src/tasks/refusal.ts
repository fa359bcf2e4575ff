/** The words in which a function is refused: what it is, why it cannot go, and what to do. */
import { NotShareableError } from '../errors.ts';
import type { Capture } from './free-variables.ts';
import { type AnyNode, walk } from './syntax.ts';

const advice =
  'Pass the values it needs as arguments, or export it from a module and submit that export ' +
  '(where the runtime cannot tell exports, register it: defineTasks(import.meta.url, { name })).';

/** `reasons` follow "it" and are joined to one sentence. */
export function refuse(label: string, reasons: readonly string[], hint: string = advice): NotShareableError {
  return new NotShareableError(
    `The function ${label} cannot be sent to a worker: it ${reasons.join('; it ')}. ${hint}`,
  );
}

/** Bound functions, native ones and Proxies: nobody, V8 included, can give the text of these. */
export function refuseNative(fn: Function, label: string): NotShareableError {
  if (label.startsWith('bound ')) {
    const target = label.replace(/^(?:bound )+/, '');
    return refuse(
      label,
      ['is bound, and what it is bound to cannot be seen'],
      `Submit ${target || 'the unbound function'} itself, and pass the bound values as arguments.`,
    );
  }
  const path = builtinPath(fn);
  return refuse(
    label,
    ['is built into the runtime (or is a Proxy) and has no source'],
    path === undefined
      ? 'Write a function that calls it, and submit that.'
      : `Wrap it: (${parameters(fn)}) => ${path}(${parameters(fn)}).`,
  );
}

function parameters(fn: Function): string {
  return ['x', 'x, y', 'x, y, z'][fn.length - 1] ?? '...args';
}

/** How to write a builtin: `Math.sqrt`, `fetch`. */
function builtinPath(fn: Function): string | undefined {
  for (const [name, value] of ownValues(globalThis)) {
    if (value === fn) return name;
    if (!/^[A-Z]/.test(name) || value === null || !['object', 'function'].includes(typeof value)) continue;
    for (const [key, member] of ownValues(value as object)) if (member === fn) return `${name}.${key}`;
  }
  return undefined;
}

function* ownValues(object: object): Iterable<[string, unknown]> {
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(object)))
    yield [name, value];
}

/** "uses factor and readFile (from 'node:fs'), which are defined outside of it" */
export function captureReason(captures: readonly Capture[], text: AnyNode): string {
  const names = captures.map((capture) => describe(capture, text));
  const list = names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
  return `uses ${list}, which ${names.length === 1 ? 'is' : 'are'} defined outside of it and would be missing there`;
}

function describe({ name, variable }: Capture, text: AnyNode): string {
  if (name === 'require' && variable === undefined) return 'require (write await import() instead)';
  if (name === '__vite_ssr_import_meta__') return 'import.meta';
  const definition = variable?.defs[0];
  let module: string | undefined;
  if (definition?.type === 'ImportBinding') {
    module = (definition.parent as { source?: { value?: unknown } } | null)?.source?.value as string;
  } else if (definition?.type === 'Variable') {
    module = requiredModule(definition.node as unknown as AnyNode);
  }
  const from = module === undefined ? '' : ` (from '${module}')`;
  // Vite and TypeScript turn `import { a } from './b'` into members of one object with a made-up name.
  if (!/^__vite_ssr_import_\d+__$|_\d+$/.test(name)) return name + from;
  const members = membersOf(name, text);
  return members.length === 0 ? name + from : members.map((member) => member + from).join(', ');
}

/** The module in `const x = require('module')` and `const x = await __vite_ssr_import__('module')`. */
function requiredModule(declaration: AnyNode): string | undefined {
  let module: string | undefined;
  walk(declaration, (node) => {
    if (isLoading(node)) {
      const [specifier] = node.arguments;
      if (specifier?.type === 'Literal' && typeof specifier.value === 'string') module ??= specifier.value;
    }
    return true;
  });
  return module;
}

function isLoading(node: AnyNode): node is AnyNode & { type: 'CallExpression' } {
  return (
    node.type === 'CallExpression' &&
    node.callee.type === 'Identifier' &&
    ['require', '__vite_ssr_import__'].includes(node.callee.name)
  );
}

function membersOf(name: string, text: AnyNode): string[] {
  const members = new Set<string>();
  walk(text, (node) => {
    if (node.type === 'MemberExpression' && node.object.type === 'Identifier' && node.object.name === name) {
      if (node.property.type === 'Identifier' && !node.computed) members.add(node.property.name);
    }
    return true;
  });
  return [...members];
}
