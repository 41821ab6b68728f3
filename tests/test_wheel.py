"""The distributions hold what they should, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

import cfwidgets

pytestmark = pytest.mark.slow

MB = 1_000_000
KINDS = {".j2", ".json", ".py", ".pyi", ".svg"}
ROOT = f"cfwidgets-{cfwidgets.__version__}"
TOP = {
    "CHANGELOG.md",
    "CITATION.cff",
    "CONTRIBUTING.md",
    "LICENSE",
    "PKG-INFO",
    "README.md",
    "cfwidgets",
    "docs",
    "hatch_build.py",
    "js",
    "notebooks",
    "pyproject.toml",
    "tests",
    ".gitignore",  # hatchling adds it: it says what is no part of a build
}


def build(target: str, source: Path, to: Path, **environment: str) -> Path:
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(to)],
        cwd=source,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return next(to.iterdir())


@pytest.fixture(scope="module")
def sdist(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("sdist", checkout, tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def unpacked(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    to = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # not in Debian 12's Python
        archive.extractall(to, **safely)
    return to / ROOT


@pytest.fixture(scope="module")
def wheel(unpacked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As pip makes it of the sdist; without any program, and so without Node: the bundles are up to date."""
    nothing = tmp_path_factory.mktemp("programs")
    return build("wheel", unpacked, tmp_path_factory.mktemp("wheel"), PATH=str(nothing))


@pytest.fixture(scope="module")
def package(checkout: Path, build_hook: ModuleType) -> set[str]:
    """All files that belong to the package."""
    root = checkout / "cfwidgets"
    code = {path for path in root.rglob("*") if path.suffix in KINDS and "static" not in path.parts}
    weights = {path for path in (root / "zoo/weights").iterdir() if path.suffix in {".md", ".safetensors"}}
    made = {*build_hook.bundles(checkout), *build_hook.page_texts(checkout), build_hook.runtime(checkout)}
    found = code | weights | made | {root / "py.typed"}
    return {path.relative_to(checkout).as_posix() for path in found}


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path, package: set[str]) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    about = {
        f"{ROOT}.dist-info/{name}"
        for name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE")
    }
    assert sorted(names - package - about) == []
    assert sorted((package | about) - names) == []


def test_the_weights_have_cards(package: set[str]) -> None:
    weights = {name.removesuffix(".safetensors") for name in package if name.endswith(".safetensors")}
    assert weights
    assert weights == {name.removesuffix(".md") for name in package if name.endswith(".md")}


def test_the_sdist_holds_the_sources_and_no_caches(sdist: Path, package: set[str]) -> None:
    with tarfile.open(sdist) as archive:
        names = {Path(name).relative_to(ROOT).as_posix() for name in archive.getnames()}
    assert {name.partition("/")[0] for name in names} == TOP
    assert package <= names
    assert {"js/package-lock.json", "js/build.mjs", "tests/conftest.py", "docs/glossary.md"} <= names
    junk = {
        "__pycache__",
        "node_modules",
        ".ipynb_checkpoints",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
    }
    assert [name for name in names if junk & set(Path(name).parts)] == []


def test_they_are_not_too_large(wheel: Path, sdist: Path) -> None:
    """The wheel is 23 MB of weights, 10 of them translators, 4 that answer in pages, and some code."""
    assert wheel.stat().st_size < 30 * MB
    assert sdist.stat().st_size < 34 * MB
