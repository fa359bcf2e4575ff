/** The pipes of a worker process beside stdin, stdout and stderr: their descriptors in the worker. */

export const TO_WORKER_FD = 3;
export const FROM_WORKER_FD = 4;
/** The memory that the pool shares with all of its workers, and with this one; only where there is some. */
export const BOARD_FD = 5;
export const LANE_FD = 6;
