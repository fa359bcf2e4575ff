"""What all Python lanes share: the job, the lifeline, measuring, and the four ways to run tasks.

A lane is started by the `manyhands compare` command with a job (one line of JSON) on stdin, and answers with
lines of JSON on stdout. Stdin stays open for as long as the command lives: when it closes, the command is
gone, and the lane ends with everything that it started.
"""

import json
import multiprocessing
import os
import signal
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

try:
    import resource
except ImportError:  # Windows
    resource = None

# The articles start one thread or process per task. More than this many at once would measure the limits of
# the machine instead; further tasks run in further waves.
MOST_AT_ONCE = 32


def read_job():
    """The job, read without buffering, so that nobody else waits on a lock of sys.stdin at exit."""
    text = b""
    while not text.endswith(b"\n"):
        piece = os.read(0, 65536)
        if not piece:
            raise SystemExit("no job on stdin")
        text += piece
    return json.loads(text)


def watch_lifeline():
    """End this lane, with its children, when the command that started it is gone."""

    def watch():
        while os.read(0, 65536):
            pass
        # Only as the leader of its group: started by hand from a shell, the group would be the shell's.
        if hasattr(os, "killpg") and os.getpgid(0) == os.getpid():
            os.killpg(os.getpid(), signal.SIGKILL)
        os._exit(1)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()


def say(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def cpu_ms():
    """CPU time of this process and of its children that have ended, in milliseconds."""
    if resource is None:
        return time.process_time() * 1000
    own = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime)


def max_rss_mb():
    """The most memory that this process alone ever had resident, in MiB."""
    if resource is None:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1024**2 if sys.platform == "darwin" else peak / 1024


def tree_memory_mb():
    """Memory of this process and its children in MiB, shared pages counted once; None without /proc."""
    try:
        return sum(_proportional_kb(pid) for pid in _tree(os.getpid())) / 1024
    except OSError:
        return None


def _tree(pid):
    found = [pid]
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children") as children:
            for child in children.read().split():
                found += _tree(int(child))
    return found


def _proportional_kb(pid):
    with open(f"/proc/{pid}/smaps_rollup") as rollup:
        for line in rollup:
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


class Measurement:
    """`with Measurement() as m:` leaves the wall and CPU time of the block in `m`."""

    def __enter__(self):
        self.started_at = time.time() * 1000
        self._cpu = cpu_ms()
        self._wall = time.perf_counter()
        return self

    def __exit__(self, *_):
        self.wall_ms = (time.perf_counter() - self._wall) * 1000
        self.cpu_ms = cpu_ms() - self._cpu


def timed(function, *args):
    """One call, with when and where it ran. At the top of a module, so that processes find it by name."""
    started = time.time() * 1000
    result = function(*args)
    process = multiprocessing.current_process()
    thread = threading.current_thread()
    return {
        "result": result,
        "startedAt": started,
        "endedAt": time.time() * 1000,
        "worker": thread.name if process.name == "MainProcess" else process.name,
        "pid": os.getpid(),
    }


def _put_timed(outbox, index, function, args):
    outbox.put((index, timed(function, *args)))


def run_calls(lane, calls, pool_size):
    """Runs `calls`, a list of (function, args), in the lane's way, and returns what `timed` says of each.

    The second value is how many had finished when all had been started, before anything waited for them.
    """
    if lane == "python-sequential":
        return [timed(function, *args) for function, args in calls], None
    if lane == "python-threads":
        return _run_threads(calls)
    if lane == "python-processes":
        return _run_processes(calls)
    pool = ThreadPoolExecutor if lane == "python-thread-pool" else ProcessPoolExecutor
    with pool(max_workers=pool_size) as executor:
        futures = [executor.submit(timed, function, *args) for function, args in calls]
        early = sum(future.done() for future in futures)
        return [future.result() for future in futures], early


def _run_threads(calls):
    results = [None] * len(calls)
    early = 0

    def work(index, function, args):
        results[index] = timed(function, *args)

    for wave in _waves(calls):
        threads = [threading.Thread(target=work, args=(index, *call)) for index, call in wave]
        for thread in threads:
            thread.start()
        early += sum(results[index] is not None for index, _ in wave)
        for thread in threads:
            thread.join()
    return results, early


def _run_processes(calls):
    results = [None] * len(calls)
    early = 0
    for wave in _waves(calls):
        outbox = multiprocessing.SimpleQueue()
        processes = [
            multiprocessing.Process(target=_put_timed, args=(outbox, index, *call)) for index, call in wave
        ]
        for process in processes:
            process.start()
        early += sum(not process.is_alive() for process in processes)
        # Read before joining: a child whose pipe is full does not end until somebody reads.
        for _ in wave:
            index, result = outbox.get()
            results[index] = result
        for process in processes:
            process.join()
    return results, early


def _waves(calls):
    numbered = list(enumerate(calls))
    return [numbered[first : first + MOST_AT_ONCE] for first in range(0, len(numbered), MOST_AT_ONCE)]
