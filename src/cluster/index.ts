/** `manyhands/cluster`: tasks on the workers of several machines, by way of BullMQ. */

export { ClusterExecutor } from '../backends/cluster/cluster-executor.ts';
export type { ClusterConnection } from '../backends/cluster/connection.ts';
export type { ClusterExecutorOptions } from '../backends/cluster/options.ts';
export { ClusterWorker, type ClusterWorkerOptions } from './cluster-worker.ts';
