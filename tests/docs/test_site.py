"""The documentation: it is built without a warning, leads nowhere into the void, and needs no network."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import cfwidgets

LARGEST = 60_000_000  # bytes of all of it
PRIVATE = re.compile(r"/(root|home|tmp|usr|Users|work)/|site-packages|localhost|127\.0\.0\.1")
# pictures and networks, which may spell anything
PACKED = re.compile(r'<script type="text/plain".*?</script>|[A-Za-z0-9+/=]{200,}', re.DOTALL)
LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}


@dataclass
class Content(HTMLParser):
    """The ids of a page, the addresses that it leads to, and those that it loads."""

    ids: set[str] = field(default_factory=set)
    links: set[str] = field(default_factory=set)
    loads: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value for name, value in attrs if value is not None}
        self.ids |= {found[name] for name in ("id", "name") if name in found}
        if tag == "a" and "href" in found:
            self.links.add(found["href"])
        if LOADED.get(tag) in found and found.get("rel") not in {"canonical", "author"}:
            self.loads.add(found[LOADED[tag]])


@cache
def content(page: Path) -> Content:
    read = Content()
    read.feed(page.read_text("utf-8"))
    return read


def pages(site: Path) -> list[Path]:
    """All pages but the live ones, which hold their content in a script, and what belongs to the theme."""
    return [page for page in sorted(site.rglob("*.html")) if page.parent.name not in {"live", "_static"}]


def outside(address: str) -> bool:
    return bool(urlsplit(address).scheme or urlsplit(address).netloc)


def dead(page: Path, address: str, site: Path) -> bool:
    parts = urlsplit(address)
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if not target.is_file() or not target.is_relative_to(site):
        return True
    return bool(parts.fragment) and unquote(parts.fragment) not in content(target).ids


def test_every_link_within_leads_to_a_page_and_a_place_in_it(site: Path) -> None:
    found = {page: content(page) for page in pages(site)}
    assert len(found) > 40
    inner = {
        (page, address)
        for page, one in found.items()
        for address in one.links | one.loads
        if not outside(address) and address != "#"
    }
    assert sorted(f"{page.relative_to(site)}: {to}" for page, to in inner if dead(page, to, site)) == []


def test_links_to_elsewhere_are_well_formed(site: Path) -> None:
    links = {address for page in pages(site) for address in content(page).links if outside(address)}
    good = re.compile(r"https://[\w.-]+\.\w+(/\S*)?")
    assert [one for one in sorted(links) if not good.fullmatch(one)] == []


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    loads = {address for page in pages(site) for address in content(page).loads if outside(address)}
    assert {one for one in loads if not one.startswith("data:")} == set()
    outer = re.compile(r"(?:url\(|@import)\s*[\"']?https?:[^)]*")
    sheets = list(site.rglob("*.css"))
    assert sheets
    assert [found for sheet in sheets for found in outer.findall(sheet.read_text("utf-8"))] == []


def test_it_is_small_enough_to_be_handed_on(site: Path) -> None:
    assert sum(path.stat().st_size for path in site.rglob("*") if path.is_file()) < LARGEST


def test_it_names_no_folder_of_the_machine_that_built_it(site: Path) -> None:
    texts = {page: PACKED.sub("", page.read_text("utf-8")) for page in site.rglob("*.html")}
    found = {page.relative_to(site): PRIVATE.search(text) for page, text in texts.items()}
    assert {page: match[0] for page, match in found.items() if match} == {}


def test_each_page_of_an_explainer_has_a_live_page_and_its_code(site: Path, checkout: Path) -> None:
    scripts = {script.stem for script in (checkout / "docs/live").glob("*.py")}
    assert scripts
    assert {page.stem for page in (site / "live").glob("*.html")} >= scripts
    for name in scripts:
        page = site / "explainers" / f"{name}.html"
        assert f"../live/{name}.html" in content(page).loads & content(page).links
        assert "export" in page.read_text("utf-8")


def test_live_pages_have_what_can_be_answered_and_share_one_file(site: Path) -> None:
    live = site / "live"
    texts = {page.stem: page.read_text("utf-8") for page in live.glob("*.html")}
    (file,) = live.glob("*.js")
    answering = {name for name, text in texts.items() if "<p>A live page: " in text}
    assert answering == {name for name, text in texts.items() if file.name in text}
    lesson = {f"lesson-{name}{again}" for name in ("pieces", "pixels") for again in ("", "-again")}
    assert answering == lesson | {"pareto", "relevance", "superpixels", "translation", "workbench"}


@pytest.mark.parametrize("name", [name for name in cfwidgets.__all__ if name != "__version__"])
def test_each_public_name_has_its_place_in_the_reference(checkout: Path, name: str) -> None:
    text = "\n".join(path.read_text("utf-8") for path in (checkout / "docs/reference/api").glob("*.md"))
    assert re.search(rf"^\.\. auto\w+:: (cfwidgets\.)?{name}$", text, re.MULTILINE)
