"""The explainer that CONTRIBUTING.md adds is read from there, and does what the page promises."""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import anywidget
import pytest
import torch
from waiting import until

import cfwidgets
import cfwidgets.engines
import cfwidgets.widgets
from cfwidgets import Classifier

BLOCK = re.compile(r"^```(?:python|ts|css)\n(?:#|//|/\*) (\S+)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PLUGIN = """
import sys
from pathlib import Path

import explainers  # and with it the views that are built

import cfwidgets.engines
import cfwidgets.widgets
from cfwidgets.widgets import view

toy = Path(__file__).parent
cfwidgets.engines.__path__.append(str(toy / "cfwidgets/engines"))
cfwidgets.widgets.__path__.append(str(toy / "cfwidgets/widgets"))
view._STATIC = toy / "cfwidgets/widgets/static"
exec((toy / "cfwidgets/__init__.pyi").read_text().replace("from .", "from cfwidgets."), vars(cfwidgets))

entry = (toy / "tests/conformance/explainers.py").read_text()
explainers.EXPLAINERS.append(eval(entry, vars(explainers)))
"""


@pytest.fixture(scope="module")
def blocks(checkout: Path) -> dict[str, str]:
    return dict(BLOCK.findall((checkout / "CONTRIBUTING.md").read_text("utf-8")))


@pytest.fixture(scope="module")
def toy(blocks: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the page in a folder of their own, with an empty front end."""
    root = tmp_path_factory.mktemp("toy")
    static = {f"cfwidgets/widgets/static/dimming.{kind}": text for kind, text in FRONT_END.items()}
    for name, text in (blocks | static).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    for room in ("engines", "widgets"):
        (root / f"cfwidgets/{room}/dimming/__init__.py").write_text('"""Dimming."""\n')
    return root


FRONT_END = {"js": "export default {};", "css": ""}


@pytest.fixture(scope="module")
def dimming(toy: Path) -> Iterator[SimpleNamespace]:
    """The modules of the page, where their package would have them."""
    with pytest.MonkeyPatch.context() as patch:
        for room in ("engines", "widgets"):
            package = sys.modules[f"cfwidgets.{room}"]
            patch.setattr(package, "__path__", [*package.__path__, str(toy / f"cfwidgets/{room}")])
        patch.setattr("cfwidgets.widgets.view._STATIC", toy / "cfwidgets/widgets/static")
        names = ("engines.dimming.engine", "engines.dimming.result", "widgets.dimming.explorer")
        engine, result, explorer = (importlib.import_module(f"cfwidgets.{name}") for name in names)
        yield SimpleNamespace(
            Dimming=engine.Dimming,
            DimmingResult=result.DimmingResult,
            DimmingView=explorer.DimmingView,
            DimmingExplorer=explorer.DimmingExplorer,
        )
    for name in [name for name in sys.modules if ".dimming" in name]:
        del sys.modules[name]
    for room in (cfwidgets.engines, cfwidgets.widgets):
        del room.dimming


def brightness(images):
    p = images.mean((1, 2, 3))
    return torch.stack([1 - p, p], 1)


CLF = Classifier(brightness, labels=["dark", "bright"])
WHITE = torch.ones(3, 8, 8)


def test_the_page_names_what_is_there(checkout: Path, blocks: dict[str, str]) -> None:
    page = (checkout / "CONTRIBUTING.md").read_text("utf-8")
    table = page.partition("## Add an explainer")[2].partition("### 1.")[0]
    for path in blocks:
        folder, _, name = path.rpartition("/")
        assert f"`{path}`" in table or (folder in table and f"`{name}`" in table)
    tree = page.partition("```text")[2].partition("```")[0]
    for name in re.findall(r"([a-z_/]+(?:/|\.py))(?=[\s;])", tree):
        roots = ("", "cfwidgets", "cfwidgets/engines", "cfwidgets/export", "cfwidgets/zoo", "js/src", "tests")
        assert any((checkout / root / name).exists() for root in roots), name


def test_the_page_says_all_rooms(checkout: Path) -> None:
    tree = (checkout / "CONTRIBUTING.md").read_text("utf-8").partition("```text")[2].partition("```")[0]
    package = checkout / "cfwidgets"
    rooms = [path.name for path in package.iterdir() if (path / "__init__.py").exists()]
    assert [name for name in rooms if f"{name}/" not in tree] == []


def test_it_runs_to_the_end_and_is_a_file(dimming: SimpleNamespace, tmp_path: Path) -> None:
    found = dimming.Dimming(levels=11).explain(CLF, WHITE)
    assert found.share == pytest.approx(5 / 11)
    measures = ["noisy image", "difference of answers", "change of the answer", "certainty on noise"]
    assert found.trust()["measure"].tolist() == measures
    found.save(tmp_path / "dimming.safetensors")
    again = dimming.DimmingResult.load(tmp_path / "dimming.safetensors")
    assert again.summary() == found.summary()
    assert torch.equal(again.answers, found.answers)
    assert "data:image/png" in found._repr_html_()


def test_its_view_is_made_and_closed(dimming: SimpleNamespace) -> None:
    explorer = dimming.DimmingExplorer(CLF, WHITE, engine=dimming.Dimming(levels=11))
    try:
        found = explorer.run.result(timeout=60)
        until(lambda: explorer.result is found)
        assert explorer.view.label == "bright"
    finally:
        explorer.close()


def test_its_python_is_clean(toy: Path, checkout: Path) -> None:
    settings = ["--config", str(checkout / "pyproject.toml"), "--no-cache"]
    settings += ["--config", "lint.isort.known-first-party=['cfwidgets']"]
    files = [str(path) for path in (toy / "cfwidgets").rglob("*.py")]
    for command in (["check", "--ignore", "INP001"], ["format", "--check", "--diff"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *settings, *files],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_it_passes_the_tests_of_all_explainers(toy: Path, checkout: Path) -> None:
    (toy / "add_dimming.py").write_text(PLUGIN)
    here = [toy, checkout / "tests/conformance", checkout / "tests/support"]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "add_dimming", "-p", "no:cacheprovider"),
            *("-k", "dimming", str(checkout / "tests/conformance"), str(toy / "tests/engines")),
        ],
        cwd=checkout,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([*map(str, here), *sys.path])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) > 30
    assert "skipped" not in done.stdout


@pytest.mark.slow
def test_its_front_end_is_built_and_declares_what_python_sends(
    toy: Path, dimming: SimpleNamespace, javascript: Path, build_hook: ModuleType, tmp_path: Path
) -> None:
    js = tmp_path / "js"
    shutil.copytree(javascript, js, ignore=shutil.ignore_patterns("node_modules", "*.test.ts"))
    (js / "node_modules").symlink_to(javascript / "node_modules")
    shutil.copytree(toy / "js", js, dirs_exist_ok=True)
    build_hook.run_npm(js, "exec", "--", "biome", "check", "--error-on-warnings", "src/dimming")
    for script in ("check", "build"):
        build_hook.run_npm(js, "run", script)
    static = tmp_path / "cfwidgets/widgets/static"
    assert "export" in (static / "dimming.js").read_text("utf-8")
    assert ".cfw-dimming" in (static / "dimming.css").read_text("utf-8")
    printed = build_hook.run_npm(js, "run", "--silent", "names")
    declared = json.loads(printed)["dimming"]
    view = dimming.DimmingView
    sent = set(view.class_traits(sync=True)) - set(anywidget.AnyWidget.class_traits(sync=True))
    assert set(declared) == {name for name in sent if not name.startswith("_")}
