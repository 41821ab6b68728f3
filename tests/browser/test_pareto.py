"""The Pareto explorer in a real JupyterLab: walked, clicked, brushed, edited, stopped, and cut off."""

from __future__ import annotations

import re

import pytest
from harness.notebook import HELD
from playwright.sync_api import Locator, expect

SET_UP = """
import time, torch, cfwidgets as cf
from cfwidgets.engines.pareto.engine import PlausibleCounterfactuals
from cfwidgets.search import SMPSO
from cfwidgets.widgets.pareto.explorer import ParetoExplorer

pause = 0.0

class Tint:
    attributes = ("Red_Light", "green", "<b>blue</b>")
    def encode(self, image):
        return image
    def decode(self, image, attributes):
        time.sleep(pause)
        return (image + attributes[:, :, None, None] / 2).clamp(0, 1)
    def critic(self, images):
        colours = images.mean((2, 3))
        return -(colours - colours.mean(1, keepdim=True)).abs().sum(1)
    def recognise(self, images):
        return images.mean((2, 3))

def answer(images):
    red = torch.sigmoid(12 * (images[:, 0].mean((1, 2)) - 0.4))
    return torch.stack([1 - red, red], 1)

clf = cf.Classifier(answer, labels=["plain", "red <i>hot</i>"])
image = torch.full((3, 16, 16), 0.2)
image[:, 4:12, 4:12] = 0.3

def show(evaluations=800, archive=24, **more):
    engine = PlausibleCounterfactuals(SMPSO(population=20, archive=archive), evaluations=evaluations)
    return ParetoExplorer(clf, Tint(), image, engine=engine, **more)
"""
SHOW = "w = show()\nw"


def view_of(notebook) -> Locator:
    return notebook.page.get_by_test_id("cfw-pareto")


def explorer(open_notebook, *more, show=SHOW):
    notebook = open_notebook(SET_UP, show, *more)
    notebook.run_cell(0)
    notebook.run_cell(1)
    view = view_of(notebook)
    expect(view).to_have_attribute("data-state", "done")
    expect(view).to_have_attribute("data-ready", "1")
    return notebook, view


def point(notebook, place, chart=0) -> tuple[float, float]:
    """Where a counterfactual's point is on the page."""
    dot = notebook.page.locator(".cfw-pareto-chart").nth(chart).locator(".object_grp").nth(place)
    dot.scroll_into_view_if_needed()
    box = dot.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def apart(notebook) -> int:
    """A counterfactual whose point no other covers in the first chart, and which is not shown."""
    notebook.exec(
        "import numpy as np\n"
        "o = w.result.objectives.numpy()[:, [2, 1]]\n"
        "o = (o - o.min(0)) / (o.max(0) - o.min(0))\n"
        "d = np.linalg.norm(o[:, None] - o[None], axis=2) + 9 * np.eye(len(o))\n"
        "d[w.view.crossing] = 0"
    )
    return notebook.eval("int(d.min(1).argmax())")


def test_a_run_ends_with_a_strip_and_a_best_pick(open_notebook):
    notebook, view = explorer(open_notebook)
    count, crossing = notebook.eval("[len(w.result.deltas), w.view.crossing]")
    assert crossing >= 0
    expect(view.get_by_role("option")).to_have_count(count)
    expect(view).to_have_attribute("data-shown", str(crossing))
    kept, flips = notebook.eval("[w.result.probability.tolist(), w.result.flips.tolist()]")
    assert kept == sorted(kept, reverse=True)
    tiles = view.locator(".cfw-film-tile")
    assert tiles.evaluate_all("all => all.map(tile => tile.dataset.flips === 'true')") == flips
    expect(tiles.nth(crossing)).to_contain_text("best pick")
    # labels are text
    expect(view).to_contain_text("predicts plain. What would make it predict red <i>hot</i>?")
    expect(view).to_contain_text("<b>blue</b>")
    expect(view.locator(".cfw-buys tbody tr").first).to_contain_text("red light")
    expect(notebook.page.locator(".cfw-pareto-chart")).to_have_count(4)
    # The reconstruction is compared with, too.
    view.get_by_role("button", name="reconstruction").click()
    again = notebook.eval("f'{float(w.result.reconstruction_prediction[0]):.2f}'.removeprefix('0')")
    expect(view.locator(".cfw-before .cfw-big")).to_have_text(again)
    assert notebook.eval("w.view.error") == ""
    notebook.exec("w.close()")
    expect(view).to_have_count(0)
    notebook.wait("not any(t.name.startswith('cfwidgets') for t in __import__('threading').enumerate())")


def test_it_is_walked_clicked_and_brushed_without_the_kernel(open_notebook):
    notebook, view = explorer(open_notebook, HELD)
    page = notebook.page
    options, place, count = view.get_by_role("option"), apart(notebook), notebook.eval("len(w.result.deltas)")
    kept = notebook.eval("[f'{p:.2f}'.removeprefix('0') for p in w.result.probability.tolist()]")
    with notebook.waiting_in(2):
        # walked
        view.get_by_role("option", selected=True).focus()
        page.keyboard.press("Home")
        expect(view).to_have_attribute("data-shown", "0")
        page.keyboard.press("ArrowRight")
        expect(view).to_have_attribute("data-shown", "1")
        expect(view.locator(".cfw-after .cfw-big")).to_have_text(kept[1])
        page.keyboard.press("End")
        expect(view).to_have_attribute("data-shown", str(count - 1))
        expect(view.locator(".cfw-after")).to_contain_text("▲ predicted red <i>hot</i>")
        expect(options.last).to_be_focused()
        # clicked
        view.evaluate("view => { delete view.dataset.latency; }")
        page.mouse.click(*point(notebook, place))
        expect(view).to_have_attribute("data-shown", str(place))
        expect(view).to_have_attribute("data-latency", re.compile(r"^\d+\.\d$"))
        print("a click on a point to the frame that shows it:", view.get_attribute("data-latency"), "ms")
        expect(view.get_by_role("option", selected=True)).to_have_attribute("data-place", str(place))
        # clicked in the chart of the objectives along the front: any of the three points of a counterfactual
        for objective, other in enumerate((1, count - 2, place)):
            page.mouse.click(*point(notebook, objective * count + other, chart=3))
            expect(view).to_have_attribute("data-shown", str(other))
            marked = (
                page.locator(".cfw-pareto-chart")
                .nth(3)
                .locator(".object_grp path[style*='stroke-width: 3px']")
            )
            expect(marked).to_have_count(3)
        # brushed
        overlay = page.locator(".cfw-pareto-chart").first.locator(".selector .overlay")
        area = overlay.bounding_box()
        middle = area["x"] + area["width"] / 2
        page.mouse.move(area["x"] + area["width"] - 1, area["y"] + 1)
        page.mouse.down()
        page.mouse.move(middle + 20, area["y"] + 40)
        page.mouse.move(middle, area["y"] + area["height"] - 1)
        page.mouse.up()
        expect(view).to_contain_text("in the brushed region")
        left = options.evaluate_all("all => all.map(tile => Number(tile.dataset.place))")
        assert 0 < len(left) < count
    # The kernel hears of it all, and its echo chooses nothing else.
    notebook.wait(f"w.chosen == {place} and w.view.brushed == {left}")
    frame, pictures = notebook.eval("[w.selected[0].index.tolist(), len(w.selected[1])]")
    assert (frame, pictures) == (left, len(left))
    intensity = notebook.eval("w.result.objectives[:, 2].tolist()")
    assert min(intensity[i] for i in left) > max(x for i, x in enumerate(intensity) if i not in left)
    expect(view).to_have_attribute("data-shown", str(place))
    view.get_by_role("button", name="show all").click()
    expect(options).to_have_count(count)
    notebook.wait("w.view.brushed == []")
    # Python chooses, too.
    notebook.exec("w.chosen = 0")
    expect(view).to_have_attribute("data-shown", "0")
    assert notebook.eval("w.view.error") == ""
    assert page.locator(".jp-Notebook .jp-CodeCell").count() == 3  # no key has reached the notebook


def test_a_bar_is_dragged_and_the_model_answers(open_notebook):
    notebook, view = explorer(open_notebook)
    page = notebook.page
    bar = view.get_by_role("slider", name="red light")
    bar.scroll_into_view_if_needed()
    box = bar.bounding_box()
    value = float(bar.input_value())
    page.mouse.move(box["x"] + 5 + (value + 1) / 2 * (box["width"] - 10), box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
    expect(view).to_have_attribute("data-edit", "answered")
    notebook.exec("painted = Tint().decode(image, w.result.attributes[None] + torch.tensor([w.view.edit]))")
    edit, p = notebook.eval("[w.view.edit[0], w.view.edited['p']]")
    expected = notebook.eval("float(clf.probabilities(painted)[0, 0])")
    assert edit > 0.6
    assert p == pytest.approx(expected, abs=1e-5)
    expect(view.locator(".cfw-after")).to_contain_text("changed by hand")
    bar.press("Home")
    notebook.wait("w.view.edit[0] == -1 and w.view.edited['deltas'][0] == -1")
    expect(view).to_have_attribute("data-edit", "answered")
    expect(view.locator(".cfw-after")).to_contain_text("● predicted plain")
    view.get_by_role("button", name="undo edits").click()
    expect(view).to_have_attribute("data-edit", "none")
    notebook.wait("w.view.edit == []")


def test_a_search_is_stopped_and_goes_on(open_notebook):
    notebook = open_notebook(SET_UP, "pause = 0.05\nw = show(1200)\nw")
    notebook.run_all()
    view = view_of(notebook)
    expect(view).to_have_attribute("data-state", "running")
    expect(view.get_by_role("option").first).to_be_visible()  # the front as it grows
    view.get_by_role("button", name="Stop").click()
    expect(view).to_have_attribute("data-state", "stopped")
    expect(view).to_contain_text("the counterfactuals so far are kept")
    kept = notebook.eval("w.result.evaluations")
    assert 20 <= kept < 1200
    view.get_by_role("option").first.click()
    expect(view).to_have_attribute("data-shown", "0")
    notebook.exec("pause = 0")
    view.get_by_role("button", name="Resume").click()
    expect(view).to_have_attribute("data-state", "done")
    assert notebook.eval("w.result.evaluations") >= 1200
    # What was chosen is shown still, or what is most like it now.
    place = notebook.eval("w.chosen")
    assert place >= 0
    expect(view).to_have_attribute("data-shown", str(place))
    assert notebook.eval("w.view.error") == ""
