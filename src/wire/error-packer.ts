/**
 * Takes errors apart, as `error-envelope.ts` shows: one node for each error, in the order in which they are
 * met, and a list of the values that must go through the codec.
 */
import { types } from 'node:util';
import { type Codec, encodeUnmoved } from './codec.ts';
import {
  describeError,
  type ErrorEnvelope,
  type ErrorNode,
  type Field,
  isError,
  isPrimitive,
  read,
  type Slot,
} from './error-nodes.ts';
import { withStandIns } from './error-values.ts';
import { notShareable } from './not-shareable.ts';

/**
 * More errors than any chain of causes has. What it stops is a getter that makes a new error each time that
 * it is read: such a chain has no end.
 */
const MOST_ERRORS = 20_000;

/** Lists longer than this are data, whatever their name. */
const LONGEST_LIST = 10_000;

/** Packs one thrown error. */
export class ErrorPacker {
  readonly #codec: Codec;
  /** The errors met so far; the number of each is that of its node. */
  readonly #errors: object[] = [];
  readonly #numbers = new Map<object, number>();
  /** What goes through the codec, and the name of each for a refusal. */
  readonly #values: unknown[] = [];
  readonly #paths: string[] = [];
  readonly #copies = new Map<object, object>();
  readonly #standIns: object[] = [];
  readonly #standInNodes: number[] = [];

  constructor(codec: Codec) {
    this.#codec = codec;
  }

  pack(thrown: object): ErrorEnvelope {
    this.#numberOf(thrown);
    const nodes: ErrorNode[] = [];
    this.#describeFrom(nodes);
    if (this.#values.length === 0) return { kind: 'error', nodes, standIns: [] };
    try {
      return this.#envelope(nodes);
    } catch {
      const kept = this.#without(this.#refused(), nodes);
      try {
        return this.#envelope(kept);
      } catch {
        // Too much for one message. The error without its data is better than none.
        return { kind: 'error', nodes: kept, standIns: [] };
      }
    }
  }

  #envelope(nodes: readonly ErrorNode[]): ErrorEnvelope {
    const values = encodeUnmoved(this.#codec, [this.#values, this.#standIns], 'error');
    return { kind: 'error', nodes, values, standIns: this.#standInNodes };
  }

  /** Describing an error finds others, which are added behind it. */
  #describeFrom(nodes: ErrorNode[]): void {
    for (let number = nodes.length; number < this.#errors.length; number += 1) {
      const path = number === 0 ? 'error' : undefined;
      nodes.push(
        describeError(this.#errors[number] as object, (key, value, name) =>
          this.#slot(value, key, path ?? name),
        ),
      );
    }
  }

  #numberOf(error: object): number | undefined {
    const known = this.#numbers.get(error);
    if (known !== undefined) return known;
    if (this.#errors.length >= MOST_ERRORS) return undefined;
    this.#numbers.set(error, this.#errors.length);
    return this.#errors.push(error) - 1;
  }

  #slot(value: unknown, key: string, owner: string): Slot | undefined {
    if (key === 'errors' && Array.isArray(value) && !types.isProxy(value) && value.length <= LONGEST_LIST) {
      const items = Array.from({ length: value.length }, (_, index): Slot => {
        const item = read(value, String(index));
        const path = `${owner}.errors[${index}]`;
        return this.#single(item, path) ?? this.#refusal(notShareable(item, path, this.#codec.reach));
      });
      return { is: 'list', items };
    }
    return this.#single(value, `${owner}.${key}`);
  }

  /** A slot for one value; `undefined` for what can be seen at once not to cross. */
  #single(value: unknown, path: string): Slot | undefined {
    if (isPrimitive(value)) return { is: 'primitive', value };
    if (typeof value !== 'object' || value === null) return undefined;
    if (isError(value)) {
      const node = this.#numberOf(value);
      return node === undefined ? undefined : { is: 'error', node };
    }
    try {
      this.#values.push(withStandIns(value, this.#copies, (part) => this.#standIn(part)));
    } catch {
      return undefined; // It cannot be read, or not be cloned.
    }
    this.#paths.push(path);
    return { is: 'value', index: this.#values.length - 1 };
  }

  #standIn(part: object): object | undefined {
    if (!isError(part)) return undefined;
    const node = this.#numberOf(part);
    const standIn = {};
    if (node === undefined) return standIn;
    this.#copies.set(part, standIn);
    this.#standIns.push(standIn);
    this.#standInNodes.push(node);
    return standIn;
  }

  /** In a list, the reason stands in the place of what cannot cross. */
  #refusal(error: object): Slot {
    const node = this.#numberOf(error);
    return node === undefined ? { is: 'primitive', value: undefined } : { is: 'error', node };
  }

  /** The values that the codec refuses, with the reasons. */
  #refused(): Map<number, object> {
    const refused = new Map<number, object>();
    for (const [index, value] of this.#values.entries()) {
      try {
        encodeUnmoved(this.#codec, value, this.#paths[index] as string);
      } catch (error) {
        refused.set(index, error as object);
        this.#values[index] = undefined;
      }
    }
    return refused;
  }

  /**
   * The nodes without the refused values. A field that cannot cross is dropped, and does not fail the error:
   * errors of HTTP clients and databases carry sockets and callbacks, and what the caller needs is the error.
   * In a list the reason takes the place, since the others are known by their index.
   */
  #without(refused: ReadonlyMap<number, object>, nodes: readonly ErrorNode[]): ErrorNode[] {
    const kept = nodes.map((node) => ({
      ...node,
      fields: node.fields.flatMap((field): Field[] => {
        const { slot } = field;
        if (slot.is === 'value' && refused.has(slot.index)) return [];
        if (slot.is !== 'list') return [field];
        const items = slot.items.map((item) => {
          const reason = item.is === 'value' ? refused.get(item.index) : undefined;
          return reason === undefined ? item : this.#refusal(reason);
        });
        return [{ ...field, slot: { is: 'list', items } }];
      }),
    }));
    const sound = this.#values.length;
    this.#describeFrom(kept);
    // The reasons are errors of this library, whose fields are plain.
    this.#values.length = sound;
    return kept;
  }
}
