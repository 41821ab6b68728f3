"""Time to draw one picture of concrete or of fruit, on one core.

Run it with ``python tests/benchmarks/defects.py``. It prints; it asserts nothing, since machines differ.

Measured 2026-11-27, one of 2 cores (x86-64) that others used too (load 13), numpy 2.4, Pillow 13: concrete
2.7 ms at 64 px, 4.4 at 128 and 9.3 at 224; fruit 3.7, 10.2 and 26.9.
"""

from __future__ import annotations

import argparse
import time

from cfwidgets.data import concrete, fruit


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    print(f"milliseconds of a core each, {options.count} pictures, half of them damaged")
    for draw in (concrete, fruit):
        for size in (64, 128, 224):
            draw(2, size)
            taken = []
            for _ in range(options.repeats):
                started = time.process_time()
                draw(options.count, size)
                taken.append(time.process_time() - started)
            print(f"{draw.__name__:8} {size:4} px: {1000 * min(taken) / options.count:5.1f}")


if __name__ == "__main__":
    main()
