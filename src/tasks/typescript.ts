/**
 * TypeScript where the runtime does not load it by itself.
 *
 *                      Node 20                               Node >= 22.18
 *   parent runs        by tsx (`--import tsx`, the tsx CLI)  by itself, or by tsx for enums, .tsx and the like
 *   worker thread      inherits the flag, not the hooks      has the hooks of the flag
 *   worker process     inherits the flag and so the hooks    the same
 *
 * So a thread on Node 20 registers tsx itself, and has to do it before it is first asked for a file that
 * needs it: Node 20 remembers that it could not load a URL, and later hooks do not change its mind. Later
 * versions can be asked again, which covers parents that registered a loader by code, with no flag to
 * inherit.
 */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const stripsTypes = Boolean((process.features as { typescript?: unknown }).typescript);

/** Registers tsx, if this worker could otherwise not import what the parent could. */
export async function prepareForTypeScript(url: string): Promise<void> {
  if (stripsTypes) return;
  const flags = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].join(' ');
  const underTsx = /\btsx\b/.test(flags);
  const { isMainThread } = process.getBuiltinModule('node:worker_threads');
  // Where a loader was given by a flag it is at work here too, except for tsx in a thread.
  const hasLoader = /--(?:import|loader|experimental-loader)\b/.test(flags) && (isMainThread || !underTsx);
  // Under tsx JavaScript may import TypeScript, so the URL does not tell.
  if (!hasLoader && (underTsx || isTypeScript(url))) await registerTsx(url);
}

/** After a failed import: whether it is worth trying again, because TypeScript can be loaded now. */
export async function recoverFromTypeScript(url: string, error: unknown): Promise<boolean> {
  const { code } = error as { code?: unknown };
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') return registerTsx(url).then(succeeded, failed);
  if (code !== 'ERR_UNKNOWN_FILE_EXTENSION' || !isTypeScript(url)) return false;
  await registerTsx(url, error);
  return true;
}

const succeeded = (): boolean => true;
const failed = (): boolean => false;

function isTypeScript(url: string): boolean {
  return /\.[cm]?tsx?(?:$|[?#])/.test(url);
}

let registered: Promise<void> | undefined;

/**
 * Registers tsx in this worker, once.
 *
 * @param url the module to load, from where tsx is looked for first
 * @throws Error saying what to install, where there is no tsx
 */
function registerTsx(url: string, cause?: unknown): Promise<void> {
  registered ??= register(url, cause).catch((error: unknown) => {
    registered = undefined;
    throw error;
  });
  return registered;
}

async function register(url: string, cause: unknown): Promise<void> {
  const apis = findTsx(url);
  if (apis === undefined) {
    throw new Error(
      `Cannot load ${url}: Node ${process.versions.node} does not load it by itself, and tsx, which does, ` +
        'is not installed. Install it (npm install --save-dev tsx), or compile to JavaScript, or use Node >= 22.18.',
      { cause },
    );
  }
  for (const api of apis) {
    const tsx = (await import(pathToFileURL(api).href)) as { register: () => unknown };
    tsx.register();
  }
}

/**
 * The files to register tsx by, for `require` and for `import`: a package without "type": "module" needs
 * both. tsx is taken as seen from the task's module, from the working folder, or from the parent's own flags.
 */
function findTsx(url: string): string[] | undefined {
  const loaders = process.execArgv
    .flatMap((argument) => argument.split('='))
    .filter((argument) => argument.startsWith('file:') || argument.startsWith('/'));
  for (const origin of [url, pathToFileURL(`${process.cwd()}/`).href, ...loaders]) {
    try {
      const require = createRequire(origin);
      const manifest = require.resolve('tsx/package.json');
      // Read and not resolved: `require.resolve` would give the CommonJS build, which does not find its own
      // hooks.
      const { exports } = require(manifest) as { exports: Record<string, { import: { default: string } }> };
      const entry = (api: string): string => join(dirname(manifest), exports[api]?.import.default ?? api);
      return [entry('./cjs/api'), entry('./esm/api')];
    } catch {
      // Not to be seen from there.
    }
  }
  return undefined;
}
