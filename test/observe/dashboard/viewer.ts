// Looks at a dashboard as a program does: reads the events of its feed from a socket, and knows what it was told.
import assert from 'node:assert/strict';
import { get, type IncomingMessage } from 'node:http';
import type { Program, Tick } from '../../../src/observe/dashboard/messages.ts';

export interface Address {
  readonly port: number;
  readonly token: string;
}

export interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** One request, with the headers given and no others. */
export function ask(
  port: number,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path, headers, method, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }));
    });
    request.on('error', reject);
  });
}

export class Viewer {
  readonly programs: Program[] = [];
  readonly ticks: Tick[] = [];
  readonly ids: string[] = [];
  /** Bytes that came. */
  received = 0;
  readonly #response: IncomingMessage;
  readonly #closed: Promise<void>;
  #heard: () => void = () => {};

  static open({ port, token }: Address, lastId?: string): Promise<Viewer> {
    const headers = {
      authorization: `Bearer ${token}`,
      ...(lastId === undefined ? {} : { 'last-event-id': lastId }),
    };
    return new Promise((resolve, reject) => {
      get({ host: '127.0.0.1', port, path: '/events', headers, agent: false }, (response) => {
        assert.equal(response.statusCode, 200);
        resolve(new Viewer(response));
      }).on('error', reject);
    });
  }

  constructor(response: IncomingMessage) {
    this.#response = response;
    this.#closed = new Promise((resolve) => response.once('close', resolve));
    // What is cut off is the end of the feed, and no error here.
    response.on('error', () => {});
    let rest = '';
    response.setEncoding('utf8').on('data', (piece: string) => {
      this.received += piece.length;
      const messages = (rest + piece).split('\n\n');
      rest = messages.pop() ?? '';
      for (const message of messages) this.#take(message);
      this.#heard();
    });
  }

  #take(message: string): void {
    const fields = new Map(
      message
        .split('\n')
        .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
    );
    const data = fields.get('data');
    if (data === undefined) return;
    const id = fields.get('id');
    if (id !== undefined) this.ids.push(id);
    if (fields.get('event') === 'program') this.programs.push(JSON.parse(data) as Program);
    else this.ticks.push(JSON.parse(data) as Tick);
  }

  /** The first tick that is right; waits for more of them as long as none is. */
  async tick(isRight: (tick: Tick) => boolean): Promise<Tick> {
    for (;;) {
      const found = this.ticks.find(isRight);
      if (found !== undefined) return found;
      await Promise.race([
        new Promise<void>((resolve) => {
          this.#heard = resolve;
        }),
        this.#closed.then(() => assert.fail('The feed ended before there was such a tick.')),
      ]);
    }
  }

  /** Resolves when the other side has ended the feed. */
  get closed(): Promise<void> {
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#response.destroy();
    await this.#closed;
  }
}
