/**
 * The HTTP side of a dashboard.
 *
 *   GET /?token=...   the token into a cookie, and on to /
 *   GET /             the page
 *   GET /events       the feed, as server-sent events: `program` and `tick`, see `messages.ts`
 *
 * A tick has the id `<instance>:<number>`. A viewer that lost its connection sends the last one it saw, and is told what
 * it missed; if that is of another run, or too long ago, it gets `program` and all that is known, as a new one does.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Access, cookieName } from './access.ts';
import type { Feed, Numbered } from './feed.ts';
import { type DashboardPage, readPage } from './page.ts';

/** What a viewer may be behind by. One that does not read for longer is cut off, and may come back. */
const MOST_BUFFERED = 4 * 1024 * 1024;
/** Milliseconds after which a browser that was cut off tries again. */
const RETRY_MS = 1000;

const HEADERS = {
  'Cache-Control': 'no-store',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
} as const;

export class DashboardServer {
  readonly #server: Server;
  readonly #feed: Feed;
  readonly #access: Access;
  #page: DashboardPage | undefined;

  constructor(feed: Feed, access: Access) {
    this.#feed = feed;
    this.#access = access;
    this.#server = createServer((request, response) => this.#serve(request, response));
    // To be looked at is no reason for a program to go on.
    this.#server.on('connection', (socket) => void socket.unref());
  }

  /** Resolves with the port. Rejects with what the system says: EADDRINUSE, say. */
  listen(port: number, host: string): Promise<number> {
    const server = this.#server;
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, () => {
        server.off('error', reject);
        server.unref();
        resolve((server.address() as AddressInfo).port);
      });
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    if (!this.#access.isAddressedToUs(request))
      return answer(response, 403, 'This is not the name of a dashboard.');
    if (request.method !== 'GET') {
      response.setHeader('Allow', 'GET');
      return answer(response, 405, 'A dashboard is only to be looked at.');
    }
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://dashboard');
    const token = searchParams.get('token');
    if (pathname === '/' && token !== null && this.#access.isToken(token))
      return welcome(request, response, token);
    if (!this.#access.admits(request)) {
      return answer(
        response,
        401,
        'Open the address that the program printed: it has the token of this dashboard.',
      );
    }
    if (pathname === '/') return this.#sendPage(response);
    if (pathname === '/events') return this.#sendEvents(request, response);
    return answer(response, 404, 'There is nothing here.');
  }

  #sendPage(response: ServerResponse): void {
    try {
      this.#page ??= readPage();
    } catch (error) {
      return answer(response, 500, error instanceof Error ? error.message : String(error));
    }
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    response.setHeader('Content-Security-Policy', this.#page.policy);
    response.end(this.#page.html);
  }

  #sendEvents(request: IncomingMessage, response: ServerResponse): void {
    const { program } = this.#feed;
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write(`retry: ${RETRY_MS}\n\n`);
    const write = ({ number, json }: Numbered): void => {
      response.write(`id: ${program.instance}:${number}\nevent: tick\ndata: ${json}\n\n`);
    };
    const send = (tick: Numbered): void => {
      write(tick);
      if (response.writableLength > MOST_BUFFERED) response.destroy();
    };
    const seen = this.#lastSeen(request);
    if (seen === undefined) response.write(`event: program\ndata: ${JSON.stringify(program)}\n\n`);
    for (const tick of this.#feed.history(seen)) write(tick);
    const stop = this.#feed.watch(send);
    response.on('close', stop);
  }

  /** The number of the last tick that this viewer saw, if it can go on from there. */
  #lastSeen({ headers }: IncomingMessage): number | undefined {
    const [instance, number] = String(headers['last-event-id'] ?? '').split(':');
    const [oldest] = this.#feed.history();
    const seen = Number(number);
    const isKnown = instance === this.#feed.program.instance && Number.isSafeInteger(seen);
    return isKnown && oldest !== undefined && seen >= oldest.number - 1 ? seen : undefined;
  }
}

/** Out of the address, which is kept in the history and shown to whoever looks over one's shoulder, into a cookie. */
function welcome(request: IncomingMessage, response: ServerResponse, token: string): void {
  response.setHeader(
    'Set-Cookie',
    `${cookieName(request)}=${token}; HttpOnly; SameSite=Strict; Path=/; Max-Age=86400`,
  );
  response.setHeader('Location', '/');
  answer(response, 303, 'Go on to /.');
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' });
  response.end(`${text}\n`);
}
