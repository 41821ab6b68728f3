"""Portraits a second, regions included.

Run it with ``python tests/benchmarks/portraits.py``. It prints; it asserts nothing, since machines differ.

Measured 2026-11-22, 2 cores (x86-64) that others used too (load 1.4 and 4), resvg-py 0.5: 172 and 153
portraits a second at 64 px, 101 and 98 at 128 px (asked: 100 at 128 px). One portrait of 128 px takes 19 ms
of a busy core: 13 to draw the picture (3 to 4 of them its PNG), 2 for the regions, 2 in Python to say what to
draw, 1 to read the PNGs.
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
