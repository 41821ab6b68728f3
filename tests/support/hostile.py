"""Values that nobody should send: for fuzz tests, which draw the same ones each time."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from types import ModuleType
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

import cfwidgets

bounded = settings(
    derandomize=True,  # the same examples in every run: a failure is never by chance
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)

numbers = (
    st.integers(-3, 12)
    | st.floats()
    | st.sampled_from([10**9, -(10**9), 2**63, 10**400, -(10**400), 1e308, float("nan"), float("inf"), -0.0])
)
texts = st.text(max_size=6) | st.sampled_from(
    ["", "\ud800", "caf\udce9", "<b>", "$", "\0", "x" * 3000, "__class__"]
)
keys = texts | st.sampled_from(["kind", "method", "state", "content"])
plain = st.none() | st.booleans() | numbers | texts
values = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
) | st.sampled_from([list(range(70_000)), [[[[[[[[[[]]]]]]]]]]])
"""What JSON can hold, and a little more."""


def like(value: Any) -> st.SearchStrategy[Any]:
    """Draw a value that is almost one that is accepted."""
    if isinstance(value, bool):
        return st.booleans() | values
    if isinstance(value, int | float):
        return st.integers(-2, 20) | st.floats(-2, 2) | values
    if isinstance(value, list | tuple):
        items = st.integers(-1, 9) | st.floats(-1, 1) | plain
        return st.lists(items, max_size=9) | st.lists(items, min_size=2, max_size=3) | values
    return values


def in_package() -> list[ModuleType]:
    """All modules of the package, but for the recipes, which train."""
    for module in pkgutil.walk_packages(cfwidgets.__path__, "cfwidgets."):
        if not module.name.startswith("cfwidgets.zoo.recipes"):
            importlib.import_module(module.name)
    return [module for name, module in sys.modules.items() if name.startswith("cfwidgets.")]
