// A machine and calls made of round numbers, so that what the model says can be reckoned by hand.
import type { Advice, Check } from '../../src/choose/advice.ts';
import { conclude, type Question, weigh } from '../../src/choose/conclude.ts';
import type { BackendCosts, MachineCosts } from '../../src/choose/machine-costs.ts';
import type { BackendKind, CallProfile, Model } from '../../src/choose/predict.ts';
import type { Profile } from '../../src/choose/profile.ts';

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

/** Advice on calls of that kind, from nothing but these figures. */
export function adviceOn(
  call: Partial<CallProfile>,
  question: Partial<Question> = {},
  found: Partial<Profile> = {},
  /** By how much the backend took longer than predicted, of those that were checked. */
  slower: Partial<Record<BackendKind, number>> = {},
): Advice {
  const asked: Question = {
    name: 'work',
    url: 'file:///home/me/work.js',
    export: 'work',
    calls: 100,
    inputs: 1,
    arity: 1,
    maxWorkers: 4,
    maxBlocked: 50,
    warm: false,
    ...question,
  };
  const { cpu, hold, wait } = { ...computing, ...call };
  const profile: Profile = {
    call: { ...computing, ...call },
    conditions: { alone: 1, together: 4 },
    samples: [{ input: 0, bytes: 12, calls: 5, cpu, hold, wait }],
    growth: null,
    findings: [],
    impossible: {},
    ...found,
  };
  const choices = weigh(asked, profile, machine);
  const checks = choices.worthChecking.flatMap((plan): Check[] => {
    const factor = slower[plan.backend];
    if (factor === undefined) return [];
    return [{ plan, calls: asked.calls, predicted: plan.ms, measured: plan.ms * factor, memory: 5e6 }];
  });
  return conclude(asked, profile, choices, checks, new Date('2026-01-02T03:04:05Z'));
}
