"""An explorer in a tab, in an accordion, in an output; shown twice, made in a loop; with modules reloaded."""

from __future__ import annotations

import re
from contextlib import suppress
from itertools import zip_longest

import pytest
import test_reopened
from harness.figures import strays
from harness.notebook import Notebook
from playwright.sync_api import Locator, expect
from waiting import until

UNSEEN = "<rect> attribute (width|height): A negative value"  # bqplot of a chart that has no size yet
NET = """
import torch

SHIFT = 0.0

def net(images):
    p = (images[:, 0].mean((1, 2)) + SHIFT).clamp(0, 1)
    return torch.stack([1 - p, p], 1)
"""
SET_UP = f"""
import ipywidgets, pathlib, sys, time, torch, cfwidgets as cf

pathlib.Path("net_of_mine.py").write_text({NET!r})
sys.path.insert(0, "")
import net_of_mine
image = torch.nn.functional.interpolate(torch.rand(1, 3, 4, 4), size=64, mode="bilinear")[0]

def explorer():
    engine = cf.ELime(segments=12, population=8, generations=3, trust=False)
    return cf.SuperpixelExplorer(cf.Classifier(net_of_mine.net, labels=["a", "b"]), image, 1, engine=engine)
"""


def views(notebook: Notebook) -> Locator:
    return notebook.page.get_by_test_id("cfw-superpixels").locator("visible=true")


def answers(view: Locator) -> None:
    """See that it is drawn whole, that its chart is beside it, and that the kernel answers it."""
    expect(view).to_have_attribute("data-state", "done")
    expect(view).to_have_attribute("data-ready", "1")
    assert view.locator("canvas").first.evaluate("canvas => canvas.clientWidth") > 100
    for name, count in (("none", "0"), ("all", re.compile("^[1-9]"))):
        view.get_by_role("button", name=name, exact=True).click()
        expect(view).to_have_attribute("data-shown", count)
        expect(view).to_have_attribute("data-answered", "1")


def test_in_a_tab_an_accordion_and_an_output_it_is_as_elsewhere(open_notebook):
    notebook = open_notebook(
        SET_UP,
        "ipywidgets.Tab([ipywidgets.Label('first'), explorer()], titles=['one', 'two'])",
        "ipywidgets.Accordion([ipywidgets.Label('first'), explorer()], titles=['three', 'four'])",
        "out = ipywidgets.Output()\nout",
        "with out:\n    display(explorer())",
        ignore=(UNSEEN,),
    )
    page = notebook.page
    page.set_viewport_size({"width": 1200, "height": 3000})  # JupyterLab hides what is out of sight
    notebook.run_all()
    expect(views(notebook)).to_have_count(1)
    answers(views(notebook))
    page.get_by_role("tab", name="two").click()
    expect(views(notebook)).to_have_count(2)
    answers(views(notebook).first)
    page.get_by_text("four", exact=True).click()
    expect(views(notebook)).to_have_count(3)
    answers(views(notebook).nth(1))
    expect(page.locator(".bqplot:visible")).to_have_count(3)
    until(lambda: strays(page) == [])  # a chart is laid out after it is seen
    # and back again
    page.get_by_role("tab", name="one").click()
    expect(views(notebook)).to_have_count(2)
    page.get_by_role("tab", name="two").click()
    answers(views(notebook).first)


def test_made_in_a_loop_each_answers_and_shown_twice_both_are_one(open_notebook):
    notebook = open_notebook(
        SET_UP,
        "made = []\nfor _ in range(3):\n    made.append(explorer())\n    display(made[-1])",
        "display(made[0], made[0])",
    )
    notebook.run_cell(0)
    notebook.run_cell(1)
    expect(views(notebook)).to_have_count(3)
    for place in range(3):
        answers(views(notebook).nth(place))
    notebook.wait("[len(one.view.shown) > 0 for one in made] == [True] * 3")
    views(notebook).nth(1).get_by_role("button", name="none", exact=True).click()
    notebook.wait("[len(one.view.shown) > 0 for one in made] == [True, False, True]")
    notebook.run_cell(2)
    expect(views(notebook)).to_have_count(5)
    views(notebook).last.get_by_role("button", name="none", exact=True).click()
    for place in (0, 3, 4):
        expect(views(notebook).nth(place)).to_have_attribute("data-shown", "0")


DRAWN = """figures => figures.map(figure => {
  const { left, top } = figure.getBoundingClientRect();
  const parts = [...figure.querySelectorAll('path, rect, line, text, circle')];
  const seen = parts.filter(one => one.checkVisibility({ opacityProperty: true, visibilityProperty: true }));
  return seen.map(one => {
    const at = one.getBoundingClientRect();
    return [`${one.tagName}.${one.getAttribute('class')} ${one.textContent}`, at.left - left, at.top - top,
      at.width, at.height];
  }).filter(([, , , width, height]) => width + height > 0);
})"""
"""What is drawn in charts, and where."""


def apart(first, second) -> list:
    """Name what is drawn in two charts in another place, or in one of them alone."""
    pairs = zip_longest(sorted(first), sorted(second), fillvalue=("", *[0] * 4))
    return [
        pair
        for pair in pairs
        if pair[0][0] != pair[1][0] or pair[0][1:] != pytest.approx(pair[1][1:], abs=1.5)
    ]


MISSED = """
import bqplot
from ipywidgets.widgets import widget
for mark in list(widget._instances.values()):
    if isinstance(mark, bqplot.Mark) and mark.visible:
        mark.visible = False
        mark._trait_values["visible"] = True
"""
"""The page is told that all marks are hidden, and does not hear that they are seen again."""


@pytest.mark.parametrize("case", test_reopened.CASES[:-1], ids=lambda case: case.name)
def test_a_chart_that_missed_something_or_is_shown_a_second_time_is_drawn_as_the_first(
    open_notebook, window, case
):
    window(1300, 2200)
    notebook = open_notebook(*case.cells, "w")  # the first is shown before there is anything to draw
    notebook.run_cell(0)
    notebook.run_cell(1)
    shown = notebook.page.get_by_test_id(f"cfw-{case.name}")
    expect(shown).to_have_attribute("data-state", "done")
    notebook.exec("w.view.wait_for_answers()")
    charts = notebook.page.locator(".bqplot:visible")
    until(lambda: strays(notebook.page) == [])
    before = charts.evaluate_all(DRAWN)
    notebook.exec(MISSED)
    until(lambda: charts.evaluate_all(DRAWN) != before)
    notebook.exec("w.view._handle_custom_msg({'kind': 'shown', 'progress': 0.5}, [])")
    with suppress(AssertionError):
        until(lambda: charts.evaluate_all(DRAWN) == before, patience=5)
    assert [
        one for pair in zip(before, charts.evaluate_all(DRAWN), strict=True) for one in apart(*pair)
    ] == []
    notebook.run_cell(2)
    expect(shown).to_have_count(2)
    expect(shown.last).to_have_attribute("data-ready", re.compile("."))
    until(lambda: strays(notebook.page) == [])

    def differences():
        drawn = charts.evaluate_all(DRAWN)
        half = len(drawn) // 2
        assert half > 0
        return [one for pair in zip(drawn[:half], drawn[half:], strict=True) for one in apart(*pair)]

    with suppress(AssertionError):
        until(lambda: differences() == [], patience=5)
    assert differences() == []


def test_with_autoreload_a_changed_module_is_used_and_what_was_shown_goes_on(open_notebook):
    notebook = open_notebook(
        SET_UP, "%load_ext autoreload\n%autoreload 2", "kept = explorer()\nkept", "explorer()", "0"
    )
    notebook.run_all()
    expect(views(notebook)).to_have_count(2)
    for place in range(2):
        answers(views(notebook).nth(place))
    before = notebook.eval("kept.probabilities.probability.tolist()")
    # a file that is as old as its compiled form is not read again
    notebook.exec(
        "import os, pathlib\n"
        f"pathlib.Path('net_of_mine.py').write_text({NET.replace('SHIFT = 0.0', 'SHIFT = 0.25')!r})\n"
        "os.utime('net_of_mine.py', (time.time() + 9,) * 2)"
    )
    notebook.run_cell(4)
    assert notebook.eval("net_of_mine.SHIFT") == 0.25
    notebook.run_cell(3)
    expect(views(notebook)).to_have_count(2)
    for place in range(2):
        answers(views(notebook).nth(place))
    assert notebook.eval("kept.probabilities.probability.tolist()") != before
