"""The figure: both directions, the mask from the threshold on, the true mask where it is known."""

from __future__ import annotations

import numpy as np
import pytest
import square
import torch

from cfwidgets.engines.translation.engine import CounterfactualTranslator

ENGINE = CounterfactualTranslator(variants=0, trust=False)


def explained(images=None, **more):
    pictures = square.pictures() if images is None else images
    return ENGINE.explain(square.classifier(), square.translator(threshold=0.25), pictures, **more)


def rows(figure):
    return [axis.get_ylabel() for axis in figure.axes if axis.get_ylabel()]


def test_three_of_each_side_with_their_true_masks():
    figure = explained(masks=square.masks()).plot()
    assert rows(figure) == ["image", "twin", "difference", "mask ≥ 0.25", "true mask"]
    assert len(figure.axes) == 5 * 6
    titles = [axis.get_title() for axis in figure.axes if axis.get_title()]
    assert titles == ["bright 0.90"] * 3 + ["dark 0.90"] * 3 + ["dark 0.90"] * 3 + ["bright 0.90"] * 3
    assert figure.get_suptitle() == "looks: dark or bright, and the other way round"


def test_where_one_side_has_few_the_other_has_more():
    figure = explained(square.pictures()[[0, 1, 3, 5, 7]]).plot()
    assert rows(figure) == ["image", "twin", "difference", "mask ≥ 0.25"]
    titles = [axis.get_title() for axis in figure.axes[:5]]
    assert titles == ["bright 0.90"] * 4 + ["dark 0.90"]


def test_the_marked_pixels_are_coloured():
    figure = explained(square.pictures(1)).plot()
    shown = np.asarray(figure.axes[3].images[0].get_array())
    coloured = np.ptp(shown, axis=2) > 0.1
    assert np.array_equal(coloured, square.masks(1)[0].numpy())


def test_without_a_twin_there_is_nothing_to_draw():
    with torch.no_grad():
        first = next(ENGINE.steps(square.classifier(), square.translator(), square.pictures())).partial
    assert first.summary() == "No twin yet of 8 images, dark or bright, for looks."
    with pytest.raises(ValueError, match="no twin to draw yet"):
        first.plot()
