/**
 * Trying a function for real, on small inputs first, until its calls are known or the time is over.
 *
 *   process A   first call ─▶ again, the same ─▶ larger inputs, one after the other, while there is time
 *   process B   first call: is the result that of A? ─────▶ the same call in A and B at once: do they disturb each other?
 *   thread      the same calls: what carrying the values takes there
 *
 * In processes first: what crashes there takes nobody along. The caller's event loop is never used, as nobody knows for how
 * long it would be blocked.
 */

import { TimeoutError } from '../errors.ts';
import { referenceTo } from '../tasks/reference.ts';
import type { Finding, SampleCost } from './advice.ts';
import { callProfileOf, type Seen } from './call-profile.ts';
import type { Growth } from './growth.ts';
import { runLoop } from './loop-task.ts';
import type { MachineCosts } from './machine-costs.ts';
import type { CallCost } from './measured-task.ts';
import type { BackendKind, CallProfile, Conditions } from './predict.ts';
import { describe, differ, show } from './results.ts';
import { chooseInputs, growthOf, median, sampleOf, type Tried, typical } from './samples.ts';
import { busyFor, Share } from './share.ts';
import { type Fn, type Outcome, Trial } from './trial.ts';

export interface Profile {
  readonly call: CallProfile;
  readonly conditions: Conditions;
  readonly samples: readonly SampleCost[];
  /** How cost grows with the input; null where all are of one size. */
  readonly growth: Growth | null;
  readonly findings: readonly Finding[];
  /** Why a backend cannot, or should not, run it. */
  readonly impossible: Readonly<Partial<Record<BackendKind, string>>>;
}

/** Calls of one input, while there is time: more where they are quick, as the first ones are slower and times differ. */
const CALLS = { least: 4, most: 16 } as const;
/** Milliseconds that the calls of one input take together, if more are to be made. */
const ENOUGH_MS = 60;
/** Shares of the time: trying inputs, and trying two at once, and threads; the rest is for checking what is predicted. */
const SHARES = { inputs: 0.4, pairs: 0.1, threads: 0.1 } as const;
/** What is quicker than this is measured by the thousand. */
const QUICK_MS = 0.3;
/** Waiting calls are all the time disturbed by the measuring, which is for computing to be seen at all. */
const QUICK_OF_WAITING_MS = 3;
const LOOP_MS = 20;
/** Calls that wait are made so many at a time, to have some of them soon. */
const LOOP_CONCURRENCY = 8;
/** Milliseconds that the processors are watched for, to see what others leave of them. */
const WATCH_MS = 100;

export interface ProfileRequest {
  readonly fn: Fn;
  readonly inputs: ReadonlyArray<readonly unknown[]>;
  readonly machine: MachineCosts;
  /** Milliseconds for all of it. */
  readonly budget: number;
  readonly signal: AbortSignal | undefined;
  readonly onStep: (what: string) => void;
}

export async function profile(request: ProfileRequest): Promise<Profile> {
  return new Profiler(request).run();
}

class Profiler {
  readonly #fn: Fn;
  readonly #inputs: ReadonlyArray<readonly unknown[]>;
  readonly #machine: MachineCosts;
  readonly #budget: number;
  readonly #signal: AbortSignal | undefined;
  readonly #onStep: (what: string) => void;
  readonly #tried: Tried[] = [];
  readonly #findings: Finding[] = [];
  readonly #impossible: Partial<Record<BackendKind, string>> = {};
  readonly #inThread: Array<{ readonly bytes: number; readonly beyond: number[] }> = [];
  #load = 0;
  #cold = 0;
  #stretch = 1;
  readonly #hadAlone = new Share();
  readonly #hadTogether = new Share();
  /** Of a call that did not end. */
  #unfinished: { readonly ms: number; readonly busy: number | null } | undefined;
  #cpuOfQuick: number | undefined;

  constructor({ fn, inputs, machine, budget, signal, onStep }: ProfileRequest) {
    this.#fn = fn;
    this.#inputs = inputs;
    this.#machine = machine;
    this.#budget = budget;
    this.#signal = signal;
    this.#onStep = onStep;
  }

  async run(): Promise<Profile> {
    const chosen = chooseInputs(this.#inputs);
    {
      await using a = new Trial('process', this.#signal);
      await using b = new Trial('process', this.#signal);
      await Promise.all([a.start(), b.start()]);
      await this.#tryInputs(a, chosen, this.#budget * SHARES.inputs);
      await this.#watchProcessors(a, b);
      await this.#tryPair(a, b, this.#budget * SHARES.pairs);
    }
    await this.#tryThread(chosen);
    return this.#summarize();
  }

  #note(code: Finding['code'], text: string): void {
    if (!this.#findings.some((known) => known.code === code)) this.#findings.push({ code, text });
  }

  // ── inputs, from small to large ─────────────────────────────────────────────────────────────────────────

  /** @param ms for all of them together. */
  async #tryInputs(trial: Trial, chosen: readonly number[], ms: number): Promise<void> {
    const deadline = performance.now() + ms;
    trial.deadline = deadline;
    let expected = 0;
    for (const [order, input] of chosen.entries()) {
      const left = deadline - performance.now();
      // The first is tried whatever it takes; others if there is reason to think that they end in time.
      if (order > 0 && expected > left) break;
      this.#onStep(`input ${order + 1} of ${chosen.length}, in a process`);
      const before = this.#tried.at(-1);
      const tried = await this.#tryInput(trial, input, deadline, order === 0);
      if (tried === undefined) return;
      const [last, earlier] = [typical(tried), before && typical(before)];
      // As much larger as it has grown the last time.
      expected =
        last.wall * Math.max(1, earlier === undefined ? 1 : last.wall / Math.max(earlier.wall, 0.01));
    }
  }

  /** Undefined: there is no use in going on. */
  async #tryInput(
    trial: Trial,
    input: number,
    deadline: number,
    isFirst: boolean,
  ): Promise<Tried | undefined> {
    const args = this.#inputs[input] as readonly unknown[];
    const tried: Tried = {
      input,
      args,
      bytes: 0,
      costs: [],
      beyond: [],
      failed: false,
      value: undefined,
    };
    const startedAt = performance.now();
    for (let call = 0; call < CALLS.most; call += 1) {
      const now = performance.now();
      const took = tried.costs.at(-1)?.wall ?? 0;
      if (call >= CALLS.least && (now - startedAt > ENOUGH_MS || now + took > deadline)) break;
      if (call > 0 && now + took > deadline) break;
      const before = call === 0 ? trial.usage() : null;
      const outcome = await trial.call(this.#fn, args, { sizes: call === 0 });
      if (outcome.kind === 'died' || outcome.kind === 'unfinished' || outcome.kind === 'refused') {
        this.#giveUp(outcome, input);
        break;
      }
      if (isFirst && call === 0) this.#load = loadOf(outcome, before, trial.usage());
      this.#compare(tried, outcome, call, isFirst);
      tried.costs.push(outcome.cost);
      this.#hadAlone.note(outcome.cost);
      tried.beyond.push(outcome.elapsed - outcome.cost.wall);
    }
    if (tried.costs.length === 0) return undefined;
    const [first] = tried.costs;
    const bytes = (first?.arguments?.bytes ?? 0) + (first?.result?.bytes ?? 0);
    const whole = { ...tried, bytes };
    this.#tried.push(whole);
    if (isFirst) this.#noteStart(whole);
    return this.#unfinished === undefined && this.#impossible.process === undefined ? whole : undefined;
  }

  #noteStart({ costs: [first, ...rest] }: Tried): void {
    if (first === undefined || rest.length === 0) return;
    const usual = Math.min(...rest.map(({ cpu }) => cpu));
    this.#cold = Math.max(0, first.cpu - usual);
  }

  #giveUp(outcome: Extract<Outcome, { kind: 'died' | 'unfinished' | 'refused' }>, input: number): void {
    if (outcome.kind === 'died') {
      this.#note('crashes', `Input ${input} ended its worker: ${outcome.error.message}`);
      this.#impossible['event-loop'] = 'it would end the program';
      this.#impossible.thread = 'what ends a thread may end the program';
    } else if (outcome.kind === 'unfinished') {
      const { ms, busy } = outcome;
      this.#unfinished = { ms, busy };
      this.#note('unfinished', `Input ${input} was not done after ${Math.round(ms)} ms, and was stopped.`);
    } else {
      this.#impossible.process = outcome.error.message;
      this.#note('not-shareable', `It cannot run in a process: ${outcome.error.message}`);
    }
  }

  #compare(
    tried: Tried,
    outcome: Extract<Outcome, { cost: CallCost }>,
    call: number,
    isFirst: boolean,
  ): void {
    if (outcome.kind === 'threw') {
      tried.failed = true;
      this.#note('throws', `Input ${tried.input} has it throw ${describe(outcome.error)}`);
      return;
    }
    if (call === 0) tried.value = outcome.value;
    else if (isFirst && differ(outcome.value, tried.value)) {
      this.#note(
        'varying-result',
        `The same call gave ${show(tried.value)} and then ${show(outcome.value)} in one worker: ` +
          'it depends on more than its arguments.',
      );
    }
  }

  // ── two at once ─────────────────────────────────────────────────────────────────────────────────────────

  async #watchProcessors(a: Trial, b: Trial): Promise<void> {
    this.#onStep('the processors');
    a.deadline = b.deadline = Infinity;
    for (const trials of [[a], [a, b]]) {
      const outcomes = await Promise.all(
        trials.map((each) => each.call(busyFor as Fn, [WATCH_MS], { sizes: false })),
      );
      const had = trials.length === 1 ? this.#hadAlone : this.#hadTogether;
      for (const outcome of outcomes) if (outcome.kind === 'returned') had.note(outcome.cost);
    }
  }

  get #conditions(): Conditions {
    const { cores } = this.#machine;
    const alone = this.#hadAlone.share;
    return { alone, together: Math.max(alone, cores < 2 ? alone : this.#hadTogether.share * cores) };
  }

  async #tryPair(a: Trial, b: Trial, ms: number): Promise<void> {
    const tried = this.#tried.findLast(({ failed }) => !failed);
    const [first] = this.#tried;
    if (tried === undefined || first === undefined || this.#unfinished !== undefined) return;
    if (this.#impossible.thread !== undefined || this.#impossible.process !== undefined) return;
    this.#onStep('the same in another process, and two at once');
    const deadline = performance.now() + ms;
    // What it took alone it may take here, be the time over or not.
    a.deadline = b.deadline = deadline + 4 * Math.max(typical(tried).wall, typical(first).wall);
    const fresh = await b.call(this.#fn, first.args, { sizes: false });
    if (fresh.kind === 'returned' && !first.failed) this.#compareWorkers(first, fresh.value);

    const alone = typical(tried);
    const cpus: number[] = [];
    await b.call(this.#fn, tried.args, { sizes: false });
    do {
      const both = await Promise.all([a, b].map((each) => each.call(this.#fn, tried.args, { sizes: false })));
      for (const outcome of both) {
        if (outcome.kind === 'returned') {
          cpus.push(outcome.cost.cpu);
          this.#hadTogether.note(outcome.cost);
        } else if (outcome.kind !== 'unfinished') {
          this.#note('unsafe-at-once', 'It worked alone, and failed when it ran twice at once.');
          return;
        }
      }
    } while (cpus.length < CALLS.most && performance.now() + alone.wall < deadline);
    // What takes less is mostly the measuring itself.
    if (alone.cpu > 1) this.#stretch = Math.min(2, Math.max(1, median(cpus) / alone.cpu));
  }

  #compareWorkers(first: Tried, value: unknown): void {
    const varies = this.#findings.findIndex(({ code }) => code === 'varying-result');
    if (!differ(value, first.value)) {
      if (varies < 0) return;
      // In a new worker it begins again: no clock, and no chance.
      this.#findings.splice(varies, 1);
      this.#note(
        'changing-state',
        `It changes state of its module: the first call gave ${show(first.value)} in two workers, and a later one, with the ` +
          'same arguments, something else. Each worker has a state of its own, and calls do not see those of other workers.',
      );
    } else if (varies < 0) {
      this.#note(
        'state-of-its-worker',
        `The first call gave ${show(first.value)} in one worker and ${show(value)} in another: it depends on where it runs.`,
      );
    }
  }

  // ── threads ─────────────────────────────────────────────────────────────────────────────────────────────

  async #tryThread(chosen: readonly number[]): Promise<void> {
    if (this.#impossible.thread !== undefined || this.#unfinished !== undefined) return;
    await using trial = new Trial('thread', this.#signal);
    await trial.start();
    // What cannot run in a process has not been tried at all.
    if (this.#tried.length === 0) {
      await this.#tryInputs(trial, chosen, this.#budget * SHARES.inputs);
      if (this.#tried.length === 0) this.#impossible.thread = this.#impossible.process ?? 'it did not run';
      return;
    }
    this.#onStep('in a thread');
    const deadline = performance.now() + this.#budget * SHARES.threads;
    trial.deadline = deadline;
    for (const { args, bytes, costs } of this.#tried) {
      const wall = costs.at(-1)?.wall ?? 0;
      const beyond: number[] = [];
      this.#inThread.push({ bytes, beyond });
      for (let call = 0; call < CALLS.least; call += 1) {
        if (performance.now() + wall > deadline) break;
        const outcome = await trial.call(this.#fn, args, { sizes: false });
        if (outcome.kind === 'died' || outcome.kind === 'refused') {
          this.#impossible.thread = outcome.error.message;
          if (outcome.kind === 'died') {
            this.#impossible['event-loop'] = 'it would end the program';
            this.#note('crashes', `It ended a thread: ${outcome.error.message}`);
          }
          return;
        }
        if (outcome.kind === 'unfinished' || outcome.cost.first) continue;
        beyond.push(outcome.elapsed - outcome.cost.wall);
      }
    }
    await this.#measureQuick(trial);
  }

  /** A microsecond is less than what reading the clocks takes, and so is what many calls that wait compute. */
  async #measureQuick(trial: Trial): Promise<void> {
    const usual = this.#tried.map(typical);
    const waits = usual.some((each) => each.async);
    const slowest = Math.max(...usual.map(({ wall, cpu }) => (waits ? cpu : wall)));
    if (slowest > (waits ? QUICK_OF_WAITING_MS : QUICK_MS)) return;
    const reference = referenceTo(this.#fn);
    const inputs = this.#tried.map(({ args }) => args);
    const concurrency = waits ? LOOP_CONCURRENCY : 1;
    for (let calls = 16; ; calls *= 4) {
      const done = await trial.run(runLoop, { reference, inputs, calls, concurrency }).catch(ifTimeout);
      if (done === undefined) return;
      this.#cpuOfQuick = done.cpu / calls;
      if (done.cpu >= LOOP_MS || done.wall * 5 > trial.deadline - performance.now()) return;
    }
  }

  // ── what came of it ─────────────────────────────────────────────────────────────────────────────────────

  get #seen(): Seen {
    return {
      tried: this.#tried,
      inThread: this.#inThread,
      load: this.#load,
      cold: this.#cold,
      stretch: this.#stretch,
      unfinished: this.#unfinished,
      cpuOfQuick: this.#cpuOfQuick,
    };
  }

  #summarize(): Profile {
    const samples = this.#tried.map(sampleOf);
    const growth = growthOf(this.#tried);
    return {
      call: callProfileOf(this.#seen, this.#inputs, samples, growth, this.#machine),
      conditions: this.#conditions,
      samples,
      growth,
      findings: this.#findings,
      impossible: this.#impossible,
    };
  }
}

/** What the worker did before it called the function for the first time: it loaded it. */
function loadOf(
  { elapsed, cost }: Extract<Outcome, { cost: CallCost }>,
  before: ReturnType<Trial['usage']>,
  after: ReturnType<Trial['usage']>,
): number {
  const ms = before === null || after === null ? elapsed - cost.wall : after.cpu - before.cpu - cost.cpu;
  return Math.max(0, ms);
}

/** What was found out before will do. */
function ifTimeout(error: unknown): undefined {
  if (!(error instanceof TimeoutError)) throw error;
}
