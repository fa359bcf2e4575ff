/** The workers at a board, and the memory that each of them shares with the host. */

import { ACTIVE, type BoardShape, boardBytes, MOST_LANES } from '../../memory/board.ts';
import { LaneReader, laneBytes, SEARCHING, SERVING } from '../../memory/lane.ts';
import type { Region } from '../../memory/region.ts';
import { Memory, ValueReader } from '../../wire/values/index.ts';
import type { WorkerHandle } from '../backend.ts';
import { boardRegionBytes, heapStart, laneRegionBytes, type Sharing } from './sharing.ts';

/** A worker at the board. */
export interface Desk {
  readonly worker: WorkerHandle;
  readonly sharing: Sharing;
  readonly lane: LaneReader;
  readonly reader: ValueReader;
  /** Where the worker's heap begins and ends, in bytes. */
  readonly heapStart: number;
  readonly heapEnd: number;
  /** Functions that were sent to it in messages. */
  readonly known: Set<number>;
  finished: number;
  /** It was told to end, and takes nothing any more. */
  retiring: boolean;
  /** What it wrote cannot be trusted any more; it is about to be killed. */
  broken: boolean;
}

/** Makes a region of so many bytes. @throws where the system has none, saying why. */
export type MakeRegion = (bytes: number) => Region;

export class Desks {
  /** The region of the board, with room for arguments behind it. */
  readonly region: Region;
  readonly all: Desk[] = [];
  readonly #shape: BoardShape;
  readonly #makeRegion: MakeRegion;
  readonly #cores: number;
  readonly #quota: number;
  /** Numbers of lanes that are in use. */
  readonly #lanes: boolean[] = [];
  /** A lane for the first worker: made with the board, so that want of memory is seen early. */
  #spareLane: Region | undefined;

  /**
   * @param quota tasks that a worker may take in its life.
   * @throws what `makeRegion` throws
   */
  constructor(shape: BoardShape, makeRegion: MakeRegion, cores: number, quota: number) {
    this.#shape = shape;
    this.#makeRegion = makeRegion;
    this.#cores = cores;
    this.#quota = quota;
    this.region = makeRegion(boardRegionBytes(shape));
    commitOrThrow(this.region, boardBytes(shape));
    try {
      this.#spareLane = this.#makeLane();
    } catch (error) {
      this.region.close();
      throw error;
    }
  }

  /** What a worker that is about to start shares with this pool. @throws what `makeRegion` throws */
  admit(): Sharing {
    const free = this.#lanes.indexOf(false);
    const number = free < 0 ? this.#lanes.length : free;
    if (number >= MOST_LANES)
      throw new Error(`a pool has ${MOST_LANES} workers at most where they share memory`);
    const lane = this.#spareLane ?? this.#makeLane();
    this.#spareLane = undefined;
    this.#lanes[number] = true;
    const layout = { shape: this.#shape, lane: number, cores: this.#cores, quota: this.#quota };
    return { board: this.region, lane, layout };
  }

  #makeLane(): Region {
    const region = this.#makeRegion(laneRegionBytes(this.#shape));
    commitOrThrow(region, laneBytes(this.#shape.slots));
    return region;
  }

  /** The worker that this was for is gone, or never came to be. */
  dismiss({ lane, layout }: Sharing): void {
    const { state } = new LaneReader(lane, layout.shape.slots);
    if (state === SERVING || state === SEARCHING) Atomics.sub(this.region.words, ACTIVE, 1);
    this.#lanes[layout.lane] = false;
    lane.close();
  }

  /** Whether a worker has this lane. */
  hasLane(number: number): boolean {
    return this.#lanes[number] === true;
  }

  add(worker: WorkerHandle): Desk {
    const { sharing } = worker;
    if (sharing === undefined) throw new Error(`${worker.name} was started without shared memory`);
    const { lane, layout } = sharing;
    const desk: Desk = {
      worker,
      sharing,
      lane: new LaneReader(lane, layout.shape.slots),
      reader: new ValueReader(new Memory(lane.buffer)),
      heapStart: heapStart(laneBytes(layout.shape.slots)),
      heapEnd: lane.buffer.byteLength,
      known: new Set(),
      finished: 0,
      retiring: false,
      broken: false,
    };
    this.all.push(desk);
    return desk;
  }

  of(worker: WorkerHandle): Desk | undefined {
    return this.all.find((desk) => desk.worker === worker);
  }

  atLane(number: number): Desk | undefined {
    return this.all.find((desk) => desk.sharing.layout.lane === number);
  }

  remove(desk: Desk): void {
    this.all.splice(this.all.indexOf(desk), 1);
  }

  close(): void {
    this.#spareLane?.close();
    this.region.close();
  }
}

function commitOrThrow(region: Region, bytes: number): void {
  if (region.commit(0, bytes)) return;
  region.close();
  throw new Error(region.refusal ?? 'the system has no shared memory left');
}
