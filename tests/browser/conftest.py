"""One JupyterLab server and one Chromium a session; one notebook and one kernel a test."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness import chromium, gecko
from harness.lab import Lab
from harness.notebook import LIGHT, Notebook
from harness.opened import Open
from harness.patience import PATIENCE
from harness.problems import Problems
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

HERE = Path(__file__).parent
expect.set_options(timeout=1000 * PATIENCE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    for missing in (chromium.HOW_TO_GET, gecko.HOW_TO_GET):
        if report.skipped and missing in str(report.longrepr):
            # From one place, and so one line in the summary.
            report.longrepr = (__file__, None, missing)
    return report


FAILED = pytest.StashKey[bool]()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


def found(program: str | None, how_to_get: str) -> str:
    if program is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(how_to_get)
    return program


@pytest.fixture(scope="session")
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    program = found(chromium.find(), chromium.HOW_TO_GET)
    playwright: Playwright = request.getfixturevalue("playwright")
    launched = playwright.chromium.launch(executable_path=program, args=list(chromium.FLAGS))
    yield launched
    launched.close()


@pytest.fixture(scope="session")
def firefox(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = found(gecko.find(), gecko.HOW_TO_GET)
    playwright: Playwright = request.getfixturevalue("playwright")
    launched = playwright.firefox.launch(
        executable_path=gecko.relayed(program, tmp_path_factory.mktemp("firefox")),
        channel=gecko.CHANNEL,
        firefox_user_prefs=gecko.PREFERENCES,
    )
    yield launched
    launched.close()


@pytest.fixture(scope="session")
def lab(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    # It asks for the browser so that where there is none no server is started.
    running = Lab(tmp_path_factory.mktemp("lab"))
    yield running
    running.close()


@pytest.fixture(scope="session")
def lab_page(lab: Lab, browser: Browser) -> Iterator[tuple[Page, Problems]]:
    """JupyterLab, booted once: each test opens its own notebook in it."""
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    page = context.new_page()
    page.set_default_timeout(1000 * PATIENCE)
    page.add_init_script(path=HERE / "harness/page.js")
    problems = Problems(page, lab.url)
    page.goto(f"{lab.url}/lab?reset", wait_until="commit")
    page.wait_for_function("() => window.jupyterapp !== undefined")
    page.evaluate("async () => { await window.jupyterapp.restored; }")
    yield page, problems
    context.close()


@pytest.fixture
def window(lab_page: tuple[Page, Problems]) -> Iterator[Callable[[int, int], None]]:
    """Resize the page, ``window(width, height)``, for one test: all tests share one page."""
    page, _ = lab_page
    before = page.viewport_size
    assert before is not None
    yield lambda width, height: page.set_viewport_size({"width": width, "height": height})
    page.set_viewport_size(before)


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures go: the folder in CFWIDGETS_SCREENSHOTS, for someone who wants to look at them."""
    return Path(os.environ.get("CFWIDGETS_SCREENSHOTS") or tmp_path_factory.mktemp("screenshots"))


@pytest.fixture
def problems(lab_page: tuple[Page, Problems]) -> Iterator[Problems]:
    """What went wrong unnoticed; a test that ends with any fails."""
    _, found = lab_page
    found.start()
    yield found
    found.check()


@pytest.fixture
def open_notebook(
    lab: Lab,
    lab_page: tuple[Page, Problems],
    problems: Problems,
    screenshots: Path,
    request: pytest.FixtureRequest,
) -> Iterator[Callable[..., Notebook]]:
    """Open a notebook: ``open_notebook(*cells, ignore=())``; ``ignore`` holds patterns of expected errors."""
    page, _ = lab_page
    opened: list[Notebook] = []
    test = re.sub(r"\W+", "-", request.node.name)

    def open_one(*cells: str, ignore: tuple[str, ...] = ()) -> Notebook:
        problems.ignore(ignore)
        opened.append(Notebook(lab, page, problems, f"{test}-{len(opened)}.ipynb", cells))
        return opened[-1]

    yield open_one
    if request.node.stash.get(FAILED, False) and opened:
        print("the page when the test failed:", opened[-1].screenshot(screenshots / f"failed-{test}.png"))
    if page.locator("body").get_attribute("data-jp-theme-name") != LIGHT and opened:
        opened[-1].set_theme(LIGHT)
    for notebook in reversed(opened):
        notebook.close()


@pytest.fixture
def open_page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., Open]]:
    """Open a file, ``open_page(path, within, **context)``; a test that leaves an error in it fails."""
    opened: list[Open] = []
    contexts = []

    def open_one(path: Path, within: str = "chromium", **settings) -> Open:
        used: Browser = request.getfixturevalue(within) if within != "chromium" else browser
        context = used.new_context(**{"viewport": {"width": 1150, "height": 1000}} | settings, offline=True)
        contexts.append(context)
        opened.append(Open(context.new_page(), path.as_uri()))
        return opened[-1]

    yield open_one
    for one in opened:
        assert one.wrong == []
    for context in contexts:
        context.close()
