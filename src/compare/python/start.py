"""What a worker costs before it has done anything: time until its first answer, and memory."""

import multiprocessing
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

from harness import Measurement, tree_memory_mb


def run(lane, job):
    with Measurement() as measured:
        metrics = {"startMs": _median([_start_once(lane) for _ in range(job["samples"])])}
        before = tree_memory_mb()
        during = _memory_with(lane, job["samples"])
        if before is not None and during is not None:
            metrics["memoryMb"] = max(0, during - before) / job["samples"]
    return {
        "wallMs": measured.wall_ms,
        "cpuMs": measured.cpu_ms,
        "startedAt": measured.started_at,
        "metrics": metrics,
    }


def nothing():
    return None


def _start_once(lane):
    """Milliseconds from nothing to the end of a worker's first task."""
    started = time.perf_counter()
    if lane in ("python-threads", "python-processes"):
        worker = _kind(lane)(target=nothing)
        worker.start()
        worker.join()
        return (time.perf_counter() - started) * 1000
    with _kind(lane)(max_workers=1) as executor:
        executor.submit(nothing).result()
        took = (time.perf_counter() - started) * 1000
    return took


def _memory_with(lane, count):
    """Memory of the whole tree while `count` workers are alive: between two meetings of all with this thread."""
    pool = _kind(lane)
    if lane in ("python-threads", "python-processes"):
        barrier = (threading if lane == "python-threads" else multiprocessing).Barrier(count + 1)
        workers = [pool(target=_meet_twice, args=(barrier,)) for _ in range(count)]
        for worker in workers:
            worker.start()
        memory = _read_between(barrier)
        for worker in workers:
            worker.join()
        return memory
    barrier = (threading if lane == "python-thread-pool" else multiprocessing).Barrier(count + 1)
    # An initializer's arguments reach a process when it starts, which is the only time that a barrier can.
    with pool(max_workers=count, initializer=_meet_twice, initargs=(barrier,)) as executor:
        futures = [executor.submit(nothing) for _ in range(count)]
        memory = _read_between(barrier)
        for future in futures:
            future.result()
    return memory


def _meet_twice(barrier):
    barrier.wait()
    barrier.wait()


def _read_between(barrier):
    barrier.wait()
    memory = tree_memory_mb()
    barrier.wait()
    return memory


def _kind(lane):
    return {
        "python-threads": threading.Thread,
        "python-processes": multiprocessing.Process,
        "python-thread-pool": ThreadPoolExecutor,
        "python-process-pool": ProcessPoolExecutor,
    }[lane]


def _median(values):
    return sorted(values)[len(values) // 2]
