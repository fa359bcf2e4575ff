"""What it costs to hand over: two workers that pass a token back and forth, each asleep while the other has it."""

import multiprocessing
import threading

from harness import Measurement


def run(lane, job):
    rounds = job["handOvers"] // 2
    start = _start_threads if lane == "python-threads" else _start_processes
    # The clock runs over the passing alone: `start` returns when both sides are up and have passed it once.
    finish = start(rounds)
    with Measurement() as measured:
        finish()
    return {
        "wallMs": measured.wall_ms,
        "cpuMs": measured.cpu_ms,
        "startedAt": measured.started_at,
        "metrics": {"switchUs": measured.wall_ms * 1000 / (2 * rounds), "handOvers": 2 * rounds},
    }


def _start_threads(rounds):
    near, far, ready = threading.Lock(), threading.Lock(), threading.Event()
    near.acquire()
    far.acquire()

    def play():
        ready.set()
        for _ in range(rounds):
            far.acquire()
            near.release()

    thread = threading.Thread(target=play)
    thread.start()
    ready.wait()

    def finish():
        for _ in range(rounds):
            far.release()
            near.acquire()
        thread.join()

    return finish


def _play(connection, rounds):
    for _ in range(rounds + 1):
        connection.send_bytes(connection.recv_bytes())


def _start_processes(rounds):
    near, far = multiprocessing.Pipe()
    process = multiprocessing.Process(target=_play, args=(far, rounds))
    process.start()
    near.send_bytes(b"t")
    near.recv_bytes()

    def finish():
        for _ in range(rounds):
            near.send_bytes(b"t")
            near.recv_bytes()
        process.join()

    return finish
