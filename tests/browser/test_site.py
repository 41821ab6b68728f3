"""The documentation in a browser, opened from disk without a network: it is searched, and its pages play."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

INNER = ("file:", "blob:", "data:")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page without a network; a test that leaves an error in it fails."""
    # "null": otherwise a frame has the scheme that is set here, and not that of the element around it
    context = browser.new_context(viewport={"width": 1440, "height": 900}, offline=True, color_scheme="null")
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda said: said.type == "error" and wrong.append(said.text))
    opened.on("request", lambda asked: asked.url.startswith(INNER) or wrong.append(f"asks for {asked.url}"))
    yield opened
    context.close()
    assert wrong == []


def test_the_first_screen_asks_and_says_how_to_begin(page: Page, site: Path, screenshots: Path) -> None:
    page.goto((site / "index.html").as_uri())
    for part in ("h1", ".hero pre", ".hero img:visible"):
        expect(page.locator(part)).to_be_in_viewport(ratio=1)
    page.screenshot(path=screenshots / "site-index.png")
    page.locator(".cards").get_by_role("link", name="Relevance maps").click()
    expect(page).to_have_url(re.compile("explainers/relevance.html$"))


def test_a_search_finds_pages(page: Page, site: Path) -> None:
    page.goto((site / "search.html").as_uri() + "?q=superpixel")
    found = page.locator("#search-results li a")
    expect(found.nth(5)).to_be_visible()  # they come one after the other


def test_an_embedded_page_plays_and_is_as_dark_as_the_site(page: Page, site: Path, screenshots: Path) -> None:
    page.goto((site / "explainers/relevance.html").as_uri())
    page.locator(".live").scroll_into_view_if_needed()
    frame = page.frame_locator(".live iframe")
    expect(frame.locator("html")).to_have_attribute("data-network", "ready")
    view = frame.get_by_test_id("cfw-relevance")
    said = view.locator(".cfw-delta")
    before = said.text_content()
    view.get_by_role("slider", name="hidden").press("End")
    expect(said).not_to_have_text(before or "")
    expect(said).to_have_text(re.compile("against the whole picture"))
    for theme in ("dark", "light"):
        page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
        expect(frame.locator("html")).to_have_attribute("data-theme", theme)
        page.screenshot(path=screenshots / f"site-relevance-{theme}.png")


def ask_superpixels(frame: FrameLocator) -> None:
    view = frame.get_by_test_id("cfw-superpixels")
    view.get_by_role("button", name="none", exact=True).click()
    expect(view).to_have_attribute("data-answered", "1")


def ask_pareto(frame: FrameLocator) -> None:
    view = frame.get_by_test_id("cfw-pareto")
    bar = view.locator(".cfw-change-range").first
    bar.scroll_into_view_if_needed()
    bar.press("ArrowRight")
    expect(view.get_by_role("button", name="undo edits")).to_be_enabled()
    expect(view.locator(".cfw-stage-waiting")).to_have_text("")
    expect(view.get_by_role("alert").first).to_be_hidden()


def ask_translation(frame: FrameLocator) -> None:
    view = frame.get_by_test_id("cfw-translation")
    view.locator("summary", has_text="Under stress").click()
    view.get_by_role("slider", name="noise").fill("20")
    expect(view.locator(".cfw-stress")).to_have_attribute("data-answered", "noise 20")


def ask_workbench(frame: FrameLocator) -> None:
    case = frame.locator("section[data-case='473']")
    stage = case.get_by_test_id("cfw-superpixels").locator("canvas").first
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    assert box is not None
    stage.click(position={"x": 0.55 * box["width"], "y": 0.35 * box["height"]}, modifiers=["Shift"])
    expect(case.get_by_test_id("cfw-case")).to_have_attribute("data-without", "1")


def ask_pixels(frame: FrameLocator) -> None:
    view = frame.get_by_test_id("cfw-relevance")
    view.get_by_role("slider", name="hidden").press("End")
    expect(view.locator(".cfw-delta")).to_have_text(re.compile("against the whole picture"))


EMBEDDED = {
    "superpixels": ("explainers/superpixels", ask_superpixels),
    "pareto": ("explainers/pareto", ask_pareto),
    "translation": ("explainers/translation", ask_translation),
    "workbench": ("explainers/workbench", ask_workbench),
    "lesson-pieces": ("lesson/index", ask_superpixels),
    "lesson-pixels": ("lesson/index", ask_pixels),
    "lesson-pieces-again": ("lesson/index", ask_superpixels),
    "lesson-pixels-again": ("lesson/index", ask_pixels),
}


@pytest.mark.parametrize("name", EMBEDDED)
def test_an_embedded_page_is_asked_and_answers(page: Page, site: Path, screenshots: Path, name: str) -> None:
    of, ask = EMBEDDED[name]
    page.goto((site / f"{of}.html").as_uri())
    place = page.locator(f"iframe[src$='/{name}.html']")
    place.scroll_into_view_if_needed()
    frame = place.content_frame
    expect(frame.locator("html")).to_have_attribute("data-network", "ready")
    ask(frame)
    for theme in ("dark", "light"):
        page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
        expect(frame.locator("html")).to_have_attribute("data-theme", theme)
        place.screenshot(path=screenshots / f"site-{name}-{theme}.png")
