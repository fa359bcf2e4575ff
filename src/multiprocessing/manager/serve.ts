/** What runs in the process of a manager. */

import { type Address, Client, type Family } from '../../connections/index.ts';
import type { TaskReference } from '../../tasks/reference.ts';
import { defineTasks } from '../../tasks/registry.ts';
import { resolveTask } from '../../tasks/resolve.ts';
import { bytesCodec } from '../../wire/codec.ts';
import { type ErrorEnvelope, packError } from '../../wire/error-envelope.ts';
import { currentProcess } from '../process/current.ts';
import { Server } from './server/server.ts';
import { loadTypes, type TypeMessage, typesOf } from './server/types.ts';

/** What the process is told. The key it has as the key of its family. */
export interface ServeMessage {
  readonly types: readonly TypeMessage[];
  readonly isSync: boolean;
  readonly address: Address | undefined;
  readonly family: Family | undefined;
  readonly maxMessageBytes: number;
  readonly transferTimeout: number;
  readonly initializer: TaskReference | undefined;
  /** Where the process says what became of it. */
  readonly report: Address;
}

/** What it says: where it listens, or why it does not. */
export type ServeReport =
  | readonly [is: 'listening', address: Address]
  | readonly [is: 'failed', error: ErrorEnvelope];

export async function serveManager(message: ServeMessage, initArgs: readonly unknown[]): Promise<void> {
  // A terminal sends it to the parent as well, which may need its objects to clean up.
  process.on('SIGINT', () => undefined);
  const authkey = currentProcess().authkey.export();
  const report = await Client(message.report, { authkey });
  const tell = (said: ServeReport): Promise<void> => report.send(said);
  let server: Server;
  try {
    if (message.initializer !== undefined) await (await resolveTask(message.initializer))(...initArgs);
    const types = typesOf(await loadTypes(message.types), message.isSync);
    server = await Server.listen({ ...message, types, authkey });
  } catch (error) {
    await tell(['failed', packError(error, bytesCodec)]);
    report.close();
    return;
  }
  await tell(['listening', server.address]);
  report.close();
  await server.serveForever();
  // Whatever its objects still have in the event loop: nobody can use them any more.
  process.exit();
}

// By name: where the library is bundled, files and their exports are others.
defineTasks(import.meta.url, { serveManager });
