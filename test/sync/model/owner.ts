/** In the place of `src/memory/owner.ts`: each side of a model is a thread, and side n has the owner word n + 1. */

export { isSideAlive as isAlive, ownerOfSide as ownerWord } from '../../memory/model-region.ts';

export function threadNumber(owner: number): number {
  return owner;
}
