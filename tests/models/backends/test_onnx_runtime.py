"""ONNX Runtime leaves nothing on the disk, and what others set in the environment stays."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytest.importorskip("onnxruntime", reason="ONNX Runtime is an optional extra")

ACCELERATES = """
import os, torch
from torch import nn
import cfwidgets as cf

before = dict(os.environ)
network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)).eval()
fast = cf.Classifier(network, input_size=16, labels=["a", "b", "c"]).accelerated()
fast.probabilities(torch.rand(2, 3, 16, 16))
assert "onnxruntime" in __import__("sys").modules
print({name: value for name, value in os.environ.items() if before.get(name) != value}, end="")
"""


@pytest.mark.slow
@pytest.mark.parametrize("given", [{}, {"ORT_DISABLE_TELEMETRY": "1"}], ids=["as it is", "set before"])
def test_it_writes_no_device_id(tmp_path, given):
    pytest.importorskip("onnxscript", reason="the exporter is an optional extra")
    cache = tmp_path / "exported"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ORT_", "XDG_"))}
    done = subprocess.run(
        [sys.executable, "-c", ACCELERATES],
        env=environment | {"HOME": str(tmp_path), "CFWIDGETS_CACHE": str(cache)} | given,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "{}"), done.stderr
    written = {path for path in tmp_path.rglob("*") if path.is_file() and cache not in path.parents}
    assert {path for path in written if "onnxruntime" in str(path) or "deviceid" in str(path)} == set()
