"""The progress of a training in a real JupyterLab: samples, losses, stop, resuming, and a collapse."""

from __future__ import annotations

from harness.notebook import BUSY, LIGHT
from harness.patience import PATIENCE
from playwright.sync_api import expect

SET_UP = """
import time, torch, cfwidgets as cf
from cfwidgets.training.attgan import AttGANTraining, TrainedAttGAN
from cfwidgets.zoo.recipes.portrait_editor import EDITED, faces

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
w = cf.TrainingProgress(slowly(training.steps(images, has, EDITED, checkpoint=kept)), checkpoint=kept)
w
"""


def test_one_sees_it_learn_stops_and_resumes_it(open_notebook, screenshots):
    notebook = open_notebook(SET_UP, SHOW, BUSY)
    page = notebook.page
    notebook.run_cell(0)
    notebook.run_cell(1)
    view = page.get_by_test_id("cfw-training")
    status = view.locator(".cfw-status")
    expect(view).to_have_attribute("data-state", "running")
    # samples: a row for each of four faces, and a column for each attribute beside the first two
    samples = view.get_by_role("img", name="4 rows of samples")
    expect(samples).to_be_visible()
    expect(samples).to_have_js_property("width", 15 * 32)
    expect(samples).to_have_js_property("height", 4 * 32)
    expect(view.locator(".cfw-columns span")).to_have_count(15)
    expect(view.locator(".cfw-columns span").nth(2)).to_have_text("Bald")
    # losses: a number and a chart each, the updates and their mean
    names = notebook.eval("w.result.loss_names")
    expect(view.locator(".cfw-loss dt")).to_have_text(list(names))
    charts = page.locator(".cfw-training-chart")
    expect(charts.locator(".mainheading")).to_have_text(list(names))
    expect(charts.locator("path.line[d^=M]")).to_have_count(12)
    expect(view.locator(".cfw-status")).to_contain_text(" left")
    # it is redrawn as the training continues
    ready = view.get_attribute("data-ready")
    expect(view).not_to_have_attribute("data-ready", ready)

    # also while a cell runs
    with notebook.waiting_in(2):
        view.get_by_role("button", name="Stop").click()
        expect(view).to_have_attribute("data-state", "stopped")
    expect(status).to_contain_text("is kept and saved, Resume continues")
    step = notebook.eval("w.result.step")
    assert 0 < step < 120
    assert notebook.eval("TrainedAttGAN.load(kept).step") == step
    expect(view).to_contain_text(f"drawn at update {step} ")
    for theme in ("JupyterLab Dark", LIGHT):
        notebook.set_theme(theme)
        name = f"training-{theme.rpartition(' ')[2].lower()}.png"
        notebook.screenshot(screenshots / name, view.locator("xpath=ancestor::*[@class][2]"))

    notebook.exec("pause = 0")
    view.get_by_role("button", name="Resume").click()
    expect(view).to_have_attribute("data-state", "done")
    expect(view.locator(".cfw-counts")).to_contain_text("update 120 of 120")
    expect(view).to_contain_text("drawn at update 120 ")
    expect(view.locator(".cfw-run-button")).to_be_hidden()
    assert notebook.eval("len(w.result.losses)") == 120
    notebook.exec("w.close()")
    expect(view).to_have_count(0)
    expect(charts).to_have_count(0)


TRANSLATION = """
import cfwidgets as cf
from cfwidgets.training.translation import TrainedTranslator, TranslationTraining

drawn = cf.data.concrete(60, 32)
held_out = cf.data.concrete(20, 32, first=60)
# So large a sparsity keeps every twin as its image is.
training = TranslationTraining(
    updates=560, warm_updates=20, batch_size=4, sparsity=1000.0, sparsity_moved=1000.0, width=8, full_width=4,
    levels=2, noise=4, discriminator_width=8, measure_every=10, report_every=5,
)
kept = "kept-translator.safetensors"
"""
SHOW_TRANSLATION = """
w = cf.TrainingProgress(
    training.steps(drawn.images, drawn.labels, held_out=held_out, checkpoint=kept), checkpoint=kept
)
w
"""


def test_one_sees_a_translator_collapse(open_notebook, screenshots):
    notebook = open_notebook(TRANSLATION, SHOW_TRANSLATION)
    page = notebook.page
    notebook.run_cell(0)
    notebook.run_cell(1)
    view = page.get_by_test_id("cfw-training")
    samples = view.get_by_role(
        "img", name="8 rows of samples; columns: image, twin, difference, twin of the twin"
    )
    expect(samples).to_be_visible()
    expect(samples).to_have_js_property("width", 4 * 32)
    expect(samples).to_have_js_property("height", 8 * 32)
    expect(view.locator(".cfw-columns span")).to_have_text(
        ["image", "twin", "difference", "twin of the twin"]
    )
    # what is measured on images held out: numbers and a chart each, beside those of the losses
    measures = ["flipped from 0", "flipped from 1", "IoU", "branch accuracy"]
    expect(view.locator(".cfw-now").nth(1)).to_contain_text("On held-out images")
    expect(view.locator(".cfw-now").nth(1).locator("dt")).to_have_text(measures)
    charts = page.locator(".cfw-training-chart")
    titles = [*notebook.eval("w.result.loss_names"), *(f"{name}, held out" for name in measures)]
    expect(charts.locator(".mainheading")).to_have_text(titles)
    notes = view.locator(".cfw-notes")
    expect(notes).to_be_hidden()

    view.get_by_role("button", name="Stop").click()
    expect(view).to_have_attribute("data-state", "stopped")
    step = notebook.eval("w.result.step")
    assert 0 < step < 520
    assert notebook.eval("TrainedTranslator.load(kept).step") == step
    expect(view).to_contain_text(f"drawn at update {step} ")
    row = view.locator("xpath=ancestor::*[@class][2]")
    for theme in ("JupyterLab Dark", LIGHT):
        notebook.set_theme(theme)
        notebook.screenshot(screenshots / f"training-twins-{theme.rpartition(' ')[2].lower()}.png", row)

    view.get_by_role("button", name="Resume").click()
    expect(notes).to_contain_text("stuck: the twins do not differ", timeout=5_000 * PATIENCE)
    expect(view).to_have_attribute("data-state", "done")
    expect(view).to_contain_text("drawn at update 560 ")
    assert notebook.eval("len(w.result.losses)") == 560
    above, below = notes.bounding_box(), samples.bounding_box()
    assert above["y"] + above["height"] <= below["y"]
    for theme in ("JupyterLab Dark", LIGHT):
        notebook.set_theme(theme)
        notebook.screenshot(screenshots / f"training-collapse-{theme.rpartition(' ')[2].lower()}.png", row)
    notebook.exec("w.close()")
