"""The transition explorer in a real JupyterLab: scrubbed, played, picked at, and without its kernel."""

from __future__ import annotations

import re

import pytest
from harness.notebook import BUSY, HELD
from harness.shown import Shown, closed_and_freed
from playwright.sync_api import Locator, expect

SET_UP = """
import time, torch, cfwidgets as cf

clf = cf.zoo.classifier("digits")
painter = cf.zoo.generator("digits")
DIGIT = cf.data.digits("test").images[473]
QUICK = cf.Transitions(starts=3, updates=12, trust=False)
pause = 0.0

class Slow(torch.nn.Module):
    classes, latent_size = 10, painter.latent_size
    def generate(self, z, c):
        time.sleep(pause)
        return painter.generate(z, c)
    def sample(self, n, seed=0):
        return painter.sample(n, seed)

def show(engine=QUICK, target="4"):
    return cf.TransitionExplorer(clf, Slow(), DIGIT, target, engine=engine)
"""
SHOW = "w = show()\nw"
SHOWN = Shown("transitions", path="full")
view_of, finished = SHOWN.view_of, SHOWN.finished


def explorer(open_notebook, *more, **settings):
    return SHOWN.opened(open_notebook, SET_UP, SHOW, *more, **settings)


def slider(view) -> Locator:
    return view.get_by_role("slider", name="phase")


def at_phase(view, phase) -> None:
    expect(view).to_have_attribute("data-phase", str(phase))
    expect(view).to_have_attribute("data-painted", str(phase))


def stage_pixels(view) -> list[int]:
    return view.locator("canvas").first.evaluate(
        "c => Array.from(c.getContext('2d').getImageData(0, 0, c.width, c.height).data)"
    )


def test_a_search_ends_with_a_transition_and_its_curves(open_notebook):
    notebook, view = explorer(open_notebook)
    expect(view.get_by_role("heading").first).to_contain_text("Why 9 rather than 4")
    at_phase(view, 0)
    flip = notebook.eval("w.flip_phase")
    expect(view).to_have_attribute("data-flip", str(flip))
    assert notebook.eval("w.result.path.complete and len(w.result.candidates.start) == 9")
    lines = notebook.page.locator(".bqplot path.line")
    expect(lines.nth(1)).to_be_visible()
    # the picture that is seen is the one that was painted: same pixels, enlarged by a whole number
    view.get_by_role("button", name="plain", exact=True).click()
    expect(view).to_have_attribute("data-mode", "plain")
    sums = view.locator("canvas").first.evaluate(
        """c => { const n = 32, s = c.width / n, d = c.getContext('2d'), out = [];
        for (let y = 0; y < n; y++) for (let x = 0; x < n; x++)
          out.push(d.getImageData((x + .5) * s, (y + .5) * s, 1, 1).data[0]);
        return out; }"""
    )
    assert sums == notebook.eval("w.result.path.frames[0, 0].flatten().tolist()")


def test_scrubbing_moves_the_picture_the_numbers_and_the_chart(open_notebook):
    notebook, view = explorer(open_notebook)
    cursor = notebook.page.locator(".bqplot path.line").last
    before, picture = cursor.get_attribute("d"), stage_pixels(view)
    slider(view).fill("700")
    at_phase(view, 700)
    expect(cursor).not_to_have_attribute("d", before)
    assert stage_pixels(view) != picture
    p = notebook.eval("float(w.result.path.target[700])")
    expect(view).to_contain_text(f"{p:.3f}"[1:])
    notebook.wait("w.phase == 700")
    notebook.exec("w.phase = 250")
    at_phase(view, 250)


def test_everything_is_done_with_the_keyboard(open_notebook):
    notebook, view = explorer(open_notebook)
    keyboard = notebook.page.keyboard
    slider(view).focus()
    for key, phase in (
        ("End", 999),
        ("ArrowLeft", 998),
        ("Home", 0),
        ("ArrowRight", 1),
        ("Shift+ArrowRight", 11),
    ):
        keyboard.press(key)
        at_phase(view, phase)
    keyboard.press("f")
    at_phase(view, notebook.eval("w.flip_phase"))
    keyboard.press("p")
    expect(view).to_have_attribute("data-playing", "1")
    keyboard.press("p")
    expect(view).not_to_have_attribute("data-playing", "1")
    # the notebook has not taken a key: no cell was added, none was cut
    assert notebook.page.locator(".jp-Notebook .jp-CodeCell").count() == 2


def test_it_is_scrubbed_and_played_while_the_kernel_is_blocked(open_notebook):
    notebook, view = explorer(open_notebook, HELD)
    with notebook.waiting_in(2):
        cursor = notebook.page.locator(".bqplot path.line").last
        before = cursor.get_attribute("d")
        for phase in (999, 1, 500):
            slider(view).fill(str(phase))
            at_phase(view, phase)
        expect(cursor).not_to_have_attribute("d", before)
        view.get_by_role("button", name="flip", exact=True).click()
        expect(view).to_have_attribute("data-phase", view.get_attribute("data-flip"))
        view.get_by_role("button", name="side by side").click()
        expect(view).to_have_attribute("data-mode", "side by side")
        flip = int(view.get_attribute("data-phase"))
        view.get_by_role("button", name="play", exact=False).first.click()
        notebook.page.wait_for_function(
            "([view, phase]) => Number(view.dataset.phase) > phase", arg=[view.element_handle(), flip + 20]
        )
        view.get_by_role("button", name="pause", exact=False).first.click()
    stopped = int(view.get_attribute("data-phase"))
    notebook.wait(f"w.phase == {stopped}")


def test_other_candidates_are_walked_between(open_notebook):
    notebook, view = explorer(open_notebook)
    ends = notebook.eval("[w.result.row(9)[-1], w.result.row(4)[0]]")
    before = notebook.eval("list(w.result.path.ends)")
    for end in ends:
        view.get_by_role("button", name=f"candidate {end}:").click()
    notebook.wait(f"list(w.result.path.ends) == {ends} and w.result.path.complete")
    assert notebook.eval("w.view.picked") == ends
    expect(view).to_have_attribute("data-path", "full")
    expect(view).to_have_attribute("data-flip", str(notebook.eval("w.flip_phase")))
    view.get_by_role("button", name="best", exact=True).click()
    notebook.wait(f"list(w.result.path.ends) == {before}")


def test_another_class_is_asked_about_and_the_first_is_kept(open_notebook):
    notebook, view = explorer(open_notebook)
    view.locator(".cfw-picker-button").click()
    view.get_by_role("option").filter(has_text=re.compile("^8")).click()
    notebook.wait("w.result is not None and w.result.target == 8 and w.view.state == 'done'")
    expect(view.get_by_role("heading").first).to_contain_text("Why 9 rather than 8")
    notebook.exec("w.target = 4")
    expect(view.get_by_role("heading").first).to_contain_text("Why 9 rather than 4")
    assert notebook.eval("w.view.state") == "done"
    finished(notebook)


def test_a_run_is_stopped_and_goes_on(open_notebook):
    notebook = open_notebook(
        SET_UP, "pause = 0.1\nw = show(cf.Transitions(starts=3, updates=60, trust=False))\nw"
    )
    notebook.run_all()
    view = view_of(notebook)
    expect(view).to_have_attribute("data-state", "running")
    notebook.wait("w.result is not None and w.result.walk.update > 2")
    view.get_by_role("button", name="Stop").click()
    expect(view).to_have_attribute("data-state", "stopped")
    kept = notebook.eval("w.run.partial.walk.update")
    assert 2 < kept < 60
    # what there is can be looked at
    expect(view.get_by_role("button", name="candidate").first).to_be_visible()
    # the worker has ended: nothing is added
    notebook.wait("not any(t.name == 'cfwidgets-run' for t in __import__('threading').enumerate())")
    assert notebook.eval("w.run.partial.walk.update") == kept
    notebook.exec("pause = 0")
    view.get_by_role("button", name="Resume").click()
    finished(notebook)
    assert notebook.eval("w.result.walk.update") == 60


def test_stop_is_heard_while_a_cell_runs(open_notebook):
    notebook = open_notebook(SET_UP, "pause = 0.1\n" + SHOW, BUSY)
    notebook.run_cell(0)
    notebook.run_cell(1)
    view = view_of(notebook)
    expect(view).to_have_attribute("data-state", "running")
    with notebook.waiting_in(2):
        notebook.wait("w.result is not None     and w.result.walk.update > 1", aside=True)
        view.get_by_role("button", name="Stop").click()
        expect(view).to_have_attribute("data-state", "stopped")


def test_two_explorers_and_one_shown_twice_do_not_disturb_each_other(open_notebook):
    notebook, _ = explorer(open_notebook, "v = show(target=8)\nv", "w")
    notebook.run_cell(2)
    notebook.run_cell(3)
    first, other, again = (finished(notebook, i) for i in range(3))
    slider(first).fill("300")
    at_phase(first, 300)
    at_phase(again, 300)
    at_phase(other, 0)
    slider(again).fill("20")
    at_phase(first, 20)
    notebook.wait("w.phase == 20 and v.phase == 0")


def test_a_generator_that_fails_in_the_middle_is_seen_and_what_was_found_is_kept(open_notebook):
    failing = (
        "calls = 0\n"
        "class Failing(Slow):\n"
        "    def generate(self, z, c):\n"
        "        global calls\n"
        "        calls += z.requires_grad\n"  # the search's own passes
        "        if calls == 9 and z.requires_grad: raise MemoryError('out of luck')\n"
        "        return super().generate(z, c)\n"
        "Slow = Failing\n" + SHOW
    )
    notebook = open_notebook(SET_UP, failing)
    notebook.run_all()
    view = view_of(notebook)
    expect(view).to_have_attribute("data-state", "failed")
    expect(view.get_by_role("alert")).to_contain_text("MemoryError: out of luck")
    assert notebook.eval("w.result is not None and type(w.view.last_error).__name__") == "MemoryError"
    view.get_by_role("button", name="Resume").click()
    finished(notebook)
    expect(view.get_by_role("alert")).to_have_count(0)


def test_a_run_that_is_refused_says_so_where_the_picture_would_be(open_notebook):
    notebook = open_notebook(SET_UP, "w = show(cf.Transitions(phases=100_000))\nw")
    notebook.run_all()
    view = view_of(notebook)
    expect(view).to_have_attribute("data-state", "failed")
    expect(view).to_contain_text("100,000 phases of 32 x 32 pixels with their maps would take 0.7 GiB")


def test_early_errors_are_the_cell_s(open_notebook):
    notebook = open_notebook(SET_UP, "show(target='four')", ignore=("ClassifierError",))
    notebook.run_cell(0)
    with pytest.raises(AssertionError, match="four"):
        notebook.run_cell(1)


def test_close_takes_it_off_the_page_and_frees_it(open_notebook):
    closed_and_freed(*explorer(open_notebook))
