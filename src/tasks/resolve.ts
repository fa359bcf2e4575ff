/** A task reference turned back into a function: the worker's half. The parent's half is reference.ts. */
import { TaskNotFoundError } from '../errors.ts';
import { importTaskModule } from './loading.ts';
import type { TaskReference } from './reference.ts';
import { registeredTask } from './registry.ts';
import { compileSource } from './source.ts';
import { prepareForTypeScript, recoverFromTypeScript } from './typescript.ts';

const modules = new Map<string, Map<string, Promise<Function>>>();
const sources = new Map<string, Promise<Function>>();

/** How many functions that came by source are kept compiled. One that fell out is compiled again. */
const sourcesKept = 1024;

/**
 * The function that a reference names, loaded on first use. Failures are not kept, so that a module that
 * failed for a passing reason (a file not written yet) can load the next time.
 *
 * @throws the import's own error, when the module does not load
 * @throws TaskNotFoundError when the module has no such function
 */
export function resolveTask(reference: TaskReference): Promise<Function> {
  if (reference.kind === 'source') {
    const known = sources.get(reference.source);
    return (
      known ??
      keep(
        sources,
        reference.source,
        compileSource(reference.source, reference.label, reference.base),
        sourcesKept,
      )
    );
  }
  let exports = modules.get(reference.url);
  if (exports === undefined) modules.set(reference.url, (exports = new Map()));
  return exports.get(reference.export) ?? keep(exports, reference.export, fromModule(reference), Infinity);
}

function keep(
  cache: Map<string, Promise<Function>>,
  key: string,
  task: Promise<Function>,
  limit: number,
): Promise<Function> {
  cache.set(key, task);
  task.catch(() => cache.delete(key));
  for (const oldest of cache.keys()) {
    if (cache.size <= limit) break;
    cache.delete(oldest);
  }
  return task;
}

async function fromModule({ url, export: name }: TaskReference & { kind: 'module' }): Promise<Function> {
  const exports = await load(url);
  const task = registeredTask(url, name) ?? exportedTask(exports, name);
  if (typeof task === 'function') return task;
  const names = Object.keys(exports);
  throw new TaskNotFoundError(
    `${url} has no function ${name}: ` +
      (task === undefined
        ? `it exports ${names.length === 0 ? 'nothing' : names.join(', ')}. `
        : `the export of that name is ${task === null ? 'null' : `of type ${typeof task}`}. `) +
      `Export the function by that name when the module is loaded, in workers as well, ` +
      `or register it there: defineTasks(import.meta.url, { ${name} }).`,
  );
}

async function load(url: string): Promise<Record<string, unknown>> {
  await prepareForTypeScript(url);
  try {
    return await importTaskModule(url);
  } catch (error) {
    if (await recoverFromTypeScript(url, error)) return importTaskModule(url);
    throw error;
  }
}

/** An export by name, also of a CommonJS module whose names Node could not tell from its text. */
function exportedTask(exports: Record<string, unknown>, name: string): unknown {
  const direct = exports[name];
  if (typeof direct === 'function') return direct;
  const { default: whole } = exports as { default?: unknown };
  const isObject = whole !== null && (typeof whole === 'object' || typeof whole === 'function');
  return isObject && Object.hasOwn(whole, name) ? (whole as Record<string, unknown>)[name] : direct;
}
