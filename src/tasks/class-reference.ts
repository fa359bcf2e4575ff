/** Naming a class, for a worker that makes an object of it. */

import { NotShareableError } from '../errors.ts';
import type { ModuleReference } from './by-name.ts';
import { locate } from './locate.ts';
import { registrationOf } from './registry.ts';
import { scriptOf } from './script.ts';
import { importableUrl } from './task-url.ts';

/**
 * The reference of a class: where it was registered, else in the module that one of its methods is written in, under its
 * own name. Whether the module exports it is found out by whoever resolves the reference.
 *
 * @throws NotShareableError when it has no name, or was not written in a module that can be imported
 */
export function referenceToClass(type: Function, method: Function): ModuleReference {
  const { name } = type;
  const registration = registrationOf(type);
  if (registration !== undefined) {
    return {
      kind: 'module',
      url: registration.url,
      export: registration.name,
      label: name || registration.name,
    };
  }
  const place = locate(method);
  const script = place && scriptOf(place);
  const url = script && importableUrl(script.url);
  if (url === undefined || name === '') {
    throw new NotShareableError(
      `class ${name || '(without a name)'} cannot be found by a worker. Export it from a module under its own name, ` +
        `or register it there: defineTasks(import.meta.url, { ${name || 'Name'} }).`,
    );
  }
  return { kind: 'module', url, export: name, label: name };
}
