// A worker takes tasks as soon as it is ready itself, which the host may read later, or never.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ThreadRegion } from '../../../src/memory/thread-region.ts';
import type { WorkerHandle } from '../../../src/pool/backend.ts';
import { functionOf } from '../../../src/pool/functions.ts';
import * as record from '../../../src/pool/shared/record.ts';
import { Seat } from '../../../src/pool/shared/seat.ts';
import { SharedChannel } from '../../../src/pool/shared/shared-channel.ts';
import { SubmitStacks } from '../../../src/pool/submit-stack.ts';
import { Task } from '../../../src/pool/task.ts';
import { referenceTo } from '../../../src/tasks/reference.ts';
import { cloneCodec } from '../../../src/wire/codec.ts';
import { ABORT, type ToWorker } from '../../../src/wire/protocol.ts';
import { same } from '../../contract/fixtures/tasks.ts';

const keeper = { count: () => undefined, hasBegun: () => true, withdraw: () => false };

/** A channel with one worker at it that does nothing, and another one that the host has not heard of yet. */
function scene() {
  const results: unknown[] = [];
  const channel = new SharedChannel({
    codec: cloneCodec,
    concurrency: 1,
    maxWorkers: 2,
    maxTasksPerChild: Infinity,
    makeRegion: (bytes) => new ThreadRegion(bytes),
    outcomes: { succeeded: (_, value) => results.push(value), failed: (_, error) => results.push(error) },
    onWake: () => undefined,
    onSpent: () => undefined,
    onCorrupted: (_, error) => assert.fail(error),
  });
  const hire = (heard: ToWorker[]): WorkerHandle => ({
    name: 'player',
    id: undefined,
    claims: undefined,
    sharing: channel.admit(),
    post: (batch) => void heard.push(...batch),
    kill: () => undefined,
  });
  channel.attach(hire([]));
  const heard: ToWorker[] = [];
  const early = hire(heard);
  assert.ok(early.sharing);
  const seat = new Seat(early.sharing, () => undefined);
  const task = new Task(keeper, 1, same, {}, 0, 0, new SubmitStacks().take(same));
  channel.pack(task, [1], undefined);
  task.called = functionOf(referenceTo(same));
  assert.ok(channel.offer(task));
  channel.flush();
  return { channel, early, heard, seat, slot: seat.claim(), task, results };
}

test('what it had finished when it went is finished', () => {
  const { channel, early, seat, slot, results } = scene();
  assert.ok(seat.answer(slot, record.VALUE, 1, 'done'));
  assert.deepEqual(channel.detach(early), { begun: [], untouched: [], finished: 1 });
  assert.deepEqual(results, ['done']);
});

test('what it had begun when it went is told', () => {
  const { channel, early, task, results } = scene();
  assert.deepEqual(channel.detach(early), { begun: [task], untouched: [], finished: 0 });
  assert.deepEqual(results, []);
});

test('it hears what was said to it before', () => {
  const { channel, early, heard, task } = scene();
  const message = [ABORT, task.wireId, undefined] as unknown as ToWorker;
  channel.tell(task, message);
  assert.deepEqual(heard, []);
  channel.attach(early);
  assert.deepEqual(heard, [message]);
});
