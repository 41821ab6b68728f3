"""The front end's own checks, each as a test here, so that ``pytest`` is all that one has to run."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest


@pytest.mark.parametrize("script", ["check", "lint", "test"], ids=["types", "lint", "vitest"])
def test_the_front_end(build_hook: ModuleType, javascript: Path, script: str) -> None:
    print(build_hook.run_npm(javascript, "run", script))
