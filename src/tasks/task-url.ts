/** URLs under which a worker imports what the parent has loaded. */
import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The URL to import a script by, if it can be: not for `eval`, `-e` and the REPL. */
export function importableUrl(url: string): string | undefined {
  if (url.startsWith('data:')) return url;
  try {
    // Test runners name the modules that they compile themselves by path.
    const file = isAbsolute(url) ? pathToFileURL(url).href : url;
    // A virtual module, such as [eval1], has a file URL and no file.
    return file.startsWith('file:') && existsSync(fileURLToPath(file)) ? withoutLoaderNotes(file) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Without what tsx notes in the query for itself (`tsx-namespace`, for modules loaded by `tsImport`): a
 * worker's tsx takes a module with such notes for somebody else's.
 */
export function withoutLoaderNotes(url: string): string {
  if (!url.includes('tsx-')) return url;
  const parsed = new URL(url);
  const notes = [...parsed.searchParams.keys()].filter((key) => key.startsWith('tsx-'));
  for (const key of notes) parsed.searchParams.delete(key);
  return parsed.href;
}
