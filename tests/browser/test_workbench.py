"""The workbench in a real JupyterLab: from a survey to a case, to a region, to what is kept."""

from __future__ import annotations

import pytest
from harness.notebook import DARK, HELD, LIGHT
from playwright.sync_api import expect

SET_UP = """
import cfwidgets as cf

clf = cf.zoo.classifier("digits")
generator = cf.zoo.generator("digits")
data = cf.data.digits("test")
engines = {
    "survey": cf.Survey(trust=False),
    "relevance": cf.Relevance(("rap", "grad_cam", "integrated_gradients"), layers=3, stages=2),
    "superpixels": cf.ELime(segments=40, generations=8, population=30, trust=False),
    "transition": cf.Transitions(starts=4, updates=40, phases=60, trust=False),
}
"""
SHOW = "w = cf.Workbench(clf, data, generator=generator, engines=engines)\nw"
KEEPING = SHOW.replace("engines)", "engines, path='cases.zip')")
DEBUGGER = r"\d\.\d\ds - "  # the lines of a kernel that is restarted, about its debugger
ENDED = "all(one.view.state == 'done' for one in w.explorers.values()) and len(w.explorers) >= {}"


def workbench(open_notebook, *more, show=SHOW, ignore=()):
    notebook = open_notebook(SET_UP, show, *more, ignore=ignore)
    notebook.run_cell(0)
    notebook.run_cell(1)
    return notebook, *(notebook.page.get_by_test_id(f"cfw-{name}") for name in ("survey", "case", "notes"))


def opened(notebook, case, number=473):
    notebook.exec(f"w.open({number})")
    expect(case).to_have_attribute("data-number", str(number))
    expect(case).to_have_attribute("data-ready", "1")
    notebook.wait(ENDED.format(2))


def test_from_a_cell_of_the_matrix_to_a_region_and_back_after_a_restart(open_notebook):
    notebook, survey, case, notes = workbench(open_notebook, show=KEEPING, ignore=(DEBUGGER,))
    page = notebook.page
    expect(survey).to_have_attribute("data-state", "done")
    survey.get_by_role("gridcell", name="4 → 9:").click()
    gallery = survey.get_by_role("listbox", name="Pictures")
    gallery.press("Home")
    gallery.press("Enter")
    expect(case).to_have_attribute("data-number", "473")
    expect(case.locator(".cfw-case-question")).to_have_text("Digit 473 is a 4. Why 9?")
    notebook.wait(ENDED.format(2))

    stage = page.get_by_test_id("cfw-superpixels").locator("canvas").first
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    stage.click(position={"x": 0.55 * box["width"], "y": 0.35 * box["height"]}, modifiers=["Shift"])
    expect(case).to_have_attribute("data-without", "1")
    answer = notebook.eval("w.case.without['top']")
    target = next(row for row in answer if row[0] == 4)
    shown = case.locator(".cfw-case-answer .cfw-big").text_content()
    assert float(shown.strip("<")) == pytest.approx(target[1], abs=6e-4)
    assert notebook.eval("w.case.region") == notebook.eval("w.case.without['region']")
    region = notebook.eval("w.case.region")

    expect(notes).not_to_have_attribute("data-pairs", "0")
    notes.get_by_label("A note on this case").fill("the loop is open")
    notes.get_by_role("button", name="keep", exact=True).click()
    expect(notes).to_have_attribute("data-kept", "1")
    assert notebook.eval("w.cases['note'].tolist()") == ["the loop is open"]

    notebook.restart()
    notebook.run_cell(0)
    notebook.run_cell(1)
    case, notes = page.get_by_test_id("cfw-case"), page.get_by_test_id("cfw-notes")
    expect(notes).to_have_attribute("data-kept", "1")
    notes.locator(".cfw-kept-open").click()
    expect(case).to_have_attribute("data-number", "473")
    expect(case).to_have_attribute("data-without", "1")
    assert notebook.eval("w.case.region") == region
    notebook.wait("[one.run is None for one in w.explorers.values()] == [True, True]")
    expect(notes.get_by_label("A note on this case")).to_have_value("the loop is open")


def test_views_of_a_case_are_linked_while_the_kernel_is_blocked(open_notebook):
    notebook, _, case, _ = workbench(open_notebook, HELD)
    opened(notebook, case)
    page = notebook.page
    relevance = page.get_by_test_id("cfw-relevance")
    plate = relevance.locator(".cfw-multiple[data-method] canvas").first
    with notebook.waiting_in(2):
        plate.scroll_into_view_if_needed()
        box = plate.bounding_box()
        page.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 0.5 * box["height"])
        for name in ("case", "relevance", "superpixels"):
            cross = page.get_by_test_id(f"cfw-{name}").locator(".cfw-cross").first
            expect(cross).to_have_css("translate", "25% 50%")
    expect(case).not_to_have_attribute("data-without", "1")


PLACED = """(beside) => {
  const [one, other] = ["relevance", "superpixels"].map((name) =>
    document.querySelector(`[data-testid=cfw-${name}]`).getBoundingClientRect());
  return beside
    ? Math.abs(one.top - other.top) < 2 && one.right <= other.left
    : Math.abs(one.left - other.left) < 2 && one.bottom <= other.top;
}"""


def test_two_explorers_of_a_tab_stand_side_by_side_where_there_is_room(open_notebook, window):
    notebook, _, case, _ = workbench(open_notebook)
    opened(notebook, case)
    for width, beside in ((1440, True), (1000, False), (1920, True)):
        window(width, 1400)
        notebook.page.wait_for_function(PLACED, arg=beside)


LEFT = """
import gc, ipywidgets

few = data.images[::100]

def left():
    gc.collect()
    widgets = ipywidgets.widgets.widget._instances.values()
    return [sum(isinstance(one, cf.Workbench) for one in widgets), len(widgets)]
"""


def test_a_cell_that_is_run_again_leaves_one_workbench(open_notebook):
    notebook = open_notebook(SET_UP, LEFT, "cf.Workbench(clf, few, engines=engines)")
    notebook.run_cell(0)
    notebook.run_cell(1)
    counts = []
    for _ in range(4):
        notebook.run_cell(2)
        gallery = notebook.page.get_by_role("listbox", name="Pictures")
        expect(notebook.page.get_by_test_id("cfw-survey")).to_have_attribute("data-state", "done")
        gallery.press("Home")
        gallery.press("Enter")
        expect(notebook.page.get_by_test_id("cfw-superpixels")).to_have_attribute("data-state", "done")
        expect(notebook.page.get_by_test_id("cfw-relevance")).to_have_attribute("data-state", "done")
        notebook.wait("left()[0] == 1")
        counts.append(notebook.eval("left()[1]"))
    assert counts[1] == counts[3]


def test_it_looks_right_in_both_themes(open_notebook, screenshots, window):
    window(1500, 3000)
    notebook, survey, case, notes = workbench(open_notebook, show=KEEPING)
    expect(survey).to_have_attribute("data-state", "done")
    opened(notebook, case)
    notebook.exec("w.case.region = [[.45, .2, .66, .2, .66, .42, .45, .42]]")
    expect(case).to_have_attribute("data-without", "1")
    expect(notes).not_to_have_attribute("data-pairs", "0")
    notebook.exec("w.keep('the loop is open at the top')")
    for tab, names in {"where": 2, "instead": 3, "general": 3}.items():
        notebook.exec(f"w.open(473, {tab!r})")
        expect(case).to_have_attribute("data-tab", tab)
        notebook.wait(ENDED.format(names))
        for theme in (LIGHT, DARK):
            notebook.set_theme(theme)
            expect(case).to_have_attribute("data-cfw-theme", "dark" if theme == DARK else "light")
            notebook.screenshot(screenshots / f"workbench-{tab}-{theme.split()[-1].lower()}.png")


PORTRAITS = """
import cfwidgets as cf

clf = cf.zoo.classifier("portraits/male-blond")
second = cf.zoo.classifier("portraits/male-any-hair")
data = cf.data.portraits(60, size=64)
engines = {
    "survey": cf.Survey(trust=False),
    "relevance": cf.Relevance(("rap", "grad_cam"), trust=False),
    "superpixels": cf.Lime(segments=30, samples=100, trust=False),
    "edits": cf.PlausibleCounterfactuals(evaluations=300, trust=False),
    "regions": cf.FaceX(trust=False, sampled=8),
}
"""
EDITOR = """
editor = cf.zoo.attribute_editor("portraits")
w = cf.Workbench(clf, data, second=second, editor=editor, engines=engines)
w
"""


def test_portraits_are_asked_all_that_can_be_asked_of_two_models(open_notebook, screenshots, window):
    window(1500, 3000)
    notebook = open_notebook(PORTRAITS, EDITOR)
    notebook.run_cell(0)
    notebook.run_cell(1)
    page = notebook.page
    survey, case = (page.get_by_test_id(f"cfw-{name}") for name in ("survey", "case"))
    expect(survey).to_have_attribute("data-state", "done")
    number = notebook.eval("int(w.survey.result.to_frame().query('disagreement != \"\"')['index'].iloc[0])")
    notebook.exec(f"w.open({number})")
    expect(case).to_have_attribute("data-number", str(number))
    expect(case.locator(".cfw-case-second")).to_contain_text("male-any-hair predicts")
    made = 2
    for name, views in {"where": (), "instead": ("pareto",), "general": ("facex",)}.items():
        case.locator(f"[data-tab={name}]").click()
        expect(case).to_have_attribute("data-tab", name)
        made += len(views)
        notebook.wait(ENDED.format(made))
        for view in views:
            expect(page.get_by_test_id(f"cfw-{view}")).to_have_attribute("data-state", "done")
        notebook.screenshot(screenshots / f"workbench-portraits-{name}.png")
    refused = case.locator(".cfw-case-card")
    case.locator("[data-tab=instead]").click()
    expect(refused).to_contain_text("No generator was given")
