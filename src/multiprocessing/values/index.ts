export { Array } from './array.ts';
export { copy, synchronized } from './copies.ts';
export { type ArrayContent, RawArray } from './raw-array.ts';
export { RawValue } from './raw-value.ts';
export type { LockOptions, ValueLock } from './synchronized.ts';
export type { Item, ItemType, View } from './types.ts';
export { Value } from './value.ts';
