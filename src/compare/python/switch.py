"""What it costs to hand over: two workers that pass a token back and forth, each asleep while the other has it."""

import multiprocessing
import threading
import time

from harness import Measurement


# The fastest of so many batches counts, as it does in the other runtime.
BATCHES = 10


def run(lane, job):
    rounds = job["handOvers"] // 2 // BATCHES
    # The clock runs over the passing alone: the other side is up, and has had the token once.
    start = _start_threads if lane == "python-threads" else _start_processes
    hand_over, join = start(rounds * BATCHES)
    times = []
    with Measurement() as measured:
        for _ in range(BATCHES):
            started = time.perf_counter()
            for _ in range(rounds):
                hand_over()
            times.append(time.perf_counter() - started)
        join()
    return {
        "wallMs": measured.wall_ms,
        "cpuMs": measured.cpu_ms,
        "startedAt": measured.started_at,
        "metrics": {"switchUs": min(times) * 1e6 / (2 * rounds), "handOvers": 2 * rounds * len(times)},
    }


def _start_threads(rounds):
    near, far = threading.Lock(), threading.Lock()
    near.acquire()
    far.acquire()

    def play():
        for _ in range(rounds + 1):
            far.acquire()
            near.release()

    def hand_over():
        far.release()
        near.acquire()

    thread = threading.Thread(target=play)
    thread.start()
    hand_over()
    return hand_over, thread.join


def _play(connection, rounds):
    for _ in range(rounds + 1):
        connection.send_bytes(connection.recv_bytes())


def _start_processes(rounds):
    near, far = multiprocessing.Pipe()

    def hand_over():
        near.send_bytes(b"t")
        near.recv_bytes()

    process = multiprocessing.Process(target=_play, args=(far, rounds))
    process.start()
    hand_over()
    return hand_over, process.join
