// A module that ends the process when a worker loads it. The test that imports it leaves a mark, which
// workers do not have.
if (!('conformanceParent' in globalThis)) {
  process.exit(7);
}

export function task<T>(value: T): T {
  return value;
}
