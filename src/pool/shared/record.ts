/**
 * What host and worker write into a slot of the board, word by word; word 0 is the board's own.
 *
 *   1 ── the call, by the host ── 9   10 ── the answer, by the worker ── 15   16 ── small values ── 31
 */

/** The number of the function. */
export const FUNCTION = 1;
/** How it is to be run: flags of `wire/protocol.ts`, and `NAMED`. */
export const FLAGS = 2;
/** Where the arguments are: in the slot, in the host's heap, or to be asked for. */
export const PLACE = 3;
/** Bytes of the arguments, and where they begin in the region of the board. */
export const LENGTH = 4;
export const OFFSET = 5;
/** Where the function's reference is in the region of the board; length 0: it has to be asked for. */
export const DEFINITION = 6;
export const DEFINITION_LENGTH = 7;
export const ATTEMPT = 8;
/** Arguments per call of a chunk, or values that a stream may yield before it is granted more. */
export const COUNT = 9;

/**
 * A double, by the worker, over the last two when it has read them: when it began, in the machine's time. Only of tasks
 * with the flag TIMED.
 */
export const STARTED_AT = 8;

/** What the answer is. */
export const ANSWER = 10;
/** Where it is: in the slot, or in the worker's heap. */
export const ANSWER_PLACE = 11;
export const ANSWER_LENGTH = 12;
export const ANSWER_OFFSET = 13;
/** A double: milliseconds that the call took. */
export const MS = 14;

/** Small values lie here. */
export const SMALL = 16;
export const SMALL_BYTES = 64;

/** A flag beside those of the protocol: the last argument is the name of the task. */
export const NAMED = 65536;

/** Places. */
export const IN_SLOT = 0;
export const IN_HEAP = 1;
/** The worker that has claimed the task asks for it, and gets it as a message. */
export const BY_MESSAGE = 2;

/** Answers. */
export const VALUE = 1;
export const LIST = 2;
/** A list, and the errors of those items that threw. */
export const LIST_AND_ERRORS = 3;
export const ERROR = 4;

/** The names of tasks in messages: the slot, and which use of it. */
const SLOTS = 2 ** 16;

export function wireIdOf(slot: number, generation: number): number {
  return generation * SLOTS + slot;
}

export function slotOf(wireId: number): number {
  return wireId % SLOTS;
}

/** Slots that a board may have. */
export const MOST_SLOTS: number = SLOTS;
