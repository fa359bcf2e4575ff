/** What the model runs: the modules of `src/sync`, with stand-ins in them (`resolve.ts`). */

import * as loader from 'node:module';
import { resolve } from './resolve.ts';

interface Hooks {
  registerHooks?(hooks: { resolve: typeof resolve }): unknown;
}

// In this thread, where Node can.
const { registerHooks } = loader as Hooks;
if (registerHooks === undefined) loader.register('./resolve.js', import.meta.url);
else registerHooks({ resolve });

type LockModule = typeof import('../../../src/sync/cores/lock-core.ts');
const lock: LockModule = await import('../../../src/sync/cores/lock-core.js');
type BarrierModule = typeof import('../../../src/sync/cores/barrier-core.ts');
const barrier: BarrierModule = await import('../../../src/sync/cores/barrier-core.js');
const line: typeof import('./line.ts') = await import('./line.js');

export const LockCore: LockModule['LockCore'] = lock.LockCore;
export const LOCK_WORDS: number = lock.LOCK_WORDS;
export const MOST_PASSES: number = lock.MOST_PASSES;
export const lineOf: typeof line.lineOf = line.lineOf;
export const TURN: string = line.TURN;
export const BarrierCore: BarrierModule['BarrierCore'] = barrier.BarrierCore;
export const BARRIER_WORDS: number = barrier.BARRIER_WORDS;
