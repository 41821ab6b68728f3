"""The examples in the docstrings of the installed package do what they say."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

import cfwidgets

ALL = ["cfwidgets", *(found.name for found in pkgutil.walk_packages(cfwidgets.__path__, "cfwidgets."))]
MODULES = [name for name in ALL if ">>> " in Path(find_spec(name).origin).read_text("utf-8")]
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
