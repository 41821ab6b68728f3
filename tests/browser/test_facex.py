"""The FaceX explorer in a real JupyterLab: pointed at, pinned, opened, compared, and without its kernel."""

from __future__ import annotations

import re

import pytest
from harness.notebook import HELD
from harness.shown import Shown, closed_and_freed
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
QUICK = cf.FaceX(patch=8, probed=8, batch_size=8, groups="Male", sampled=8)

def show(**more):
    return cf.FaceXExplorer(clf, Slow(), target="Male", engine=QUICK, **more)
"""
SHOW = "w = show()\nw"
PATCH = re.compile(r"^patch 2: .*, attention .*: open the face$")
SHOWN = Shown("facex")
view_of, finished = SHOWN.view_of, SHOWN.finished


def explorer(open_notebook, *more, show=SHOW):
    notebook = open_notebook(SET_UP, show, *more)
    notebook.page.mouse.move(5, 5)  # not on the view, whatever the last test pointed at
    notebook.run_cell(0)
    notebook.run_cell(1)
    return notebook, finished(notebook)


def region(view, name) -> Locator:
    return view.locator(f'[role=option][data-region="{name}"]').first


def test_a_run_ends_with_a_face_and_its_ranking(open_notebook):
    notebook, view = explorer(open_notebook)
    best = notebook.eval("w.result.to_frame().sort_values('rank').index[0]")
    expect(view).to_have_attribute("data-shown", best)
    ior = notebook.eval("float(w.result.to_frame().attention.max())")
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


def marked(notebook) -> list[int]:
    """The places of the regions whose bars, two each, stand out in the chart."""
    found = notebook.page.locator(".bqplot .bar").evaluate_all(
        "bars => bars.map((bar, i) => [i, getComputedStyle(bar).opacity])"
    )
    return sorted({i // 2 for i, opacity in found if opacity == "1"})


def test_everything_but_a_face_is_there_while_the_kernel_is_blocked(open_notebook):
    notebook, view = explorer(open_notebook, HELD)
    names = list(notebook.eval("list(w.result.regions)"))
    with notebook.waiting_in(2):
        for name in ("skin", "cloth", "l_eye"):
            region(view, name).focus()
            expect(view).to_have_attribute("data-shown", name)
            expect(view.locator(".cfw-patch-grid button").first).to_be_visible()
        assert marked(notebook) == [names.index("l_eye")]
        region(view, "l_eye").press("Enter")
        expect(view).to_have_attribute("data-pinned", "l_eye")
        view.get_by_role("button", name="not Male", exact=True).click()
        expect(view.get_by_role("button", name="not Male", exact=True)).to_have_attribute(
            "aria-pressed", "true"
        )
        view.locator(".cfw-patch-grid button").first.click()
        expect(view).to_contain_text("fetching the face")
    # what was asked for is answered when the kernel is free
    expect(view).to_have_attribute("data-face", "1")
    notebook.wait("w.chosen == 'l_eye' and w.view.group == 2")
    assert notebook.eval("w.view.error") == ""


def test_the_chart_marks_the_region_and_a_click_on_a_bar_pins_it(open_notebook):
    notebook, view = explorer(open_notebook, HELD)
    page = notebook.page
    names = list(notebook.eval("list(w.result.regions)"))
    bars = page.locator(".bqplot .bar")
    expect(bars).to_have_count(2 * 19)  # attention and effect
    assert marked(notebook) == list(range(19))
    with notebook.waiting_in(2):
        region(view, "hair").hover(position={"x": 120, "y": 14})
        expect(view).to_have_attribute("data-shown", "hair")
        expect(bars.nth(0)).to_have_css("opacity", "0.4")
        assert marked(notebook) == [names.index("hair")]
        bars.nth(2 * names.index("skin")).click()
        expect(view).to_have_attribute("data-pinned", "skin")
        assert marked(notebook) == [names.index("skin")]
    notebook.wait("w.chosen == 'skin'")
    # the kernel's echo of all this pins nothing else
    notebook.exec("w.view.notes = 'heard'")  # comes after the echo
    expect(view).to_contain_text("heard")
    expect(view).to_have_attribute("data-pinned", "skin")
    assert notebook.eval("w.view.error") == ""
    notebook.exec("w.chosen = ''")
    expect(view).to_have_attribute("data-pinned", "")
    expect(bars.nth(0)).to_have_css("opacity", "1")


def test_one_switch_colours_by_effect_and_the_chart_follows(open_notebook):
    notebook, view = explorer(open_notebook)
    best = notebook.eval("w.result.to_frame().sort_values('effect_rank').index[0]")
    labels = notebook.eval("w.result.to_frame().sort_values('effect').region.tolist()")
    view.get_by_role("button", name="effect", exact=True).click()
    expect(view).to_have_attribute("data-shown", best)
    notebook.wait("w.view.quantity == 'effect'")
    expect(view.locator(".cfw-legend").first).to_contain_text("log-odds")
    expect(notebook.page.locator(".bqplot .axis text").filter(has_text=labels[-1]).first).to_be_visible()
    view.get_by_text("All regions in numbers").click()
    row = view.locator(f".cfw-rank-row[data-region={best}] .cfw-rank-number")
    expect(row.nth(1)).to_have_text("1")


# Caveats, if there are any, stand above; what they and the parts take is known when all is laid out.
SEEN_AT_ONCE = """([body, ...parts]) => {
  body.scrollIntoView({block: "start"});
  const screen = body.closest(".jp-WindowedPanel-outer").getBoundingClientRect();
  return parts.every(part => {
    const box = part.getBoundingClientRect();
    return box.height > 0 && box.top >= screen.top - 1 && box.bottom <= screen.bottom + 1;
  });
}"""


def test_face_score_and_patches_are_on_one_screen(open_notebook, window):
    notebook, view = explorer(open_notebook)
    names = (".cfw-body", ".cfw-faces", ".cfw-region", ".cfw-patch-grid")
    for width in (760, 1000, 1440):
        window(width, 900)
        parts = [view.locator(name).first.element_handle() for name in names]
        notebook.page.wait_for_function(SEEN_AT_ONCE, arg=parts)
        for name in names[1:]:
            expect(view.locator(name).first).to_be_in_viewport(ratio=1)


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


def test_a_face_is_opened_and_closed_with_the_keyboard(open_notebook):
    notebook, view = explorer(open_notebook)
    keyboard = notebook.page.keyboard
    region(view, "nose").focus()
    spoken = region(view, "nose").get_attribute("aria-label")
    row = notebook.eval("w.result.to_frame().loc['nose', ['rank', 'count']].tolist()")
    assert f"rank {int(row[0])} of" in spoken
    assert f"on {int(row[1])} faces" in spoken
    assert "95 %" in spoken
    for _ in range(6):  # past the buttons of the groups, to the patches
        keyboard.press("Tab")
        if view.locator(".cfw-patch-grid button:focus").count():
            break
    expect(view).to_have_attribute("data-shown", "nose")
    keyboard.press("ArrowRight")
    expect(view.locator(".cfw-patch-grid button:focus")).to_have_attribute("aria-label", PATCH)
    keyboard.press("Enter")
    expect(view).to_have_attribute("data-face", "1")
    expect(view.get_by_role("button", name="Close")).to_be_focused()
    keyboard.press("Escape")
    expect(view).to_have_attribute("data-opened", "")
    expect(view.locator(".cfw-patch-grid button:focus")).to_have_attribute("aria-label", PATCH)
    expect(view).to_have_attribute("data-pinned", "nose")
    keyboard.press("Escape")
    expect(view).to_have_attribute("data-pinned", "")


def test_two_models_stand_side_by_side_with_their_difference(open_notebook):
    notebook, view = explorer(open_notebook, show="w = show(second=second)\nw")
    assert notebook.eval("len(w.result)") == 2
    for name in ("first <b>net</b>", "second"):
        expect(view).to_contain_text(name)
    expect(view.locator(".cfw-figure")).to_have_count(3)
    expect(notebook.page.locator(".bqplot .bar")).to_have_count(38)
    skin = view.locator(".cfw-figure").nth(2).locator("[data-region=skin]")
    skin.scroll_into_view_if_needed()
    difference = skin.bounding_box()
    notebook.page.mouse.move(difference["x"] + difference["width"] / 2, difference["y"] + 24)
    expect(view).to_have_attribute("data-shown", "skin")
    expect(view.locator(".cfw-pointed")).to_have_count(3)
    one, two = notebook.eval("[float(r.to_frame().attention.iloc[1]) for r in w.result]")
    if abs(two - one) >= 0.005:
        expect(view.locator(".cfw-difference")).to_contain_text(f"{abs(two - one):.2f}"[1:])
    # each opens a face with its own map
    notebook.exec("w.chosen = 'hair'")
    expect(view).to_have_attribute("data-pinned", "hair")
    view.locator(".cfw-patch-grid").nth(1).locator("button").first.click()
    expect(view).to_have_attribute("data-face", "1")
    expect(view.locator(".cfw-opened")).to_contain_text("Predicted by second")
    image = notebook.eval("int(w.result[1].patches.images[13, 0])")
    assert notebook.eval("[w.view.face['image'], w.view.face['model']]") == [image, 1]
    view.locator(".cfw-opened").get_by_role("button", name="first <b>net</b>").click()
    notebook.wait("w.view.face['model'] == 0")
    expect(view).to_have_attribute("data-face", "1")
    expect(view.locator(".cfw-opened")).to_contain_text("Predicted by first <b>net</b>")


def test_a_run_is_stopped_and_resumed(open_notebook):
    notebook = open_notebook(SET_UP, "pause = 0.5\n" + SHOW)
    notebook.run_all()
    view = view_of(notebook)
    expect(view).to_have_attribute("data-state", "running")
    notebook.wait("w.result is not None and len(w.result.ior) >= 8")
    view.get_by_role("button", name="Stop").click()
    expect(view).to_have_attribute("data-state", "stopped", timeout=30_000)
    kept = notebook.eval("len(w.result.ior)")
    assert 8 <= kept < 24
    notebook.exec("pause = 0")
    view.get_by_role("button", name="Resume").click()
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
    closed_and_freed(*explorer(open_notebook))
