// What the processes of these tests run.
import { appendFileSync, existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, Worker } from 'node:worker_threads';
import {
  currentProcess,
  type Event,
  getLogger,
  type Lock,
  Pool,
  Process,
  parentProcess,
} from '../../../src/multiprocessing/index.ts';

export function tell(log: string, ...values: unknown[]): void {
  appendFileSync(log, `${JSON.stringify(values)}\n`);
}

export function tellArguments(log: string, ...args: unknown[]): void {
  tell(log, ...args.map((arg) => (arg instanceof Map ? [...arg] : arg)));
}

export function tellSelf(log: string, ...args: unknown[]): void {
  const { name, daemon, pid, exitCode, authkey } = currentProcess();
  tell(log, { name, daemon, pid, exitCode, authkey: Buffer.from(authkey.export()).toString('hex'), args });
}

export function tellParent(log: string): void {
  const parent = parentProcess();
  tell(log, parent?.pid, parent?.name, parent?.isAlive());
}

export function tellExecutable(log: string): void {
  tell(log, process.argv0, process.execPath, process.execArgv);
}

export function tellThread(log: string): void {
  tell(log, isMainThread, process.pid);
}

/** Says that it is there, and stays until it is killed, or the log is gone with the test. */
export async function stay(log: string): Promise<void> {
  tell(log, process.pid);
  while (existsSync(log)) await sleep(20);
}

/** Stays until the gate is open. */
export async function stayAtGate(gate: string, log: string): Promise<void> {
  tell(log, process.pid);
  while (existsSync(log) && !existsSync(gate)) await sleep(5);
}

/** Never goes back to its event loop. */
export function spin(log: string): void {
  tell(log, process.pid);
  for (;;);
}

export function exitWith(code: number): void {
  process.exit(code);
}

export function exitCodeOf(code: number): void {
  process.exitCode = code;
}

export function killSelf(signal: NodeJS.Signals): Promise<void> {
  process.kill(process.pid, signal);
  return sleep(60_000);
}

/** What becomes of it is for whoever started it to see, so it says nothing on stderr. */
export function exitOnInterrupt(log: string): void {
  process.once('SIGINT', () => process.exit(1));
  tell(log, process.pid);
  setInterval(() => undefined, 1000);
}

export function listDescriptors(log: string): void {
  const targets = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return '';
    }
  });
  tell(log, ...targets);
}

/** Starts children until it is `depth` levels down; each level tells its way before its children do. */
export async function recurse(log: string, path: readonly number[], depth: number): Promise<void> {
  tell(log, ...path);
  if (path.length === depth) return;
  for (const n of [0, 1]) {
    const child = new Process({ target: recurse, args: [log, [...path, n], depth] });
    child.start();
    await child.join();
  }
}

export async function nameOfGrandchild(log: string): Promise<void> {
  for (const target of [tellSelf, tellSelf]) {
    const child = new Process({ target, args: [log] });
    child.start();
    await child.join();
  }
}

/** A child of a child, which stays. */
export async function startGrandchild(log: string): Promise<void> {
  const child = new Process({ target: stay, args: [log] });
  child.start();
  await child.join();
}

export function startFromDaemon(log: string): void {
  try {
    new Process({ target: tell, args: [log, 'never'] }).start();
  } catch (error) {
    tell(log, (error as Error).name, (error as Error).message);
  }
  try {
    tell(log, new Pool({ processes: 1 }).state);
  } catch (error) {
    tell(log, (error as Error).name, (error as Error).message);
  }
}

export async function usePool(log: string): Promise<void> {
  const pool = new Pool({ processes: 1 });
  tell(log, await pool.map(square, [1, 2, 3]), await pool.apply(nameHere));
  pool.close();
  await pool.join();
}

export function square(x: number): number {
  return x * x;
}

export function nameHere(): unknown[] {
  return [currentProcess().name, parentProcess()?.name, parentProcess()?.pid];
}

export function authkeyHere(): string {
  return Buffer.from(currentProcess().authkey.export()).toString('hex');
}

const THREAD = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { appendFileSync, existsSync } = require('node:fs');
  const poll = setInterval(() => {
    if (!existsSync(workerData.gate)) return;
    clearInterval(poll);
    appendFileSync(workerData.log, JSON.stringify([workerData.what]) + '\\n');
  }, 5);`;

/** Returns while its threads still run. */
export function leaveThreads(gate: string, log: string, never: string): void {
  const worker = new Worker(THREAD, { eval: true, workerData: { gate, log, what: 'thread' } });
  worker.ref();
  new Worker(THREAD, { eval: true, workerData: { gate: never, log, what: 'unref' } }).unref();
  tell(log, 'returned');
}

/** Ends when its timer has fired, and not before. */
export function leaveTimer(log: string): void {
  setTimeout(() => tell(log, 'timer'), 50);
  tell(log, 'returned');
}

export function leaveExitHook(log: string): void {
  process.on('exit', (code) => tell(log, 'exit', code));
}

export function breakStreams(): void {
  Object.defineProperty(process, 'stdout', { value: undefined });
  Object.defineProperty(process, 'stderr', { value: undefined });
}

export function lengthOf(log: string, ...args: { readonly byteLength: number }[]): void {
  tell(log, ...args.map(({ byteLength }) => byteLength));
}

export function rejectLater(): Promise<never> {
  return sleep(5).then(() => Promise.reject(new RangeError('rejected later')));
}

export function leaveRejection(): void {
  void Promise.reject(new RangeError('nobody caught it'));
}

export function throwValue(value: unknown): never {
  throw value;
}

export function neverSettles(): Promise<never> {
  return new Promise(() => undefined);
}

export function throwDeep(): void {
  const inner = (): never => {
    throw new RangeError('from deep inside');
  };
  inner();
}

/** Answers each line of a file by its double: a server in a process of its own. */
export class Doubler extends Process {
  readonly log: string;
  readonly numbers: number[];
  readonly note: Map<string, number> = new Map([['a', 1]]);

  constructor(log: string, numbers: number[]) {
    super({ name: 'doubler' });
    this.log = log;
    this.numbers = numbers;
  }

  override async run(): Promise<void> {
    for (const number of this.numbers) tell(this.log, this.double(number));
    tell(this.log, this.name, this.note.get('a'), this instanceof Doubler, currentProcess() === this);
  }

  double(number: number): number {
    return 2 * number;
  }
}

class Named<A extends readonly unknown[]> extends Process<A> {}

export { Named as Renamed };

/** Overrides nothing: runs its target. */
export class Plain<A extends readonly unknown[]> extends Process<A> {}

export class Exits extends Process {
  readonly code: number;

  constructor(code: number) {
    super();
    this.code = code;
  }

  override run(): void {
    process.exit(this.code);
  }
}

export class FailsInRun extends Process {
  override run(): never {
    throw new RangeError('run() of a subclass failed');
  }
}

export function neverEnds(): void {
  setInterval(() => undefined, 1000);
}

export function tellPlace(log: string): void {
  tell(log, process.env['COLOUR'], process.cwd(), process.execArgv);
}

export function hasLines(log: string, count = 1): boolean {
  return readFileSync(log, 'utf8').split('\n').length > count;
}

export function pause(ms = 5): Promise<void> {
  return sleep(ms);
}

export function logEachLevel(): void {
  for (const level of ['debug', 'info', 'warning', 'error'] as const) getLogger().log(level, `says ${level}`);
}

// ── of pools ────────────────────────────────────────────────────────────────────────────────────────────────

export function neverAsked(): void {}

export function neverEndsHere(): Promise<void> {
  return sleep(2 ** 30);
}

export function spinWith(log: string): void {
  spin(log);
}

export function makeFunction(): () => number {
  return () => 1;
}

export function exitOn(n: number): number {
  if (n === 2) process.exit(n);
  return n;
}

export function failOnThree(n: number): number {
  if (n === 3) throw new RangeError('three');
  return n;
}

/** `paths`: a number, a gate and a log. The first fails at once, the other waits for the gate. */
export async function failFirst(paths: string): Promise<void> {
  const [number, gate, log] = paths.split(' ') as [string, string, string];
  tell(log, number);
  if (number === '0') throw new RangeError('the first failed');
  while (existsSync(log) && !existsSync(gate)) await sleep(5);
}

export async function waitAtGateFor(paths: string): Promise<string> {
  const [gate, log] = paths.split(' ') as [string, string];
  while (existsSync(log) && !existsSync(gate)) await sleep(5);
  return 'through';
}

/** Says so by the event, and keeps the lock. */
export async function holdLock(log: string, lock: Lock, { deep }: { deep: Event[] }): Promise<void> {
  await lock.acquire();
  for (const event of deep) event.set();
  await stay(log);
}

export class Holder extends Process {
  readonly lock: Lock;

  constructor(lock: Lock) {
    super();
    this.lock = lock;
  }

  override async run(): Promise<void> {
    (await this.lock.acquire()).release();
  }
}
