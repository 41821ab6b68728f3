"""A notebook that JupyterLab saved, written by nbconvert as one page, opened from disk without a network."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys

import pytest
import test_relevance
import test_reopened
import test_superpixels
import test_transitions
import test_workbench
from harness.figures import strays
from harness.opened import Open
from playwright.sync_api import Page, expect
from test_pages import BROWSERS
from waiting import until

NEEDS = "needs the notebook: this page cannot answer it"
EXPLORERS = {"superpixels": test_superpixels, "transitions": test_transitions, "relevance": test_relevance}
CHART = """
import bqplot as bq, numpy as np
x, y = bq.LinearScale(), bq.LinearScale()
values = np.linspace(0, 6, 50)
line = bq.Lines(x=values, y=np.sin(values), scales={"x": x, "y": y}, labels=["<b>sine</b>"])
figure = bq.Figure(marks=[line], axes=[bq.Axis(scale=x), bq.Axis(scale=y, orientation="vertical")])
figure"""
CONTROLS = """
import anywidget, ipywidgets as widgets, PIL.Image
from IPython.display import HTML
slider, number = widgets.IntSlider(3, description="<b>tied</b>"), widgets.IntText(3)
tie = widgets.jslink((slider, "value"), (number, "value"))
alone, button = widgets.FloatSlider(0.5, description="alone"), widgets.Button(description="ask")
output = widgets.Output()
with output:
    print("printed <i>inside</i>")
    display(widgets.Label("shown inside"), HTML("<em>marked</em>"), PIL.Image.new("RGB", (4, 4)))
more = widgets.Accordion([widgets.Label("one")], titles=["folded"])
first = widgets.VBox([slider, number, alone, button])
tab = widgets.Tab([first, output, more], titles=["controls", "output", "more"])
tab"""
STRANGER = """
class Odd(anywidget.AnyWidget):
    _esm = "export default { render() { document.title = 'odd' } }"
    def _repr_mimebundle_(self, **kwargs):
        data, metadata = super()._repr_mimebundle_(**kwargs)
        return data | {"text/plain": "an odd one"}, metadata
odd = Odd()
display(widgets.VBox([widgets.Label("known"), odd]))
odd"""
OWN = """
from IPython.display import HTML, Latex
display(HTML('<p id="own">own <b>markup</b></p><script>own.dataset.ran = 1</script>'))
Latex("so $x^2$")"""
PROSE = r"""## Prose

A formula $\frac{1}{2}$, another that nobody knows, $\nonsense{x}$, and a picture from elsewhere:
![none](https://example.invalid/x.png)

\begin{align} a &= b \\ c &= d \end{align}
"""
EDGES = "[...document.querySelectorAll('.bqplot')].map((one) => one.getBoundingClientRect().right)"
REFUSED = r"example\.invalid"  # of the author's picture, which the page does not fetch


def converted(saved, folder, *more: str, prose=PROSE):
    """Convert as a reader does: by the command, in another process."""
    path = shutil.copy(saved, folder / "shown.ipynb")
    content = json.loads(path.read_text("utf-8"))
    content["cells"].insert(0, {"cell_type": "markdown", "id": "prose", "metadata": {}, "source": prose})
    path.write_text(json.dumps(content), "utf-8")
    command = [sys.executable, "-m", "nbconvert", "--to", "cfwidgets", *more, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stderr
    return path.with_suffix(".html"), done.stderr


def look_at_explorers(page: Page) -> None:
    for name in EXPLORERS:
        (case,) = (one for one in test_reopened.CASES if one.name == name)
        view = page.get_by_test_id(f"cfw-{name}")
        expect(view).to_have_attribute("data-ready", re.compile("."))
        expect(view).to_have_attribute("data-state", "done")
        expect(view.locator(".cfw-alone")).to_have_text(f"In this page {case.says}.")
        for control in case.disabled:
            for one in view.locator(control).all():
                expect(one).to_be_disabled()
            assert view.locator(control).first.evaluate("one => one.closest('[data-asks]').title") == NEEDS
    expect(page.locator(".cfw-stored:visible")).to_have_count(0)
    test_reopened.use_superpixels(page.get_by_test_id("cfw-superpixels"), silent="no new answers")
    test_reopened.use_transitions(page.get_by_test_id("cfw-transitions"))
    test_reopened.use_relevance(page.get_by_test_id("cfw-relevance"), silent="no new answers")


def look_at_controls(page: Page) -> None:
    tab = page.locator(".widget-tab")
    expect(tab.get_by_text("<b>tied</b>")).to_be_visible()
    number = tab.locator("input[type=number]")
    expect(number).to_have_value("3")
    handle = tab.get_by_role("slider").first
    handle.focus()
    handle.press("ArrowRight")
    expect(number).to_have_value("4")
    button = tab.get_by_role("button", name="ask")
    expect(button).to_be_disabled()
    expect(button).to_have_attribute("title", NEEDS)
    alone = tab.locator(".widget-slider").nth(1)
    expect(alone).to_have_attribute("title", NEEDS)
    expect(alone.locator(".noUi-target")).to_have_attribute("disabled", "true")
    tab.get_by_role("tab", name="output").click()
    expect(tab.get_by_text("printed <i>inside</i>")).to_be_visible()
    expect(tab.get_by_text("shown inside")).to_be_visible()
    expect(tab.locator("em")).to_have_text("marked")
    assert tab.locator("img").evaluate("(one) => one.decode().then(() => one.naturalWidth)") == 4
    tab.get_by_role("tab", name="more").click()
    expect(tab.get_by_text("one", exact=True)).to_be_hidden()
    tab.get_by_text("folded").click()
    expect(tab.get_by_text("one", exact=True)).to_be_visible()


def look_at_the_rest(page: Page) -> None:
    expect(page.locator(".bqplot:visible")).to_have_count(4)  # three of explorers
    until(lambda: strays(page) == [])  # a chart is laid out after it is seen
    expect(page.get_by_text("Odd of __main__: not in this page")).to_be_visible()
    expect(page.get_by_text("an odd one", exact=True)).to_be_visible()
    assert page.title() == "shown"
    own = page.locator("#own")
    expect(own.locator("b")).to_have_text("markup")
    expect(own).to_have_attribute("data-ran", "1")
    expect(page.locator("math")).to_have_count(3)
    expect(page.locator("code", has_text=r"\nonsense{x}")).to_be_visible()
    about = page.locator(".page-about")
    expect(about).to_contain_text("from shown.ipynb, with cfwidgets")
    expect(about.locator("pre")).to_contain_text("nouislider")


def test_all_that_was_saved_plays(open_notebook, browser, request, tmp_path, screenshots, window):
    window(1300, 2200)
    cells = [text for tests in EXPLORERS.values() for text in (tests.SET_UP, tests.SHOW)]
    notebook = open_notebook(*cells, CHART, CONTROLS, STRANGER, OWN)
    notebook.run_all()
    for name in EXPLORERS:
        expect(notebook.page.get_by_test_id(f"cfw-{name}")).to_have_attribute("data-state", "done")
    until(lambda: notebook.page.locator(".cfw-stored img").count() == len(EXPLORERS))
    path, said = converted(notebook.save(), tmp_path)
    assert "1 view(s) of widgets are not in the page, which does not know them" in said
    for within in BROWSERS:
        used = browser if within == "chromium" else request.getfixturevalue(within)
        context = used.new_context(viewport={"width": 1280, "height": 1000}, offline=True)
        opened = Open(context.new_page(), path.as_uri())
        page = opened.page
        # Firefox, as it is driven here, is light.
        for scheme, width in (("dark", 760), ("light", 1280))[BROWSERS.index(within) :]:
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 1000})
            expect(page.get_by_test_id("cfw-relevance")).to_have_attribute("data-cfw-theme", scheme)
            page.screenshot(path=screenshots / f"notebook-{within}-{scheme}.png", full_page=True)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            until(lambda on=page, most=width: max(on.evaluate(EDGES)) <= most)
        look_at_the_rest(page)
        look_at_explorers(page)
        look_at_controls(page)
        wrong = [one for one in opened.wrong if not re.search(REFUSED, one)]
        context.close()
        assert wrong == []


def test_every_other_view_plays_too(open_notebook, open_page, tmp_path, screenshots, window):
    window(1300, 2200)
    cases = [case for case in test_reopened.CASES if case.name not in EXPLORERS]
    notebook = open_notebook(*(text for case in cases for text in case.cells))
    notebook.run_all()
    for case in cases:
        view = notebook.page.get_by_test_id(f"cfw-{case.name}")
        expect(view).to_have_attribute("data-state", case.state)
        expect(view).to_have_attribute("data-ready", re.compile("."))
    path, _ = converted(notebook.save(), tmp_path, prose="")
    opened = open_page(path, viewport={"width": 1280, "height": 1000})
    for case in cases:
        view = opened.view(case.name)
        expect(view.locator(".cfw-alone")).to_have_text(f"In this page {case.says}.")
        for control in case.disabled:
            for one in view.locator(control).all():
                expect(one).to_be_disabled()
        getattr(test_reopened, f"use_{case.name}")(view)
    opened.page.screenshot(path=screenshots / "notebook-others.png", full_page=True)


def test_a_workbench_plays_with_the_case_that_was_open(
    open_notebook, open_page, tmp_path, screenshots, window
):
    window(1500, 3000)
    notebook, survey, case, _ = test_workbench.workbench(open_notebook)
    expect(survey).to_have_attribute("data-state", "done")
    test_workbench.opened(notebook, case)
    path, _ = converted(notebook.save(), tmp_path, prose="")
    opened = open_page(path, viewport={"width": 1280, "height": 1000})
    case = opened.view("case")
    expect(case.locator(".cfw-case-question")).to_have_text("Digit 473 is a 4. Why 9?")
    for control in case.locator("[data-tab]").all():
        expect(control).to_be_disabled()
    relevance = opened.view("relevance")
    relevance.get_by_role("group", name="Relevance maps").press("ArrowDown")
    expect(relevance).to_have_attribute("data-pixel", re.compile(","))
    test_reopened.use_survey(opened.view("survey"))
    opened.page.screenshot(path=screenshots / "notebook-workbench.png", full_page=True)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_theme_that_was_asked_for_is_kept(browser, tmp_path, theme):
    import nbformat

    path = tmp_path / "words.ipynb"
    nbformat.write(nbformat.v4.new_notebook(), path)
    made, _ = converted(path, tmp_path, "--theme", theme)
    context = browser.new_context(color_scheme="light" if theme == "dark" else "dark", offline=True)
    page = context.new_page()
    page.goto(made.as_uri())
    dark = "rgb(17, 17, 17)"
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == dark) == (theme == "dark")
    context.close()


def test_without_scripts_the_finding_is_in_the_place_of_the_view(open_notebook, browser, tmp_path):
    notebook = open_notebook(test_superpixels.SET_UP, test_superpixels.SHOW)
    notebook.run_all()
    test_superpixels.finished(notebook)
    until(lambda: notebook.page.locator(".cfw-stored img").count() == 1)
    path, _ = converted(notebook.save(), tmp_path)
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto(path.as_uri())
    expect(page.locator(".cfw-stored img")).to_be_visible()
    expect(page.locator("noscript > .page-fault")).to_be_visible()
    expect(page.get_by_text("as soon as a kernel is chosen")).to_be_hidden()
    context.close()
