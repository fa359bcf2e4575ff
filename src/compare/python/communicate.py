"""What it costs to hand work over and get an answer, and what is shared on the way."""

import multiprocessing
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from queue import SimpleQueue

from harness import Measurement

COUNTERS = 4


def run(lane, job):
    with Measurement() as measured:
        metrics = _LANES[lane](job)
    return {
        "wallMs": measured.wall_ms,
        "cpuMs": measured.cpu_ms,
        "startedAt": measured.started_at,
        "metrics": metrics,
    }


def echo(value):
    return value


def _measure_round_trips(call, job):
    """Median round trip of nothing and of a large value, through `call`."""
    payload = bytes(job["payloadBytes"])
    call(None)
    empty = _median(_time_each(call, None, job["roundTrips"]))
    large = _median(_time_each(call, payload, job["largeRoundTrips"]))
    wrong = 0 if call(payload) == payload else 1
    return {
        "roundTripUs": empty * 1e6,
        "payloadMs": large * 1e3,
        "mbPerSecond": 2 * job["payloadBytes"] / 1e6 / large,
        "wrongAnswers": wrong + sum(call(number) != number for number in range(100)),
    }


def _time_each(call, value, rounds):
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        call(value)
        times.append(time.perf_counter() - started)
    return times


def _median(values):
    return sorted(values)[len(values) // 2]


def _direct(job):
    return _measure_round_trips(echo, job)


def _threads(job):
    inbox, outbox = SimpleQueue(), SimpleQueue()

    def serve():
        while (message := inbox.get()) is not serve:
            outbox.put(message)

    def call(value):
        inbox.put(value)
        return outbox.get()

    thread = threading.Thread(target=serve)
    thread.start()
    metrics = _measure_round_trips(call, job)
    inbox.put(serve)
    thread.join()
    return {**metrics, **_sharing_of_threads(job)}


def _serve_pipe(connection):
    try:
        while True:
            connection.send(connection.recv())
    except EOFError:
        pass


def _processes(job):
    near, far = multiprocessing.Pipe()
    process = multiprocessing.Process(target=_serve_pipe, args=(far,))
    process.start()
    far.close()

    def call(value):
        near.send(value)
        return near.recv()

    metrics = _measure_round_trips(call, job)
    # Killed rather than told: under fork the child holds a copy of our end of the pipe, and would not see it close.
    process.kill()
    process.join()
    return {**metrics, **_sharing_of_processes(job)}


def _pool(kind):
    def measure(job):
        with kind(max_workers=1) as executor:
            return _measure_round_trips(lambda value: executor.submit(echo, value).result(), job)

    return measure


class Counter:
    def __init__(self):
        self.value = 0


def _next(value):
    return value + 1


def _count(counter, times):
    """Adds one, `times` times, and takes no lock: between the read and the write another may have written."""
    for _ in range(times):
        value = counter.value
        counter.value = _next(value)
    return counter.value


def _count_guarded(counter, times, lock):
    for _ in range(times):
        with lock:
            value = counter.value
            counter.value = _next(value)


def _sharing_of_threads(job):
    times = job["increments"]
    seen = Counter()
    _join(threading.Thread, [(_count, (seen, 1))])
    unguarded, guarded, lock = Counter(), Counter(), threading.Lock()
    _join(threading.Thread, [(_count, (unguarded, times))] * COUNTERS)
    _join(threading.Thread, [(_count_guarded, (guarded, times // 10, lock))] * COUNTERS)
    return {
        "sharesObjects": seen.value,
        "sharesBuffers": seen.value,
        "lostUpdates": COUNTERS * times - unguarded.value,
        "lostUpdatesGuarded": COUNTERS * (times // 10) - guarded.value,
        "increments": COUNTERS * times,
    }


def _report_count(outbox, counter, times):
    outbox.put(_count(counter, times))


def _sharing_of_processes(job):
    times = job["increments"]
    outbox = multiprocessing.Queue()
    seen = Counter()
    counters = [
        multiprocessing.Process(target=_report_count, args=(outbox, seen, times)) for _ in range(COUNTERS)
    ]
    for process in counters:
        process.start()
    counts = [outbox.get() for _ in counters]
    for process in counters:
        process.join()
    return {
        "sharesObjects": 1 if seen.value else 0,
        "sharesBuffers": 1 if seen.value else 0,
        "lostUpdates": COUNTERS * times - sum(counts),
        "increments": COUNTERS * times,
        "messagesReceived": len(counts),
        "messagesSent": COUNTERS,
    }


def _join(kind, targets):
    started = [kind(target=function, args=args) for function, args in targets]
    for each in started:
        each.start()
    for each in started:
        each.join()


_LANES = {
    "python-sequential": _direct,
    "python-threads": _threads,
    "python-processes": _processes,
    "python-thread-pool": _pool(ThreadPoolExecutor),
    "python-process-pool": _pool(ProcessPoolExecutor),
}
