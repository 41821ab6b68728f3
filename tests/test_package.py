"""What the package promises as a whole: a quick import, its public names, one version, clean code."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.metadata import files, version
from pathlib import Path

import pytest

import cfwidgets

HEAVY = (
    "bqplot",
    "captum",
    "ipywidgets",
    "matplotlib",
    "onnxruntime",
    "pandas",
    "PIL",
    "skimage",
    "torch",
    "torchvision",
)


def python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_the_import_brings_in_nothing_heavy() -> None:
    loaded = json.loads(python("import json, sys, cfwidgets; print(json.dumps(list(sys.modules)))"))
    assert "cfwidgets" in loaded
    assert [name for name in HEAVY if name in loaded] == []


@pytest.mark.slow
def test_an_explorer_does_without_torchvision() -> None:
    """Which takes a second and 150 MB to import."""
    code = "import sys, cfwidgets; cfwidgets.SuperpixelExplorer; print('torchvision' in sys.modules)"
    assert python(code) == "False\n"


@pytest.mark.parametrize("name", cfwidgets.__all__)
def test_each_public_name_is_there(name: str) -> None:
    assert getattr(cfwidgets, name) is not None
    assert name in dir(cfwidgets)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="No cfwidgets attribute Explorer"):
        _ = cfwidgets.Explorer


def test_there_is_one_version(checkout: Path) -> None:
    assert version("cfwidgets") == cfwidgets.__version__
    assert json.loads((checkout / "js/package.json").read_text())["version"] == cfwidgets.__version__
    assert json.loads((checkout / "js/package-lock.json").read_text())["version"] == cfwidgets.__version__
    assert f"\nversion: {cfwidgets.__version__}\n" in (checkout / "CITATION.cff").read_text()
    assert re.search(
        rf"^## {re.escape(cfwidgets.__version__)}\b", (checkout / "CHANGELOG.md").read_text(), re.MULTILINE
    )


def test_the_licence_is_installed() -> None:
    licence = next(path for path in files("cfwidgets") or [] if path.name == "LICENSE")
    assert licence.read_text().startswith("BSD 3-Clause License")


def test_the_lock_file_names_no_registry(checkout: Path) -> None:
    packages = json.loads((checkout / "js/package-lock.json").read_text())["packages"]
    assert [name for name, package in packages.items() if "resolved" in package] == []


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(["ruff", "check"], id="lint"),
        pytest.param(["ruff", "format", "--check", "--diff"], id="format"),
        pytest.param(["mypy"], id="types", marks=pytest.mark.slow),
    ],
)
def test_the_code_is_clean(checkout: Path, check: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *check], cwd=checkout, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
