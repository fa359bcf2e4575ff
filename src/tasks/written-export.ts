/**
 * The export that a function's own line tells: `export function fib(n) {`, `export const fib = (n) =>`.
 *
 * This is how most tasks are written, and it saves the parser, which costs more than all else that naming the
 * first function takes: 10 ms to load and warm up, and then as long as the module is. Text that is searched
 * proves less than text that is parsed, so only what leaves no doubt is answered, and the parser is asked
 * for the rest:
 *
 * - V8 says that a function begins here, so this is code and no comment or string, and `export` makes it the
 *   top level.
 * - A constant holds what it was declared as. A declared function may be given another value, so each other
 *   place where its name stands must be one where nothing is assigned.
 */

/** Line breaks are left out: `it.export`, and a function on the next line, are two statements. */
const declaration = /(?<![\w$.#])export[ \t]+(?:async[ \t]+)?function[ \t]*\*?[ \t]*([\w$]+)[ \t]*$/;
const constant = /(?<![\w$.#])export[ \t]+const[ \t]+([\w$]+)[ \t]*=[ \t]*$/;

/**
 * The name under which a module exports the function written at `offset`, if the text before it says so.
 *
 * @param offset where V8 places the function: an arrow at its first character, others at the `(` of their
 *   parameters
 * @param text the function's own, without which at this place `source` is not what V8 runs
 */
export function writtenExport(source: string, offset: number, text: string): string | undefined {
  const before = source.slice(source.lastIndexOf('\n', offset - 1) + 1, offset);
  const held = constant.exec(before)?.[1];
  if (held !== undefined) return source.startsWith(text, offset) ? held : undefined;
  const declared = declaration.exec(before)?.[1];
  if (declared === undefined || !source.startsWith(text.slice(text.indexOf('(')), offset)) return undefined;
  return isNeverAssigned(declared, source) ? declared : undefined;
}

/**
 * Whether all places that name it are calls, `fib(n)`, members, `fib.length`, ends of statements, or first
 * arguments, `submit(fib, n)`. No target of an assignment looks like one of these.
 */
function isNeverAssigned(name: string, source: string): boolean {
  // An identifier may be spelt with escapes.
  if (source.includes('\\u')) return false;
  const escaped = name.replaceAll('$', '\\$');
  const places = new RegExp(`(?<![\\w$])${escaped}(?![\\w$])`, 'g');
  const harmless = new RegExp(
    `(?:(?<!(?:\\+\\+|--)\\s*)${escaped}\\s*[(.;]|(?<=[\\w$]\\()${escaped}(?:,|\\)(?!\\s*[-+*/%&|^<>?=])))`,
    'y',
  );
  for (const { index } of source.matchAll(places)) {
    harmless.lastIndex = index;
    if (!harmless.test(source)) return false;
  }
  return true;
}
