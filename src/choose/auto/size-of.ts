/** How many bytes values take, roughly and quickly: what is in the first two levels, where large things mostly are. */
export function sizeOf(values: readonly unknown[], levels = 2): number {
  let bytes = 0;
  for (const value of values) {
    if (typeof value === 'string') bytes += value.length;
    else if (typeof value === 'object' && value !== null) bytes += sizeOfObject(value, levels);
    else bytes += 8;
  }
  return bytes;
}

function sizeOfObject(value: object, levels: number): number {
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return value.byteLength;
  // A long list is not walked: a look at a few says enough of the others.
  if (Array.isArray(value)) {
    const few = value.slice(0, FEW);
    return levels > 0 ? (sizeOf(few, levels - 1) * value.length) / Math.max(1, few.length) : 8 * value.length;
  }
  if (value instanceof Map || value instanceof Set) return 16 * value.size;
  return levels > 0 ? sizeOf(Object.values(value), levels - 1) : 8;
}

const FEW = 8;
