#!/usr/bin/env node
/** Entry of the `manyhands` command. */
import { run } from './run.ts';

process.exitCode = await run(process.argv.slice(2));
