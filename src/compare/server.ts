/**
 * The server of the `io` and `hybrid` experiments, in a process of its own, so that it takes no lane's time.
 */
import type { DocumentCheck } from './document.ts';
import { nodeArguments, startProgram } from './program.ts';

export interface Server extends DocumentCheck {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts the server, and resolves when it listens. Rejects with its last words if it ends before that. */
export async function startServer(latencyMs: number, signal: AbortSignal): Promise<Server> {
  let announce: (message: Record<string, unknown>) => void = () => {};
  const listening = new Promise<Record<string, unknown>>((resolve) => {
    announce = resolve;
  });
  const program = startProgram(process.execPath, nodeArguments(import.meta.url, 'server-main'), {
    job: { latencyMs },
    signal,
    onMessage: announce,
  });
  const first = await Promise.race([listening, program.ended]);
  signal.throwIfAborted();
  if (!('url' in first)) {
    throw new Error(
      `The HTTP server of the experiment did not start: ${first['stderr'] || 'no reason given'}`,
    );
  }
  return {
    url: String(first['url']),
    bytes: Number(first['bytes']),
    sha256: String(first['sha256']),
    async close() {
      program.kill();
      await program.ended;
    },
  };
}
