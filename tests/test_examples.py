"""The examples in the docstrings of the installed package do what they say."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re

import pytest

import cfwidgets

MODULES = ["cfwidgets", *(found.name for found in pkgutil.walk_packages(cfwidgets.__path__, "cfwidgets."))]
WHOLE = re.compile(r"cfwidgets\.(widgets\.\w+\.(explorer|view|progress)|training\.\w+)")


@pytest.mark.parametrize(
    "name",
    [
        # examples that run an explainer to its end, or train
        pytest.param(name, marks=pytest.mark.slow) if WHOLE.fullmatch(name) else name
        for name in MODULES
    ],
)
def test_the_examples_of(name: str) -> None:
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert failed == 0
