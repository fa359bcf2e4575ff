/** Values as bytes in memory that both sides see. */

export { Memory } from './memory.ts';
export { ValueReader } from './reader.ts';
export { boundOf, boundOfList, ScratchWriter } from './scratch.ts';
export { FULL, UNFIT, ValueWriter } from './writer.ts';
