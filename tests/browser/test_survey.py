"""The survey explorer in a real JupyterLab: from the confusion matrix to a picture, by mouse and by keys."""

from __future__ import annotations

import re

import pytest
from harness.notebook import DARK, HELD, LIGHT
from harness.shown import Shown
from playwright.sync_api import Locator, expect
from waiting import until

SET_UP = """
import cfwidgets as cf

clf, digits = cf.zoo.classifier("digits"), cf.data.digits("test")
"""
SHOW = "w = cf.SurveyExplorer(clf, digits)\nw"
MANY = """
import torch

rows = torch.arange(12_000) % 1000
shades = 1 - rows.new_tensor(range(12_000)).div(24_000)[:, None, None, None]
w = cf.SurveyExplorer(clf, digits.images[rows] * shades, digits.labels[rows])
w"""


def explorer(open_notebook, *more, show=SHOW):
    return Shown("survey", pending="0").opened(open_notebook, SET_UP, show, *more)


def pixels(view, place: int = 0) -> list[int]:
    """The pixels of one picture of the gallery: its place among those that are painted."""
    return view.locator(".cfw-sheet").evaluate(
        """(canvas, place) => {
          const space = canvas.parentElement, width = canvas.clientWidth;
          const columns = Math.floor(width / 72), ratio = canvas.width / width, wide = width / columns;
          const [x, y] = [(place % columns + 0.5) * wide - 32, Math.floor(place / columns) * 91 + 4];
          const [left, top, side] = [x, y, 64].map((length) => Math.round(length * ratio));
          const { data } = canvas.getContext("2d").getImageData(left, top, side, side);
          return Array.from(data).filter((_, i) => i % 4 === 0);
        }""",
        place,
    )


def ink(values: list[int]) -> float:
    """The mean brightness of a digit, which is white on black."""
    return sum(values) / len(values) / 255


def test_a_cell_of_the_matrix_leads_to_its_pictures_and_a_key_opens_one(open_notebook):
    notebook, view = explorer(open_notebook)
    page = notebook.page
    table = notebook.eval("w.result.confusion.tolist()")
    cells = view.locator(".cfw-cell").all_text_contents()
    assert [int(text or 0) for text in cells] == [count for row in table for count in row]
    view.get_by_role("gridcell", name="2 → 3:").focus()
    for key in ("ArrowRight",) * 4:
        page.keyboard.press(key)
    page.keyboard.press("Enter")  # 2 → 7
    expect(view).to_have_attribute("data-shown", str(table[2][7]))
    frame = 'w.result.to_frame().query(\'truth == "2" and prediction == "7"\')'
    expected = notebook.eval(f"{frame}.sort_values('loss', ascending=False)['index'].tolist()")
    notebook.wait("w.filters.get('truth') == 2 and w.filters['prediction'] == 7")
    view.get_by_role("listbox").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    notebook.wait(f"w.chosen == {expected[1]}")
    expect(view.locator(".cfw-detail")).to_contain_text(f"#{expected[1]}2, predicted as 7")
    own = notebook.eval(f"float(digits.images[{expected[1]}].mean())")
    assert ink(pixels(view, 1)) == pytest.approx(own, abs=0.01)
    page.keyboard.press("Escape")
    expect(view).to_have_attribute("data-shown", "1000")
    notebook.exec("w.filters = {'wrong': True, 'sort': 'order'}; w.chosen = 3")
    expect(view).to_have_attribute("data-shown", str(notebook.eval("int((~w.result.right).sum())")))
    expect(view).to_have_attribute("data-chosen", "3")


def test_thousands_of_pictures_are_scrolled_through_while_the_kernel_is_blocked(open_notebook):
    notebook, view = explorer(open_notebook, HELD, show=MANY)
    notebook.wait("w.view._arranged_by is not None")
    scroller = view.locator(".cfw-scroller")
    with notebook.waiting_in(2):
        seen = [pixels(view)]
        for share in (0.31, 0.77, 1.0):
            scroller.evaluate("(s, share) => { s.scrollTop = share * s.scrollHeight; }", share)
            until(lambda: (now := pixels(view, 8)) not in seen and ink(now) > 0.02)
            expect(view).to_have_attribute("data-pending", "0")
            seen.append(pixels(view, 8))
        assert len({tuple(one) for one in seen}) == 4
        view.get_by_role("gridcell", name="9, right:").click()
        expect(view).to_have_attribute("data-pending", "0")
        count = int(view.get_attribute("data-shown"))
        assert 1000 < count < 1200
        scroller.press("End")
        expect(view.locator(".cfw-cursor")).to_have_attribute("aria-posinset", str(count))
        expect(view).to_have_attribute("data-pending", "0")
        scroller.press("Enter")
        chosen = int(view.get_attribute("data-chosen"))
        # Nothing of the page grows with the pictures: a canvas, and what holds a few of them.
        assert view.evaluate("view => view.querySelectorAll('*').length") < 400
        assert scroller.locator("canvas").evaluate(
            "c => c.height < 3 * c.parentElement.parentElement.clientHeight"
        )
    notebook.wait(f"w.chosen == {chosen}")
    assert notebook.eval(f"int(w.result.truth[{chosen}])") == 9


def test_a_page_that_is_loaded_again_asks_for_the_pictures_that_it_lacks(open_notebook):
    notebook, view = explorer(open_notebook, "w")
    notebook.exec("w.view.kept = b''")
    notebook.run_cell(2)  # a second view, which has seen no message
    second = notebook.page.get_by_test_id("cfw-survey").last
    expect(second).to_have_attribute("data-ready", "1")
    expect(second).to_have_attribute("data-pending", "0")
    assert pixels(second, 3) == pixels(view.first, 3)
    second.locator(".cfw-scroller").press("End")
    expect(second).to_have_attribute("data-pending", "0")


def test_it_looks_right_in_both_themes(open_notebook, screenshots, window):
    window(1400, 1100)
    notebook, view = explorer(open_notebook)
    view.get_by_role("gridcell", name=re.compile("^2 → 7:")).click()
    for theme in (LIGHT, DARK):
        notebook.set_theme(theme)
        expect(view).to_have_attribute("data-cfw-theme", "dark" if theme == DARK else "light")
        expect(view).to_have_attribute("data-pending", "0")
        assert shown(view.locator(".cfw-sheet"))
        notebook.screenshot(screenshots / f"survey-{theme.split()[-1].lower()}.png")


def shown(canvas: Locator) -> bool:
    """Tell whether anything is painted."""
    return canvas.evaluate(
        "c => c.width > 0 && c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((v) => v > 0)"
    )
