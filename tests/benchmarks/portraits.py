"""Portraits a second, regions included.

Run it with ``python tests/benchmarks/portraits.py``. It prints; it asserts nothing, since machines differ.
"""

from __future__ import annotations

import argparse
import os
import time

from cfwidgets.data import portraits


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    portraits(2)
    print(f"{os.cpu_count()} cores, {options.count} portraits, best of {options.repeats}")
    for size in (64, 128, 256):
        taken = []
        for _ in range(options.repeats):
            started = time.perf_counter()
            portraits(options.count, size=size)
            taken.append(time.perf_counter() - started)
        print(f"{size:4} px: {options.count / min(taken):6.0f} portraits a second")


if __name__ == "__main__":
    main()
