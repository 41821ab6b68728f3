"""The superpixel explorer in a real JupyterLab: seen, clicked, typed at, stopped, and without its kernel."""

from __future__ import annotations

import pytest
from harness.notebook import BUSY, HELD
from harness.shown import Shown, closed_and_freed
from playwright.sync_api import expect

SET_UP = """
import time, torch, cfwidgets as cf

ROWS, COLUMNS = 3, 4
TILES = (torch.arange(96)[:, None] // 32 * COLUMNS + torch.arange(96)[None] // 24).int()
PICTURE = torch.rand(3, 96, 96, generator=torch.Generator().manual_seed(0)) * 0.5 + 0.5
WEIGHTS = torch.tensor([2.0, -1, 0.5, -3, 1, 0.7, -0.2, 3, -2, 0.4, -0.6, 1.5])
BEST = [i for i, w in enumerate(WEIGHTS) if w > 0]
SMALLEST = [7]  # alone it keeps nine tenths of what the best has
pause = 0.0

def logistic(images):
    time.sleep(pause)
    lit = images.amax(1).flatten(1) > 0
    tiles = torch.zeros(len(images), 12).index_add_(1, TILES.flatten().long(), lit.float()) > 0
    p = torch.sigmoid(tiles.float() @ WEIGHTS)
    return torch.stack([1 - p, 0.75 * p, 0.25 * p], 1)

clf = cf.Classifier(logistic, labels=["<img src=x onerror=alert(1)>", "cat", "dog"])
FAST = cf.ELime(population=40, generations=20, trust=False)

def show(engine=FAST, target=1):
    return cf.SuperpixelExplorer(clf, PICTURE, target, engine=engine, segments=TILES)
"""
SHOW = "w = show()\nw"
SHOWN = Shown("superpixels", answered="1")
view_of, finished = SHOWN.view_of, SHOWN.finished


def click(view, tile) -> None:
    canvas = view.locator("canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    row, column = divmod(tile, 4)
    canvas.click(position={"x": (column + 0.5) * box["width"] / 4, "y": (row + 0.5) * box["height"] / 3})


def explorer(open_notebook, *more, **settings):
    """An explorer that has ended and shows the best superpixels."""
    notebook, view = SHOWN.opened(open_notebook, SET_UP, SHOW, *more, **settings)
    best(view)
    return notebook, view


def best(view) -> None:
    view.get_by_role("button", name="best", exact=True).click()
    expect(view).to_have_attribute("data-shown", "7")
    expect(view).to_have_attribute("data-answered", "1")


def test_the_smallest_answer_is_shown_first(open_notebook):
    notebook = open_notebook(SET_UP, SHOW)
    notebook.run_all()
    view = finished(notebook)
    expect(view).to_have_attribute("data-shown", "1")
    expect(view.get_by_role("button", name="smallest")).to_have_attribute("aria-pressed", "true")
    assert notebook.eval("w.result.smallest.nonzero().flatten().tolist() == SMALLEST")
    p = notebook.eval("w.result.smallest_probability")
    expect(view.locator(".cfw-big")).to_have_text(f"{p:.3f}"[1:])
    best(view)
    view.get_by_role("button", name="smallest").click()
    expect(view).to_have_attribute("data-shown", "1")


def test_a_search_ends_with_the_answer_and_a_chart(open_notebook):
    notebook, view = explorer(open_notebook)
    assert notebook.eval("w.result.mask.nonzero().flatten().tolist() == BEST")
    expect(view).to_have_attribute("data-shown", "7")
    expect(view.get_by_text("cat, on the shown part")).to_be_visible()
    p = notebook.eval("w.result.probability")
    expect(view.locator(".cfw-big")).to_have_text(f"{p:.3f}"[1:])
    expect(notebook.page.locator(".bqplot path.line").nth(2)).to_be_visible()
    # best of each generation, drawn
    assert notebook.eval("len(w.view.history['best'])") == 21
    # the picture on the canvas: a shown tile has its colours, a hidden one is dark
    pixels = view.locator("canvas").evaluate(
        """canvas => { const c = canvas.getContext('2d'), w = canvas.width, h = canvas.height;
        const mean = (row, column) => {
          const d = c.getImageData((column + .35) * w / 4, (row + .35) * h / 3, .3 * w / 4, .3 * h / 3).data;
          let sum = 0; for (let i = 0; i < d.length; i += 4) sum += d[i]; return sum / (d.length / 4); };
        return [mean(0, 0), mean(0, 3)]; }"""
    )
    assert pixels[0] > 150
    assert pixels[1] < 100


def test_a_click_toggles_and_the_model_answers(open_notebook):
    notebook, view = explorer(open_notebook)
    click(view, 3)
    expect(view).to_have_attribute("data-shown", "8")
    expect(view).to_have_attribute("data-answered", "1")
    notebook.wait("w.mask.tolist()[3]")
    p = notebook.eval("float(w.probabilities.set_index('class').probability[1])")
    expect(view.locator(".cfw-big")).to_have_text(f"{p:.3f}"[1:])
    assert p < notebook.eval("w.result.probability")
    click(view, 3)
    expect(view).to_have_attribute("data-shown", "7")
    notebook.wait("not w.mask.tolist()[3]")


def test_the_buttons_and_undo(open_notebook):
    notebook, view = explorer(open_notebook)
    for name, count in (("none", 0), ("invert", 12), ("none", 0), ("all", 12), ("best", 7), ("invert", 5)):
        view.get_by_role("button", name=name, exact=True).click()
        expect(view).to_have_attribute("data-shown", str(count))
    for count in (7, 12, 0, 12, 0, 7):
        view.get_by_role("button", name="undo", exact=True).click()
        expect(view).to_have_attribute("data-shown", str(count))
    notebook.wait("int(w.mask.sum()) == 7")


def test_dragging_paints(open_notebook):
    notebook, view = explorer(open_notebook)
    view.get_by_role("button", name="none", exact=True).click()
    canvas = view.locator("canvas")
    canvas.scroll_into_view_if_needed()
    box, mouse = canvas.bounding_box(), notebook.page.mouse
    y = box["y"] + box["height"] / 2
    mouse.move(box["x"] + 5, y)
    mouse.down()
    mouse.move(box["x"] + box["width"] - 5, y, steps=12)
    mouse.up()
    expect(view).to_have_attribute("data-shown", "4")
    notebook.wait("w.mask.nonzero()[0].tolist() == [4, 5, 6, 7]")
    view.get_by_role("button", name="undo", exact=True).click()
    expect(view).to_have_attribute("data-shown", "0")


def test_everything_is_done_with_the_keyboard(open_notebook):
    notebook, view = explorer(open_notebook)
    keyboard = notebook.page.keyboard
    canvas = view.locator("canvas")
    canvas.focus()
    keyboard.press("Home")
    expect(view).to_have_attribute("data-focus", "0")
    keyboard.press("ArrowRight")
    expect(view).to_have_attribute("data-focus", "1")
    keyboard.press("ArrowDown")
    expect(view).to_have_attribute("data-focus", "5")
    keyboard.press("ArrowLeft")
    expect(view).to_have_attribute("data-focus", "4")
    expect(view.locator("[aria-live]")).to_contain_text("superpixel 4")
    keyboard.press("Space")
    expect(view).to_have_attribute("data-shown", "6")
    expect(view.locator("[aria-live]")).to_contain_text("6 of 12 superpixels shown")
    notebook.wait("not w.mask.tolist()[4]")
    keyboard.press("Control+z")
    expect(view).to_have_attribute("data-shown", "7")
    # Tab reaches the rest, in the order in which it stands
    reached = set()
    for _ in range(20):
        keyboard.press("Tab")
        reached.add(
            notebook.page.evaluate("document.activeElement.textContent || document.activeElement.type")
        )
    assert {"dim", "best", "all", "none", "invert", "undo", "range"} <= reached
    # the notebook has not taken a key: no cell was added, none was cut
    assert notebook.page.locator(".jp-Notebook .jp-CodeCell").count() == 2


def test_a_run_is_stopped_and_goes_on(open_notebook):
    notebook = open_notebook(SET_UP, "pause = 0.05\n" + SHOW)
    notebook.run_all()
    view = view_of(notebook)
    expect(view).to_have_attribute("data-state", "running")
    expect(view).to_have_attribute("data-ready", "1")
    notebook.wait("w.result is not None and len(w.view.history.get('best', [])) > 2")
    view.get_by_role("button", name="Stop").click()
    expect(view).to_have_attribute("data-state", "stopped")
    kept = notebook.eval("len(w.view.history['best'])")
    assert 2 < kept < 21
    # the worker has ended: nothing is added
    notebook.wait("not any(t.name == 'cfwidgets-run' for t in __import__('threading').enumerate())")
    assert notebook.eval("len(w.view.history['best'])") == kept
    notebook.exec("pause = 0")
    view.get_by_role("button", name="Resume").click()
    finished(notebook)
    assert notebook.eval("len(w.view.history['best'])") == 21
    view.get_by_role("button", name="Resume").click()
    notebook.wait("len(w.view.history['best']) == 41")
    finished(notebook)


def test_stop_is_heard_while_a_cell_runs(open_notebook):
    notebook = open_notebook(SET_UP, "pause = 0.05\n" + SHOW, BUSY)
    notebook.run_cell(0)
    notebook.run_cell(1)
    view = view_of(notebook)
    expect(view).to_have_attribute("data-state", "running")
    with notebook.waiting_in(2):
        notebook.wait("len(w.view    .history.get('best', [])) > 1", aside=True)
        view.get_by_role("button", name="Stop").click()
        expect(view).to_have_attribute("data-state", "stopped")


def test_it_is_played_with_while_the_kernel_is_blocked(open_notebook):
    notebook, view = explorer(open_notebook, HELD)
    with notebook.waiting_in(2):
        chart = notebook.page.locator(".bqplot path.line").last
        before = chart.get_attribute("d")
        click(view, 3)
        expect(view).to_have_attribute("data-shown", "8")
        view.get_by_role("button", name="undo", exact=True).click()
        expect(view).to_have_attribute("data-shown", "7")
        view.get_by_role("slider", name="replay").fill("0")
        first = view.get_attribute("data-shown")
        expect(chart).not_to_have_attribute("d", before)
        view.get_by_role("button", name="heat").click()
        expect(view).to_have_attribute("data-mode", "heat")
    notebook.wait(f"int(w.mask.sum()) == {first}")
    expect(view).to_have_attribute("data-answered", "1")


def test_another_class_is_explained_and_the_first_is_kept(open_notebook):
    notebook, view = explorer(open_notebook)
    view.locator(".cfw-bar").filter(has_text="onerror").get_by_role("button").click()
    notebook.wait("w.view.target == 0 and w.view.state == 'done'")
    expect(view.locator("header")).to_contain_text("<img src=x onerror=alert(1)>")
    assert notebook.eval("w.result.mask.nonzero().flatten().tolist()") != notebook.eval("BEST")
    asked = notebook.eval("w.view.evaluations")
    notebook.exec("w.view.target = 1")
    expect(view).to_have_attribute("data-shown", "1")
    assert notebook.eval("w.view.state") == "done"
    assert notebook.eval("w.view.run.state") == "done"
    assert asked > 0


def test_two_explorers_and_one_shown_twice_do_not_disturb_each_other(open_notebook):
    notebook, _ = explorer(open_notebook, "v = show(target=2)\nv", "w")
    notebook.run_cell(2)
    notebook.run_cell(3)
    first, other, again = (finished(notebook, i) for i in range(3))
    best(other)
    click(first, 3)
    expect(first).to_have_attribute("data-shown", "8")
    expect(again).to_have_attribute("data-shown", "8")
    expect(other).to_have_attribute("data-shown", "7")
    click(again, 0)
    expect(first).to_have_attribute("data-shown", "7")
    first.get_by_role("button", name="undo", exact=True).click()
    expect(again).to_have_attribute("data-shown", "8")
    click(other, 1)
    expect(other).to_have_attribute("data-shown", "8")
    notebook.wait("bool(w.mask[0] and w.mask[3] and v.mask[1] and not v.mask[3])")


def test_close_takes_it_off_the_page_and_frees_it(open_notebook):
    closed_and_freed(*explorer(open_notebook))


RUBBISH = {
    "model.set('shown', [0, 99])": "superpixels from 0 to 11, not 99",
    "model.set('shown', [0.5])": "superpixels from 0 to 11, not 0.5",
    "model.set('shown', 'cat')": "shown must be a list",
    "model.set('shown', Array.from({length: 1000000}, (_, i) => i))": "at most 12 superpixels",
    "model.set('target', 3)": "target must be from 0 to 2, not 3",
    "model.set('best', [0])": "the page may not set best",
    "model.send({kind: 'format the disk'})": "a message that is not known: \"{'kind': 'format the disk'}\"",
    "model.send('x'.repeat(3000000))": "a message that is not known: 'xxxxx",
}


def test_rubbish_from_the_page_is_refused_and_seen(open_notebook):
    spoiler = '''
import anywidget, traitlets
class Spoiler(anywidget.AnyWidget):
    _esm = """export default { async render({ model: own, host, el }) {
      const model = await host.getModel(own.get("view"));
      for (const [i, rubbish] of own.get("rubbish").entries()) {
        const button = el.appendChild(document.createElement("button"));
        button.textContent = `rubbish ${i}`;
        button.onclick = () => { new Function("model", rubbish)(model); model.save_changes(); };
      } } }"""
    view = anywidget.WidgetTrait().tag(sync=True)
    rubbish = traitlets.List().tag(sync=True)
'''
    notebook, view = explorer(open_notebook, spoiler + f"Spoiler(view=w.view, rubbish={list(RUBBISH)!r})")
    notebook.run_cell(2)
    for i, text in enumerate(RUBBISH.values()):
        notebook.page.get_by_role("button", name=f"rubbish {i}", exact=True).click()
        expect(view.get_by_role("alert")).to_contain_text(text)
        expect(view).to_have_attribute("data-shown", "7")
        assert notebook.eval("int(w.mask.sum())") == 7
    assert notebook.eval("w.result.count") == 12
    click(view, 3)
    notebook.wait("w.mask.tolist()[3]")
    expect(view.get_by_role("alert")).to_have_count(0)


def test_a_classifier_that_fails_in_the_middle_is_seen_and_what_was_found_is_kept(open_notebook):
    failing = (
        "calls = 0\n"
        "def failing(images):\n"
        "    global calls\n"
        "    calls += 1\n"
        "    if calls == 9: raise MemoryError('out of luck')\n"
        "    return logistic(images)\n"
        "clf = cf.Classifier(failing, labels=list('abc'))\n" + SHOW
    )
    notebook = open_notebook(SET_UP, failing)
    notebook.run_all()
    view = view_of(notebook)
    expect(view).to_have_attribute("data-state", "failed")
    expect(view.get_by_role("alert")).to_contain_text("MemoryError: out of luck")
    assert notebook.eval("w.result is not None and type(w.view.last_error).__name__") == "MemoryError"
    view.get_by_role("button", name="Resume").click()
    expect(view).to_have_attribute("data-state", "done")
    expect(view.get_by_role("alert")).to_have_count(0)


def test_a_picture_that_cannot_be_cut_says_so_where_the_picture_would_be(open_notebook):
    notebook = open_notebook(
        SET_UP,
        "w = cf.SuperpixelExplorer(clf, torch.full((3, 40, 40), 0.5), 1, engine=cf.ELime(segments=1))\nw",
    )
    notebook.run_all()
    view = view_of(notebook)
    expect(view).to_have_attribute("data-state", "failed")
    expect(view).to_contain_text("SLIC found a single superpixel")
    expect(view).to_contain_text("there is nothing to choose from")


def test_early_errors_are_the_cell_s(open_notebook):
    notebook = open_notebook(
        SET_UP, "cf.SuperpixelExplorer(clf, PICTURE, 'car')", ignore=("ClassifierError",)
    )
    notebook.run_cell(0)
    with pytest.raises(AssertionError, match="car"):
        notebook.run_cell(1)
