/** Where in the user's code something was called. */

import { fileURLToPath } from 'node:url';

/** Frames of this library, in its files or in its bundle. */
const LIBRARY = new URL('../../', import.meta.url).href;
/** How many frames of the library may lie above those of the user, and some more. */
const DEPTH = 16;

/** A stack, which V8 makes text of only when it is read. */
export interface Place {
  readonly stack?: string | undefined;
}

export function here(): Place {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = DEPTH;
  const place: Place = {};
  Error.captureStackTrace(place, here);
  Error.stackTraceLimit = stackTraceLimit;
  return place;
}

/** @example 'transfer (/app/bank.js:12:5)' */
export function show({ stack = '' }: Place): string {
  const frames = stack
    .split('\n')
    .slice(1)
    .map((line) => line.trim().replace(/^at (?:async )?/, ''));
  const own = frames.find((frame) => !frame.includes(LIBRARY) && !/\bnode:|<anonymous>/.test(frame)) ?? '';
  return own.replace(/file:\/\/[^\s)]+?(?=:\d+:\d+|\)|$)/, (url) => {
    try {
      return fileURLToPath(url);
    } catch {
      return url;
    }
  });
}
