"""The levels of relevance maps, and the pictures that hide pixels by them."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
import torch

from cfwidgets.evaluation.hiding import FILLS, fills
from cfwidgets.widgets.relevance.hiding import Hiding, composed
from cfwidgets.widgets.relevance.levels import deflated, levels_of, peak_of, ranking


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_levels_give_the_map_back_to_a_part_in_thirty_thousand_of_its_largest_value():
    pixels = noise(6, 5)
    sent = np.frombuffer(zlib.decompress(deflated(pixels)), "<i2").reshape(6, 5)
    assert np.abs(sent * peak_of(pixels) / 32767 - pixels.numpy()).max() <= peak_of(pixels) / 65534 + 1e-7
    assert np.abs(sent).max() == 32767


@pytest.mark.parametrize(
    "pixels", [torch.zeros(2, 3), torch.tensor([[1.0, float("nan")]])], ids=["zero", "NaN"]
)
def test_a_map_that_shows_nothing_has_no_levels(pixels):
    assert not levels_of(pixels).any()
    assert peak_of(pixels) == 0


def test_pixels_are_ranked_and_equals_are_spread_over_the_picture():
    pixels = noise(8, 8)
    order = ranking(pixels)
    assert np.array_equal(np.sort(order), np.arange(64))
    ranked = levels_of(pixels).ravel()[order]
    assert (np.diff(ranked.astype(int)) <= 0).all()
    first = ranking(torch.zeros(32, 32))[:64]
    assert len(set(first // 32)) > 16  # rows; in their own order they were two


def test_the_lot_is_that_of_the_browser():
    # js/tests/relevance/logic.test.ts has the same.
    assert ranking(torch.zeros(2, 4)).tolist() == [0, 5, 2, 7, 4, 1, 6, 3]


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("least", [False, True])
def test_exactly_the_ranked_pixels_are_hidden(fill, least):
    image = noise(3, 10, 10, seed=1).abs().clamp(0, 1)
    pixels = noise(10, 10, seed=2)
    contents = fills(image)
    picture = composed(image, contents, ranking(pixels), Hiding("rap", 20, least=least, fill=fill))
    assert picture.shape == image.shape
    assert ((picture >= 0) & (picture <= 1)).all()
    limit = pixels.flatten().sort(descending=not least).values[19]
    hidden = pixels <= limit if least else pixels >= limit
    assert hidden.sum() == 20
    assert torch.equal(picture[:, ~hidden], image[:, ~hidden])
    if fill != "inpaint":
        assert torch.equal(picture[:, hidden], contents[fill][:, hidden])


def test_inpainting_continues_what_lies_around():
    image = torch.linspace(0, 1, 12).expand(3, 12, 12).clone()
    spot = torch.zeros(12, 12)
    spot[4:7, 4:7] = 1
    broken = image.clone()
    broken[:, 4:7, 4:7] = 0
    picture = composed(broken, fills(broken), ranking(spot), Hiding("rap", 6, least=False, fill="inpaint"))
    assert (picture - image).abs().max() < 0.01


@pytest.mark.parametrize(("percent", "same_as"), [(0, None), (100, "mean")])
def test_inpainting_of_nothing_and_of_everything(percent, same_as):
    image = noise(3, 6, 6).abs().clamp(0, 1)
    contents = fills(image)
    picture = composed(
        image, contents, ranking(noise(6, 6)), Hiding("rap", percent, least=False, fill="inpaint")
    )
    assert torch.equal(picture, image if same_as is None else contents[same_as])


GOOD = {"method": "rap", "percent": 10, "least": False, "fill": "blur"}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"method": "lrp"}, "no map by 'lrp'"),
        ({"percent": 101}, "percent must be from 0 to 100"),
        ({"percent": True}, "percent must be"),
        ({"percent": 1.5}, "percent must be"),
        ({"least": 1}, "least must be True or False"),
        ({"fill": "white"}, "fill must be one of blur"),
        ({"more": 1}, "hiding must have method, percent, least and fill"),
    ],
)
def test_what_is_no_question_is_refused(wrong, said):
    assert Hiding.read(GOOD, ["rap"]).percent == 10
    with pytest.raises(ValueError, match=said):
        Hiding.read({**GOOD, **wrong}, ["rap"])
