"""The primitives of Python's standard library, as bench/workloads measures ours; prints figures by key.

Usage: primitives.py queue|pipe|value|lock thread|process PARTIES STEPS

Every party does a tenth of its work before it is timed, and tells when it began and ended by the clock that all
processes have in common: whoever only waits for them may be woken late.
"""

import json
import multiprocessing
import queue
import sys
import threading
import time


def produce(shared, count):
    for n in range(count):
        shared.put(n)


def consume(shared, count):
    total = 0
    for _ in range(count):
        total += shared.get()
    if total != count * (count - 1) // 2:
        raise SystemExit("wrong items")


def answer(end, count):
    for _ in range(count):
        end.send(end.recv())


def ask(end, count):
    for n in range(count):
        end.send(n)
        if end.recv() != n:
            raise SystemExit("wrong answer")


def increment(value, count):
    for _ in range(count):
        with value.get_lock():
            value.value += 1


def lock_and_unlock(lock, count):
    for _ in range(count):
        with lock:
            pass


def run(work, shared, steps, barrier, spans):
    work(shared, max(1, steps // 10))
    barrier.wait()
    begun = time.monotonic()
    work(shared, steps)
    spans.put((begun, time.monotonic()))


def seconds(module, parties, steps):
    """How long it takes until all `parties`, pairs of what one does and what it does it with, have done `steps`."""
    start = module.Process if module is multiprocessing else module.Thread
    barrier = module.Barrier(len(parties))
    results = multiprocessing.SimpleQueue()
    others = [start(target=run, args=(work, shared, steps, barrier, results)) for work, shared in parties]
    for other in others:
        other.start()
    spans = [results.get() for _ in others]
    for other in others:
        other.join()
    return max(ended for _, ended in spans) - min(begun for begun, _ in spans)


def main():
    what, reach, parties, steps = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    module = multiprocessing if reach == "process" else threading
    if what == "queue":
        shared = multiprocessing.Queue() if reach == "process" else queue.Queue()
        figures = {"blocked": steps / seconds(module, [(produce, shared), (consume, shared)], steps)}
    elif what == "pipe":
        steps //= 10
        one, other = multiprocessing.Pipe()
        figures = {"blocked": seconds(module, [(ask, one), (answer, other)], steps) * 1e6 / steps}
    elif what == "value":
        value = multiprocessing.Value("i", 0)
        figures = {"locked": steps * parties / seconds(module, [(increment, value)] * parties, steps)}
        if value.value != parties * (steps + max(1, steps // 10)):
            raise SystemExit("wrong value")
    else:
        elapsed = seconds(module, [(lock_and_unlock, module.Lock())] * parties, steps)
        figures = {"time": elapsed * 1e9 / (steps * parties)}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
