"""What all tests share."""

from __future__ import annotations

import gc
import importlib.util
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import hypothesis
import pytest
from waiting import until

# A busy machine takes its time; how fast something is belongs to the benchmarks.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.register_profile("quick", deadline=None, max_examples=25)
hypothesis.settings.load_profile("patient")


def pytest_configure(config: pytest.Config) -> None:
    """Try fewer examples where the slow tests are left out."""
    if "not slow" in config.option.markexpr:
        hypothesis.settings.load_profile("quick")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Spare the imports of browser tests, and of what drives the browser, where they are left out."""
    browser = Path(__file__).parent / "browser"
    return ("not browser" in config.option.markexpr and collection_path == browser) or None


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a CUDA device where there is none."""
    if item.get_closest_marker("cuda") is not None:
        import torch

        if not torch.cuda.is_available():
            pytest.skip("needs a CUDA device")


def working() -> set[str]:
    """The package's threads that run."""
    return {thread.name for thread in threading.enumerate() if thread.name.startswith("cfwidgets")}


@pytest.fixture(autouse=True)
def every_thread_ends() -> Iterator[None]:
    """Fail the test that leaves a thread of the package behind, and not a later one that counts them."""
    yield

    def ended() -> bool:
        gc.collect()  # what is in a cycle is ended when it is freed
        return not working()

    if working():
        until(ended, patience=30)
        gc.freeze()  # what is left was imported since, and stays: later collections need not look at it


@pytest.fixture(autouse=True)
def one_thread(request: pytest.FixtureRequest) -> Iterator[None]:
    """Run a quick test on one thread: its tensors are small, and threads that wait for others cost more."""
    torch = sys.modules.get("torch")
    if torch is None or request.node.get_closest_marker("slow") is not None:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of the checkout. The package under test is the installed one, which need not lie here."""
    return Path(__file__).parent.parent


@pytest.fixture(scope="session")
def site(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The documentation, built once; live pages that were made of the same code before are taken over."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-d", ".read"]
    done = subprocess.run(
        [*command, str(checkout / "docs"), "built"],
        cwd=folder,  # and not the checkout: the package is the installed one here, too
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "built"


@pytest.fixture(scope="session")
def build_hook(checkout: Path) -> ModuleType:
    """The module ``hatch_build.py``, which belongs to no package."""
    spec = importlib.util.spec_from_file_location("hatch_build", checkout / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def javascript(checkout: Path, build_hook: ModuleType) -> Path:
    """The folder ``js``, with its tools as the lock file says; they are fetched where they are not there."""
    js = checkout / "js"
    lock = (js / "package-lock.json").read_bytes()
    installed = js / "node_modules/.installed-from"
    if not installed.exists() or installed.read_bytes() != lock:
        build_hook.run_npm(js, "ci")
        installed.write_bytes(lock)
    return js


@pytest.hookimpl(tryfirst=True)  # before tests are chosen by their markers
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out hosts that nobody asks for; mark as slow what needs tools, the site, and costly repeats."""
    if "hosts" not in config.option.markexpr:
        left_out = [item for item in items if item.get_closest_marker("hosts")]
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)
    for item in items:
        if {"javascript", "site"} & {*getattr(item, "fixturenames", ())}:
            item.add_marker(pytest.mark.slow)
    has_quick: set[str] = set()
    for item in items:
        if item.get_closest_marker("costly") and not item.get_closest_marker("slow"):
            test = item.nodeid.partition("[")[0]
            if test in has_quick:
                item.add_marker(pytest.mark.slow)
            has_quick.add(test)


def pytest_collection_finish() -> None:
    """Spare later collections the objects of all imports: many tests collect, to see that nothing is left."""
    gc.collect()
    gc.freeze()
