/** From what was found out to advice: nothing is run or measured here. */

import type { Advice, Check, Option } from './advice.ts';
import type { MachineCosts } from './machine-costs.ts';
import { type Bounds, backendKinds, bestPlan, callCounts, paysFrom } from './plans.ts';
import type { BackendKind, Model } from './predict.ts';
import type { Profile } from './profile.ts';
import { putIntoWords } from './words.ts';

/** What was asked. */
export interface Question {
  readonly name: string;
  readonly url: string | null;
  readonly export: string | null;
  readonly calls: number;
  readonly inputs: number;
  readonly arity: number;
  readonly maxWorkers: number;
  readonly maxBlocked: number;
  readonly warm: boolean;
}

/** The best way on each backend, as predicted. */
export interface Choices {
  readonly model: Model;
  readonly bounds: Bounds;
  /** The simplest backend first. */
  readonly options: readonly Option[];
  /** The fastest first; none where no call came to its end. */
  readonly worthChecking: readonly Option[];
}

/** Of two that are within this part of each other the simpler one is better. */
const SAME = 0.1;

export function weigh(question: Question, found: Profile, machine: MachineCosts): Choices {
  const { maxWorkers, calls, maxBlocked, warm } = question;
  const model: Model = { call: found.call, machine, conditions: found.conditions, warm };
  const bounds: Bounds = { maxWorkers };
  const options = backendKinds.map((backend): Option => {
    const plan = bestPlan(model, bounds, backend, calls);
    const reason = found.impossible[backend] ?? blocks(backend, model, maxBlocked);
    return { ...plan, predicted: plan.ms, ...(reason === undefined ? {} : { but: reason }) };
  });
  // What is not advisable is carried out all the same: it is what others are compared with.
  const possible = options.filter(({ backend }) => found.impossible[backend] === undefined);
  return { model, bounds, options, worthChecking: isKnown(found) ? byTime(possible) : [] };
}

export function conclude(
  question: Question,
  found: Profile,
  { model, bounds, options, worthChecking }: Choices,
  checks: readonly Check[],
  date: Date,
): Advice {
  const { name, url, export: exported, calls, inputs, arity, maxWorkers, maxBlocked, warm } = question;
  const known = options.map((option) => corrected(option, checks));
  const use = choose(known, found);
  const facts = {
    function: { name, url, export: exported },
    date: date.toISOString(),
    calls,
    inputs,
    arity,
    maxWorkers,
    maxBlocked: maxBlocked === Infinity ? null : maxBlocked,
    warm,
    machine: model.machine,
    conditions: found.conditions,
    call: found.call,
    samples: found.samples,
    growth: found.growth,
    findings: found.findings,
    options: byTime(known),
    use,
    checks,
    curves: isKnown(found) ? worthChecking.map(({ backend }) => curveOf(backend, model, bounds, calls)) : [],
    crossings: isKnown(found) ? crossingsOf(use, worthChecking, model, bounds) : [],
  };
  return { ...facts, words: putIntoWords(facts) };
}

/** Whether there are times to reckon with. */
function isKnown({ samples, findings }: Profile): boolean {
  return samples.length > 0 && !findings.some(({ code }) => code === 'unfinished');
}

function curveOf(
  backend: BackendKind,
  model: Model,
  bounds: Bounds,
  calls: number,
): Advice['curves'][number] {
  const points = callCounts(calls).map((count) => ({
    calls: count,
    ms: bestPlan(model, bounds, backend, count).ms,
  }));
  return { backend, points };
}

/** A program can do something else between two calls; not during one. */
function blocks(backend: BackendKind, { call }: Model, maxBlocked: number): string | undefined {
  if (backend !== 'event-loop' || call.blocked <= maxBlocked) return undefined;
  return `a call would block it for ${Math.round(call.blocked)} ms at a time, during which the program does nothing else`;
}

function byTime(options: readonly Option[]): Option[] {
  return options.toSorted((a, b) => a.ms - b.ms);
}

/**
 * What was measured counts for more than what was predicted. For fewer calls than asked for it is the difference that counts
 * if most of the time is for starting, and else the ratio.
 */
function corrected(option: Option, checks: readonly Check[]): Option {
  const checked = checks.find(({ plan }) => plan.backend === option.backend);
  if (checked === undefined) return option;
  const { predicted, measured } = checked;
  const [off, ratio] = [measured - predicted, measured / Math.max(predicted, Number.MIN_VALUE)];
  if (option.limit !== 'start') return { ...option, ms: option.ms * ratio, startMs: option.startMs * ratio };
  const ms = Math.max(measured, option.ms + off);
  return { ...option, ms, startMs: Math.min(ms, Math.max(0, option.startMs + off)) };
}

/** The simplest of those that are about as fast as the fastest. */
function choose(options: readonly Option[], { impossible }: Profile): BackendKind {
  const allowed = options.filter(({ but }) => but === undefined);
  if (allowed.length === 0) return impossible.process === undefined ? 'process' : 'thread';
  const fastest = Math.min(...allowed.map(({ ms }) => ms));
  return (allowed.find(({ ms }) => ms <= fastest * (1 + SAME)) as Option).backend;
}

/** What is used against all others; and of these, when the pools would begin to pay. */
function crossingsOf(
  use: BackendKind,
  options: readonly Option[],
  model: Model,
  bounds: Bounds,
): Advice['crossings'] {
  const others = options.map(({ backend }) => backend).filter((backend) => backend !== use);
  const pairs = others.map((other) =>
    use === 'event-loop' ? ([other, use] as const) : ([use, other] as const),
  );
  return pairs.map(([faster, than]) => ({ faster, than, calls: paysFrom(model, bounds, faster, than) }));
}
