"""A notebook that was saved with its widgets and is opened again: no cell is run, no kernel answers."""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass

import pytest
import test_workbench
from harness.figures import strays
from harness.notebook import DARK, LIGHT
from playwright.sync_api import expect

NEEDS = "needs the kernel: run the cell again"


@dataclass(frozen=True)
class Case:
    """A view as the tests of its explorer make it, what it says, and what cannot be answered."""

    name: str
    says: str
    disabled: tuple[str, ...]
    state: str = "done"

    @property
    def cells(self) -> tuple[str, str]:
        tests = importlib.import_module(f"test_{self.name}")
        return tests.SET_UP, tests.SHOW


CASES = [
    Case(
        "superpixels",
        "the picture, its edits and the replay still work, new predictions do not",
        (".cfw-run-button", ".cfw-picker-button", ".cfw-bar-name"),
    ),
    Case(
        "transitions",
        "slider, maps and charts still work, other candidates do not",
        (".cfw-picker-button", ".cfw-row .cfw-tile", ".cfw-gallery-head .cfw-button"),
    ),
    Case("facex", "regions, patches and groups still work, opening a face does not", (".cfw-patch:visible",)),
    Case("pareto", "the front and its pictures still work, edits by hand do not", (".cfw-change-range",)),
    Case(
        "translation",
        "pictures, masks and the order still work, stress does not",
        (".cfw-stress input", ".cfw-stress button"),
    ),
    Case(
        "relevance",
        "maps, values, layers and what is hidden still work, new predictions do not",
        (".cfw-picker-button", ".cfw-bar-name"),
    ),
    Case(
        "survey",
        "the table, filters and the most surprising pictures still work, others do not",
        (".cfw-run-button",),
    ),
    Case("training", "samples and numbers are the last that were saved", (".cfw-run-button",), "running"),
]


def use_superpixels(view, silent="no answer yet"):
    view.get_by_role("button", name="best", exact=True).click()
    expect(view).to_have_attribute("data-shown", "7")
    view.get_by_role("slider", name="replay").press("Home")
    expect(view.locator(".cfw-slider-value").nth(1)).to_have_text("0 of 20")
    expect(view.locator(".cfw-delta")).to_have_text(re.compile(silent))


def use_transitions(view):
    view.get_by_role("slider", name="phase").press("End")
    expect(view).to_have_attribute("data-painted", "999")
    view.get_by_role("button", name="attribution").click()
    expect(view).to_have_attribute("data-mode", "where")


def use_facex(view):
    view.get_by_role("button", name="not Male", exact=True).click()
    expect(view.get_by_role("button", name="not Male", exact=True)).to_have_attribute("aria-pressed", "true")
    view.locator("[data-region=nose]").first.hover()
    expect(view).to_have_attribute("data-shown", "nose")


def use_pareto(view):
    rings = view.page.locator(".cfw-pareto-chart").first.locator("path[style*='stroke-width: 3px']")
    expect(rings).not_to_have_count(0)  # around the one that is shown
    view.get_by_role("option").nth(3).click()
    expect(view).to_have_attribute("data-shown", "3")
    expect(view).to_have_attribute("data-ready", "1")


def use_translation(view):
    view.get_by_role("option").nth(2).click()
    expect(view).to_have_attribute("data-shown", "2")
    view.get_by_role("slider", name="threshold").press("Home")
    expect(view).to_have_attribute("data-level", re.compile("^[01]$"))
    view.get_by_text("Under stress").click()
    expect(view.get_by_role("slider", name="noise")).to_be_disabled()


def use_relevance(view, silent="no answer yet"):
    view.get_by_role("group", name="Relevance maps").press("ArrowDown")
    expect(view).to_have_attribute("data-pixel", re.compile(","))
    view.get_by_role("slider", name="randomised").press("End")
    expect(view.locator(".cfw-scrub").last).to_have_attribute("data-at", "3")
    view.get_by_role("slider", name="hidden").press("End")
    expect(view.locator(".cfw-delta")).to_have_text(re.compile(silent))


def use_survey(view):
    view.get_by_role("gridcell", name="2 → 7:").click()
    expect(view).to_have_attribute("data-shown", "4")
    expect(view).to_have_attribute("data-pending", "0")
    view.get_by_role("listbox").press("End")
    view.get_by_role("listbox").press("Enter")
    expect(view).to_have_attribute("data-chosen", re.compile(r"^\d+$"))


def use_training(view):
    expect(view.locator(".cfw-loss dt")).to_have_count(6)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_says_at_once_what_works_and_disables_the_rest(open_notebook, screenshots, window, case):
    window(1300, 2200)
    notebook = open_notebook(*case.cells)
    notebook.run_all()
    page = notebook.page
    view = page.get_by_test_id(f"cfw-{case.name}")
    line = view.locator(".cfw-alone")
    expect(view).to_have_attribute("data-state", case.state)
    expect(view).to_have_attribute("data-ready", re.compile("."))
    expect(page.locator(".bqplot:visible").first).to_be_visible()
    expect(line).to_be_hidden()
    for control in case.disabled:
        expect(view.locator(control).first).not_to_have_attribute("title", NEEDS)
    assert strays(page) == []
    notebook.screenshot(screenshots / f"{case.name}-live.png")

    notebook.reopen()
    expect(line).to_have_text(f"No kernel answers here: {case.says}. Run the cell again.")
    expect(view).to_have_attribute("data-state", "done" if case.state == "done" else "stopped")
    expect(view).to_have_attribute("data-ready", re.compile("."))
    expect(page.locator(".bqplot:visible").first).to_be_visible()
    for control in case.disabled:
        for one in view.locator(control).all():
            expect(one).to_have_attribute("aria-disabled", "true")
            expect(one).to_be_disabled()
        assert view.locator(control).first.evaluate("one => one.closest('[data-asks]').title") == NEEDS
    for theme in (LIGHT, DARK):
        notebook.set_theme(theme)
        expect(view).to_have_attribute("data-cfw-theme", "dark" if theme == DARK else "light")
        assert strays(page) == []
        notebook.screenshot(screenshots / f"{case.name}-{theme.split()[-1].lower()}.png")
    globals()[f"use_{case.name}"](view)


def test_an_open_case_plays_and_says_what_it_cannot(open_notebook, screenshots, window):
    window(1500, 3000)
    notebook, survey, case, _ = test_workbench.workbench(open_notebook)
    expect(survey).to_have_attribute("data-state", "done")
    test_workbench.opened(notebook, case)
    notebook.exec("w.case.region = [[.45, .2, .66, .2, .66, .42, .45, .42]]")
    expect(case).to_have_attribute("data-without", "1")
    expect(case.locator(".cfw-alone")).to_be_hidden()
    answer = case.locator(".cfw-case-answer .cfw-big").text_content()

    notebook.reopen()
    page = notebook.page
    of_explorers = {one.name: one.says for one in CASES if one.name in ("survey", "relevance", "superpixels")}
    says = of_explorers | {
        "case": "the picture and what was asked are still here, new questions are not answered",
        "notes": "what was found and kept is still here",
    }
    for name, works in says.items():
        line = page.get_by_test_id(f"cfw-{name}").locator(".cfw-alone")
        expect(line).to_have_text(f"No kernel answers here: {works}. Run the cell again.")
    expect(case.locator(".cfw-case-question")).to_have_text("Digit 473 is a 4. Why 9?")
    expect(case.locator(".cfw-case-answer .cfw-big")).to_have_text(answer)
    for control in case.locator("[data-tab]").all():
        expect(control).to_be_disabled()
    expect(page.get_by_test_id("cfw-notes").get_by_role("button", name="keep", exact=True)).to_be_disabled()
    relevance = page.get_by_test_id("cfw-relevance")
    relevance.get_by_role("group", name="Relevance maps").press("ArrowDown")
    expect(relevance).to_have_attribute("data-pixel", re.compile(","))
    for theme in (LIGHT, DARK):
        notebook.set_theme(theme)
        expect(case).to_have_attribute("data-cfw-theme", "dark" if theme == DARK else "light")
        assert strays(page) == []
        notebook.screenshot(screenshots / f"reopened-case-{theme.split()[-1].lower()}.png")


def test_a_kernel_that_restarts_is_noticed_on_the_open_page(open_notebook):
    case = CASES[0]
    notebook = open_notebook(*case.cells)
    notebook.run_all()
    view = notebook.page.get_by_test_id("cfw-superpixels")
    expect(view).to_have_attribute("data-state", "done")
    expect(view.locator(".cfw-run-button")).to_be_enabled()
    notebook.restart()
    expect(view.locator(".cfw-alone")).to_be_visible()
    expect(view.locator(".cfw-run-button")).to_be_disabled()


def test_without_a_kernel_the_finding_stands_in_the_place_of_the_view(open_notebook, screenshots, window):
    window(1300, 1500)
    # With "No Kernel" JupyterLab says this in the console, whatever the notebook holds.
    notebook = open_notebook(*CASES[0].cells, ignore=(r"null \(reading 'kernel'\)",))
    notebook.run_all()
    page = notebook.page
    stored = page.locator(".cfw-stored")
    expect(page.get_by_test_id("cfw-superpixels")).to_have_attribute("data-state", "done")
    expect(stored.locator("img")).to_have_count(1)
    expect(stored).to_be_hidden()  # the view itself is there
    says = notebook.eval("w.result.summary()")

    notebook.reopen(kernel=False)
    expect(stored).to_be_visible()
    expect(stored).to_contain_text("This view plays as soon as a kernel is chosen")
    expect(stored).to_contain_text(says)
    expect(stored.locator("img")).to_be_visible()
    for theme in (LIGHT, DARK):
        notebook.set_theme(theme)
        notebook.screenshot(screenshots / f"no-kernel-{theme.split()[-1].lower()}.png")
