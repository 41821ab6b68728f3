"""The translation explorer in a real JupyterLab: wiped, thresholded, walked, stressed, without its kernel."""

from __future__ import annotations

from harness.notebook import HELD
from harness.shown import Shown
from playwright.sync_api import Locator, expect

SET_UP = """
import time, torch, cfwidgets as cf

clf, painter = cf.zoo.translator("concrete", device="cpu")
second = cf.zoo.classifier("concrete/ordinary", device="cpu")
DATA = cf.data.concrete(6, size=128)
pause = 0.0

def slow(images, noise=None):
    time.sleep(pause)
    return painter.translate(images, noise)

translator = cf.Translator(slow, size=128, noise=painter.noise, painted="painted")

def show(data=DATA, **more):
    quick = cf.CounterfactualTranslator(batch_size=2, variants=2, trust=False)
    return cf.TranslationExplorer(clf, translator, data, engine=quick, **more)
"""
SHOW = "w = show(second=second)\nw"
SHOWN = Shown("translation")
view_of, finished = SHOWN.view_of, SHOWN.finished


def explorer(open_notebook, *more):
    return SHOWN.opened(open_notebook, SET_UP, SHOW, *more)


def pixels(canvas: Locator) -> list[int]:
    return canvas.evaluate("c => Array.from(c.getContext('2d').getImageData(0, 0, c.width, c.height).data)")


def cracked(notebook) -> int:
    return notebook.eval("w.result.truth.tolist().index(1)")


def wiped(view, by) -> None:
    """Drag the line to a share of the width."""
    stage = view.locator(".cfw-wipe-canvas")
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    mouse = view.page.mouse
    line = view.get_by_role("slider", name="wipe").bounding_box()
    mouse.move(line["x"] + 1, box["y"] + box["height"] / 2)
    mouse.down()
    mouse.move(box["x"] + by * box["width"], box["y"] + box["height"] / 3, steps=4)
    mouse.up()


def test_a_crack_is_wiped_away_and_its_mask_fits_as_python_says(open_notebook):
    notebook, view = explorer(open_notebook)
    place = cracked(notebook)
    view.get_by_role("option").nth(place).click()
    expect(view).to_have_attribute("data-shown", str(place))
    notebook.wait(f"w.chosen == {place}")
    expect(view.get_by_role("heading").first).to_contain_text("cracked → sound")
    line, stage = view.get_by_role("slider", name="wipe"), view.locator(".cfw-wipe-canvas")
    line.focus()
    notebook.page.keyboard.press("End")
    expect(line).to_have_attribute("aria-valuenow", "100")
    image = pixels(stage)
    wiped(view, 0.25)
    expect(line).to_have_attribute("aria-valuenow", "25")
    assert pixels(stage) != image
    view.get_by_role("slider", name="threshold").fill("64")
    expect(view).to_have_attribute("data-level", "64")
    notebook.wait("w.threshold == 0.25")
    both = f"w.result.masks[[{place}]], w.result.true_masks[[{place}]]"
    iou = notebook.eval(f"float(cf.evaluation.segmentation_curve({both}).iou[64])")
    expect(view.locator(".cfw-scores li").first).to_have_text(f"IoU{iou:.2f}".replace("0.", "."))
    notebook.exec("w.chosen = w.result.truth.tolist().index(0); w.threshold = 0.5")
    expect(view.get_by_role("heading").first).to_contain_text("sound → cracked")
    expect(view).to_have_attribute("data-level", "128")


def test_it_is_wiped_thresholded_and_walked_while_the_kernel_is_blocked(open_notebook):
    notebook, view = explorer(open_notebook, HELD)
    place = cracked(notebook)
    stage, mask = view.locator(".cfw-wipe-canvas"), view.locator(".cfw-mask-canvas")
    lines = notebook.page.locator(".bqplot path.line")
    with notebook.waiting_in(2):
        view.get_by_role("option").nth(place).click()
        expect(view).to_have_attribute("data-shown", str(place))
        before, chart = pixels(stage), [line.get_attribute("d") for line in lines.all()]
        wiped(view, 0.8)
        expect(view.get_by_role("slider", name="wipe")).to_have_attribute("aria-valuenow", "80")
        assert pixels(stage) != before
        for style in ("filled", "outline", "heat"):
            drawn = pixels(mask)
            view.get_by_role("button", name=style, exact=True).click()
            assert pixels(mask) != drawn
        score = view.locator(".cfw-scores").inner_text()
        view.get_by_role("slider", name="threshold").fill("30")
        expect(view).to_have_attribute("data-level", "30")
        assert view.locator(".cfw-scores").inner_text() != score
        view.get_by_role("slider", name="opacity").fill("20")
        view.get_by_role("radio", name="variant 2").click()
        expect(view).to_have_attribute("data-variant", "1")
        view.get_by_role("button", name="disagreement", exact=True).click()
        view.get_by_role("button", name="twin of the twin", exact=True).click()
        expect(view).to_have_attribute("data-other", "returned")
        # the cursor and the curve of the image have moved, in the browser
        assert [line.get_attribute("d") for line in lines.all()] != chart
    notebook.wait(f"w.chosen == {place} and w.threshold == 30 / 256")


def test_the_set_is_walked_by_keys_and_sorted(open_notebook):
    notebook, view = explorer(open_notebook)
    keyboard = notebook.page.keyboard
    view.get_by_role("option").first.click()
    for key, place in (("ArrowRight", 1), ("ArrowRight", 2), ("End", 5), ("ArrowLeft", 4), ("Home", 0)):
        keyboard.press(key)
        expect(view).to_have_attribute("data-shown", str(place))
        expect(view.get_by_role("option", selected=True)).to_have_attribute("data-place", str(place))
    view.get_by_role("button", name="doubt", exact=True).click()
    doubt = notebook.eval("w.result.fakeness.argsort(descending=True).tolist()")
    shown = [int(one.get_attribute("data-place")) for one in view.get_by_role("option").all()]
    assert shown == doubt
    # the notebook has not taken a key
    assert notebook.page.locator(".jp-Notebook .jp-CodeCell").count() == 2


def test_stress_is_dragged_and_the_last_question_is_answered(open_notebook):
    notebook, view = explorer(open_notebook)
    view.get_by_text("Under stress").click()
    notebook.wait("w.view.stress.get('asked') == [0, 0]")
    panel = view.locator(".cfw-stress")
    quiet = panel.locator("table").inner_text()
    noise = view.get_by_role("slider", name="noise")
    for value in (5, 12, 20, 33, 40):
        noise.fill(str(value))
    notebook.wait("abs(w.view.stress['asked'][0] - 0.2) < 1e-6")
    expect(panel.locator("table")).not_to_have_text(quiet)
    assert len(set(pixels(panel.locator("canvas").first))) > 50
    view.get_by_role("slider", name="attack step").fill("10")
    notebook.wait("w.view.stress['asked'] == [0, 0.01]")
    expect(noise).to_have_value("0")
    view.get_by_role("button", name="measure the curve").click()
    notebook.wait("w.view.measured.get('pgd') == 7")
    expect(notebook.page.locator(".bqplot").nth(1)).to_be_visible()


def test_a_run_is_stopped_and_resumed(open_notebook):
    notebook = open_notebook(SET_UP, "pause = 0.3\nw = show()\nw")
    notebook.run_all()
    view = view_of(notebook)
    expect(view).to_have_attribute("data-state", "running")
    notebook.wait("w.result is not None and w.result.done > 0")
    view.get_by_role("button", name="Stop").click()
    expect(view).to_have_attribute("data-state", "stopped")
    done = notebook.eval("w.result.done")
    assert 0 < done <= 6
    # what there is can be looked at
    expect(view).to_have_attribute("data-ready", "1")
    notebook.exec("pause = 0")
    view.get_by_role("button", name="Resume").click()
    finished(notebook)
    assert notebook.eval("w.result.done") == 6


def test_a_translator_that_fails_is_seen_and_what_was_found_is_kept(open_notebook):
    failing = (
        "calls = 0\n"
        "def slow(images, noise=None):\n"
        "    global calls\n"
        "    calls += 1\n"
        "    if calls == 6: raise MemoryError('out of luck')\n"
        "    return painter.translate(images, noise)\n"
        "translator = cf.Translator(slow, size=128, noise=16, painted='painted')\n"
        "w = show()\nw"
    )
    notebook = open_notebook(SET_UP, failing)
    notebook.run_all()
    view = view_of(notebook)
    expect(view).to_have_attribute("data-state", "failed")
    expect(view.get_by_role("alert")).to_contain_text("MemoryError: out of luck")
    assert notebook.eval("w.result.done") == 2
    view.get_by_role("button", name="Resume").click()
    finished(notebook)
    expect(view.get_by_role("alert")).to_have_count(0)


def test_two_views_do_not_disturb_each_other_and_close_takes_one_off(open_notebook):
    notebook, _ = explorer(open_notebook, "v = show()\nv", "w")
    notebook.run_cell(2)
    notebook.run_cell(3)
    first, other, again = (finished(notebook, i) for i in range(3))
    first.get_by_role("option").nth(3).click()
    expect(first).to_have_attribute("data-shown", "3")
    expect(again).to_have_attribute("data-shown", "3")
    expect(other).to_have_attribute("data-shown", "0")
    notebook.exec("w.close()")
    expect(first).to_have_attribute("data-shown", "0")  # the one that is left is now the first
    expect(notebook.page.get_by_test_id("cfw-translation")).to_have_count(1)
