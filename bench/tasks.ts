/**
 * What the contestants are asked to run. Every task takes one argument or none, because that is the only
 * form that all of the libraries offer; each is exported by name, because that is how most of them find it.
 */

/** Nothing at all: what is left is the cost of the library. */
export function noop(): void {}

/** Gives back what it got, so that the value crosses twice. */
export function echo<T>(value: T): T {
  return value;
}

/** Pure computation. fib(35) is 30 million calls, about a tenth of a second on a machine of 2024. */
export function fib(n: number): number {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

export function square(x: number): number {
  return x * x;
}

/** Chunks are made by hand where a library has no `map` that makes them. */
export function squares(chunk: readonly number[]): number[] {
  return chunk.map((x) => x * x);
}

/**
 * Keeps a worker busy for `ms` without using the processor, so that whatever is burnt meanwhile is burnt by
 * the library. A task that computes would hide it behind its own seconds.
 */
export function hold(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
