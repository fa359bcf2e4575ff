/**
 * Anonymous pipes, and looking whether a descriptor is ready: two calls of the system that Node does not have. All
 * else that is done with pipes (reading, writing, opening the same one again) goes through `node:fs` and `node:net`.
 *
 * Both calls come by way of koffi, which is loaded with the first of them.
 */

import { createRequire } from 'node:module';
import type * as Koffi from 'koffi';

const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;

/** What to look for: bytes to read, or the end; and room to write, or that nobody will read. */
export const Ready = { toRead: 0x1, toWrite: 0x4 } as const;

interface Pipes {
  /** A new pipe. Its descriptors do not block, and are closed on exec. @throws when the system has none to give. */
  create(): { readonly read: number; readonly write: number };
  /** Blocks for up to `milliseconds` (0: not at all) until the descriptor is ready, and says whether it is. */
  poll(descriptor: number, what: (typeof Ready)[keyof typeof Ready], milliseconds: number): boolean;
}

let loaded: Pipes | undefined;

/** @throws where there are no such calls. */
export function pipes(): Pipes {
  loaded ??= load();
  return loaded;
}

function load(): Pipes {
  if (process.platform !== 'linux') {
    throw new Error(`A Pipe needs Linux; this is ${process.platform}. Use a Listener and a Client`);
  }
  let koffi: typeof Koffi;
  try {
    koffi = createRequire(import.meta.url)('koffi') as typeof Koffi;
  } catch (cause) {
    throw new Error(
      'A Pipe needs the package koffi, which could not be loaded. Use a Listener and a Client',
      {
        cause,
      },
    );
  }
  const libc = koffi.load(null);
  const pipe2 = libc.func('int pipe2(void *, int)');
  const poll = libc.func('int poll(void *, unsigned long, int)');
  const pair = new Int32Array(2);
  // A struct pollfd: the descriptor, then what to look for and what was found, of 16 bits each.
  const looked = new Int32Array(2);

  return {
    create() {
      if (pipe2(pair, O_NONBLOCK | O_CLOEXEC) < 0) {
        throw new Error(`The system has no pipe to give: error ${koffi.errno()} of pipe2()`);
      }
      return { read: pair[0] as number, write: pair[1] as number };
    },
    poll(descriptor, what, milliseconds) {
      looked[0] = descriptor;
      looked[1] = what;
      return poll(looked, 1, milliseconds) > 0;
    },
  };
}
