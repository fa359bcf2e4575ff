/**
 * A script that V8 holds, parsed: which function is written at a place, what the module exports, who declares
 * which name. Each question is answered when first asked; the last few scripts are kept.
 */
import { exportedFunctions, wrappedExports } from './exported.ts';
import { exportedClass } from './exported-class.ts';
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
import { writtenExport } from './written-export.ts';

export class Script {
  readonly url: string;
  readonly isModule: boolean;
  readonly source: string;
  readonly #startLine: number;
  readonly #startColumn: number;
  /** `null` = it has syntax that the parser does not know. */
  #program: Program | null | undefined;
  #lineStarts: number[] | undefined;
  #exports: Map<FunctionNode, string> | undefined;
  #scopes: ScopeManager | undefined;

  constructor({ url, isModule, source, startLine, startColumn }: ScriptText) {
    this.url = url;
    this.isModule = isModule;
    this.source = source;
    this.#startLine = startLine;
    this.#startColumn = startColumn;
  }

  /** The function written at a place of this script, or nothing if the script cannot be read. */
  functionAt(place: Place): FunctionNode | undefined {
    const program = this.#parse();
    const offset = this.#offsetOf(place);
    return program === null || offset === undefined ? undefined : find(program, offset);
  }

  /**
   * The name under which the script exports the function at a place, where that takes no parsing to tell.
   *
   * @param text the function's own, which has to stand there
   */
  writtenExportAt(place: Place, text: string): string | undefined {
    const offset = this.isModule ? this.#offsetOf(place) : undefined;
    return offset === undefined ? undefined : writtenExport(this.source, offset, text);
  }

  /** The name under which the script, as a module, exports one of its functions. */
  exportOf(node: FunctionNode): string | undefined {
    const program = this.#parse();
    if (program === null) return undefined;
    const read = this.isModule ? exportedFunctions : wrappedExports;
    this.#exports ??= read(program, () => this.scopes);
    return this.#exports.get(node);
  }

  /** The name under which the script, as a module, exports the class at a place. */
  exportOfClassAt(place: Place): string | undefined {
    const program = this.#parse();
    const offset = this.#offsetOf(place);
    return program === null || offset === undefined ? undefined : exportedClass(program, offset);
  }

  /** Who declares and who uses each name. To be asked only of a script that has functions, so can be read. */
  get scopes(): ScopeManager {
    const program = this.#parse();
    if (program === null) throw new Error(`Cannot parse ${this.url}.`);
    return (this.#scopes ??= scopesOf(program, this.isModule));
  }

  #parse(): Program | null {
    if (this.#program === undefined) {
      try {
        this.#program = parseProgram(this.source, this.isModule);
      } catch {
        this.#program = null;
      }
    }
    return this.#program;
  }

  #offsetOf({ line, column }: Place): number | undefined {
    const row = line - this.#startLine;
    const start = this.#starts()[row];
    return start === undefined ? undefined : start + column - (row === 0 ? this.#startColumn : 0);
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

/** The script with this id, or nothing where V8 does not show it. */
export function scriptOf({ scriptId }: Place): Script | undefined {
  const text = scripts.has(scriptId) ? undefined : readScript(scriptId);
  const script = text === undefined ? scripts.get(scriptId) : new Script(text);
  // Put back last, so that the one unused for longest is the first to go.
  scripts.delete(scriptId);
  scripts.set(scriptId, script);
  for (const oldest of scripts.keys()) {
    if (scripts.size <= kept) break;
    scripts.delete(oldest);
  }
  return script;
}
