"""Entry of every Python lane: reads one job from stdin, runs it, and prints what came of it as JSON."""

import importlib

from harness import max_rss_mb, read_job, say, watch_lifeline

MODULES = {
    "io": "task_experiments",
    "cpu": "task_experiments",
    "sleep": "task_experiments",
    "sum": "task_experiments",
    "hybrid": "task_experiments",
    "communicate": "communicate",
    "start": "start",
    "switch": "switch",
    "crash": "crash",
}


def main():
    job = read_job()
    watch_lifeline()
    experiment = importlib.import_module(MODULES[job["experiment"]])
    answer = experiment.run(job["lane"], job)
    answer["maxRssMb"] = max_rss_mb()
    # From here on memory is not the lane's own any more: extra figures come from runs beside it.
    say({"type": "measured"})
    more = getattr(experiment, "more", None)
    if more is not None and job["more"]:
        answer["metrics"].update(more(job["lane"], job))
    say({"type": "outcome", **answer})


if __name__ == "__main__":
    main()
