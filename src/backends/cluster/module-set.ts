/** The modules that a worker serves: those that it was started with, and no others. */

import { pathToFileURL } from 'node:url';
import { globSync } from 'tinyglobby';
import { TaskNotFoundError } from '../../errors.ts';
import { type ClusterModule, describeModule } from './modules.ts';

export class ModuleSet {
  readonly #modules: ReadonlyMap<string, ClusterModule>;

  /**
   * Reads the files that the patterns match; nothing is imported before a job asks for it.
   *
   * @throws RangeError for a pattern that matches no file: a worker that serves nothing refuses every job
   */
  constructor(patterns: readonly string[], cwd: string) {
    const modules = new Map<string, ClusterModule>();
    for (const pattern of patterns) {
      const files = globSync(pattern, { cwd, absolute: true, expandDirectories: false });
      if (files.length === 0) throw new RangeError(`modules: no file matches ${pattern} in ${cwd}`);
      for (const file of files) {
        const module = describeModule(pathToFileURL(file).href);
        modules.set(module.name, module);
      }
    }
    this.#modules = modules;
  }

  get names(): string[] {
    return [...this.#modules.keys()].toSorted();
  }

  /**
   * @param worker what this worker is called, for the error
   * @param from who submitted the job
   * @throws TaskNotFoundError for a module that is not in the set, or is there in another version
   */
  find(name: string, version: string, worker: string, from: string): ClusterModule {
    const module = this.#modules.get(name);
    if (module === undefined) {
      throw new TaskNotFoundError(
        `Worker ${worker} does not serve ${name}; it was started with ${listed(this.names)}. ` +
          'Start workers with that module (--modules), or use another queue for it.',
      );
    }
    if (module.version !== version) {
      throw new TaskNotFoundError(
        `${name} is version ${module.version} at worker ${worker}, and version ${version} where the task was ` +
          `submitted (${from}). Deploy the same build to both.`,
      );
    }
    return module;
  }
}

/** Names are long, and whoever reads an error needs to see what kind they are, not all of them. */
const LISTED = 10;

function listed(names: readonly string[]): string {
  const rest = names.length - LISTED;
  return names.slice(0, LISTED).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}
