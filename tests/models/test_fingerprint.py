"""Equal numbers have equal fingerprints, and no others."""

from __future__ import annotations

import torch
from torch import nn

from cfwidgets.models.fingerprint import fingerprint


def test_whatever_differs_is_seen():
    base = {"a": torch.arange(6.0).view(2, 3), "n": torch.tensor(3)}
    others = [
        {"a": base["a"], "n": torch.tensor(4)},
        {"a": base["a"].view(3, 2), "n": base["n"]},
        {"a": base["a"].half(), "n": base["n"]},
        {"b": base["a"], "n": base["n"]},
        {"a": base["a"]},
        {},
    ]
    prints = [fingerprint(one) for one in (base, *others)]
    assert len(set(prints)) == len(prints)
    strided = torch.arange(12.0).view(2, 6)[:, :3]
    assert fingerprint({"a": strided}) == fingerprint({"a": strided.clone()})


def test_every_type_that_networks_have():
    for dtype in (torch.bfloat16, torch.float16, torch.float64, torch.int8, torch.bool, torch.complex64):
        one, other = torch.zeros(3, dtype=dtype), torch.ones(3, dtype=dtype)
        assert fingerprint({"x": one}) != fingerprint({"x": other})
    net = nn.BatchNorm2d(3)
    before = fingerprint(net.state_dict())
    net(torch.rand(2, 3, 2, 2))  # its running statistics change
    assert fingerprint(net.state_dict()) != before
