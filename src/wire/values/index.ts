/** Values as bytes in memory that both sides see. */

export { boundOf, boundOfList } from './bounds.ts';
export { Memory } from './memory.ts';
export { ValueReader } from './reader.ts';
export { FULL, UNFIT, ValueWriter } from './writer.ts';
