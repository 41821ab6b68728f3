"""The examples in the docstrings of the installed package do what they say."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import cfwidgets

MODULES = ["cfwidgets", *(found.name for found in pkgutil.walk_packages(cfwidgets.__path__, "cfwidgets."))]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of(name: str) -> None:
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert failed == 0
