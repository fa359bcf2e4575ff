/** Naming a function by the module that exports it. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { types } from 'node:util';
import { builtinExport } from './builtins.ts';
import { type ListedScript, listedScript, type Place } from './locate.ts';
import { refuseNative } from './refusal.ts';
import { Script } from './script.ts';
import type { FunctionNode } from './syntax.ts';
import { importableUrl } from './task-url.ts';

export interface ModuleReference {
  readonly kind: 'module';
  /** What a worker imports. */
  readonly url: string;
  /** The name it was registered or is exported under. */
  readonly export: string;
  /** How errors and timelines name the function. */
  readonly label: string;
}

/**
 * The reference of a function whose module and export can be told without V8's debugger: its file says that
 * it is exported, and is what V8 runs.
 *
 * @param text the function's own
 */
export function referenceByFile(
  fn: Function,
  label: string,
  text: string,
  place: Place,
): ModuleReference | undefined {
  const listed = listedScript(place.scriptId);
  const url = listed?.url.startsWith('file:') ? importableUrl(listed.url) : undefined;
  if (listed === undefined || url === undefined) return undefined;
  // A module that CommonJS required may export closures; which those are its text has to tell.
  const isModule = types.isModuleNamespaceObject(required(url));
  const name = exportInFile(listed, text, place) ?? (isModule ? undefined : commonJsExport(url, fn));
  return name === undefined ? undefined : moduleReference(url, name, label);
}

function exportInFile({ url, length }: ListedScript, text: string, place: Place): string | undefined {
  let source: string;
  try {
    source = readFileSync(fileURLToPath(url), 'utf8');
  } catch {
    return undefined;
  }
  // A loader may have made something else of it, or somebody has edited it meanwhile.
  if (source.length !== length) return undefined;
  const script = new Script({ url, isModule: true, source, startLine: 0, startColumn: 0 });
  return script.writtenExportAt(place, text);
}

/**
 * The reference of a function that its module exports.
 *
 * @throws NotShareableError for a function of Node's own that no module of Node exports
 */
export function referenceByName(
  fn: Function,
  label: string,
  text: string,
  place: Place,
  script: Script,
): ModuleReference | undefined {
  if (script.url.startsWith('node:')) {
    const builtin = builtinExport(fn, script.url);
    if (builtin === undefined) throw refuseNative(fn, label);
    return { kind: 'module', url: builtin.url, export: builtin.name, label };
  }
  const url = importableUrl(script.url);
  if (url === undefined) return undefined;
  const name = script.writtenExportAt(place, text) ?? exportOf(fn, url, place, script);
  return name === undefined ? undefined : moduleReference(url, name, label);
}

function exportOf(fn: Function, url: string, place: Place, script: Script): string | undefined {
  const node = script.isModule ? script.functionAt(place) : undefined;
  return node ? script.exportOf(node) : commonJsExport(url, fn);
}

/**
 * The reference of a function that was exported from a module which Vite runs as a function. A worker imports
 * the file itself, without Vite, which may not be possible; so this is for functions that cannot go by
 * source.
 */
export function referenceByWrappedName(
  label: string,
  node: FunctionNode,
  script: Script,
): ModuleReference | undefined {
  const url = importableUrl(script.url);
  const name = script.exportOf(node);
  return url === undefined || name === undefined ? undefined : moduleReference(url, name, label);
}

function moduleReference(url: string, name: string, label: string): ModuleReference {
  const anonymous = label === 'default' || label.startsWith('__vite_ssr_');
  const named = anonymous ? (name === 'default' ? basename(new URL(url).pathname) : name) : label;
  return { kind: 'module', url, export: name, label: named };
}

/** CommonJS has its modules at hand, and synchronously, so their exports are compared themselves. */
export function commonJsExport(url: string, fn: Function): string | undefined {
  const exported = required(url);
  if (exported === fn) return 'default';
  if (exported === null || (typeof exported !== 'object' && typeof exported !== 'function')) return undefined;
  for (const name of Object.keys(exported)) {
    try {
      // A getter, where a compiler made the export; it may throw while the module is being loaded.
      if ((exported as Record<string, unknown>)[name] === fn) return name;
    } catch {}
  }
  return undefined;
}

function required(url: string): unknown {
  if (!url.startsWith('file:')) return undefined;
  return createRequire(import.meta.url).cache[fileURLToPath(url)]?.exports;
}
