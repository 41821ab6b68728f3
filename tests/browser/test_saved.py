"""Explorers that were saved, opened in another kernel: what was clicked is there, and nothing runs."""

from __future__ import annotations

import test_pareto
import test_reopened
import test_superpixels
from harness.notebook import DARK, LIGHT
from harness.shown import brush_right_half
from playwright.sync_api import expect

DEBUGGER = r"\d\.\d\ds - "  # the lines of a kernel that is restarted, about its debugger
SAVE = "w.save('explorer.safetensors')"
WITH = "w = cf.open('explorer.safetensors', clf{})\nw"
WITHOUT = "alone = cf.open('explorer.safetensors')\nalone"


def look(notebook, view, screenshots, name):
    """Take pictures of a view in both themes."""
    for theme in (DARK, LIGHT):
        notebook.set_theme(theme)
        expect(view).to_have_attribute("data-cfw-theme", "dark" if theme == DARK else "light")
        view.scroll_into_view_if_needed()
        notebook.screenshot(screenshots / f"{name}-{theme.split()[-1].lower()}.png")


def test_what_was_clicked_is_there_after_a_restart(open_notebook, screenshots, window):
    window(1200, 1500)
    notebook = open_notebook(
        test_superpixels.SET_UP, test_superpixels.SHOW, SAVE, WITH.format(""), WITHOUT, ignore=(DEBUGGER,)
    )
    for cell in (0, 1):
        notebook.run_cell(cell)
    view = test_superpixels.finished(notebook)
    test_superpixels.best(view)
    test_superpixels.click(view, 3)
    expect(view).to_have_attribute("data-shown", "8")
    expect(view).to_have_attribute("data-answered", "1")
    notebook.wait("len(w.view.shown) == 8 and (w.view.answer or {}).get('shown') == w.view.shown")
    answer, shown = view.locator(".cfw-big").text_content(), notebook.eval("w.view.shown")
    notebook.run_cell(2)

    notebook.restart()
    notebook.run_cell(0)
    notebook.exec("pause = 60")  # the model does not answer within the time of this test
    notebook.run_cell(3)
    view = test_superpixels.finished(notebook, 1)
    expect(view).to_have_attribute("data-shown", "8")
    expect(view.locator(".cfw-big")).to_have_text(answer)
    expect(view.locator(".cfw-alone")).to_be_hidden()
    assert notebook.eval("[w.run is None, w.view.shown]") == [True, shown]
    look(notebook, view, screenshots, "saved")
    view.get_by_role("slider", name="replay").press("Home")
    expect(view.locator(".cfw-slider-value").nth(1)).to_have_text("0 of 20")
    notebook.exec("pause = 0")
    test_superpixels.click(view, 0)
    expect(view).to_have_attribute("data-shown", "7")
    expect(view).to_have_attribute("data-answered", "1")

    notebook.run_cell(4)  # without a model
    view = test_superpixels.finished(notebook, 2)
    expect(view.locator(".cfw-alone")).to_have_text(
        "Opened without a model: the picture, its edits and the replay still work, new predictions do not. "
        "cf.open(path, clf) brings it back."
    )
    expect(view).to_have_attribute("data-shown", "8")
    expect(view.locator(".cfw-big")).to_have_text(answer)
    expect(view.locator(".cfw-run-button")).to_be_disabled()
    look(notebook, view, screenshots, "alone")
    test_reopened.use_superpixels(view, silent="no model to answer")
    assert notebook.eval("alone.view.error") == ""


def test_a_front_is_brushed_edited_and_chosen_as_before(open_notebook, screenshots, window):
    window(1500, 1500)
    notebook = open_notebook(
        test_pareto.SET_UP, test_pareto.SHOW, SAVE, WITH.format(", editor=Tint()"), ignore=(DEBUGGER,)
    )
    for cell in (0, 1):
        notebook.run_cell(cell)
    page, view = notebook.page, test_pareto.view_of(notebook)
    expect(view).to_have_attribute("data-state", "done")
    brush_right_half(notebook, view)
    view.get_by_role("option").nth(1).click()
    place = view.get_attribute("data-shown")
    notebook.wait(f"w.chosen == {place} and w.view.brushed")
    brushed = notebook.eval("w.view.brushed")
    notebook.run_cell(2)

    notebook.restart()
    notebook.run_cell(0)
    notebook.run_cell(3)
    view = page.get_by_test_id("cfw-pareto").nth(1)
    expect(view).to_have_attribute("data-shown", place)
    expect(view).to_contain_text("in the brushed region")
    expect(view.get_by_role("option")).to_have_count(len(brushed))
    rings = page.locator(".cfw-pareto-chart").nth(4).locator("path[style*='stroke-width: 3px']")
    notebook.screenshot(screenshots / "saved-pareto.png")
    expect(rings).not_to_have_count(0)
