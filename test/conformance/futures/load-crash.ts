// A module that crashes the process when a worker loads it. The test that imports it leaves a mark, which
// workers do not have.
if (!('conformanceParent' in globalThis)) {
  process.kill(process.pid, 'SIGSEGV');
}

export function task<T>(value: T): T {
  return value;
}
