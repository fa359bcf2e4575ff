/**
 * Who may see a dashboard: whoever has its token. A browser gets it in the address once, and keeps it in a cookie from
 * then on; other programs send it in a header.
 *
 * A page of another site that the user has open can send requests to loopback, too. It has no token; its requests carry no
 * cookie, as that is `SameSite=Strict`; and it cannot pretend to be of this site by having its own name lead to
 * 127.0.0.1 (DNS rebinding), as the name in `Host` would be its own.
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1']);
const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

export class Access {
  /** Hashes are of one length, which the comparison needs, and tell nothing of that of the token. */
  readonly #digest: Buffer;
  readonly #host: string;

  constructor(token: string, host: string) {
    this.#digest = digest(token);
    this.#host = host;
  }

  isToken(candidate: string): boolean {
    return timingSafeEqual(digest(candidate), this.#digest);
  }

  /** Whether this request has the token, in a cookie or a header. */
  admits(request: IncomingMessage): boolean {
    const [, bearer] = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '') ?? [];
    const candidate = bearer ?? cookie(request, cookieName(request));
    return candidate !== undefined && this.isToken(candidate);
  }

  /** Whether it was sent to a name of ours, and not by a page of another site. */
  isAddressedToUs(request: IncomingMessage): boolean {
    const { host = '', origin } = request.headers;
    if (!this.#isOurs(hostname(host))) return false;
    return origin === undefined || origin === `http://${host}`;
  }

  #isOurs(name: string): boolean {
    if (LOOPBACK.has(name) || name === this.#host.toLowerCase()) return true;
    // Who listens on all addresses has to be found by any of them. Rebinding needs a name.
    return WILDCARDS.has(this.#host) && isIP(name) !== 0;
  }
}

/** Browsers send the cookies of a host to all its ports: with one name, dashboards would put each other out. */
export function cookieName(request: IncomingMessage): string {
  return `manyhands-${request.socket.localPort}`;
}

function cookie({ headers }: IncomingMessage, name: string): string | undefined {
  for (const pair of (headers.cookie ?? '').split(';')) {
    const [key, value] = pair.trim().split('=', 2);
    if (key === name) return value;
  }
  return undefined;
}

/** Of a `Host` header, without its port and without the brackets of IPv6. */
function hostname(host: string): string {
  const [, bracketed, plain] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d+)?$/.exec(host) ?? [];
  return (bracketed ?? plain ?? '').toLowerCase();
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
