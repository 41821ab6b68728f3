"""Two different views on one page look exactly as each alone: no style sheet reaches beyond its view."""

from __future__ import annotations

import io

import numpy as np
import pytest
from harness.notebook import DARK, LIGHT
from PIL import Image
from playwright.sync_api import Locator, expect
from scipy.ndimage import maximum_filter, minimum_filter

SET_UP = """
import torch, cfwidgets as cf
from torch import nn

faces = cf.data.portraits(12, size=64)
torch.manual_seed(0)
seen = nn.Conv2d(3, 4, 5, 2, 2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
clf = cf.Classifier(nn.Sequential(*seen, nn.Linear(4, 2)).eval(), labels=["not Male", "Male"])
clf.name = "network"
"""
VIEWS = {
    "superpixels": (
        "engine = cf.ELime(segments=12, population=10, generations=3)\n"
        "cf.SuperpixelView(clf, faces.images[0], 0, engine=engine)"
    ),
    "facex": "cf.FaceXView(clf, faces, 'Male', engine=cf.FaceX(patch=8, probed=4, groups='Male'))",
}


def shown(notebook, name: str) -> Locator:
    view = notebook.page.locator(f'[data-testid="cfw-{name}"]:visible')  # not in a tab behind
    expect(view).to_have_attribute("data-state", "done")
    expect(view).to_have_attribute("data-ready", "1")
    if name == "superpixels":
        expect(view).to_have_attribute("data-answered", "1")
    return view


def picture(notebook, name: str) -> np.ndarray:
    view = shown(notebook, name)
    notebook.page.mouse.move(0, 0)
    # What is above it may end within a pixel, and all is drawn otherwise there.
    view.evaluate(
        "view => { const { y } = view.getBoundingClientRect();"
        "view.style.position = 'relative'; view.style.top = `${Math.floor(y) - y}px`; }"
    )
    return np.asarray(Image.open(io.BytesIO(view.screenshot(animations="disabled"))).convert("RGB"))


def differs(image: np.ndarray, other: np.ndarray, *, rounding: int = 2) -> np.ndarray:
    """Mark pixels whose colour is not between those of the pixel and its neighbours in the other picture.

    The edge of a drawn shape is blended otherwise where it lies elsewhere on the page: up to 8 pixels in ten
    thousand have another shade, as measured, all between the shades beside them.
    """
    low = minimum_filter(other, (3, 3, 1)).astype(int) - rounding
    high = maximum_filter(other, (3, 3, 1)).astype(int) + rounding
    return ((image < low) | (image > high)).any(2)


def use_sheets(notebook, *names: str) -> None:
    """Switch the style sheets of these views on, the others off: a sheet outlives its view on a page."""
    notebook.page.evaluate(
        """([all, used]) => {
          for (const sheet of document.querySelectorAll("style")) {
            const view = all.find((name) => sheet.textContent.includes(`.cfw-${name}`));
            if (view) sheet.media = used.includes(view) ? "all" : "not all";
          }
        }""",
        [list(VIEWS), names],
    )


@pytest.fixture
def tall(window):
    """A page in which each view is seen whole."""
    window(1200, 2600)


@pytest.mark.usefixtures("tall")
@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_two_views_on_one_page_look_as_each_alone(open_notebook, theme):
    alone = {}
    for name, cell in VIEWS.items():
        notebook = open_notebook(SET_UP, cell)
        notebook.run_all()
        if theme != LIGHT:
            notebook.set_theme(theme)
        shown(notebook, name)
        use_sheets(notebook, name)
        alone[name] = picture(notebook, name)
    together = open_notebook(SET_UP, *VIEWS.values())
    together.run_all()
    use_sheets(together, *VIEWS)
    for name in VIEWS:
        there, here = picture(together, name), alone[name]
        assert there.shape == here.shape, name
        assert (differs(there, here) | differs(here, there)).mean() < 1e-4, name
