// Nobody sleeps through news, in whatever order host and workers take their steps, and wherever one dies.
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { ACTIVE, boardBytes, HOST_SLEEP } from '../../src/memory/board.ts';
import { laneBytes, SERVING, WORKER_SLEEP } from '../../src/memory/lane.ts';
import type { WorkerHandle } from '../../src/pool/backend.ts';
import { REST } from '../../src/pool/channel.ts';
import { TaskFunction } from '../../src/pool/functions.ts';
import * as record from '../../src/pool/shared/record.ts';
import { Seat } from '../../src/pool/shared/seat.ts';
import { SharedChannel } from '../../src/pool/shared/shared-channel.ts';
import { heapStart, type Sharing, shapeFor } from '../../src/pool/shared/sharing.ts';
import { Task } from '../../src/pool/task.ts';
import { cloneCodec } from '../../src/wire/codec.ts';
import { type Explored, explore, type View } from './interleavings.ts';
import { ModelRegion, type Self } from './model-region.ts';

const BOARD = 0;
/** Words of a lane. */
const LANE_STATE = WORKER_SLEEP + 1;
const LANE_HEAD = 32;
const SUBMIT = 'submit';
const NUDGE = 'nudge';
/** Enough for the reference of a function. */
const HEAP_BYTES = 4096;
const CORES = 2;
/** So many workers are at it that nobody looks for news in a loop: who looks, then sleeps, takes the same steps. */
const BUSY = 1000;

interface Plot {
  readonly workers: number;
  /** Submitted at once, and one by one at any time later. */
  readonly tasks: number;
  readonly later?: number;
  /** What comes later comes at once. */
  readonly together?: boolean;
  /** Known to be quick, so that one worker is woken for all of them. */
  readonly quick?: boolean;
  /** Each worker is busy with its first task for ever. */
  readonly slow?: boolean;
  /** Messages that make each worker look at the board at any time. */
  readonly nudges?: number;
  /** Whether memory itself wakes who waits for it, as between threads; else messages do, as between processes. */
  readonly wakes?: boolean;
  readonly mayDie?: boolean;
  readonly fine?: boolean;
  readonly interruptions?: number;
  /** States that there are at least: fewer, and it is not this protocol that was explored. */
  readonly states: number;
}

function play(plot: Plot): Explored {
  const { workers, wakes = true, nudges = 0, later = 0, mayDie = false, fine = false } = plot;
  const shape = shapeFor(workers);
  const board = new ModelRegion(BOARD, heapStart(boardBytes(shape)) + HEAP_BYTES, wakes);
  const laneSize = heapStart(laneBytes(shape.slots)) + HEAP_BYTES;
  const lanes = Array.from({ length: workers }, (_, n) => new ModelRegion(1 + n, laneSize, wakes));
  return explore({
    sides: [
      {
        name: 'host',
        messages: Array.from({ length: plot.together === true ? 1 : later }, () => SUBMIT),
        run: (self) => runHost(self, plot, board, lanes),
      },
      ...lanes.map((lane, n) => ({
        name: `worker ${n}`,
        messages: Array.from({ length: nudges }, () => NUDGE),
        mayDie: mayDie && n === 0,
        run: (self: Self) => {
          const layout = { shape, lane: n, cores: CORES, quota: Infinity };
          runWorker(self, { board, lane, layout }, plot);
        },
      })),
    ],
    fine,
    ...(plot.interruptions === undefined ? {} : { interruptions: plot.interruptions }),
    mayRace: (region, index) => region === BOARD && index > ACTIVE && index < ACTIVE + 16 + shape.entries,
    hint: (region, index) => hintOf(region, index, mayDie),
    always: (view) => assertRousedOnce(view, workers),
    atEnd: (view) => assertAllDone(view, plot),
  });
}

/** What is only there to spare wake-ups and memory. After a death the host goes by what the lane says. */
function hintOf(region: number, index: number, mayDie: boolean): number | undefined {
  if (region === BOARD) return index === ACTIVE ? BUSY : undefined;
  if (index === LANE_HEAD) return 0;
  return index === LANE_STATE && !mayDie ? SERVING : undefined;
}

/** As the scheduler does: collects, hands out, looks whether there is more, and waits. */
function runHost(self: Self, plot: Plot, board: ModelRegion, lanes: readonly ModelRegion[]): void {
  const { tasks, later = 0, together = false, quick = false, wakes = true } = plot;
  const atOnce = together ? later : 1;
  const regions = [board, ...lanes];
  const channel = new SharedChannel({
    codec: cloneCodec,
    concurrency: 1,
    maxWorkers: lanes.length,
    maxTasksPerChild: Infinity,
    makeRegion: () => regions.shift() as ModelRegion,
    outcomes: {
      succeeded: ({ id }) => self.note(`done ${id}`),
      failed: (_task, error) => {
        throw error;
      },
    },
    onWake: () => turn(),
    onSpent: () => undefined,
    onCorrupted: (_worker, error) => {
      throw error;
    },
  });
  const handles = lanes.map((lane, n) => {
    const rouse = (): void => {
      self.note(`roused ${n}`);
      if (wakes) lane.notify(WORKER_SLEEP, 1);
      else self.send(1 + n, NUDGE);
    };
    return { name: `worker ${n}`, sharing: channel.admit(), rouse } as WorkerHandle;
  });
  for (const handle of handles) channel.attach(handle);
  const called = new TaskFunction(1, { source: 'x => x', label: 'x' } as never);
  if (quick) called.note(0);
  const queue: Task[] = [];
  let submitted = 0;
  const submit = (): void => {
    submitted += 1;
    const task = new Task(keeper, submitted, noop, {}, 0, 0, {} as never);
    task.called = called;
    channel.pack(task, [], undefined);
    queue.push(task);
  };
  const turn = (): void => {
    for (;;) {
      const taken = channel.collect();
      while (queue[0] !== undefined && channel.offer(queue[0])) queue.shift();
      channel.flush();
      if (channel.linger(taken) === REST) return;
    }
  };
  for (let n = 0; n < tasks; n += 1) submit();
  for (let message = ''; ; message = self.next()) {
    if (message === SUBMIT) for (let n = 0; n < atOnce; n += 1) submit();
    if (message.startsWith('died ')) {
      const { begun, untouched } = channel.detach(handles[Number(message.slice(5)) - 1] as WorkerHandle);
      queue.push(...begun, ...untouched);
    }
    // What was woken has had its turn.
    if (!message.startsWith('woken ')) turn();
  }
}

const noop = (): void => undefined;
const keeper = { count: noop, hasBegun: () => false, withdraw: () => false };

/** As the runtime of a worker does: serves while there is something, and lies down. */
function runWorker(self: Self, sharing: Sharing, { slow = false, wakes = true }: Plot): void {
  const seat = new Seat(sharing, () => {
    if (wakes) sharing.board.notify(HOST_SLEEP, 1);
    else self.send(0, NUDGE);
  });
  let busy = false;
  const serve = (): void => {
    if (busy) return;
    seat.sitDown();
    for (;;) {
      if (busy) {
        seat.standBack();
        return;
      }
      const slot = seat.claim();
      if (slot >= 0) {
        self.note('claimed');
        busy = slow;
        if (slow) continue;
        assert.ok(seat.answer(slot, record.VALUE, 0, undefined));
        self.note('answered');
        continue;
      }
      if (seat.look()) continue;
      self.note('lies down');
      if (seat.lieDown(serve)) return;
      seat.sitDown();
    }
  };
  for (let message = NUDGE; ; message = self.next()) if (message === NUDGE) serve();
}

function count(view: View, side: number, fact: string): number {
  return view.facts(side).filter((one) => one === fact).length;
}

function assertRousedOnce(view: View, workers: number): void {
  for (let n = 0; n < workers; n += 1) {
    assert.ok(count(view, 0, `roused ${n}`) <= count(view, 1 + n, 'lies down'), 'a sleep was roused twice');
  }
}

function assertAllDone(view: View, { tasks, later = 0, slow = false, workers }: Plot): void {
  const all = tasks + later;
  if (slow) {
    let begun = 0;
    for (let n = 1; n <= workers; n += 1) begun += count(view, n, 'claimed');
    assert.equal(begun, Math.min(all, workers), 'a task lies ready, and a worker sleeps');
    return;
  }
  const done = view
    .facts(0)
    .filter((fact) => fact.startsWith('done '))
    .toSorted();
  const ids = Array.from({ length: all }, (_, n) => `done ${n + 1}`);
  assert.deepEqual(done, ids, 'an answer lies there, or a task, and everybody sleeps');
  let claimed = 0;
  let answered = 0;
  for (let n = 1; n <= workers; n += 1) {
    claimed += count(view, n, 'claimed');
    answered += count(view, n, 'answered');
  }
  if (answered === claimed) assert.equal(claimed, all, 'what was answered was done again');
  // One that dies between the two writes that say whether it is at it is counted wrong. No more hangs on it than how
  // long others look before they sleep.
  const wrong = Math.abs(view.word(BOARD, ACTIVE));
  assert.ok(wrong <= (view.died === undefined ? 0 : 1), `${view.word(BOARD, ACTIVE)} workers are at it`);
}

describe('nobody sleeps through news, in any order of steps', () => {
  const scenes: Record<string, Plot> = {
    'of one worker': { workers: 1, tasks: 1, states: 10_000 },
    'of one worker that is woken by others as well': {
      workers: 1,
      tasks: 1,
      nudges: 1,
      interruptions: 3,
      states: 10_000,
    },
    'of one worker, when a task comes to a host that sleeps': {
      workers: 1,
      tasks: 1,
      later: 1,
      interruptions: 2,
      states: 10_000,
    },
    'of one worker process': {
      workers: 1,
      tasks: 1,
      later: 1,
      wakes: false,
      interruptions: 1,
      states: 1000,
    },
    'of two workers': { workers: 2, tasks: 2, quick: true, interruptions: 1, states: 2000 },
    'of two workers that are busy for ever with the first': {
      workers: 2,
      tasks: 2,
      slow: true,
      quick: true,
      interruptions: 2,
      states: 5000,
    },
    // More than there are turns before the host lies down, in each of which it wakes one.
    'of five workers that are woken one after the other': {
      workers: 5,
      tasks: 0,
      later: 5,
      together: true,
      wakes: false,
      slow: true,
      quick: true,
      interruptions: 0,
      states: 1000,
    },
    'of two workers, one of which dies at some step': {
      workers: 2,
      tasks: 1,
      mayDie: true,
      interruptions: 1,
      states: 20_000,
    },
  };
  for (const [name, plot] of Object.entries(scenes)) it(name, (t) => check(t, plot));
});

describe('what is written plainly is read after it was written, in any order of steps', () => {
  const scenes: Record<string, Plot> = {
    'of one worker': { workers: 1, tasks: 1, fine: true, interruptions: 3, states: 5000 },
    'of one worker and two uses of a slot': {
      workers: 1,
      tasks: 1,
      later: 1,
      fine: true,
      interruptions: 1,
      states: 5000,
    },
  };
  for (const [name, plot] of Object.entries(scenes)) it(name, (t) => check(t, plot));
});

function check(t: TestContext, plot: Plot): void {
  const { states, orders } = play(plot);
  t.diagnostic(`${states} states, ${orders} orders`);
  assert.ok(states >= plot.states, `there are ${states} states only`);
}
