/** How the page names and colours the backends: as the pages of the comparison do. */
import type { BackendKind, Plan } from '../../src/choose/predict.ts';

const lanes: Readonly<Record<BackendKind, readonly [colour: string, name: string]>> = {
  'event-loop': ['var(--lane-event-loop)', 'Event loop'],
  thread: ['var(--lane-threads)', 'Threads'],
  process: ['var(--lane-processes)', 'Processes'],
};

export function colourOf(backend: BackendKind): string {
  return lanes[backend][0];
}

export function nameOf(backend: BackendKind): string {
  return lanes[backend][1];
}

/** "2 workers, 8 calls each". */
export function detailsOf({ backend, workers, concurrency, chunkSize }: Plan): string {
  return [
    backend === 'event-loop' ? '' : `${workers} ${workers === 1 ? 'worker' : 'workers'}`,
    concurrency > 1 ? `${concurrency} calls ${backend === 'event-loop' ? 'at a time' : 'each'}` : '',
    chunkSize > 1 ? `chunks of ${chunkSize}` : '',
  ]
    .filter((part) => part !== '')
    .join(', ');
}
