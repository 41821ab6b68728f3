"""The figure of a result: the drawn face or a ranking, and the patches beside it."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from matplotlib import colormaps
from matplotlib.patches import PathPatch

from cfwidgets import Prototype, PrototypeError
from cfwidgets.data.faces import REGIONS
from cfwidgets.data.faces.regions import region_label
from cfwidgets.engines.facex.result import FaceXResult
from cfwidgets.engines.facex.top_patches import best_patches, no_patches

N, SIDE = 6, 4


def result(regions=REGIONS, absent=(), **changes):
    """Region r has a score of (r + 1) / 20; each face has one patch for each region but the absent."""
    count = len(regions)
    ior = ((torch.arange(count) + 1) / 20).expand(N, count).clone()
    values = torch.rand(N, 4, count, generator=torch.Generator().manual_seed(0))
    for place in absent:
        ior[:, place], values[:, :, place] = torch.nan, 0
    images = torch.rand(N, 3, 2 * SIDE, 2 * SIDE, generator=torch.Generator().manual_seed(1))
    return FaceXResult(
        **{
            "settings": {"seed": 0},
            "model": "net",
            "labels": ("female", "Male"),
            "prediction": torch.tensor([0.25, 0.75]),
            "fingerprints": {},
            "target": 1,
            "regions": tuple(regions),
            "total": N,
            "numbers": torch.arange(N),
            "names": tuple(f"{number:05d}.jpg" for number in range(N)),
            "size": (2 * SIDE, 2 * SIDE),
            "ior": ior,
            "probability": torch.ones(N),
            "predicted_target": torch.ones(N, dtype=torch.bool),
            "groups": torch.zeros(N, dtype=torch.int64),
            "group_names": (),
            "patches": best_patches(values, images, range(N), SIDE, 3, 1),
            **changes,
        }
    )


def drawn(figure):
    """Save the figure, which draws it, and return it."""
    figure.savefig(io.BytesIO(), format="png", dpi=40)
    return figure


def texts(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def outlines(figure):
    return [patch for axes in figure.axes for patch in axes.patches if isinstance(patch, PathPatch)]


def test_the_face_is_coloured_by_score_and_has_a_scale():
    figure = drawn(result().plot())
    order = [region.name for region in Prototype.face().regions]
    fills = dict(zip(order, outlines(figure), strict=True))
    for place, name in enumerate(REGIONS):  # the scale ends with the highest score, .95
        assert fills[name].get_facecolor() == colormaps["YlOrRd"]((place + 1) / 20 / 0.95)
        assert not fills[name].get_hatch()
    scale = next(axes for axes in figure.axes if axes.get_xlabel() == "part of the highest region's")
    assert scale.get_xlim() == (0, 1)


def test_attention_and_effect_stand_side_by_side_on_one_scale():
    effect = torch.arange(19, 0, -1).float().expand(2, 19).clone()
    effect[:, 3] = torch.nan  # glasses: none of the two faces has them
    figure = drawn(result(effect=-effect, sampled=torch.tensor([4, 1])).plot())
    order = [region.name for region in Prototype.face().regions]
    found = outlines(figure)
    assert len(found) == 2 * 19
    attention, hidden = (dict(zip(order, some, strict=True)) for some in (found[:19], found[19:]))
    assert attention["cloth"].get_facecolor() == hidden["background"].get_facecolor()
    assert hidden["cloth"].get_facecolor() == colormaps["YlOrRd"](1 / 19)
    assert [name for name, patch in hidden.items() if patch.get_hatch()] == ["eye_g"]
    titles = [axes.get_title() for axes in figure.axes]
    assert [title for title in titles if title] == [
        "attention, at most 0.95",
        "effect (log-odds), at most 19",
    ]


def test_all_regions_are_named_and_those_in_no_face_hatched():
    figure = drawn(result(absent=(14,)).plot())
    assert {region_label(name) for name in REGIONS} <= set(texts(figure))
    hatched = [patch for patch in outlines(figure) if patch.get_hatch()]
    assert len(hatched) == 1
    assert "part of the highest region's (hatched: in no face)" in [axes.get_xlabel() for axes in figure.axes]


def test_the_patches_of_the_best_regions_with_names_and_scores():
    found = result()
    figure = drawn(found.plot())
    pictures = [image for axes in figure.axes for image in axes.images]
    assert len(pictures) == 5 * 3
    for line, place in enumerate((18, 17, 16, 15, 14)):
        for column in range(3):
            expected = found.patches.pixels[place, column].permute(1, 2, 0).numpy()
            assert np.array_equal(pictures[3 * line + column].get_array(), expected)
    named = texts(figure)
    best = found.patch_frame().set_index("region").loc["clothing"].iloc[0]
    assert f"{best['name']}\n{best['value']:.3g}" in named
    assert "0.95 (0.95 to 0.95)" in named


def test_other_regions_are_ranked():
    regions = [f"wing {number}" for number in range(3)]
    figure = drawn(result(regions, absent=(1,), randomised=torch.full((2, 3), 0.1)).plot())
    assert not outlines(figure)
    axes = next(axes for axes in figure.axes if "95 % interval" in axes.get_xlabel())
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([1 / 3, 1])
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["wing 0", "wing 2"]
    assert len(axes.collections) == 1  # the intervals
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "randomised model",
        "attention, at most 0.15",
    ]


@pytest.fixture
def bird(tmp_path):
    file = tmp_path / "bird.svg"
    file.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 50"><g id="panel-0">'
        '<path id="body" d="M0 0H100V50H0Z"/><path id="eye" d="M80 10a2 2 0 1 1 0 4a2 2 0 1 1 0-4Z"/>'
        "</g></svg>"
    )
    return Prototype.from_svg(file)


def test_a_drawing_of_one_s_own(bird):
    figure = drawn(result(("body", "eye")).plot(bird))
    assert len(outlines(figure)) == 2
    axes = next(axes for axes in figure.axes if any(text.get_text() == "eye" for text in axes.texts))
    x = {text.get_text(): text.get_position()[0] for text in axes.texts}
    assert 0 < x["body"] < 100
    assert x["eye"] > 100  # beside the drawing
    with pytest.raises(PrototypeError, match="no region tail"):
        result(("body", "tail")).plot(bird)


def test_labels_are_no_formulas():
    labels = ("female", r"$\frac{")
    figure = result(labels=labels, model="$x^", names=tuple(r"$\y" for _ in range(N))).plot()
    assert drawn(figure).texts[0].get_text() == r"$x^: what counts for $\frac{, 6 of 6 faces"
    regions = (r"$\frac{", "$_")
    assert {*regions} <= {
        tick.get_text() for axes in drawn(result(regions).plot()).axes for tick in axes.get_yticklabels()
    }


def test_without_patches_there_are_still_scores():
    figure = drawn(result(patches=no_patches(19, 3, SIDE)).plot())
    assert not [image for axes in figure.axes for image in axes.images]
    assert len(outlines(figure)) == 19


def test_scores_of_zero_have_a_scale():
    figure = drawn(result(ior=torch.zeros(N, 19)).plot())
    assert len(outlines(figure)) == 19


def test_nothing_to_draw_yet():
    with pytest.raises(ValueError, match="nothing to draw yet"):
        result(ior=torch.zeros(0, 19), numbers=torch.zeros(0).long(), names=()).plot()
