import { snapshotBy } from './call.ts';
import { type Contents, checkKey, iterableOf } from './contents.ts';

export class Members {
  static {
    snapshotBy(Members, (members) => members.#set);
  }

  #set: Set<unknown>;
  readonly #contents: Contents;

  constructor(contents: Contents, members: unknown = []) {
    this.#contents = contents;
    this.#set = this.#of(members);
  }

  size(): number {
    return this.#set.size;
  }

  add(value: unknown): void {
    checkKey(this.#contents, 'A member', value);
    this.#set.add(value);
  }

  has(value: unknown): boolean {
    return this.#set.has(value);
  }

  delete(value: unknown): boolean {
    return this.#set.delete(value);
  }

  pop(): unknown {
    const [first] = this.#set;
    this.#set.delete(first);
    return first;
  }

  clear(): void {
    this.#set.clear();
  }

  values(): unknown[] {
    return [...this.#set];
  }

  update(...others: unknown[]): void {
    this.#set = this.union(...others);
  }

  intersectionUpdate(...others: unknown[]): void {
    this.#set = this.intersection(...others);
  }

  differenceUpdate(...others: unknown[]): void {
    this.#set = this.difference(...others);
  }

  symmetricDifferenceUpdate(other: unknown): void {
    this.#set = this.symmetricDifference(other);
  }

  union(...others: unknown[]): Set<unknown> {
    return new Set([this.#set, ...others.map((other) => this.#of(other))].flatMap((set) => [...set]));
  }

  intersection(...others: unknown[]): Set<unknown> {
    const sets = others.map((other) => this.#of(other));
    return new Set([...this.#set].filter((value) => sets.every((set) => set.has(value))));
  }

  difference(...others: unknown[]): Set<unknown> {
    const sets = others.map((other) => this.#of(other));
    return new Set([...this.#set].filter((value) => !sets.some((set) => set.has(value))));
  }

  symmetricDifference(other: unknown): Set<unknown> {
    const right = this.#of(other);
    return new Set([
      ...[...this.#set].filter((value) => !right.has(value)),
      ...[...right].filter((value) => !this.#set.has(value)),
    ]);
  }

  isSubsetOf(other: unknown): boolean {
    const right = this.#of(other);
    return [...this.#set].every((value) => right.has(value));
  }

  isSupersetOf(other: unknown): boolean {
    return [...this.#of(other)].every((value) => this.#set.has(value));
  }

  isDisjointFrom(other: unknown): boolean {
    return [...this.#of(other)].every((value) => !this.#set.has(value));
  }

  #of(value: unknown): Set<unknown> {
    const members = [...iterableOf(this.#contents, 'members', value)];
    for (const member of members) checkKey(this.#contents, 'A member', member);
    return new Set(members);
  }
}
