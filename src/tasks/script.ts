/**
 * A script that V8 holds, parsed: which function is written at a place, what the module exports, who declares
 * which name. Each question is answered when first asked; the last few scripts are kept.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { exportedFunctions } from './exported.ts';
import { type Place, readScript, type ScriptText } from './locate.ts';
import {
  type AnyNode,
  type FunctionNode,
  isFunctionNode,
  type Program,
  parseProgram,
  type ScopeManager,
  scopesOf,
} from './syntax.ts';

export class Script {
  readonly url: string;
  readonly isModule: boolean;
  readonly source: string;
  readonly program: Program;
  readonly #startLine: number;
  readonly #startColumn: number;
  #lineStarts: number[] | undefined;
  #exports: Map<FunctionNode, string> | undefined;
  #scopes: ScopeManager | undefined;

  constructor({ url, isModule, source, startLine, startColumn }: ScriptText) {
    this.url = url;
    this.isModule = isModule;
    this.source = source;
    this.program = parseProgram(source, isModule);
    this.#startLine = startLine;
    this.#startColumn = startColumn;
  }

  get exports(): ReadonlyMap<FunctionNode, string> {
    return (this.#exports ??= this.isModule ? exportedFunctions(this.program) : new Map());
  }

  get scopes(): ScopeManager {
    return (this.#scopes ??= scopesOf(this.program, this.isModule));
  }

  /** The function written at a place of this script. */
  functionAt({ line, column }: Place): FunctionNode | undefined {
    const row = line - this.#startLine;
    const start = this.#starts()[row];
    if (start === undefined) return undefined;
    const offset = start + column - (row === 0 ? this.#startColumn : 0);
    return find(this.program, offset);
  }

  #starts(): number[] {
    if (this.#lineStarts === undefined) {
      this.#lineStarts = [0];
      for (const { 0: end, index } of this.source.matchAll(/\r\n?|[\n\u2028\u2029]/g)) {
        this.#lineStarts.push(index + end.length);
      }
    }
    return this.#lineStarts;
  }
}

/**
 * V8 places an arrow at its first character and every other function at the `(` of its parameters: anywhere
 * before the first parameter, where no other function can begin.
 */
function find(node: AnyNode, offset: number): FunctionNode | undefined {
  if (isFunctionNode(node) && node.start <= offset) {
    const head = node.params[0]?.start ?? node.body.start;
    if (offset < Math.max(head, node.start + 1)) return node;
  }
  for (const value of Object.values(node) as unknown[]) {
    for (const child of (Array.isArray(value) ? value : [value]) as (AnyNode | null | undefined)[]) {
      if (typeof child?.type !== 'string' || offset < child.start || offset >= child.end) continue;
      const found = find(child, offset);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** How many parsed scripts are kept. More would hold whole syntax trees of files that are done with. */
const kept = 8;
const scripts = new Map<string, Script | undefined>();

/** The script with this id, or nothing where it cannot be read or has syntax that the parser does not know. */
export function scriptOf({ scriptId }: Place): Script | undefined {
  if (scripts.has(scriptId)) {
    const known = scripts.get(scriptId);
    scripts.delete(scriptId);
    scripts.set(scriptId, known);
    return known;
  }
  const text = readScript(scriptId);
  let script: Script | undefined;
  try {
    script = text && new Script(text);
  } catch {
    script = undefined;
  }
  scripts.set(scriptId, script);
  for (const oldest of scripts.keys()) {
    if (scripts.size <= kept) break;
    scripts.delete(oldest);
  }
  return script;
}

/** The URL under which a worker can import what this script is, if it can: not for `eval`, `-e` and the REPL. */
export function importableUrl(url: string): string | undefined {
  if (url.startsWith('data:')) return url;
  if (!url.startsWith('file:')) return undefined;
  try {
    // A virtual module, such as [eval1], has a file URL and no file.
    return existsSync(fileURLToPath(url)) ? url : undefined;
  } catch {
    return undefined;
  }
}
