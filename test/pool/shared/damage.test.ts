// What the host makes of nonsense in the memory that it shares with its workers. The workers' side is played by
// real seats in this thread, and by a vandal, who writes anything anywhere between two of their steps.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MessagePort } from 'node:worker_threads';
import { boardBytes, CorruptedMemoryError } from '../../../src/memory/board.ts';
import { laneBytes } from '../../../src/memory/lane.ts';
import type { Region } from '../../../src/memory/region.ts';
import { ThreadRegion } from '../../../src/memory/thread-region.ts';
import type { WorkerHandle } from '../../../src/pool/backend.ts';
import { functionOf } from '../../../src/pool/functions.ts';
import * as record from '../../../src/pool/shared/record.ts';
import { Seat } from '../../../src/pool/shared/seat.ts';
import { SharedChannel } from '../../../src/pool/shared/shared-channel.ts';
import { heapStart, type Sharing } from '../../../src/pool/shared/sharing.ts';
import { SubmitStacks } from '../../../src/pool/submit-stack.ts';
import { Task } from '../../../src/pool/task.ts';
import { referenceTo } from '../../../src/tasks/reference.ts';
import { cloneCodec } from '../../../src/wire/codec.ts';
import { packError } from '../../../src/wire/error-envelope.ts';
import { AS_CHUNK, DONE, FAILED, type FromWorker, ITEM, WANT } from '../../../src/wire/protocol.ts';
import { same } from '../../contract/fixtures/tasks.ts';

const SEEDS = Array.from({ length: 60 }, (_, n) => n + 1);
const STEPS = 1000;
const WORKERS = 2;

/** Numbers from 0 to 1, the same for the same seed. @see G. Marsaglia, "Xorshift RNGs" (2003) */
function randomFrom(seed: number): () => number {
  let state = seed * 0x9e3779b1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

interface Player {
  readonly handle: WorkerHandle;
  readonly seat: Seat;
  readonly sharing: Sharing;
  readonly claimed: number[];
}

const called = functionOf(referenceTo(same));
const keeper = { count: () => undefined, hasBegun: () => true, withdraw: () => false };

/** A pool without processes or threads: what it submits, its workers do when told to. */
class Scene {
  readonly random: () => number;
  readonly channel: SharedChannel;
  readonly players: Player[] = [];
  /** What has become of each task: it must have one end. */
  readonly ends = new Map<Task, string>();
  readonly doomed = new Set<WorkerHandle>();
  damage: CorruptedMemoryError | undefined;
  #board: Region | undefined;
  #ids = 0;

  constructor(seed: number) {
    this.random = randomFrom(seed);
    this.channel = new SharedChannel({
      codec: cloneCodec,
      concurrency: 2,
      maxWorkers: WORKERS,
      maxTasksPerChild: Infinity,
      makeRegion: (bytes) => new ThreadRegion(bytes),
      outcomes: {
        succeeded: (task) => this.end(task, 'succeeded'),
        failed: (task) => this.end(task, 'failed'),
      },
      onWake: () => undefined,
      onSpent: () => undefined,
      onCorrupted: (worker, error) => {
        assert.ok(error instanceof CorruptedMemoryError);
        if (worker === undefined) this.damage = error;
        else this.doomed.add(worker);
      },
    });
    for (let n = 0; n < WORKERS; n += 1) this.hire();
  }

  below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  one<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }

  end(task: Task, how: string): void {
    assert.equal(this.ends.get(task), undefined, `a task that has ${this.ends.get(task)} has ${how}`);
    this.ends.set(task, how);
    this.channel.unpack(task);
  }

  hire(): void {
    const sharing = this.channel.admit();
    this.#board = sharing.board;
    const handle: WorkerHandle = {
      name: `player ${this.#ids++}`,
      id: undefined,
      claims: undefined,
      sharing,
      post: (batch, transfer) => void structuredClone(batch, { transfer: (transfer ?? []) as never }),
      kill: () => undefined,
    };
    const seat = new Seat(sharing, () => undefined);
    seat.sitDown();
    this.players.push({ handle, seat, sharing, claimed: [] });
    this.channel.attach(handle);
  }

  dismiss(player: Player): void {
    this.players.splice(this.players.indexOf(player), 1);
    this.doomed.delete(player.handle);
    const { begun, untouched } = this.channel.detach(player.handle);
    for (const task of [...begun, ...untouched]) this.end(task, 'been given back');
  }

  submit(): void {
    const isChunk = this.random() < 0.3;
    const flags = isChunk ? AS_CHUNK : 0;
    const task = new Task(keeper, 1, same, {}, flags, isChunk ? 1 : 0, new SubmitStacks().take(same));
    const { port1, port2 } = new MessageChannel();
    port2.close();
    const [args, moved] = this.one<readonly [readonly unknown[], readonly MessagePort[]]>([
      [[1, 'two', undefined], []],
      [[{ a: [1, 2, { b: 'c' }], d: new Map([['e', new Uint8Array(100)]]) }], []],
      [[Array.from({ length: 200 }, (_, n) => `text ${n}`)], []],
      [[port1], [port1]],
    ]);
    this.channel.pack(task, args, moved as never);
    task.called = called;
    if (this.channel.offer(task)) this.ends.set(task, undefined as never);
    else this.channel.unpack(task);
    if (moved.length === 0) port1.close();
  }

  /** What an honest worker does. One that stumbles over what it finds dies, as a real one would. */
  work(player: Player): void {
    const { seat, claimed } = player;
    try {
      const slot = claimed.length < 2 ? seat.claim() : -1;
      if (slot >= 0) {
        claimed.push(slot);
        if (!seat.isElsewhere(slot)) {
          seat.reference(slot);
          seat.args(slot);
        }
        return;
      }
      const over = claimed.shift();
      if (over === undefined) return;
      const isChunk = (seat.word(over, record.FLAGS) & AS_CHUNK) !== 0;
      const large = Array.from({ length: this.below(200) }, (_, n) => ({ n, text: `text ${n}` }));
      if (this.random() < 0.2) seat.answer(over, record.ERROR, 1, packError(new Error('no'), cloneCodec));
      else seat.answer(over, isChunk ? record.LIST : record.VALUE, 1, isChunk ? large : this.one([1, large]));
    } catch {
      this.dismiss(player);
      this.hire();
    }
  }

  say(player: Player): void {
    const slot = this.below(4);
    const id = this.one([player.seat.wireId(slot), this.below(2 ** 31), -1, Number.NaN, 1.5]);
    const message = this.one<FromWorker>([
      [WANT, id],
      [ITEM, id, 1],
      [DONE, id, 1, 1],
      [FAILED, id, Number.NaN, packError(1, cloneCodec)],
    ]);
    const task = this.channel.observe(player.handle, message);
    if (task !== undefined && (message[0] === DONE || message[0] === FAILED)) this.end(task, 'succeeded');
  }

  /** Writes nonsense into one word: of what a worker may write to, or of anything. */
  vandalize(anywhere: boolean): void {
    const board = this.#board as Region;
    const { lane, layout } = this.one(this.players).sharing;
    const slots = boardBytes(layout.shape) / 4 - layout.shape.slots * 32;
    const inLane = heapStart(laneBytes(layout.shape.slots)) / 4;
    const inBoard = heapStart(boardBytes(layout.shape)) / 4;
    const ofWorkers: ReadonlyArray<readonly [Int32Array, number]> = [
      // Tail, sleep, state and head of the lane; its ring; its heap; answers on the board.
      [lane.words, this.one([0, 16, 17, 32])],
      [lane.words, 48 + this.below(8)],
      [lane.words, inLane + this.below(1000)],
      [lane.words, inLane + this.below(50)],
      [board.words, slots + this.below(4) * 32 + this.one([10, 11, 12, 13, 14, 15])],
      [board.words, slots + this.below(4) * 32 + 16 + this.below(16)],
    ];
    const ofHost: ReadonlyArray<readonly [Int32Array, number]> = [
      // Head, tail, sleep and number of active workers of the board; its ring; its slots; its heap.
      [board.words, this.one([0, 16, 32, 48])],
      [board.words, 64 + this.below(8)],
      [board.words, slots + this.below(6) * 32],
      [board.words, slots + this.below(6 * 32)],
      [board.words, inBoard + this.below(1000)],
    ];
    const [words, at] = this.one(anywhere ? [...ofWorkers, ...ofHost] : ofWorkers);
    const now = words[at] as number;
    const word = this.below(2 ** 32) | 0;
    words[at] = this.one([0, -1, 1, now + 1, now - 1, now ^ (1 << this.below(32)), word, 2 ** 31 - 1]);
  }

  step(anywhere: boolean): void {
    const { channel } = this;
    for (let n = this.below(4); n > 0 && channel.backlog < 8; n -= 1) this.submit();
    channel.flush();
    if (this.damage !== undefined) return;
    // A worker may look through the ring for minutes if head and tail are nonsense; until the host ends it.
    for (let n = this.below(4); n > 0 && this.#isPassable(); n -= 1) this.work(this.one(this.players));
    if (this.random() < 0.7) this.vandalize(anywhere);
    if (this.random() < 0.1) this.say(this.one(this.players));
    channel.linger(channel.collect());
    channel.linger(0);
    for (const { handle } of this.players) assert.ok(channel.load(handle) >= 0);
    for (const one of this.players.slice()) {
      if (!this.doomed.has(one.handle) && this.random() > 0.01) continue;
      this.dismiss(one);
      this.hire();
    }
  }

  #isPassable(): boolean {
    const { words } = this.#board as Region;
    const up = ((words[16] as number) - (words[0] as number)) | 0;
    return up >= 0 && up <= 512;
  }
}

describe('a host whose workers write nonsense into shared memory', () => {
  it('goes on, or says what is damaged, and loses no task', { timeout: 60_000 }, () => {
    let damaged = 0;
    let settled = 0;
    for (const seed of SEEDS) {
      const scene = new Scene(seed);
      try {
        for (let step = 0; step < STEPS && scene.damage === undefined; step += 1) scene.step(seed % 2 === 0);
        while (scene.players.length > 0) scene.dismiss(scene.players[0] as Player);
        const lost = [...scene.ends.values()].filter((how) => how === undefined).length;
        assert.equal(lost, 0, `${lost} of ${scene.ends.size} tasks are lost`);
        settled += scene.ends.size;
        if (scene.damage !== undefined) damaged += 1;
        scene.channel.close();
      } catch (error) {
        throw new Error(`With seed ${seed}: ${(error as Error).message}`, { cause: error });
      }
    }
    assert.ok(damaged > 0 && settled > 0);
  });
});
