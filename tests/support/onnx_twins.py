"""A translator's generator as an ONNX file."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn


def assert_onnx_gives_the_same(net: nn.Module, noise: int | None) -> None:
    """Export a generator of twins for batches of any size, with noise of a length or without; run both."""
    onnxruntime = pytest.importorskip("onnxruntime")
    nn.init.normal_(net.get_parameter("last.weight"), std=0.3)  # changes that can be seen
    rows = torch.export.Dim("n")
    inputs, more = _inputs(2, noise), _inputs(3, noise)
    program = torch.onnx.export(
        net, inputs, dynamo=True, dynamic_shapes=tuple({0: rows} for _ in inputs), verbose=False
    )
    assert program is not None
    session = onnxruntime.InferenceSession(program.model_proto.SerializeToString())
    names = [given.name for given in session.get_inputs()]
    with torch.inference_mode():
        expected = net(*more)
    found = session.run(None, {name: given.numpy() for name, given in zip(names, more, strict=True)})
    assert (expected.twins - more[0]).abs().mean() > 0.05
    for theirs, ours in zip(found, expected, strict=True):
        torch.testing.assert_close(torch.from_numpy(theirs), ours, atol=1e-4, rtol=0)


def _inputs(n: int, noise: int | None) -> tuple[Tensor, ...]:
    images = torch.rand(n, 3, 32, 32)
    return (images,) if noise is None else (images, torch.randn(n, noise))
