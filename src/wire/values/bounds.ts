import { byteLengthOf, viewOf } from './kinds.ts';

/** Header, the words before the largest value, and what alignment may take. */
const OVERHEAD = 48;

/**
 * Bytes that certainly hold `value` as `ValueWriter` writes it, where that is known without looking into it:
 * for primitives, buffers and views of them. The memory of those can then be copied once, to where it belongs.
 */
export function boundOf(value: unknown): number | undefined {
  switch (typeof value) {
    case 'string':
      return OVERHEAD + value.length * 2;
    case 'object': {
      if (value === null) return OVERHEAD;
      if (ArrayBuffer.isView(value)) {
        const view = viewOf(value);
        return view && OVERHEAD + byteLengthOf.call(view.buffer);
      }
      return value instanceof ArrayBuffer ? OVERHEAD + byteLengthOf.call(value) : undefined;
    }
    case 'bigint':
    case 'function':
    case 'symbol':
      return undefined;
    default:
      return OVERHEAD;
  }
}

/** The same for a list of values. */
export function boundOfList(values: readonly unknown[]): number | undefined {
  let sum = 0;
  for (const value of values) {
    const bound = boundOf(value);
    if (bound === undefined) return undefined;
    sum += bound;
  }
  return sum;
}
