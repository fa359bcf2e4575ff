/**
 * The objects of one message, numbered as they come. An object that comes twice has to arrive as one.
 *
 * Most messages hold few objects, and to look through a handful is several times faster than to hash them.
 */

/** At about this number a Map has caught up. */
const FEW = 16;

export class Identities {
  readonly #few: (object | undefined)[] = Array.from({ length: FEW });
  #many: Map<object, number> | undefined;
  #count = 0;

  /** The number of `object` if it was here before; otherwise it is given one, and the answer is -1. */
  find(object: object): number {
    const count = this.#count;
    if (this.#many !== undefined) {
      const found = this.#many.get(object);
      if (found !== undefined) return found;
      this.#many.set(object, count);
    } else {
      for (let index = 0; index < count; index += 1) if (this.#few[index] === object) return index;
      if (count < FEW) this.#few[count] = object;
      else {
        this.#many = new Map();
        for (let index = 0; index < count; index += 1) this.#many.set(this.#few[index] as object, index);
        this.#many.set(object, count);
      }
    }
    this.#count = count + 1;
    return -1;
  }

  /** Forgets all, so that nothing is kept alive from here. */
  clear(): void {
    const used = Math.min(this.#count, FEW);
    for (let index = 0; index < used; index += 1) this.#few[index] = undefined;
    this.#many = undefined;
    this.#count = 0;
  }
}
