/**
 * Arrays of a given length that V8 knows to be without holes.
 *
 * V8 notes with each array whether there may be holes in it, and what kind of values it holds. Its serializer,
 * behind every `postMessage`, writes an array that may have holes as pairs of key and value, which takes three
 * to six times as long. `new Array(n)` is such an array for all of its life, and so is each that came in a
 * message. Pushing one value after the other makes none, but copies the array each time it grows, and takes
 * about eight times as long as filling one that has its length. So a piece is cut off a template: one copy of
 * memory.
 */

/** Longer templates are not kept; they would hold on to memory for the sake of one large chunk. */
const LONGEST_KEPT = 16_384;

interface Template {
  /** In each place before it is filled. It makes the array what it is: integers, doubles, or anything. */
  readonly filler: unknown;
  readonly values: unknown[];
}

const integers: Template = { filler: 0, values: [] };
const doubles: Template = { filler: 0.5, values: [] };
const anything: Template = { filler: undefined, values: [] };

/**
 * An array of `length` to be filled from its beginning to its end with values like `sample`; others fit in as
 * well, at the price of one conversion. What is in it before is of no meaning.
 */
export function packedArray(length: number, sample: unknown): unknown[] {
  const template = templateFor(sample);
  const values = length <= LONGEST_KEPT ? template.values : [...template.values];
  while (values.length < length) values.push(template.filler);
  return values.slice(0, length);
}

/**
 * Integers are held apart from other numbers not for their size: a function that is given integers as doubles
 * is compiled for doubles.
 */
function templateFor(sample: unknown): Template {
  if (typeof sample !== 'number') return anything;
  return (sample | 0) === sample ? integers : doubles;
}
