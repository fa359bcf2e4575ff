/** The pipes of a worker process beside stdin, stdout and stderr: their descriptors in the worker. */

export const TO_WORKER_FD = 3;
export const FROM_WORKER_FD = 4;
