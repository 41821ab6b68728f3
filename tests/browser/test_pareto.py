"""The Pareto explorer in a real JupyterLab: walked, clicked, brushed, edited, stopped, and cut off."""

from __future__ import annotations

import re

import pytest
from harness.notebook import HELD
from harness.shown import Shown, brush_right_half
from playwright.sync_api import expect

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
# One has brown hair or blond hair: what is painted is the mix of both.
HAIR = """
BROWN, BLOND = torch.tensor([0.36, 0.2, 0.1]), torch.tensor([0.9, 0.75, 0.3])

class Hair(Tint):
    attributes = ("Blond_Hair", "Brown_Hair", "Young")
    groups = (("Blond_Hair", "Brown_Hair"),)
    def decode(self, image, attributes):
        blond, brown, young = attributes.clamp_min(0).T[:, :, None, None, None]
        hair = blond * BLOND[:, None, None] + brown * BROWN[:, None, None]
        return (image * 0.05 + hair + 0.02 * young).clamp(0, 1)
    def recognise(self, images):
        return torch.tensor([[0.1, 0.9, 0.2]]).expand(len(images), 3)

engine = PlausibleCounterfactuals(SMPSO(population=20, archive=24), evaluations=800)
w = ParetoExplorer(clf, Hair(), image, engine=engine)
w
"""
SHOWN = Shown("pareto")
view_of = SHOWN.view_of


def explorer(open_notebook, *more, show=SHOW):
    return SHOWN.opened(open_notebook, SET_UP, show, *more)


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
        "o = w.result.to_frame()[['intensity', 'log-probability']].to_numpy()\n"
        "o = (o - o.min(0)) / (o.max(0) - o.min(0))\n"
        "d = np.linalg.norm(o[:, None] - o[None], axis=2) + 9 * np.eye(len(o))\n"
        "d[-1] = 0"
    )
    return notebook.eval("int(d.min(1).argmax())")


def test_a_run_ends_with_a_strip_and_a_star_at_the_simplest_flip(open_notebook):
    notebook, view = explorer(open_notebook)
    count, crossing = notebook.eval("[len(w.result.deltas), w.view.crossing]")
    assert crossing >= 0
    expect(view.get_by_role("option")).to_have_count(count + 1)
    expect(view).to_have_attribute("data-shown", str(count))
    kept, flips = notebook.eval("[w.result.probability.tolist(), w.result.flips.tolist()]")
    assert kept == sorted(kept, reverse=True)
    tiles = view.locator(".cfw-film-tile")
    order = tiles.evaluate_all("all => all.map(tile => Number(tile.dataset.place))")
    simplest = notebook.eval("float(w.result.simplest.prediction[0])")
    shown = [simplest if place == count else kept[place] for place in order]
    assert shown == sorted(shown, reverse=True)
    assert sorted(order) == list(range(count + 1))
    flipping = tiles.evaluate_all("all => all.map(tile => tile.dataset.flips === 'true')")
    assert flipping == [place == count or flips[place] for place in order]
    expect(tiles.nth(order.index(count))).to_contain_text("★ simplest")
    expect(tiles.nth(order.index(crossing))).to_contain_text("☆ best pick")
    expect(view.locator(".cfw-after .cfw-pair-title")).to_have_text("★ simplest flip")
    # what was taken back is 0 in the bars
    left = notebook.eval("(w.result.simplest.deltas != 0).tolist()")
    assert not all(left)
    values = view.locator(".cfw-change-value").all_text_contents()
    assert [value != "0.00" for value in values] == left
    stars = notebook.page.locator(".cfw-pareto-chart").first.get_by_text("★")
    expect(stars).to_have_count(1)
    view.get_by_role("button", name="best pick").click()
    expect(view).to_have_attribute("data-shown", str(crossing))
    view.get_by_role("button", name="simplest").click()
    expect(view).to_have_attribute("data-shown", str(count))
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
    last = int(options.last.get_attribute("data-place"))
    with notebook.waiting_in(2):
        # walked
        view.get_by_role("option", selected=True).focus()
        page.keyboard.press("Home")
        expect(view).to_have_attribute("data-shown", "0")
        page.keyboard.press("ArrowRight")
        expect(view).to_have_attribute("data-shown", "1")
        expect(view.locator(".cfw-after .cfw-big")).to_have_text(kept[1])
        page.keyboard.press("End")
        expect(view).to_have_attribute("data-shown", str(last))
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
            page.mouse.click(*point(notebook, objective * (count + 1) + other, chart=3))
            expect(view).to_have_attribute("data-shown", str(other))
            marked = (
                page.locator(".cfw-pareto-chart")
                .nth(3)
                .locator(".object_grp path[style*='stroke-width: 3px']")
            )
            expect(marked).to_have_count(3)
        # brushed
        brush_right_half(notebook, view)
        left = options.evaluate_all("all => all.map(tile => Number(tile.dataset.place))")
        assert 0 < len(left) < count + 1
    # The kernel hears of it all, and its echo chooses nothing else.
    notebook.wait(f"w.chosen == {place} and w.view.brushed == {sorted(left)}")
    frame, pictures = notebook.eval("[w.selected[0].index.tolist(), len(w.selected[1])]")
    assert (frame, pictures) == (sorted(left), len(left))
    intensity = notebook.eval("w.result.to_frame()['intensity'].tolist()")
    assert min(intensity[i] for i in left) > max(x for i, x in enumerate(intensity) if i not in left)
    expect(view).to_have_attribute("data-shown", str(place))
    view.get_by_role("button", name="show all").click()
    expect(options).to_have_count(count + 1)
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


def test_what_an_attribute_excludes_gives_way_while_it_is_dragged(open_notebook):
    notebook, view = explorer(open_notebook, show=HAIR)
    page = notebook.page
    assert notebook.eval("w.view.attributes") == [0, 1, 0]
    # a coherent front: never both
    assert (
        notebook.eval("float((w.result.attributes + w.result.deltas)[:, :2].clamp_min(0).sum(1).max())")
        <= 1.001
    )
    blond, brown = (view.get_by_role("slider", name=name) for name in ("blond hair", "brown hair"))
    brown.press("Delete")  # the image's own, which blond hair gives way to
    notebook.wait("w.view.edit[:2] == [0, 0]")
    blond.scroll_into_view_if_needed()
    box = blond.bounding_box()
    middle = box["y"] + box["height"] / 2

    def at(value):
        return box["x"] + 5 + (value + 1) / 2 * (box["width"] - 10)

    page.mouse.move(at(0), middle)
    page.mouse.down()
    page.mouse.move(at(0.96), middle, steps=4)
    expect(view).to_have_attribute("data-edit", "answered")
    raised = float(blond.input_value())
    assert raised > 0.9
    assert float(brown.input_value()) == pytest.approx(-raised, abs=0.011)
    # and comes back where the bar goes back
    page.mouse.move(at(0), middle, steps=4)
    notebook.wait("w.view.edit[0] == 0")
    assert float(brown.input_value()) == 0
    page.mouse.move(at(0.96), middle, steps=4)
    page.mouse.up()
    notebook.wait("w.view.edit[0] > .9 and w.view.edited['deltas'] == w.view.edit")
    # The picture of the answer is really blond.
    notebook.exec(
        "import io, numpy as np; from PIL import Image\n"
        "seen = np.asarray(Image.open(io.BytesIO(w.view.edited['picture']))).mean((0, 1)) / 255"
    )
    assert notebook.eval("float(np.abs(seen - BLOND.numpy()).max())") < 0.1
    assert notebook.eval("float(np.abs(seen - (BLOND + BROWN).clamp(0, 1).numpy()).max())") > 0.15
    # dragged up itself, brown takes the place of blond
    brown.press("End")
    notebook.wait("w.view.edit[:2] == [0, 1]")
