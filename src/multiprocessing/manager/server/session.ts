/**
 * One client at the server, for as long as its connection lasts.
 *
 * Requests are begun in the order in which they came, and run beside each other. When the connection ends, whatever the
 * reason, (1) its calls are given up, so that it waits for nothing any more, (2) what it holds is released, and (3) its
 * leases end.
 */

import type { Connection } from '../../../connections/index.ts';
import { BrokenConnectionError, CancelledError, RemoteError } from '../../../errors.ts';
import { encodeBytes } from '../../../wire/bytes.ts';
import { bytesCodec } from '../../../wire/codec.ts';
import { packError } from '../../../wire/error-envelope.ts';
import { type Answer, asRequest, HELLO, type Request } from '../protocol.ts';
import type { Call, Owner } from '../referents/call.ts';
import type { Entry } from './objects.ts';
import type { Result, Server } from './server.ts';

/** A client that sends and does not receive has this many answers made for it, and then no more requests read. */
const MOST_UNSENT = 1000;

export class Session implements Owner {
  readonly holds: Map<object, () => void> = new Map();
  readonly #server: Server;
  readonly #connection: Connection;
  readonly #over = new AbortController();
  readonly #calls = new Map<number, ServedCall>();
  readonly #leases = new Map<Entry, number>();
  #unsent = 0;
  #lastSent: Promise<void> = Promise.resolve();

  constructor(server: Server, connection: Connection) {
    this.#server = server;
    this.#connection = connection;
  }

  get ended(): AbortSignal {
    return this.#over.signal;
  }

  /** Serves the client until its connection ends. Never rejects: that is nobody's business but the client's. */
  async serve(): Promise<void> {
    try {
      await this.#connection.send([HELLO, this.#server.server, this.#server.maxMessageBytes]);
      for (;;) {
        while (this.#unsent > MOST_UNSENT) await this.#lastSent;
        this.#begin(asRequest(await this.#connection.recv()));
      }
    } catch (error) {
      this.#end(error);
    }
  }

  /** Ends the connection, after what is being sent. */
  close(): void {
    this.#connection.close();
    this.#end(new BrokenConnectionError('The manager was shut down'));
  }

  #end(reason: unknown): void {
    if (this.ended.aborted) return;
    this.#over.abort(reason);
    if (!this.#connection.closed) this.#connection.destroy();
    for (const call of this.#calls.values()) call.abort(reason);
    for (const release of this.holds.values()) release();
    this.holds.clear();
    for (const [entry, count] of this.#leases) this.#server.objects.unlease(entry, count);
    this.#leases.clear();
  }

  #begin(request: Request): void {
    switch (request[0]) {
      case 'create': {
        const [, number, typeid, args] = request;
        return void this.#run(number, (call) => this.#server.create(call, typeid, args));
      }
      case 'call': {
        const [, number, object, method, args] = request;
        return void this.#run(number, (call) => this.#server.invoke(call, this.#mine(object), method, args));
      }
      case 'snapshot': {
        const [, number, object] = request;
        return void this.#run(number, () => this.#server.snapshot(this.#mine(object)));
      }
      case 'count':
        return void this.#run(request[1], () => this.#server.result(this.#server.objects.size));
      case 'info':
        return void this.#run(request[1], () => this.#server.result(this.#server.debugInfo()));
      case 'shutdown':
        return void this.#run(request[1], () => this.#server.result(undefined)).then(() =>
          this.#server.close(),
        );
      case 'cancel':
        return this.#calls.get(request[1])?.abort(new CancelledError('The client has given up this call'));
      case 'lease':
        return this.#borrow(request[1]);
      case 'release':
        return this.#release(request[1], request[2]);
      case 'lend':
        return this.#lend(request[1]);
    }
  }

  /** Runs a request, and answers it. */
  async #run(number: number, begin: (call: Call) => Result | Promise<Result>): Promise<void> {
    if (this.#calls.has(number)) return this.#end(new BrokenConnectionError(`Request ${number} came twice`));
    const call = new ServedCall(this);
    this.#calls.set(number, call);
    let bytes: Uint8Array;
    try {
      const { value, entries } = await begin(call);
      if (this.ended.aborted) return;
      for (const entry of entries) this.#lease(entry);
      bytes = this.#encode(['value', number, value]);
    } catch (error) {
      bytes = this.#encode(['error', number, packError(error, bytesCodec)]);
    } finally {
      this.#calls.delete(number);
    }
    await this.#send(bytes);
  }

  /** @throws RemoteError for what is too long */
  #encode(answer: Answer): Uint8Array {
    const bytes = encodeBytes(answer, 'result');
    const { maxMessageBytes } = this.#server;
    if (bytes.length <= maxMessageBytes) return bytes;
    const error = new RemoteError(
      `The result has ${bytes.length} bytes, and maxMessageBytes of the manager is ${maxMessageBytes}`,
    );
    return encodeBytes(['error', answer[1], packError(error, bytesCodec)], 'result');
  }

  async #send(bytes: Uint8Array): Promise<void> {
    if (this.ended.aborted) return;
    this.#unsent += 1;
    this.#lastSent = this.#connection.sendBytes(bytes).catch((error: unknown) => this.#end(error));
    await this.#lastSent;
    this.#unsent -= 1;
  }

  /** Only what it has a lease of can a client use: else an object could go while it is used. @throws RemoteError */
  #mine(object: number): Entry {
    const entry = this.#server.objects.get(object);
    if (this.#leases.has(entry)) return entry;
    throw new RemoteError(`This client has no lease of object ${object}`);
  }

  #lease(entry: Entry): void {
    this.#leases.set(entry, (this.#leases.get(entry) ?? 0) + 1);
    this.#server.objects.lease(entry);
  }

  /** Of an object that is gone the client hears when it uses it. */
  #borrow(object: number): void {
    const entry = this.#server.objects.find(object);
    if (entry !== undefined) this.#lease(entry);
  }

  #release(object: number, count: number): void {
    const entry = this.#server.objects.find(object);
    const held = entry === undefined ? 0 : (this.#leases.get(entry) ?? 0);
    if (entry === undefined || held === 0) return;
    if (held > count) this.#leases.set(entry, held - count);
    else this.#leases.delete(entry);
    this.#server.objects.unlease(entry, Math.min(held, count));
  }

  #lend(object: number): void {
    const entry = this.#server.objects.find(object);
    if (entry !== undefined && this.#leases.has(entry)) this.#server.objects.lend(entry);
  }
}

/** Most calls do not wait, and need no controller. */
class ServedCall implements Call {
  readonly owner: Owner;
  #controller: AbortController | undefined;
  #reason: { readonly is: unknown } | undefined;

  constructor(owner: Owner) {
    this.owner = owner;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#reason !== undefined) this.#controller.abort(this.#reason.is);
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    this.#reason ??= { is: reason };
    this.#controller?.abort(reason);
  }
}
