"""The relevance explorer in a real JupyterLab: maps read, looked at, scrubbed, and pixels hidden by them."""

from __future__ import annotations

import itertools
import re

import pytest
from harness.notebook import DARK, HELD, LIGHT
from harness.shown import Shown
from playwright.sync_api import Locator, expect

SET_UP = """
import cfwidgets as cf

clf = cf.zoo.classifier("digits")
four = cf.data.digits("test").images[400]
engine = cf.Relevance(("rap", "grad_cam", "integrated_gradients", "deep_lift"), layers=3, stages=3)
"""
SHOW = "w = cf.RelevanceExplorer(clf, four, engine=engine)\nw"


def explorer(open_notebook, *more):
    return Shown("relevance", answered="1").opened(open_notebook, SET_UP, SHOW, *more)


def pixels(canvas: Locator) -> list[int]:
    return canvas.evaluate("c => Array.from(c.getContext('2d').getImageData(0, 0, c.width, c.height).data)")


def values(view) -> list[float]:
    texts = view.locator(".cfw-value:visible").all_text_contents()
    return [float(text.replace("−", "-")) for text in texts]


def methods(notebook) -> list[str]:
    return notebook.eval("[one.method for one in w.result.found]")


def test_pointing_reads_what_python_has_of_all_maps(open_notebook):
    notebook, view = explorer(open_notebook)
    height, width = notebook.eval("list(w.result.image.shape[1:])")
    canvas = view.locator(".cfw-multiple[data-method] canvas").first
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    row, column = height // 2, width // 3
    view.page.mouse.move(
        box["x"] + (column + 0.5) * box["width"] / width, box["y"] + (row + 0.5) * box["height"] / height
    )
    expect(view).to_have_attribute("data-pixel", f"{row},{column}")
    found = notebook.eval(f"[float(one.pixels[{row}, {column}]) for one in w.result.found]")
    peaks = notebook.eval("[float(one.pixels.abs().max()) for one in w.result.found]")
    for read, own, peak in zip(values(view), found, peaks, strict=True):
        assert read == pytest.approx(own, rel=0.006, abs=peak / 30000)
    group = view.get_by_role("group", name="Relevance maps")
    group.focus()
    view.page.keyboard.press("ArrowDown")
    expect(view).to_have_attribute("data-pixel", f"{row + 1},{column}")
    expect(view.locator(".cfw-live")).to_contain_text(f"row {row + 1}, column {column}: RAP ")


def test_maps_are_looked_at_while_the_kernel_is_blocked(open_notebook):
    notebook, view = explorer(open_notebook, HELD)
    canvas = view.locator(".cfw-multiple[data-method] canvas").first
    canvas.click()
    with notebook.waiting_in(2):
        seen = [pixels(canvas)]
        for name in ("map alone", "sign"):
            view.get_by_role("button", name=name, exact=True).click()
            seen.append(pixels(canvas))
        view.get_by_role("slider", name="smoothing").press("End")
        seen.append(pixels(canvas))
        assert all(one != other for one, other in itertools.pairwise(seen))
        view.get_by_role("button", name="one scale", exact=True).click()
        assert len(set(view.locator(".cfw-legend:visible").all_text_contents())) == 1
        view.get_by_role("slider", name="randomised").press("End")
        expect(view.locator(".cfw-scrub").last.locator(".cfw-verdict")).to_have_text(
            re.compile(r"^everything random: rank correlation with the trained map [−.\d]+")
        )
        view.get_by_role("slider", name="layer").press("Home")
        expect(view.locator(".cfw-scrub").first).to_have_attribute("data-at", "0")
        before = pixels(view.locator(".cfw-hide canvas"))
        view.get_by_role("slider", name="hidden").press("End")
        assert pixels(view.locator(".cfw-hide canvas")) != before
    expect(view).to_have_attribute("data-answered", "1")


def test_hidden_pixels_are_those_that_the_model_does_not_see(open_notebook):
    notebook, view = explorer(open_notebook)
    view.get_by_role("button", name="noise", exact=True).click()
    view.get_by_role("slider", name="hidden").press("PageUp")
    expect(view).to_have_attribute("data-answered", "1")
    notebook.wait("w.hiding['fill'] == 'noise' and w.view.answer['hiding'] == w.hiding")
    probability = notebook.eval("w.view.answer['probability']")
    assert float(view.locator(".cfw-big").text_content().strip("<")) == pytest.approx(probability, abs=6e-4)
    shown = pixels(view.locator(".cfw-hide canvas"))
    side = view.locator(".cfw-hide canvas").evaluate("c => [c.width, c.height]")
    notebook.exec(
        "from cfwidgets.evaluation.hiding import fills\n"
        "from cfwidgets.widgets.relevance.hiding import Hiding, composed\n"
        "from cfwidgets.widgets.relevance.levels import ranking\n"
        "r = w.result; h = Hiding(**w.hiding)\n"
        "P = composed(r.image, fills(r.image), ranking(r.map_of(h.method).pixels), h)"
    )
    height, width = notebook.eval("list(P.shape[1:])")
    expected = notebook.eval("(P * 255).round().int().permute(1, 2, 0).flatten().tolist()")
    for row in range(height):
        for column in range(width):
            x, y = int((column + 0.5) * side[0] / width), int((row + 0.5) * side[1] / height)
            own = shown[4 * (y * side[0] + x) :][:3]
            wanted = expected[3 * (row * width + column) :][:3]
            assert max(abs(a - b) for a, b in zip(own, wanted, strict=True)) <= 1


ROOM = """root => {
  const bars = [...root.querySelectorAll(".cfw-hide .cfw-track, .cfw-slider-track")];
  const rooms = bars.filter((bar) => bar.checkVisibility()).map((bar) => bar.clientWidth);
  const figures = [...root.querySelectorAll(".cfw-figures li")];
  const over = [root, ...figures].map((element) => element.clientWidth - element.scrollWidth);
  return [rooms.length, Math.min(...rooms), Math.min(...over)];
}"""


def test_bars_and_sliders_have_room_at_every_width(open_notebook, window):
    _, view = explorer(open_notebook)
    for width in (760, 1000, 1440, 1900):
        window(width, 1200)
        view.page.wait_for_timeout(300)  # the page lays itself out
        count, least, over = view.evaluate(ROOM)
        assert count == 5 + 4
        assert least >= 60, width
        assert over >= 0, width


def test_a_map_that_the_random_network_has_too_is_said_to_say_nothing(open_notebook):
    notebook, view = explorer(open_notebook)
    assert abs(notebook.eval("w.result.map_of('rap').randomised[-1].correlation")) >= 0.8
    rap = view.locator(".cfw-multiple[data-method=rap]")
    expect(rap.locator(".cfw-figures")).to_contain_text("says nothing")
    said = "it says nothing about what the network has learnt"
    expect(view.get_by_role("note", name="Caveats")).to_contain_text(said)
    expect(view.get_by_text(said)).to_have_count(1)
    view.get_by_role("slider", name="randomised").press("End")
    expect(view.locator(".cfw-scrub").last.locator(".cfw-verdict")).to_contain_text(said)
    view.get_by_role("button", name="integrated gradients", exact=True).click()
    expect(view.locator(".cfw-scrub").last).to_contain_text("Not checked for integrated gradients")


def test_it_looks_right_in_both_themes(open_notebook, screenshots, window):
    window(1500, 2200)
    notebook, view = explorer(open_notebook)
    view.locator(".cfw-multiple[data-method] canvas").first.click()
    for theme in (LIGHT, DARK):
        notebook.set_theme(theme)
        expect(view).to_have_attribute("data-cfw-theme", "dark" if theme == DARK else "light")
        notebook.screenshot(screenshots / f"relevance-{theme.split()[-1].lower()}.png")
