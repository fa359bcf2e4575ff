// A machine and calls made of round numbers, so that what the model says can be reckoned by hand.
import type { BackendCosts, MachineCosts } from '../../src/choose/machine.ts';
import type { CallProfile, Model } from '../../src/choose/predict.ts';

const thread: BackendCosts = {
  start: { first: 20, all: 50, workers: 4 },
  roundTrip: 1,
  task: { caller: 0.5, worker: 1 },
  item: { caller: 0.25, worker: 0.5 },
  bytes: [
    { bytes: 1000, ms: 2 },
    { bytes: 10_000, ms: 20 },
  ],
  memory: 10e6,
};

export const machine: MachineCosts = {
  cpuModel: 'Round Numbers 4',
  cores: 4,
  platform: 'linux',
  node: 'v20.0.0',
  version: '0.1.0',
  measuredAt: '2026-01-01T00:00:00.000Z',
  load: 0,
  eventLoopTask: 0.25,
  thread,
  process: { ...thread, start: { first: 40, all: 100, workers: 4 }, roundTrip: 2, memory: 40e6 },
};

/** Computes for 100 ms, and does nothing else. */
export const computing: CallProfile = {
  async: false,
  cpu: 100,
  hold: 100,
  wait: 0,
  longest: 100,
  blocked: 100,
  bytes: 0,
  carry: { thread: 0, process: 0 },
  load: 0,
  cold: 0,
  heap: 0,
  stretch: 1,
};

/** Waits for 100 ms, and takes 1 ms to begin. */
export const waiting: CallProfile = { ...computing, async: true, cpu: 1, hold: 1, wait: 99, blocked: 1 };

export function model(call: Partial<CallProfile> = {}, more: Partial<Model> = {}): Model {
  return {
    call: { ...computing, ...call },
    machine,
    conditions: { alone: 1, together: 4 },
    warm: true,
    ...more,
  };
}
