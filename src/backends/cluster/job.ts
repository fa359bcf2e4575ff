/**
 * What is in a job, what comes of it, and how both are checked before anything in them is used.
 *
 * Whoever can write to the queue can put anything there. So a worker looks at the form of a job first, then at its
 * signature if there is a key, then whether it serves that module; and decodes arguments only behind that, in a thread or
 * process of its pool.
 */

import { createHmac, timingSafeEqual } from 'node:crypto';

/** The form of what follows. Programs of different versions refuse each other's jobs, saying so. */
export const FORMAT = 1;

export interface JobData {
  readonly format: typeof FORMAT;
  readonly kind: 'call' | 'chunk' | 'stream';
  /** See `modules.ts`. */
  readonly module: string;
  readonly version: string;
  /** Under which the module exports the function. */
  readonly export: string;
  /** What the task is called in errors and statistics. */
  readonly label: string;
  /** See `values.ts`. */
  readonly args: string;
  /** Of a chunk: arguments for each call. */
  readonly arity?: number;
  /** Of a stream: values that it may be ahead. */
  readonly window?: number;
  /** Milliseconds, as in `SubmitOptions`. */
  readonly timeout?: number;
  readonly grace?: number;
  /** Somebody listens to what the task reports. */
  readonly reports?: true;
  /** Who submitted it: host, process, executor. */
  readonly from: string;
  readonly signature?: string;
}

/** What a job returns, as BullMQ keeps it. */
export type JobResult = readonly [
  kind: JobData['kind'],
  value: string,
  ms: number,
  errors?: readonly ChunkError[],
];
export type ChunkError = readonly [index: number, error: string];

/** What a job reports while it runs: a report of the task, or a value of a stream. */
export type JobProgress = { readonly report: string } | { readonly item: string };

/** What a worker is told of a job that it runs. `reason` is an error, see `values.ts`. */
export interface ControlMessage {
  readonly event: 'abort' | 'credit' | 'close';
  readonly job: string;
  readonly value: string;
  readonly signature?: string;
}

const OPTIONAL_NUMBERS = ['arity', 'window', 'timeout', 'grace'] as const;
const TEXTS = ['module', 'version', 'export', 'label', 'args', 'from'] as const;

/** What is wrong with the form of a job; `undefined`: nothing. */
export function flawOf(data: unknown): string | undefined {
  if (typeof data !== 'object' || data === null) return 'it holds no object';
  const job = data as Record<string, unknown>;
  if (job['format'] !== FORMAT) {
    return `its format is ${JSON.stringify(job['format'])?.slice(0, 20)}, and this program knows ${FORMAT}`;
  }
  if (!['call', 'chunk', 'stream'].includes(job['kind'] as string)) return 'its kind is unknown';
  for (const name of TEXTS) if (typeof job[name] !== 'string') return `its ${name} is no text`;
  for (const name of OPTIONAL_NUMBERS) {
    const value = job[name];
    if (value !== undefined && !(typeof value === 'number' && value >= 0)) return `its ${name} is no number`;
  }
  if (job['kind'] === 'chunk' && !((job['arity'] as number) >= 1)) return 'it is a chunk without an arity';
  if (job['kind'] === 'stream' && !((job['window'] as number) >= 1)) return 'it is a stream without a window';
  return undefined;
}

/** Whether a result has the form that workers write. */
export function isResult(value: unknown): value is JobResult {
  if (!Array.isArray(value)) return false;
  const [kind, text, ms, errors] = value as unknown[];
  return (
    ['call', 'chunk', 'stream'].includes(kind as string) &&
    typeof text === 'string' &&
    typeof ms === 'number' &&
    (errors === undefined || (Array.isArray(errors) && errors.every(isChunkError)))
  );
}

function isChunkError(value: unknown): value is ChunkError {
  return Array.isArray(value) && typeof value[0] === 'number' && typeof value[1] === 'string';
}

/**
 * The signature of a job or message: everything in it, and the id under which it is queued, so that neither can be
 * changed, nor one put in the place of another.
 */
export function signatureOf(key: string, id: string, content: object): string {
  const fields = Object.entries(content)
    .filter(([name, value]) => name !== 'signature' && value !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return createHmac('sha256', key)
    .update(JSON.stringify([id, fields]))
    .digest('base64url');
}

/** Whether it is signed with this key. In constant time. */
export function isSigned(key: string, id: string, content: { readonly signature?: unknown }): boolean {
  const { signature } = content;
  if (typeof signature !== 'string') return false;
  const expected = Buffer.from(signatureOf(key, id, content));
  const received = Buffer.from(signature);
  return expected.length === received.length && timingSafeEqual(expected, received);
}

/** The same, signed where there is a key. */
export function signed<T extends object>(key: string | undefined, id: string, content: T): T {
  return key === undefined ? content : { ...content, signature: signatureOf(key, id, content) };
}

/** A message as it was signed: what it came with beside that, BullMQ has added. */
export function contentOf({ event, job, value, signature }: ControlMessage): ControlMessage {
  return { event, job, value, ...(signature === undefined ? {} : { signature }) };
}
