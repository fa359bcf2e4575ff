/**
 * v8's serializer, loaded when it is first needed: Node's module brings the whole of its streams along, 1.5 ms
 * of a worker's start, and most messages are small and go as JSON.
 */

let module: typeof import('node:v8') | undefined;

export function v8(): typeof import('node:v8') {
  module ??= process.getBuiltinModule('node:v8');
  return module;
}
