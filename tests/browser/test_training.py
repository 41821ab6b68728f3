"""The progress of a training in a real JupyterLab: its samples, its losses, its stop and its going on."""

from __future__ import annotations

from harness.notebook import BUSY
from playwright.sync_api import expect

SET_UP = """
import time, torch, cfwidgets as cf
from cfwidgets.training.attgan import AttGANTraining, TrainedAttGAN
from cfwidgets.zoo.recipes.portrait_editor import EDITED, faces
from cfwidgets.widgets.training.progress import TrainingProgress

images, has = faces(12, size=32)
pause = 0.05

def slowly(steps):
    for update in steps:
        time.sleep(pause)
        yield update

training = AttGANTraining(
    updates=120, batch_size=4, critic_updates=1, dim=4, layers=3, hidden=8, report_every=1
)
kept = "kept.safetensors"
"""
SHOW = """
w = TrainingProgress(slowly(training.steps(images, has, EDITED, checkpoint=kept)), checkpoint=kept)
w
"""


def test_one_sees_it_learn_stops_it_and_goes_on(open_notebook):
    notebook = open_notebook(SET_UP, SHOW, BUSY)
    page = notebook.page
    notebook.run_cell(0)
    notebook.run_cell(1)
    view = page.locator(".cfw-training")
    status = view.locator(".cfw-training-status")
    expect(status).to_have_attribute("data-state", "running")
    # samples: a row for each of four faces, and a column for each attribute beside the first two
    picture = view.locator("img")
    expect(picture).to_be_visible()
    page.wait_for_function("() => document.querySelector('.cfw-training img').naturalWidth === 15 * 32")
    assert picture.evaluate("image => image.naturalHeight") == 4 * 32
    expect(view.locator(".cfw-training-columns span")).to_have_count(15)
    expect(view.locator(".cfw-training-columns span").nth(2)).to_have_text("Bald")
    # losses: a chart each, the updates and their mean
    expect(view.locator(".cfw-training-loss b")).to_have_text(list(notebook.eval("w.result.loss_names")))
    expect(view.locator(".bqplot")).to_have_count(6)
    expect(view.locator(".bqplot path.line[d^=M]")).to_have_count(12)
    expect(view.locator(".cfw-training-counts")).to_contain_text(" left")
    # it is redrawn as it goes on
    first = picture.get_attribute("src")
    expect(picture).not_to_have_attribute("src", first)

    # also while a cell runs
    with notebook.waiting_in(2):
        view.get_by_role("button", name="Stop").click()
        expect(status).to_have_attribute("data-state", "stopped")
    expect(status).to_contain_text("is kept and saved, Continue goes on")
    step = notebook.eval("w.result.step")
    assert 0 < step < 120
    assert notebook.eval("TrainedAttGAN.load(kept).step") == step
    expect(view).to_contain_text(f"painted at update {step} ")

    notebook.exec("pause = 0")
    view.get_by_role("button", name="Resume").click()
    expect(status).to_have_attribute("data-state", "done")
    expect(view.locator(".cfw-training-counts")).to_contain_text("update 120 of 120")
    expect(view).to_contain_text("painted at update 120 ")
    expect(view.get_by_role("button")).to_be_hidden()
    assert notebook.eval("len(w.result.losses)") == 120
    notebook.exec("w.close()")
    expect(view).to_have_count(0)
