/**
 * How a class is named across the boundary: by the module that exports it, and in no other way. A class by source would
 * be another class there, which `instanceof` and its own private names tell apart.
 */
import { NotShareableError } from '../errors.ts';
import { commonJsExport, type ModuleReference } from './by-name.ts';
import { locate } from './locate.ts';
import { registrationOf } from './registry.ts';
import { scriptOf } from './script.ts';
import { importableUrl } from './task-url.ts';

const references = new WeakMap<Function, ModuleReference>();

/**
 * Names a class so that `resolveTask()` finds it in a worker.
 *
 * @throws NotShareableError when no module exports it
 */
export function referenceToClass(type: Function): ModuleReference {
  const known = references.get(type);
  if (known !== undefined) return known;
  const reference = registered(type) ?? exported(type);
  if (reference === undefined) {
    throw new NotShareableError(
      `The class ${type.name || '(without a name)'} is not exported from a module, so that a worker cannot find it. ` +
        'Export it where it is declared: export class ..., or register it there: defineTasks(import.meta.url, { ... }).',
    );
  }
  references.set(type, reference);
  return reference;
}

function registered(type: Function): ModuleReference | undefined {
  const registration = registrationOf(type);
  if (registration === undefined) return undefined;
  return { kind: 'module', url: registration.url, export: registration.name, label: type.name };
}

function exported(type: Function): ModuleReference | undefined {
  const place = locate(type);
  const script = place && scriptOf(place);
  const url = script && importableUrl(script.url);
  if (url === undefined || script === undefined || place === undefined) return undefined;
  const name = script.isModule ? script.exportOfClassAt(place) : commonJsExport(url, type);
  return name === undefined ? undefined : { kind: 'module', url, export: name, label: type.name };
}
