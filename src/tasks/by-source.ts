/** Sending a function as its text, where that is all there is to it. */
import { type FreeVariables, freeVariables, type Ties, tiesOf } from './free-variables.ts';
import { helpersFor } from './helpers.ts';
import { captureReason, refuse } from './refusal.ts';
import type { Script } from './script.ts';
import { type FunctionNode, type FunctionText, readFunction, scopesOf } from './syntax.ts';
import { importableUrl } from './task-url.ts';

export interface SourceReference {
  readonly kind: 'source';
  /** An expression that evaluates to the function. */
  readonly source: string;
  /** How errors and timelines name the function. */
  readonly label: string;
  /** The module it was written in, where its own `import()` calls are to be resolved from. */
  readonly base?: string;
}

/** What a function's text tells by itself. */
export interface OwnText {
  readonly read: FunctionText;
  readonly names: FreeVariables;
  readonly ties: Ties;
}

/**
 * @param label how to name the function in an error; without it a text that cannot be read gives `undefined`
 * @throws NotShareableError when the text is no function by itself, as for a method that uses private names
 */
export function readOwnText(text: string, label: string): OwnText;
export function readOwnText(text: string): OwnText | undefined;
export function readOwnText(text: string, label?: string): OwnText | undefined {
  let read: FunctionText;
  try {
    read = readFunction(text);
  } catch (error) {
    if (label === undefined) return undefined;
    throw refuse(label, [`cannot be read by itself (${(error as Error).message})`]);
  }
  return { read, names: freeVariables(read.node, scopesOf(read.program, true)), ties: tiesOf(read.node) };
}

/**
 * Whether the text alone settles that the function stands alone: it uses no names but its own. A builtin does
 * not count as settled, since the script around may declare another thing of that name.
 */
export function isSelfSufficient({ names, ties }: OwnText): boolean {
  return (
    names.captures.length === 0 &&
    names.globals.size === 0 &&
    ties.reasons.length === 0 &&
    !ties.importsModules
  );
}

/** What the whole script tells of a function in it: what it needs, and what of that can go along. */
export interface Standing {
  /** Why it cannot go, in words that follow "it". */
  readonly problems: readonly string[];
  /** Builtins that it uses. */
  readonly globals: ReadonlySet<string>;
  /** What to declare before it. */
  readonly declarations: readonly string[];
  /** The variable outside by which it calls itself. */
  readonly selfName: string | undefined;
}

export function standingOf(
  { read, names, ties }: OwnText,
  written: FunctionNode | undefined,
  script: Script | undefined,
): Standing {
  const inScript = written && script;
  const found = inScript ? freeVariables(written, script.scopes) : names;
  const { declarations, rest } = inScript
    ? helpersFor(found.captures, script)
    : { declarations: [], rest: found.captures };
  const problems = [...(rest.length > 0 ? [captureReason(rest, read.node)] : []), ...ties.reasons];
  // A function that has its name in its own text needs no variable of that name around it.
  const selfName = read.node.id?.name === found.selfName ? undefined : found.selfName;
  return { problems, globals: found.globals, declarations, selfName };
}

/** The reference of a function without problems. */
export function sourceReference(
  { read, ties }: OwnText,
  { declarations, selfName }: Pick<Standing, 'declarations' | 'selfName'>,
  label: string,
  script: Script | undefined,
): SourceReference {
  const base = ties.importsModules && script ? importableUrl(script.url) : undefined;
  const source = assemble(read.expression, declarations, selfName);
  return { kind: 'source', source, label, ...(base === undefined ? {} : { base }) };
}

function assemble(expression: string, declarations: readonly string[], selfName: string | undefined): string {
  if (declarations.length === 0 && selfName === undefined) return expression;
  const own = selfName === undefined ? [] : [`const ${selfName} = ${expression};`];
  return `(() => { ${[...declarations, ...own].join('\n')}\nreturn ${selfName ?? `(${expression})`}; })()`;
}
