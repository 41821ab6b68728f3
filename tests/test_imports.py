"""The arrows between the rooms go downwards: the contracts stand in pyproject.toml."""

from __future__ import annotations

from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports


def test_the_imports_keep_the_contracts(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(checkout)
    assert lint_imports(no_cache=True) == EXIT_STATUS_SUCCESS
