"""Seconds of a twin and its mask, by ONNX Runtime and by torch, one picture at a time and in a batch.

Run it with ``python tests/benchmarks/translation.py`` (``--threads 2``). It prints; it asserts nothing, since
the machines differ. The mask is `saliency`, counted with the twin; the time is the median of the repeats.

Measured on 2 cores that other work loaded (a load of 4.3), with torch 2.14.1 and ONNX Runtime 1.32, pictures
of 224 x 224 through the translator of concrete: 3.29 billion multiplications a picture (that of portraits:
3.74). Asked are at most 150 ms for one picture by ONNX Runtime, which it keeps to, and from a batch of 64 at
least twice the rate of one by one where the CPU allows: here it is 1.0 times by ONNX Runtime, 1.5 by torch.

============ =========== ======= ================ =======
ms a picture one picture at best in a batch of 64 at best
============ =========== ======= ================ =======
ONNX Runtime 51          42      50               48
torch        274         199     178              170
============ =========== ======= ================ =======
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import onnxruntime
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

import cfwidgets as cf
from cfwidgets.evaluation import saliency

SIZE = 224
BATCH = 64


class TwinAndMask(nn.Module):
    """Twin and mask of an image, as one graph."""

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        twins = self.generator(images).twins
        return twins, saliency(images, twins)


def session(network: nn.Module, threads: int) -> Any:
    images = torch.rand(2, 3, SIZE, SIZE)
    program = torch.onnx.export(
        network, (images,), dynamo=True, dynamic_shapes=({0: torch.export.Dim("n")},), verbose=False
    )
    assert program is not None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(program.model_proto.SerializeToString(), options)


def seconds(work: Callable[[], Any], repeats: int) -> tuple[float, float]:
    """Median and smallest."""
    work()
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times), min(times)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=15)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    one, many = torch.rand(1, 3, SIZE, SIZE), torch.rand(BATCH, 3, SIZE, SIZE)
    print(f"load {os.getloadavg()[0]:.1f}, {options.threads} threads, {SIZE} x {SIZE}")
    with torch.inference_mode():
        for name in ("concrete", "portraits"):
            network = TwinAndMask(cf.zoo.translator(name, device="cpu").generator)
            with FlopCounterMode(display=False) as counted:
                network(one)
            print(f"{name}: {counted.get_total_flops() / 2e9:.2f} billion multiplications a picture")
        network = TwinAndMask(cf.zoo.translator("concrete", device="cpu").generator)
    with torch.no_grad():
        runner = session(network, options.threads)
    given = runner.get_inputs()[0].name

    def by_onnx(images: Tensor) -> Any:
        return runner.run(None, {given: images.numpy()})

    with torch.inference_mode():
        theirs = torch.from_numpy(by_onnx(one)[0])
        print(f"largest difference of the twins: {float((theirs - network(one)[0]).abs().max()):.1e}")
        for kind, run in (("ONNX Runtime", by_onnx), ("torch", network)):
            single, best = seconds(lambda run=run: run(one), options.repeats)
            batch, least = seconds(lambda run=run: run(many), 2)
            print(
                f"{kind:12} one picture {single * 1000:6.0f} ms (at best {best * 1000:.0f}); in a batch of "
                f"{BATCH} {batch / BATCH * 1000:6.0f} ms a picture (at best {least / BATCH * 1000:.0f})"
            )


if __name__ == "__main__":
    main()
