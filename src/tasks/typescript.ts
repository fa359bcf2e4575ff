/**
 * TypeScript where the runtime cannot load it by itself.
 *
 * Node >= 22.18 strips types in workers too. Before, a loader does it, `tsx`, which the parent may well have
 * been started with; but on Node 20 a worker thread inherits its parent's `--import` and not its hooks
 * (a forked process does get them). So a worker that meets a `.ts` file it cannot load registers tsx then.
 */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/** Whether an import failed because nobody was there to load TypeScript. */
export function needsTypeScript(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return code === 'ERR_UNKNOWN_FILE_EXTENSION' && /"\.[cm]?tsx?"/.test(String(message));
}

let registered: Promise<void> | undefined;

/**
 * Registers tsx in this worker, once.
 *
 * @param url the module that cannot be loaded, from where tsx is looked for first
 * @param cause the error that its import failed with
 * @throws Error saying what to install, where there is no tsx
 */
export function registerTypeScript(url: string, cause: unknown): Promise<void> {
  registered ??= register(url, cause).catch((error: unknown) => {
    registered = undefined;
    throw error;
  });
  return registered;
}

async function register(url: string, cause: unknown): Promise<void> {
  const [esm, cjs] = findTsx(url);
  if (esm === undefined || cjs === undefined) {
    throw new Error(
      `Cannot load ${url}: Node ${process.versions.node} does not load TypeScript by itself, and tsx, which does, ` +
        'is not installed. Install it (npm install --save-dev tsx), or compile to JavaScript, or use Node >= 22.18.',
      { cause },
    );
  }
  // CommonJS first: modules of packages without "type": "module" are required, and so are their dependencies.
  for (const api of [cjs, esm]) {
    const tsx = (await import(pathToFileURL(api).href)) as { register: () => unknown };
    tsx.register();
  }
}

/** tsx as seen from the task's module, from the working folder, or where the parent's own loader came from. */
function findTsx(url: string): [string?, string?] {
  const loaders = process.execArgv
    .flatMap((argument) => argument.split('='))
    .filter((argument) => argument.startsWith('file:') || argument.startsWith('/'));
  const origins = [url, pathToFileURL(`${process.cwd()}/`).href, ...loaders];
  for (const origin of origins) {
    try {
      const { resolve } = createRequire(origin);
      return [resolve('tsx/esm/api'), resolve('tsx/cjs/api')];
    } catch {
      // Not to be seen from there.
    }
  }
  return [];
}
