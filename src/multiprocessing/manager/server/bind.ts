/** Listening where a manager listened before that was killed, and left the file of its socket behind. */

import { rmSync } from 'node:fs';
import { type Address, Client, type Listener } from '../../../connections/index.ts';

/** What `listen` gives; once more, after the path is cleared, if there is a socket that nobody listens at. */
export async function bindAnew(
  address: Address | undefined,
  listen: () => Promise<Listener>,
): Promise<Listener> {
  try {
    return await listen();
  } catch (error) {
    const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
    if (!isTaken || typeof address !== 'string' || !(await isDeserted(address))) throw error;
    rmSync(address, { force: true });
    return await listen();
  }
}

async function isDeserted(path: string): Promise<boolean> {
  try {
    (await Client(path)).destroy();
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';
  }
}
