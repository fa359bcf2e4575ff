// A module that throws when a worker loads it. The test that imports it leaves a mark, which workers do not
// have.
if (!('conformanceParent' in globalThis)) {
  throw new RangeError('this module does not load in a worker');
}

export function task<T>(value: T): T {
  return value;
}
