"""The experiments that run a number of equal tasks: io, cpu, sleep, sum, and hybrid, which mixes two kinds."""

import threading
import time

from harness import MOST_AT_ONCE, Measurement, run_calls


def fibonacci(n):
    if n <= 2:
        return 1
    return fibonacci(n - 1) + fibonacci(n - 2)


def pause(milliseconds):
    started = time.perf_counter()
    time.sleep(milliseconds / 1000)
    return (time.perf_counter() - started) * 1000


def add_up(limit):
    total = 0
    for i in range(limit):
        total += i
    return total


def run(lane, job):
    experiment = job["experiment"]
    if experiment == "hybrid":
        return _run_hybrid(lane, job)
    calls = [_call_of(experiment, job)] * job["tasks"]
    with Measurement() as measured:
        results, early = run_calls(lane, calls, job["poolSize"])
    answer = _answer(measured, results)
    if early is not None:
        answer["metrics"]["doneBeforeJoin"] = early
        answer["metrics"]["doneAfterJoin"] = len(results)
    return answer


def _call_of(experiment, job):
    if experiment == "io":
        from downloads import download

        return download, (job["url"],)
    function, size = {"cpu": (fibonacci, "fib"), "sleep": (pause, "sleepMs"), "sum": (add_up, "sumTo")}[experiment]
    return function, (job[size],)


def more(lane, job):
    """What is measured beside the lane's own figures: the same CPU work on far too many processes."""
    if job["experiment"] != "cpu" or lane != "python-process-pool" or job["tooMany"] <= job["workers"]:
        return {}
    figures = {}
    calls = [(fibonacci, (job["fib"],))] * max(job["tasks"], job["tooMany"])
    for name, size in (("rightSizeMs", job["workers"]), ("tooManyMs", job["tooMany"])):
        with Measurement() as measured:
            run_calls(lane, calls, size)
        figures[name] = measured.wall_ms
    return figures


def _run_hybrid(lane, job):
    """CPU work and downloads at once; the lanes of processes keep the downloads on threads."""
    cpu = [(fibonacci, (job["fib"],))] * job["tasks"]
    io = [_call_of("io", job)] * job["tasks"]
    if lane in ("python-sequential", "python-threads", "python-thread-pool"):
        size = job["workers"] + len(io) if lane == "python-thread-pool" else 0
        with Measurement() as measured:
            results, _ = run_calls(lane, cpu + io, min(size, MOST_AT_ONCE))
        return _answer(measured, results)

    io_lane = "python-threads" if lane == "python-processes" else "python-thread-pool"
    io_size = min(len(io), MOST_AT_ONCE)
    downloaded = []

    def run_io():
        downloaded.extend(run_calls(io_lane, io, io_size)[0])

    with Measurement() as measured:
        beside = threading.Thread(target=run_io)
        beside.start()
        computed, _ = run_calls(lane, cpu, job["workers"])
        beside.join()
    with Measurement() as cpu_alone:
        run_calls(lane, cpu, job["workers"])
    with Measurement() as io_alone:
        run_calls(io_lane, io, io_size)
    answer = _answer(measured, computed + downloaded)
    answer["metrics"]["cpuAloneMs"] = cpu_alone.wall_ms
    answer["metrics"]["ioAloneMs"] = io_alone.wall_ms
    return answer


def _answer(measured, results):
    return {
        "wallMs": measured.wall_ms,
        "cpuMs": measured.cpu_ms,
        "startedAt": measured.started_at,
        "calls": results,
        "metrics": {"processes": len({result["pid"] for result in results})},
    }
