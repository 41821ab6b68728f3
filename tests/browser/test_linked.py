"""Views over one picture, linked by jslink in a real JupyterLab: one crosshair and one region for all."""

from __future__ import annotations

import itertools
import re

import pytest
from harness.notebook import DARK, HELD, LIGHT
from playwright.sync_api import Locator, expect

SET_UP = """
from ipywidgets import VBox, jslink
import cfwidgets as cf

clf = cf.zoo.classifier("digits")
nine = cf.data.digits("test").images[473]
superpixels = cf.SuperpixelView(
    clf, nine, engine=cf.ELime(segments=16, population=16, generations=4, trust=False)
)
relevance = cf.RelevanceView(clf, nine, engine=cf.Relevance(("rap", "grad_cam"), trust=False))
transitions = cf.TransitionView(
    clf, cf.zoo.generator("digits"), nine, "4", engine=cf.Transitions(starts=3, updates=12, trust=False)
)
views = superpixels, relevance, transitions
for view in views:
    view.run.result()
links = [jslink((superpixels, name), (other, name)) for other in views[1:] for name in ("point", "region")]
"""
SHOW = "VBox(views)"
NAMES = ("superpixels", "relevance", "transitions")
PICTURES = {
    "superpixels": ".cfw-frame",
    "relevance": "[data-method=rap] .cfw-plate",
    "transitions": ".cfw-scene",
}
SHARE = re.compile(r"^([\d.]+) % of (the \w+) in ([\d.]+) % of the picture$")


@pytest.fixture
def linked(open_notebook, window):
    window(1300, 3200)
    notebook = open_notebook(SET_UP, SHOW, HELD)
    notebook.run_cell(0)
    notebook.run_cell(1)
    views = {name: notebook.page.get_by_test_id(f"cfw-{name}") for name in NAMES}
    for view in views.values():
        expect(view).to_have_attribute("data-state", "done")
        expect(view).to_have_attribute("data-ready", "1")
    return notebook, views


def place(picture: Locator, x: float, y: float) -> tuple[float, float]:
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


# Whether the crosshair stands at a point, in percent, over every picture that is seen; or nowhere.
STANDS = """(point) => {
  const all = [...document.querySelectorAll(".cfw-shared")].filter((mark) => mark.checkVisibility());
  const crosses = all.map((mark) => mark.querySelector(".cfw-cross"));
  return all.length === 6 && crosses.every((cross) => {
    if (!point || cross.hidden) return !point && cross.hidden;
    const at = cross.style.translate.split(" ").map(Number.parseFloat);
    return at.every((value, i) => Math.abs(value - point[i]) < 0.5);
  });
}"""


def outlines(views: dict[str, Locator]) -> list[str]:
    return [
        view.locator(f"{PICTURES[name]} .cfw-shared:not([hidden]) path").first.get_attribute("d")
        for name, view in views.items()
    ]


def shares(view: Locator) -> list[tuple[float, str, float]]:
    texts = view.locator(".cfw-share:visible").all_text_contents()
    found = [SHARE.match(text) for text in texts]
    return [(float(one[1]), one[2], float(one[3])) for one in found]


def test_pointing_in_one_moves_the_crosshair_of_all_while_the_kernel_is_blocked(linked):
    notebook, views = linked
    page = notebook.page
    page.wait_for_function(STANDS, arg=None)
    with notebook.waiting_in(2):
        for (x, y), name in zip([(0.3, 0.6), (0.72, 0.2), (0.5, 0.9)], NAMES, strict=True):
            page.mouse.move(*place(views[name].locator(PICTURES[name]), x, y))
            page.wait_for_function(STANDS, arg=[100 * x, 100 * y])
        page.mouse.move(5, 5)
        page.wait_for_function(STANDS, arg=None)
    # The kernel has heard of it, and left it alone.
    assert notebook.eval("[view.point for view in views]") == [[], [], []]
    assert notebook.eval("[view.error for view in views]") == ["", "", ""]


def test_a_superpixel_that_is_marked_is_outlined_in_all_with_its_shares(linked):
    notebook, views = linked
    page = notebook.page
    with notebook.waiting_in(2):
        canvas = views["superpixels"].locator("canvas")
        shown = views["superpixels"].get_attribute("data-shown")
        canvas.click(modifiers=["Shift"], position={"x": 190, "y": 190})
        expect(views["transitions"].locator(".cfw-share")).to_be_visible()
        assert views["superpixels"].get_attribute("data-shown") == shown
        first, *others = outlines(views)
        assert others == [first, first]
        region = page.evaluate(
            "(d) => d.split('Z').filter(Boolean).map((r) => r.slice(1).split(' ').map(Number))", first
        )
        found = {name: shares(view) for name, view in views.items()}
    assert [len(found[name]) for name in NAMES] == [1, 2, 1]
    notebook.exec(
        "import torch\n"
        "from cfwidgets.regions import region_mask\n"
        f"mask = region_mask({region!r}, *nine.shape[1:])\n"
        "inside = superpixels.result.segments[mask]\n"
        "label = int(inside[0])\n"
        "weights = torch.tensor(superpixels.importance).abs()"
    )
    # Exactly one superpixel.
    assert notebook.eval("bool((superpixels.result.segments == label).equal(mask))")
    assert found["superpixels"][0][0] == pytest.approx(
        notebook.eval("100 * float(weights[label] / weights.sum())"), abs=0.6
    )
    for (share, _, area), own in zip(
        found["relevance"],
        notebook.eval(
            "[100 * float(one.pixels[mask].abs().sum() / one.pixels.abs().sum())"
            " for one in relevance.result.found]"
        ),
        strict=True,
    ):
        assert share == pytest.approx(own, abs=0.6)
        assert area == pytest.approx(notebook.eval("100 * float(mask.double().mean())"), abs=0.6)
    # By keyboard it is cleared for all.
    page.keyboard.press("Escape")
    for view in views.values():
        expect(view.locator(".cfw-share:visible")).to_have_count(0)
    assert outlines(views) == ["", "", ""]


def test_a_lasso_and_a_rectangle_are_drawn_in_any_of_them(linked):
    notebook, views = linked
    page = notebook.page
    with notebook.waiting_in(2):
        for name, corner in (("relevance", "Control"), ("transitions", "")):
            picture = views[name].locator(PICTURES[name])
            keys = ["Shift", *filter(None, [corner])]
            for key in keys:
                page.keyboard.down(key)
            page.mouse.move(*place(picture, 0.25, 0.25))
            page.mouse.down()
            for x, y in ((0.5, 0.25), (0.75, 0.5), (0.75, 0.75)):
                page.mouse.move(*place(picture, x, y), steps=3)
            page.mouse.up()
            for key in keys:
                page.keyboard.up(key)
            first, *others = outlines(views)
            assert others == [first, first]
            numbers = [float(number) for number in re.findall(r"[\d.]+", first)]
            if corner:
                assert numbers == pytest.approx([0.25, 0.25, 0.75, 0.25, 0.75, 0.75, 0.25, 0.75], abs=0.02)
            else:
                assert len(numbers) > 8
                assert numbers[:2] == pytest.approx([0.25, 0.25], abs=0.02)
                assert numbers[-2:] == pytest.approx([0.75, 0.75], abs=0.02)


@pytest.fixture
def finger(linked):
    """Move a finger over the page: ``finger(places, hold=0)``, held on the first place for some ms."""
    notebook, _ = linked
    page = notebook.page
    tools = page.context.new_cdp_session(page)
    tools.send("Emulation.setTouchEmulationEnabled", {"enabled": True})

    def touch(places, hold=0):
        for number, (x, y) in enumerate(places):
            point = {"x": x, "y": y, "radiusX": 8, "radiusY": 8}
            kind = "touchMove" if number else "touchStart"
            tools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
            page.wait_for_timeout(30 if number else hold or 30)
        tools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        page.wait_for_timeout(300)

    yield touch
    tools.send("Emulation.setTouchEmulationEnabled", {"enabled": False})
    tools.detach()


def way(picture, *corners, steps=6):
    """Places on the straight lines between corners, in parts of a picture."""
    ends = [place(picture, *corner) for corner in corners]
    return [ends[0]] + [
        (x0 + (x1 - x0) * step / steps, y0 + (y1 - y0) * step / steps)
        for (x0, y0), (x1, y1) in itertools.pairwise(ends)
        for step in range(1, steps + 1)
    ]


SCROLLED = """() => [...document.querySelectorAll(".jp-WindowedPanel-outer")]
  .reduce((sum, { scrollTop }) => sum + scrollTop, 0)"""


def test_a_finger_draws_where_it_has_stayed_and_else_scrolls(linked, window, finger):
    notebook, views = linked
    page = notebook.page
    window(1300, 900)
    for name in NAMES:
        picture = views[name].locator(PICTURES[name])
        finger(way(picture, (0.25, 0.25), (0.7, 0.3), (0.6, 0.75)), hold=700)
        first, *others = outlines(views)
        assert others == [first, first]
        numbers = [float(number) for number in re.findall(r"[\d.]+", first)]
        assert len(numbers) > 8
        assert numbers[:2] == pytest.approx([0.25, 0.25], abs=0.02)
        assert numbers[-2:] == pytest.approx([0.6, 0.75], abs=0.02)
        finger(way(picture, (0.5, 0.4), steps=0), hold=700)  # in it, which clears it
        expect(views[name].locator(".cfw-share:visible")).to_have_count(0)
    picture = views["relevance"].locator(PICTURES["relevance"])
    path, before = way(picture, (0.5, 0.9), (0.5, 0.1)), page.evaluate(SCROLLED)
    finger(path)
    assert page.evaluate(SCROLLED) > before + 20
    assert outlines(views) == ["", "", ""]


def test_a_tap_shows_or_hides_a_superpixel_and_a_long_one_marks_it(linked, finger):
    _, views = linked
    view = views["superpixels"]
    spot = way(view.locator("canvas"), (0.5, 0.5))
    shown = int(view.get_attribute("data-shown"))
    finger(spot)
    expect(view).not_to_have_attribute("data-shown", str(shown))
    finger(spot)
    expect(view).to_have_attribute("data-shown", str(shown))
    finger(spot, hold=700)
    expect(view.locator(".cfw-share:visible")).to_have_count(1)
    expect(view).to_have_attribute("data-shown", str(shown))


def test_python_marks_for_all_and_is_told_of_what_cannot_be(linked):
    notebook, views = linked
    notebook.exec(
        "superpixels.region = [[0.25, 0.25, 0.75, 0.25, 0.5, 0.75]]\nsuperpixels.point = [0.5, 0.5]"
    )
    expect(views["relevance"].locator(".cfw-share:visible")).to_have_count(2)
    assert outlines(views) == ["M0.25 0.25 0.75 0.25 0.5 0.75Z"] * 3
    notebook.exec(
        "try:\n    superpixels.region = [[0, 0, 2, 0, 1, 1]]\n"
        "except Exception as error:\n    refused = str(error)"
    )
    assert "leaves the picture" in notebook.eval("refused")


def test_they_look_right_in_both_themes(linked, screenshots):
    notebook, views = linked
    views["superpixels"].locator("canvas").click(modifiers=["Shift"], position={"x": 190, "y": 190})
    notebook.page.mouse.move(*place(views["relevance"].locator(PICTURES["relevance"]), 0.62, 0.35))
    for theme in (LIGHT, DARK):
        notebook.set_theme(theme)
        for view in views.values():
            expect(view).to_have_attribute("data-cfw-theme", theme.split()[-1].lower())
        notebook.page.mouse.move(*place(views["relevance"].locator(PICTURES["relevance"]), 0.62, 0.35))
        notebook.page.wait_for_timeout(300)
        notebook.screenshot(screenshots / f"linked-{theme.split()[-1].lower()}.png")
