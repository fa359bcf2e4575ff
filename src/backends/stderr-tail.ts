/** The last lines of what a worker wrote to stderr. */

import type { Readable, Writable } from 'node:stream';

/** Enough for a stack, or for what V8 prints when it runs out of memory. */
const LINES = 20;
const BYTES = 8192;

export class StderrTail {
  #text = '';

  /**
   * `passOn`: what it is written to as it comes. A pipe would do, but leaves listeners there for each worker;
   * and a function, since Node makes `process.stderr` when it is first asked for, which takes a while.
   */
  constructor(stream: Readable, passOn?: () => Writable) {
    stream.on('data', (chunk: Buffer) => {
      passOn?.().write(chunk);
      this.#text = (this.#text + chunk.toString('utf8')).slice(-BYTES);
    });
    // A pipe that breaks with its process has nothing more to tell.
    stream.on('error', () => undefined);
  }

  get lines(): readonly string[] {
    return this.#text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(-LINES);
  }
}
