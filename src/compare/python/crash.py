"""What is left when one worker dies while others work.

Two deaths: an error that nobody catches, and the sudden end of the process that the worker lives in. A fault
in native code ends a process by a signal; SIGKILL stands for it here, since it leaves no core dump behind.

The scene plays in a process of its own, which may well die of it, and which prints a line for every task
that reached its end. The lane counts the lines. Nothing goes by the clock: the one dies when all others run,
and they end when it is dead. They meet in a directory, where each leaves a file.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

from harness import Measurement

OTHERS = 4
POLL_SECONDS = 0.01


def run(lane, job):
    with Measurement() as measured:
        # Both scenes wait most of their time, so they may play at once.
        scenes = [_start_scene(lane, death, job["scratch"]) for death in ("error", "fault")]
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


def _start_scene(lane, death, scratch):
    meeting = tempfile.mkdtemp(dir=scratch)
    return subprocess.Popen(
        [sys.executable, "-B", "-W", "ignore", __file__, lane, death, meeting],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def work(meeting, name):
    open(os.path.join(meeting, name), "w").close()
    while not os.path.exists(os.path.join(meeting, "release")):
        time.sleep(POLL_SECONDS)
    os.write(1, b"finished\n")


def die(meeting, death):
    while len(os.listdir(meeting)) < OTHERS:
        time.sleep(POLL_SECONDS)
    if death == "error":
        raise RuntimeError("nobody catches this")
    os.kill(os.getpid(), signal.SIGKILL)


def release(meeting):
    open(os.path.join(meeting, "release"), "w").close()


def say_usable():
    os.write(1, b"usable\n")


def play(lane, death, meeting):
    if lane in ("python-threads", "python-processes"):
        kind = threading.Thread if lane == "python-threads" else multiprocessing.Process
        others = [kind(target=work, args=(meeting, f"worker-{index}")) for index in range(OTHERS)]
        dying = kind(target=die, args=(meeting, death))
        for worker in [*others, dying]:
            worker.start()
        dying.join()
        release(meeting)
        for worker in others:
            worker.join()
        after = kind(target=say_usable)
        after.start()
        after.join()
    else:
        pool = ThreadPoolExecutor if lane == "python-thread-pool" else ProcessPoolExecutor
        with pool(max_workers=OTHERS + 1) as executor:
            others = [executor.submit(work, meeting, f"worker-{index}") for index in range(OTHERS)]
            executor.submit(die, meeting, death).exception()
            release(meeting)
            for future in others:
                future.exception()
            try:
                executor.submit(say_usable).result()
            except Exception:  # A broken pool refuses: then there is no line, and that is the finding.
                pass
    os.write(1, b"owner\n")


if __name__ == "__main__":
    play(*sys.argv[1:])
