/**
 * Where a function was defined, as V8 knows it.
 *
 *   fn --Runtime.getProperties--> [[FunctionLocation]] { scriptId, line, column }      30-50 us
 *   scriptId --coverage--> url                                                           2-4 ms, in a small program
 *   scriptId --Debugger.enable--> url, is it a module; --getScriptSource--> its text    15-20 ms, then 2 per script
 *
 * The inspector's answers come back inside `post` when the session is in this very thread, which is what
 * makes it usable in `submit`. The source is the text that really runs: after type stripping, after a
 * loader's transform. The Debugger domain is on only while a script is being learnt about, since V8 keeps
 * extra books while it is enabled.
 *
 * Nothing of this is promised by other runtimes, or under `--permission`; there every function is treated as
 * one that nobody can locate, and goes by source.
 */
import type { Session } from 'node:inspector';
import { createRequire } from 'node:module';

/** A point in a script; line and column count from 0, as V8 counts them. */
export interface Place {
  readonly scriptId: string;
  readonly line: number;
  readonly column: number;
}

/** A script as V8 holds it. */
export interface ScriptText {
  /** A URL, a path, or empty for code that never had a file (`eval`). */
  readonly url: string;
  readonly isModule: boolean;
  readonly source: string;
  /** Where its text starts for those who count lines: other than 0 when it was compiled with an offset. */
  readonly startLine: number;
  readonly startColumn: number;
}

/** The place where this function's text begins, or nothing if V8 does not say (native, bound, a Proxy). */
export function locate(fn: Function): Place | undefined {
  session ??= connect();
  if (session === null) return undefined;
  try {
    // The inspector reaches values through the global object only: a door that is there for this one call.
    Object.defineProperty(globalThis, door, { value: fn, configurable: true });
    const { result } = post<{ result: RemoteObject }>(session, 'Runtime.evaluate', {
      expression: "globalThis[Symbol.for('manyhands.tasks.locate')]",
      objectGroup: group,
    });
    const { internalProperties = [] } = post<Properties>(session, 'Runtime.getProperties', {
      objectId: result.objectId,
      ownProperties: true,
    });
    const location = internalProperties.find(({ name }) => name === '[[FunctionLocation]]')?.value?.value as
      | { scriptId: string; lineNumber: number; columnNumber: number }
      | undefined;
    if (location === undefined) return undefined;
    return { scriptId: location.scriptId, line: location.lineNumber, column: location.columnNumber };
  } catch {
    return undefined;
  } finally {
    Reflect.deleteProperty(globalThis, door);
    // Else the inspector would hold on to the function, and to all that it closes over.
    session.post('Runtime.releaseObjectGroup', { objectGroup: group });
  }
}

/** A script as V8 lists it. */
export interface ListedScript {
  readonly url: string;
  /** Of its text, in UTF-16 units. */
  readonly length: number;
}

/**
 * To list the scripts V8 walks through the heap and describes every function that has run. In a larger program
 * that can take longer than the other way: 100 ms for 30,000 functions.
 */
const LISTING_MAX_HEAP = 16 * 2 ** 20;
const listed = new Map<string, ListedScript>();

/**
 * Where a script came from, if that is quicker found than by `readScript`. The first time that the Debugger
 * domain is enabled V8 hashes the text of all scripts, Node's own 2 MB of them included. V8's coverage, of
 * which there is always a rough one, leaves those out and names the others.
 *
 * The Profiler domain stays enabled, which costs nothing: to disable it would end the coverage that others
 * have asked V8 for.
 */
export function listedScript(scriptId: string): ListedScript | undefined {
  if (isDebuggerWarm) return undefined;
  const known = listed.get(scriptId);
  if (known !== undefined) return known;
  session ??= connect();
  if (session === null || process.memoryUsage().heapUsed > LISTING_MAX_HEAP) return undefined;
  try {
    post(session, 'Profiler.enable');
    const { result } = post<Coverage>(session, 'Profiler.getBestEffortCoverage');
    for (const { scriptId: id, url, functions } of result) {
      // The script itself counts as a function, and is the first.
      const length = functions[0]?.ranges[0]?.endOffset;
      if (length !== undefined) listed.set(id, { url, length });
    }
  } catch {
    return undefined;
  }
  return listed.get(scriptId);
}

/** The text of a script and what is known of it, or nothing if V8 has let go of it. */
export function readScript(scriptId: string): ScriptText | undefined {
  session ??= connect();
  if (session === null) return undefined;
  let parsed: ScriptParsed | undefined;
  // Enabling reports every script there is, so only the one asked for is looked at.
  const listener = ({ params }: { params: ScriptParsed }): void => {
    if (params.scriptId === scriptId) parsed = params;
  };
  session.on('Debugger.scriptParsed', listener);
  try {
    post(session, 'Debugger.enable');
    isDebuggerWarm = true;
    if (parsed === undefined) return undefined;
    const { url, isModule = false, startLine, startColumn } = parsed;
    const { scriptSource: source } = post<{ scriptSource: string }>(session, 'Debugger.getScriptSource', {
      scriptId,
    });
    return { url, isModule, source, startLine, startColumn };
  } catch {
    return undefined;
  } finally {
    session.off('Debugger.scriptParsed', listener);
    session.post('Debugger.disable');
  }
}

interface Coverage {
  readonly result: readonly {
    readonly scriptId: string;
    readonly url: string;
    readonly functions: readonly { readonly ranges: readonly { readonly endOffset: number }[] }[];
  }[];
}

interface ScriptParsed {
  readonly scriptId: string;
  readonly url: string;
  readonly isModule?: boolean;
  readonly startLine: number;
  readonly startColumn: number;
}

interface RemoteObject {
  readonly objectId?: string;
  readonly value?: unknown;
}

interface Properties {
  readonly internalProperties?: readonly { readonly name: string; readonly value?: RemoteObject }[];
}

const group = 'manyhands.tasks';
const door: symbol = Symbol.for('manyhands.tasks.locate');

/** The Debugger domain has been enabled once; the next time takes a tenth as long. */
let isDebuggerWarm = false;

/** `undefined` = not tried yet, `null` = this runtime has no inspector, or does not let us. */
let session: Session | null | undefined;

function connect(): Session | null {
  try {
    // Asked for when needed: importing it statically would fail on a Node built without it.
    const { Session } = createRequire(import.meta.url)('node:inspector') as typeof import('node:inspector');
    const connected = new Session();
    connected.connect();
    return connected;
  } catch {
    return null;
  }
}

/** Posts a command whose answer arrives before `post` returns. */
function post<T = unknown>(to: Session, method: string, parameters: object = {}): T {
  let failure: Error | null = null;
  let answer: unknown;
  to.post(method, parameters, (error, result) => {
    failure = error;
    answer = result;
  });
  if (failure !== null) throw failure;
  return answer as T;
}
