"""The FaceX explorer in a real JupyterLab: pointed at, pinned, opened, compared, and without its kernel."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

SET_UP = """
import time, torch, cfwidgets as cf
from torch import nn

faces = cf.data.portraits(24, size=64)
pause = 0.0

class Slow:
    names = faces.names
    def __len__(self): return len(faces)
    def __getitem__(self, i):
        time.sleep(pause)
        return faces[i]

def network(seed):
    torch.manual_seed(seed)
    seen = nn.Conv2d(3, 4, 5, 2, 2), nn.ReLU()
    return nn.Sequential(*seen, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))

clf, second = (cf.Classifier(network(seed), labels=["not Male", "Male"]) for seed in (0, 1))
clf.name, second.name = "first <b>net</b>", "second"
QUICK = cf.FaceX(patch=8, probed=8, batch_size=8, groups="Male")

def show(**more):
    return cf.FaceXExplorer(clf, Slow(), target="Male", engine=QUICK, **more)
"""
SHOW = "w = show()\nw"


def view_of(notebook, which=0) -> Locator:
    return notebook.page.get_by_test_id("cfw-facex").nth(which)


def finished(notebook, which=0) -> Locator:
    view = view_of(notebook, which)
    expect(view).to_have_attribute("data-state", "done", timeout=30_000)
    expect(view).to_have_attribute("data-ready", "1")
    return view


def explorer(open_notebook, *more, show=SHOW):
    notebook = open_notebook(SET_UP, show, *more)
    notebook.run_cell(0)
    notebook.run_cell(1)
    return notebook, finished(notebook)


def region(view, name) -> Locator:
    return view.locator(f'[role=option][data-region="{name}"]').first


def test_a_run_ends_with_a_face_and_its_ranking(open_notebook):
    notebook, view = explorer(open_notebook)
    best = notebook.eval("w.result.to_frame().sort_values('rank').region.iloc[0]")
    expect(view).to_have_attribute("data-shown", best)
    ior = notebook.eval("float(w.result.to_frame().ior.max())")
    expect(view).to_contain_text(f"{ior:.2f}"[1:])
    expect(view.get_by_role("option")).to_have_count(19)
    assert notebook.eval("w.view.error") == ""
    expect(notebook.page.locator(".bqplot .bar").first).to_be_visible()
    # labels are text
    expect(view).to_contain_text("first <b>net</b>")


def test_pointing_shows_a_region_and_a_click_pins_it(open_notebook):
    notebook, view = explorer(open_notebook)
    box = region(view, "hair").bounding_box()
    notebook.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 12)
    expect(view).to_have_attribute("data-shown", "hair")
    notebook.page.mouse.down()
    notebook.page.mouse.up()
    expect(view).to_have_attribute("data-pinned", "hair")
    notebook.wait("w.chosen == 'hair'")
    notebook.page.mouse.move(5, 5)
    expect(view).to_have_attribute("data-shown", "hair")
    notebook.exec("w.chosen = 'nose'")
    expect(view).to_have_attribute("data-pinned", "nose")


def test_everything_is_done_with_the_keyboard(open_notebook):
    notebook, view = explorer(open_notebook)
    keyboard = notebook.page.keyboard
    region(view, "nose").focus()
    expect(view).to_have_attribute("data-shown", "nose")
    keyboard.press("ArrowDown")
    expect(view).not_to_have_attribute("data-shown", "nose")
    below = view.get_attribute("data-shown")
    assert below in {"u_lip", "mouth", "l_lip"}
    keyboard.press("Enter")
    expect(view).to_have_attribute("data-pinned", below)
    expect(view.locator("[aria-live]").first).to_contain_text("lip" if "lip" in below else "mouth")
    keyboard.press("Escape")
    expect(view).to_have_attribute("data-pinned", "")
    assert notebook.page.locator(".jp-Notebook .jp-CodeCell").count() == 2


def test_it_is_pointed_at_while_the_kernel_is_blocked(open_notebook):
    block = "import threading\nwith w.view._wire:\n    time.sleep(5)"
    notebook, view = explorer(open_notebook, block)
    notebook.run_cell(2, wait=False)
    prompt = notebook.page.locator(".jp-Cell .jp-InputPrompt").nth(2)
    expect(prompt).to_have_text("[*]:")
    for name in ("skin", "cloth", "l_eye"):
        region(view, name).focus()
        expect(view).to_have_attribute("data-shown", name, timeout=500)
        expect(view.locator(".cfw-patch-grid button").first).to_be_visible(timeout=500)
    view.get_by_role("button", name="not Male", exact=True).click()
    expect(prompt).to_have_text("[*]:")


def test_a_patch_opens_the_face_it_came_from(open_notebook):
    notebook, view = explorer(open_notebook)
    notebook.exec("w.chosen = 'hair'")
    expect(view).to_have_attribute("data-pinned", "hair")
    view.locator(".cfw-patch-grid button").first.click()
    image = notebook.eval("int(w.result.patches.images[13, 0])")
    expect(view).to_have_attribute("data-opened", str(image))
    notebook.wait(f"w.view.face.get('image') == {image}")
    expect(view).to_contain_text(notebook.eval("w.view.face['name']"))
    view.get_by_role("button", name="Close").click()
    expect(view).to_have_attribute("data-opened", "")
    notebook.wait("w.view.opened == -1")


def test_two_models_stand_side_by_side_with_their_difference(open_notebook):
    notebook, view = explorer(open_notebook, show="w = show(other=second)\nw")
    assert notebook.eval("len(w.results)") == 2
    for name in ("first <b>net</b>", "second"):
        expect(view).to_contain_text(name)
    expect(view.locator(".cfw-figure")).to_have_count(3)


def test_a_run_is_stopped_and_goes_on(open_notebook):
    notebook = open_notebook(SET_UP, "pause = 0.1\n" + SHOW)
    notebook.run_all()
    view = view_of(notebook)
    expect(view).to_have_attribute("data-state", "running")
    notebook.wait("w.result is not None and len(w.result.ior) >= 8")
    view.get_by_role("button", name="Stop").click()
    expect(view).to_have_attribute("data-state", "stopped")
    kept = notebook.eval("len(w.result.ior)")
    assert 8 <= kept < 24
    notebook.exec("pause = 0")
    view.get_by_role("button", name="Continue").click()
    finished(notebook)
    assert notebook.eval("len(w.result.ior)") == 24


def test_early_errors_are_the_cell_s(open_notebook):
    notebook = open_notebook(
        SET_UP, "cf.FaceXExplorer(clf, faces, target='man')", ignore=("ClassifierError",)
    )
    notebook.run_cell(0)
    with pytest.raises(AssertionError, match="man"):
        notebook.run_cell(1)


def test_close_takes_it_off_the_page_and_frees_it(open_notebook):
    notebook, view = explorer(open_notebook)
    notebook.exec("w.close()")
    expect(view).to_have_count(0)
    notebook.wait("not any(t.name.startswith('cfwidgets') for t in __import__('threading').enumerate())")
