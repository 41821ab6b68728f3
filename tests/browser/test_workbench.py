"""The workbench in a real JupyterLab: from a survey to a case, to a region, to what is kept."""

from __future__ import annotations

from harness.notebook import DARK, LIGHT
from playwright.sync_api import expect

SET_UP = """
import cfwidgets as cf

clf = cf.zoo.classifier("digits")
generator = cf.zoo.generator("digits")
data = cf.data.digits("test")
engines = {
    "relevance": cf.Relevance(("rap", "grad_cam", "integrated_gradients"), layers=3, stages=2),
    "superpixels": cf.ELime(segments=40, generations=10, population=40),
    "transition": cf.Transitions(starts=8, updates=100, phases=100),
}
"""
SHOW = "w = cf.Workbench(clf, data, generator=generator, engines=engines, path='cases.zip')\nw"


def workbench(open_notebook, *more):
    notebook = open_notebook(SET_UP, SHOW, *more)
    notebook.run_cell(0)
    notebook.run_cell(1)
    return notebook


def test_it_looks_right_in_both_themes(open_notebook, screenshots, window):
    window(1500, 2600)
    notebook = workbench(open_notebook)
    notebook.exec("w.open(473)")
    case = notebook.page.get_by_test_id("cfw-case")
    expect(case).to_have_attribute("data-number", "473")
    notebook.wait("all(e.view.state == 'done' for e in w.explorers.values())")
    notebook.exec("w.case.region = [[.4,.25,.62,.25,.62,.45,.4,.45]]")
    expect(case).to_have_attribute("data-without", "1")
    notebook.exec("w.keep('the loop is open at the top')")
    notebook.page.get_by_role("button", name="copy as code").click()
    expect(notebook.page.locator(".cfw-code")).to_be_visible()
    for theme in (LIGHT, DARK):
        notebook.set_theme(theme)
        name = theme.split()[-1].lower()
        notebook.screenshot(screenshots / f"workbench-where-{name}.png")
    notebook.set_theme(LIGHT)
    for tab in ("What instead?", "In general?"):
        case.get_by_role("tab", name=tab).click()
        expect(case.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
        notebook.page.wait_for_timeout(1500)
        notebook.wait("all(e.view.state != 'running' for e in w.explorers.values())")
        notebook.screenshot(screenshots / f"workbench-{tab.split()[1].strip('?')}.png")
