#!/usr/bin/env node
/** Entry of the `manyhands` command. */
import { EXIT_BROKEN_PIPE } from './exit-status.ts';
import { run } from './run.ts';

// Whoever read our output, such as `head`, has seen enough. What was started ends with this process.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT_BROKEN_PIPE);
});
process.exitCode = await run(process.argv.slice(2));
