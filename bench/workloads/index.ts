/** Every workload, in the order of the report. */
import type { Workload } from '../workload.ts';
import { burst } from './burst.ts';
import { cluster } from './cluster.ts';
import { coldStart } from './cold-start.ts';
import { cpu } from './cpu.ts';
import { crowded } from './crowded.ts';
import { echoMebibyte, echoObject } from './echo.ts';
import { fib } from './fib.ts';
import { latency } from './latency.ts';
import { lock, lockAsync } from './lock.ts';
import { map, mapEach } from './map.ts';
import { memory } from './memory.ts';
import { noop } from './noop.ts';
import { pipe } from './pipe.ts';
import { queue } from './queue.ts';
import { value } from './value.ts';

export const workloads: readonly Workload[] = [
  noop,
  latency,
  crowded,
  echoObject,
  echoMebibyte,
  burst,
  map,
  mapEach,
  fib,
  coldStart,
  cpu,
  memory,
  queue,
  pipe,
  value,
  lock,
  lockAsync,
  cluster,
];
