"""Every view in other programs than the newest JupyterLab: drawn, played with, answered, in both themes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.figures import strays
from harness.hosts import HOSTS, NAMES, Host
from harness.lab import Lab
from harness.patience import PATIENCE
from harness.problems import Problems
from playwright.sync_api import Browser, Locator, Page, expect

FIRST = "canvas => canvas.toDataURL()"
CHANGED = "([canvas, before]) => canvas.toDataURL() !== before"


@pytest.fixture(scope="module", params=HOSTS, ids=lambda host: host.name)
def host(request: pytest.FixtureRequest) -> Host:
    return request.param


@pytest.fixture(scope="module")
def opened(
    host: Host, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Page, Problems]]:
    """The host's page, on which all is shown."""
    base = tmp_path_factory.mktemp(host.name)
    (base / "notebooks").mkdir()
    host.write(base / "notebooks")
    server = Lab(base, host.command(), host.answers)
    context = browser.new_context(viewport={"width": 1300, "height": 1000})
    page = context.new_page()
    page.set_default_timeout(1000 * PATIENCE)
    problems = Problems(page, server.url)
    problems.start()
    problems.ignore(host.ignore)
    page.goto(server.url + host.page)
    host.start(page)
    yield page, problems
    context.close()
    server.close()


@pytest.fixture
def page(opened: tuple[Page, Problems]) -> Iterator[Page]:
    """The page; a test that ends with a problem on it fails."""
    page, problems = opened
    problems.found.clear()
    yield page
    problems.check()


def drawn(page: Page, name: str) -> Locator:
    view = page.get_by_test_id(f"cfw-{name}").first  # what a workbench shows comes last
    expect(view).to_have_attribute("data-state", "done")
    expect(view).to_have_attribute("data-ready", re.compile("^[1-9]"))
    return view


# without the kernel


def play_superpixels(view: Locator) -> None:
    view.get_by_role("button", name="heat", exact=True).click()
    expect(view).to_have_attribute("data-mode", "heat")


def play_transitions(view: Locator) -> None:
    view.get_by_role("slider", name="phase").press("End")
    expect(view).to_have_attribute("data-painted", "19")


def play_facex(view: Locator) -> None:
    view.locator("[data-region=nose]").first.hover()
    expect(view).to_have_attribute("data-shown", "nose")


def play_pareto(view: Locator) -> None:
    view.get_by_role("option").nth(1).click()
    expect(view).to_have_attribute("data-shown", "1")


def play_translation(view: Locator) -> None:
    view.get_by_role("option").nth(1).click()
    expect(view).to_have_attribute("data-shown", "1")


def play_relevance(view: Locator) -> None:
    view.get_by_role("group", name="Relevance maps").locator("canvas:visible").first.hover()
    expect(view).to_have_attribute("data-pixel", re.compile(","))


def play_survey(view: Locator) -> None:
    view.get_by_role("gridcell").filter(has_text="9").click()
    expect(view).to_have_attribute("data-shown", "9")


def play_training(view: Locator) -> None:
    view.get_by_role("button", name="About this view").click()
    expect(view.get_by_text("A stop loses nothing.")).to_be_visible()


# by the kernel


def ask_superpixels(view: Locator) -> None:
    view.get_by_role("button", name="none", exact=True).click()
    expect(view).to_have_attribute("data-answered", "1")
    view.get_by_role("button", name="all", exact=True).click()
    expect(view).to_have_attribute("data-answered", "1")
    expect(view.locator(".cfw-delta")).to_have_text("the same as the whole picture")


def ask_transitions(view: Locator) -> None:
    view.get_by_role("slider", name="phase").press("Home")
    expect(view).to_have_attribute("data-painted", "0")
    canvas = view.locator("canvas").first
    before = canvas.evaluate(FIRST)
    view.get_by_role("button", name=re.compile("^candidate")).nth(1).click()
    view.page.wait_for_function(CHANGED, arg=[canvas.element_handle(), before])
    expect(view).to_have_attribute("data-path", "full")


def ask_facex(view: Locator) -> None:
    view.locator(".cfw-patch:visible").first.click()
    expect(view).to_have_attribute("data-opened", re.compile(r"^\d"))
    expect(view.get_by_role("button", name="Close")).to_be_visible()
    expect(view.get_by_text(re.compile(r"^face \d"))).to_be_visible()


def ask_pareto(view: Locator) -> None:
    view.locator(".cfw-change-range").first.fill("0.25")
    expect(view).to_have_attribute("data-edit", "answered")


def ask_translation(view: Locator) -> None:
    view.get_by_text("Under stress").click()
    table = view.locator(".cfw-stress table")
    expect(table).to_be_visible()
    before = table.inner_text()
    view.get_by_role("slider", name="noise").fill("50")
    expect(table).not_to_have_text(before)


def ask_relevance(view: Locator) -> None:
    view.get_by_role("slider", name="hidden").press("End")
    expect(view).to_have_attribute("data-answered", "1")
    expect(view.locator(".cfw-delta")).to_have_text(re.compile("against the whole picture"))


def ask_survey(view: Locator) -> None:
    view.get_by_role("listbox").press("Home")
    expect(view).to_have_attribute("data-pending", "0")
    expect(view).to_have_attribute("data-took", re.compile(r"^\d"))  # pictures that it has sent


@pytest.mark.parametrize("name", NAMES)
def test_each_view_is_drawn_plays_and_is_answered(
    page: Page, host: Host, screenshots: Path, name: str
) -> None:
    view = drawn(page, name)
    globals()[f"play_{name}"](view)
    if name != "training":  # it asks nothing; what is drawn was sent while it ran
        globals()[f"ask_{name}"](view)
    view.screenshot(path=screenshots / f"{host.name}-{name}.png")


def test_a_case_of_the_workbench_is_opened(page: Page, host: Host) -> None:
    if not host.charts:
        pytest.skip("a workbench is a box of ipywidgets, which the host does not show")
    survey, case = page.get_by_test_id("cfw-survey").last, page.get_by_test_id("cfw-case")
    expect(survey).to_have_attribute("data-state", "done")
    survey.get_by_role("listbox").press("Home")
    survey.get_by_role("listbox").press("Enter")
    expect(case).to_have_attribute("data-number", re.compile(r"^\d"))
    for name in ("relevance", "superpixels"):
        expect(page.get_by_test_id(f"cfw-{name}")).to_have_count(2)
        expect(page.get_by_test_id(f"cfw-{name}").last).to_have_attribute("data-state", "done")
    expect(page.get_by_test_id("cfw-notes")).to_be_visible()


def test_charts_and_themes(page: Page, host: Host, screenshots: Path) -> None:
    if host.charts:
        expect(page.locator(".bqplot:visible").first).to_be_visible()
        assert strays(page) == []
    host.dark(page)
    for name in NAMES:
        view = drawn(page, name)
        expect(view).to_have_attribute("data-cfw-theme", "dark")
        whole = view.locator("xpath=..") if host.charts else view
        whole.screenshot(path=screenshots / f"{host.name}-{name}-dark.png")
