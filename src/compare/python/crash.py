"""What is left when one worker dies while others work.

Two deaths: an error that nobody catches, and the sudden end of the process that the worker lives in. A fault
in native code ends a process by a signal; SIGKILL stands for it here, since it leaves no core dump behind.

The scene plays in a process of its own, which may well die of it, and which prints a line for every task
that reached its end. The lane counts the lines.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

from harness import Measurement

OTHERS = 4
# Long enough that every other task still runs when the one worker dies.
WORK_SECONDS = 0.4
DEATH_SECONDS = 0.1


def run(lane, job):
    with Measurement() as measured:
        # Both scenes sleep most of their time, so they may play at once.
        scenes = [_start_scene(lane, death) for death in ("error", "fault")]
        error, fault = [scene.communicate()[0].decode().split() for scene in scenes]
    return {
        "wallMs": measured.wall_ms,
        "cpuMs": measured.cpu_ms,
        "startedAt": measured.started_at,
        "metrics": {
            "others": OTHERS,
            "survivorsOfError": error.count("finished"),
            "survivorsOfFault": fault.count("finished"),
            "ownerSurvivedFault": fault.count("owner"),
            "worksAfterFault": fault.count("usable"),
        },
    }


def _start_scene(lane, death):
    return subprocess.Popen(
        [sys.executable, "-B", "-W", "ignore", __file__, lane, death],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def work():
    time.sleep(WORK_SECONDS)
    os.write(1, b"finished\n")


def die(death):
    time.sleep(DEATH_SECONDS)
    if death == "error":
        raise RuntimeError("nobody catches this")
    os.kill(os.getpid(), signal.SIGKILL)


def say_usable():
    os.write(1, b"usable\n")


def play(lane, death):
    if lane in ("python-threads", "python-processes"):
        kind = threading.Thread if lane == "python-threads" else multiprocessing.Process
        workers = [kind(target=work) for _ in range(OTHERS)] + [kind(target=die, args=(death,))]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        after = kind(target=say_usable)
        after.start()
        after.join()
    else:
        pool = ThreadPoolExecutor if lane == "python-thread-pool" else ProcessPoolExecutor
        with pool(max_workers=OTHERS + 1) as executor:
            futures = [executor.submit(work) for _ in range(OTHERS)] + [executor.submit(die, death)]
            for future in futures:
                future.exception()
            try:
                executor.submit(say_usable).result()
            except Exception:  # A broken pool refuses: then there is no line, and that is the finding.
                pass
    os.write(1, b"owner\n")


if __name__ == "__main__":
    play(*sys.argv[1:])
