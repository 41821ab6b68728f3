"""The documentation in a browser, opened from disk without a network: it is searched, and its pages play."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

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
