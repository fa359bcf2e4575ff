"""Squares by the maps of Python's standard library; prints {"rate": items per second}.

Usage: squares.py pool|executor WORKERS ITEMS
"""

import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import Pool


def square(x):
    return x * x


def rate(map_all, items):
    map_all(range(items // 10))
    start = time.perf_counter()
    squares = map_all(range(items))
    elapsed = time.perf_counter() - start
    if len(squares) != items or squares[-1] != (items - 1) ** 2:
        sys.exit("wrong squares")
    return items / elapsed


def main():
    how, workers, items = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    if how == "pool":
        with Pool(workers) as pool:
            result = rate(lambda numbers: pool.map(square, numbers), items)
    else:
        with ProcessPoolExecutor(workers) as executor:
            # The same chunks as those made by hand for the libraries without chunks of their own.
            result = rate(lambda numbers: list(executor.map(square, numbers, chunksize=1000)), items)
    print(json.dumps({"rate": result}))


if __name__ == "__main__":
    main()
