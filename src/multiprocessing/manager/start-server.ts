/** Starting the process of a manager, and hearing where it listens. */

import { type Address, type AuthKey, type Family, Listener } from '../../connections/index.ts';
import { BrokenConnectionError, EndOfFileError, WorkerDiedError } from '../../errors.ts';
import { referenceTo } from '../../tasks/reference.ts';
import { bytesCodec } from '../../wire/codec.ts';
import { unpackError } from '../../wire/error-envelope.ts';
import { Process } from '../process/process.ts';
import type { Registered } from './registry.ts';
import { type ServeMessage, type ServeReport, serveManager } from './serve.ts';

interface ServerPlan {
  readonly name: string;
  readonly types: ReadonlyMap<string, Registered>;
  readonly isSync: boolean;
  readonly address: Address | undefined;
  readonly family: Family | undefined;
  readonly authkey: AuthKey;
  readonly maxMessageBytes: number;
  readonly transferTimeout: number;
  readonly initializer?: Function | undefined;
  readonly initArgs?: readonly unknown[] | undefined;
}

/** @throws what the process says that failed; WorkerDiedError when it ends without a word */
export async function startServer(plan: ServerPlan): Promise<{ process: Process; address: Address }> {
  const {
    name,
    types,
    isSync,
    address,
    family,
    authkey,
    maxMessageBytes,
    transferTimeout,
    initArgs = [],
  } = plan;
  await using listener = await Listener.listen({ authkey });
  const message: ServeMessage = {
    types: [...types].map(([typeid, { exposed, methodToTypeid, reference }]) => ({
      typeid,
      exposed,
      methodToTypeid,
      callable: reference(),
    })),
    isSync,
    address,
    family,
    maxMessageBytes,
    transferTimeout,
    initializer: plan.initializer && referenceTo(plan.initializer),
    report: listener.address,
  };
  const process = new Process({ target: serveManager, args: [message, initArgs], daemon: true });
  process.name = process.name.replace(/^\w+/, name);
  process.authkey = typeof authkey === 'string' ? authkey : Uint8Array.from(authkey);
  process.start();
  try {
    const [is, content] = await reported(listener, process);
    if (is === 'failed') throw unpackError(content, bytesCodec);
    return { process, address: content };
  } catch (error) {
    process.kill();
    throw error;
  }
}

async function reported(listener: Listener, process: Process): Promise<ServeReport> {
  const over = new AbortController();
  const ended = process.join({ signal: over.signal }).then(({ exitCode, signal }): never => {
    const reason = signal === null ? `it exited with code ${exitCode}` : `it was killed by ${signal}`;
    const workerName = process.name;
    throw new WorkerDiedError(undefined, { exitCode, signal, reason, workerName, stderr: [] });
  });
  const told = listener.accept({ signal: over.signal }).then(async (connection) => {
    await using _ = connection;
    try {
      return (await connection.recv({ signal: over.signal })) as ServeReport;
    } catch (error) {
      // It ended in the middle of it; how, its exit says.
      if (error instanceof EndOfFileError || error instanceof BrokenConnectionError) return await ended;
      throw error;
    }
  });
  try {
    return await Promise.race([told, ended]);
  } finally {
    // Whichever did not come first is given up, and nobody hears of it.
    told.catch(() => undefined);
    ended.catch(() => undefined);
    over.abort();
  }
}
