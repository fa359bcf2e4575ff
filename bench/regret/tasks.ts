/**
 * What the workloads of `regret` run. Work is counted in steps, not in time: a loop until the clock says so would be over
 * as early on a processor that it shares with others.
 */
import { setTimeout as sleep } from 'node:timers/promises';

/** So many steps of pure computation. */
export function compute(steps: number): number {
  let x = steps | 1;
  for (let step = 0; step < steps; step += 1) x = (Math.imul(x, 1_664_525) + 1_013_904_223) | 0;
  return x;
}

/** As `compute`, for workloads with several functions. */
export const others: ReadonlyArray<(steps: number) => number> = [computeA, computeB, computeC, computeD];
export function computeA(steps: number): number {
  return compute(steps);
}
export function computeB(steps: number): number {
  return compute(steps + 1);
}
export function computeC(steps: number): number {
  return compute(steps + 2);
}
export function computeD(steps: number): number {
  return compute(steps + 3);
}

/** Looks as if it awaited something. */
export async function computeAsync(steps: number): Promise<number> {
  return compute(steps);
}

export async function wait(ms: number): Promise<number> {
  await sleep(ms);
  return ms;
}

export async function waitThenCompute(ms: number, steps: number): Promise<number> {
  await sleep(ms);
  return compute(steps);
}

/** Waits while there is nothing to compute, and computes from then on. */
export async function waitOrCompute(ms: number, steps: number): Promise<number> {
  if (steps === 0) await sleep(ms);
  return compute(steps);
}

export function increment(x: number): number {
  return x + 1;
}

export interface Order {
  readonly id: number;
  readonly customer: string;
  readonly lines: ReadonlyArray<{ readonly article: string; readonly count: number; readonly price: number }>;
}

export function total({ lines }: Order): number {
  return lines.reduce((all, { count, price }) => all + count * price, 0);
}

export function sum(values: Float64Array): number {
  return values.reduce((all, value) => all + value, 0);
}

export function fill(length: number): Float64Array {
  return new Float64Array(length).map((_, index) => index);
}

export function invert(pixels: Uint8Array): Uint8Array {
  return pixels.map((value) => 255 - value);
}

/** Makes many objects, and keeps them for as long as it runs. */
export function hoard(count: number): number {
  const kept = new Map<string, { readonly id: number; readonly tags: readonly string[] }>();
  for (let id = 0; id < count; id += 1) kept.set(`key ${id}`, { id, tags: [`a${id}`, `b${id}`] });
  return kept.size;
}
