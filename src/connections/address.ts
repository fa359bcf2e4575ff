/** Where a listener is: the path of a Unix socket, a host and a port, or the name of a Windows pipe. */

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { checkChoice } from '../options.ts';

/** `'unix'` is Python's AF_UNIX, `'tcp'` AF_INET (and IPv6), `'pipe'` AF_PIPE. */
export type Family = (typeof FAMILIES)[number];

export const FAMILIES = ['unix', 'tcp', 'pipe'] as const;

export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

/**
 * A string is the path of a Unix socket (one that begins with `\0` lies outside of the file system, on Linux), or,
 * beginning with `\\`, the name of a Windows pipe. Host and port are TCP.
 */
export type Address = string | HostAndPort | readonly [host: string, port: number];

/** An address that was checked; `path` serves Unix sockets and Windows pipes. */
export type Endpoint =
  | { readonly family: 'unix' | 'pipe'; readonly path: string }
  | ({ readonly family: 'tcp' } & HostAndPort);

/** The families that there are on this platform, the default one first. */
export function families(): readonly Family[] {
  return process.platform === 'win32' ? ['pipe', 'tcp'] : ['unix', 'tcp'];
}

/**
 * Checks an address, and that it is of `family` if that is given.
 *
 * @throws TypeError for what is no address; RangeError for one of another family, or of one that this platform does
 *   not have.
 */
export function parseAddress(address: unknown, family?: Family): Endpoint {
  checkChoice('family', family, FAMILIES);
  const endpoint = read(address);
  if (family !== undefined && endpoint.family !== family) {
    throw new RangeError(
      `address ${inspect(address)} is of the family '${endpoint.family}', not '${family}'`,
    );
  }
  requireFamily(endpoint.family);
  return endpoint;
}

/** @throws RangeError for a family that this platform does not have. */
export function requireFamily(family: Family): void {
  if (families().includes(family)) return;
  const known = families().map((name) => `'${name}'`);
  throw new RangeError(
    `family '${family}' is not available on ${process.platform}: use ${known.join(' or ')}`,
  );
}

/** A free address that nobody else can take before us, and what gives it back. */
export function arbitraryAddress(family: Family): { readonly endpoint: Endpoint; remove(): void } {
  requireFamily(family);
  if (family === 'tcp') {
    return { endpoint: { family, host: '127.0.0.1', port: 0 }, remove: () => undefined };
  }
  if (family === 'pipe') {
    const path = `\\\\.\\pipe\\manyhands-${process.pid}-${randomBytes(16).toString('hex')}`;
    return { endpoint: { family, path }, remove: () => undefined };
  }
  // Only we may enter the folder (mkdtemp sees to that), so only we can connect, whatever the umask is.
  const folder = mkdtempSync(join(tmpdir(), 'manyhands-'));
  if (folders.size === 0) process.on('exit', removeAll);
  folders.add(folder);
  return { endpoint: { family, path: join(folder, 'listener') }, remove: () => remove(folder) };
}

/** Of listeners that are open. */
const folders = new Set<string>();

function remove(folder: string): void {
  folders.delete(folder);
  if (folders.size === 0) process.off('exit', removeAll);
  rmSync(folder, { recursive: true, force: true });
}

function removeAll(): void {
  for (const folder of folders) remove(folder);
}

function read(address: unknown): Endpoint {
  if (typeof address === 'string') {
    if (address === '') throw new RangeError("address must not be '': leave it out for an arbitrary one");
    return { family: address.startsWith('\\\\') ? 'pipe' : 'unix', path: address };
  }
  const [host, port] = Array.isArray(address)
    ? address
    : [(address as HostAndPort | undefined)?.host, (address as HostAndPort | undefined)?.port];
  if (typeof host !== 'string' || typeof port !== 'number') {
    throw new TypeError(
      `address must be a path, [host, port] or { host, port }, received ${inspect(address, { depth: 1 })}`,
    );
  }
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new RangeError(`the port of address must be a whole number from 0 to 65535, received ${port}`);
  }
  return { family: 'tcp', host, port };
}
