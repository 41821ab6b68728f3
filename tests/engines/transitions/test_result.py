"""The result of transitions: its tables, figure, measures and file."""

from __future__ import annotations

import html
import io
from dataclasses import fields, is_dataclass, replace

import numpy as np
import pytest
import torch
from matplotlib.image import AxesImage

from cfwidgets.engines.transitions.latent_search import Walk
from cfwidgets.engines.transitions.path import Path
from cfwidgets.engines.transitions.path_attribution import PathAttribution
from cfwidgets.engines.transitions.result import Agreement, Candidates, RandomisedModel, TransitionResult
from cfwidgets.results import ResultError

LABELS = ["zero", "one", "<b>two</b>"]
WRONG, TARGET = 1, 2


def probabilities(rows):
    return torch.tensor(rows, dtype=torch.float32)


def result(cosine, rows, rule="product", **given):
    """A result of candidates with these cosines and answers; three a start."""
    n = len(cosine)
    torch.manual_seed(0)
    cosine = torch.tensor(cosine)
    latents = torch.randn(n, 4)
    return TransitionResult(
        **{
            "settings": {"rule": rule, "options": {}, "layer": "0"},
            "model": "Small",
            "labels": tuple(LABELS),
            "prediction": torch.tensor([0.1, 0.7, 0.2]),
            "fingerprints": {"model": "1a", "generator": ""},
            "image": torch.rand(3, 6, 5),
            "image_maps": torch.randn(2, 6, 5).half(),
            "wrong": WRONG,
            "target": TARGET,
            "candidates": Candidates(
                start=torch.arange(n) // 3,
                vector=torch.arange(n) % 3,
                latents=latents,
                vectors=torch.rand(n, 3),
                cosine=cosine,
                updates=torch.arange(n) + 10,
                images=torch.randint(0, 256, (n, 3, 6, 5), dtype=torch.uint8),
                probabilities=probabilities(rows),
                maps=torch.randn(n, 6, 5).half(),
            ),
            "first": cosine - 0.5,
            "walk": Walk(
                update=17,
                latents=latents,
                squares=latents**2,
                best=latents,
                cosine=cosine,
                score=cosine,
                level=cosine,
                waited=torch.zeros(n, dtype=torch.int64),
                updates=torch.arange(n) + 10,
                invalid=torch.zeros(n, dtype=torch.int64),
                course=torch.rand(18, 2),
            ),
            "seconds": 1.25,
            **given,
        }
    )


ROWS = [
    [0.1, 0.8, 0.1],
    [0.0, 0.3, 0.7],
    [0.9, 0.05, 0.05],
    [0.1, 0.9, 0.0],
    [0.0, 0.1, 0.9],
    [0.2, 0.7, 0.1],
]
COSINE = [0.9, 0.8, 0.95, 0.3, 0.5, 0.85]


def whole(**given):
    n = 12
    target = torch.linspace(0, 1, n)
    path = Path(
        ends=(0, 1),
        phases=n,
        at=torch.arange(n),
        frames=torch.randint(0, 256, (n, 3, 6, 5), dtype=torch.uint8),
        wrong=1 - target,
        target=target,
        predicted=torch.tensor([1] * 5 + [0] + [2] * 6),
        maps=torch.randn(n, 2, 6, 5).half(),
    )
    share = torch.rand(3, 3)
    return result(
        COSINE,
        ROWS,
        **{
            "path": path,
            "attribution": PathAttribution(torch.rand(6, 5), share, 2.5, -0.01),
            "agreement": Agreement(((0, 1), (3, 4)), torch.stack([share, share]), 0.25),
            "randomised_model": RandomisedModel(share, -0.125),
            **given,
        },
    )


def equal(a, b):
    if isinstance(a, torch.Tensor):
        return a.dtype == b.dtype and torch.equal(a, b)
    if is_dataclass(a):
        return type(a) is type(b) and all(equal(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    return type(a) is type(b) and a == b


@pytest.mark.parametrize("make", [whole, lambda: result(COSINE, ROWS, image_maps=None)])
def test_what_is_saved_is_what_is_loaded(make, tmp_path):
    kept = make()
    kept.save(tmp_path / "kept.safetensors")
    found = TransitionResult.load(tmp_path / "kept.safetensors")
    for field in fields(TransitionResult):
        assert equal(getattr(kept, field.name), getattr(found, field.name)), field.name


def test_a_search_that_has_not_looked_yet_is_kept(tmp_path):
    blank = result(COSINE, ROWS)
    never = torch.full((6,), -torch.inf)
    blank = replace(
        blank, walk=replace(blank.walk, update=-1, score=never, course=torch.zeros(0, 2)), first=never
    )
    blank.save(tmp_path / "blank.safetensors")
    found = TransitionResult.load(tmp_path / "blank.safetensors")
    assert equal(blank.walk, found.walk)


def test_a_damaged_file_is_refused(tmp_path):
    (tmp_path / "bad.safetensors").write_bytes(b"no")
    with pytest.raises(ResultError, match=r"bad\.safetensors"):
        TransitionResult.load(tmp_path / "bad.safetensors")


def test_the_frame_has_a_row_a_candidate_the_most_similar_first():
    frame = result(COSINE, ROWS).to_frame()
    assert list(frame.columns) == [
        "candidate",
        "start",
        "vector",
        "cosine",
        "predicted",
        "confidence",
        "wrong",
        "target",
        "updates",
    ]
    assert frame["candidate"].tolist() == [2, 0, 5, 1, 4, 3]
    assert frame.index.tolist() == [0, 1, 2, 3, 4, 5]
    first, second = frame.iloc[0], frame.iloc[1]
    assert (first["start"], first["vector"], first["predicted"], first["updates"]) == (0, "model", "zero", 12)
    assert (second["start"], second["vector"], second["predicted"]) == (0, "target", "one")
    assert second["cosine"] == pytest.approx(0.9)
    assert (second["confidence"], second["wrong"], second["target"]) == pytest.approx((0.8, 0.8, 0.1))
    assert frame.iloc[2]["vector"] == "model"
    assert frame.iloc[4]["vector"] == "wrong"


def test_the_two_classes_have_names():
    assert (result(COSINE, ROWS).wrong_label, result(COSINE, ROWS).label) == ("one", "<b>two</b>")


def test_rows_are_those_of_a_predicted_class_the_most_similar_first():
    found = result(COSINE, ROWS)
    assert found.row(WRONG) == [0, 5, 3]
    assert found.row(TARGET) == [1, 4]
    assert found.row(0) == [2]


def test_the_best_by_product():
    # wrong: .9 × .8 = .72 beats .3 × .9 and .85 × .7; target: .8 × .7 = .56 beats .5 × .9
    assert result(COSINE, ROWS).best_ends == (0, 1)
    assert result([0.9, 0.6, 0.95, 0.3, 0.5, 0.85], ROWS).best_ends == (0, 4)


def test_the_best_by_quarter_are_the_surest_of_the_most_similar():
    cosine = [0.99, 0.98, 0.97, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05, 0.04, 0.03, 0.02]
    rows = [[0.2, 0.6, 0.2], [0.2, 0.1, 0.7], [0.1, 0.8, 0.1], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    rows += [[1.0, 0.0, 0.0]] * 7
    # the quarter is 0, 1 and 2; by product it is the same for wrong here, so make 3 likelier by product
    assert result(cosine, rows, rule="quarter").best_ends == (2, 1)
    assert result([0.99, 0.98, 0.97, 0.96, 0.95, *cosine[5:]], rows).best_ends == (3, 4)
    assert result([0.99, 0.98, 0.97, 0.96, 0.95, *cosine[5:]], rows, rule="quarter").best_ends == (2, 1)


def test_by_quarter_the_surest_of_all_where_none_of_the_most_similar_is_predicted_so():
    cosine = [0.99, 0.98, 0.97, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05, 0.04, 0.03, 0.02]
    rows = [[0.1, 0.8, 0.1]] * 3 + [[0.2, 0.0, 0.8], [0.1, 0.0, 0.9]] + [[1.0, 0.0, 0.0]] * 7
    assert result(cosine, rows, rule="quarter").best_ends == (0, 4)


@pytest.mark.parametrize("rule", ["product", "quarter"])
def test_where_none_is_predicted_so_the_nearest_is_taken(rule):
    rows = [[0.9, 0.1, 0.0], [0.8, 0.0, 0.2], [0.6, 0.3, 0.1], [0.9, 0.05, 0.05], [1.0, 0, 0], [1.0, 0, 0]]
    cosine = [0.5, 0.5, 0.5, 0.5, 0.4, 0.4]
    found = result(cosine, rows, rule=rule)
    assert found.row(WRONG) == found.row(TARGET) == []
    if rule == "product":
        assert found.best_ends == (2, 1)
    assert len(set(found.best_ends)) == 2


def test_the_less_dissimilar_is_better_however_sure_it_is():
    rows = [[0.1, 0.9, 0.0], [0.3, 0.6, 0.1], [0.1, 0.1, 0.8]]
    assert result([-0.2, -0.9, 0.5], rows).best_ends == (0, 2)
    assert result([-0.9, -0.2, 0.5], rows).best_ends == (1, 2)


@pytest.mark.parametrize("rule", ["product", "quarter"])
def test_the_ends_are_never_the_same(rule):
    # none is predicted the target, and the nearest to it is the wrong end already
    rows = [[0.0, 0.6, 0.4], [0.9, 0.0, 0.1], [0.9, 0.0, 0.1]]
    assert result([0.9, 0.8, 0.7], rows, rule=rule).best_ends == (0, 1)
    # the same turned round
    rows = [[0.0, 0.4, 0.6], [0.9, 0.1, 0.0], [0.9, 0.1, 0.0]]
    assert result([0.9, 0.8, 0.7], rows, rule=rule).best_ends == (1, 0)
    rows = [[0.5, 0.25, 0.25], [0.9, 0.05, 0.05], [0.9, 0.05, 0.05]]
    assert set(result([0.9, 0.8, 0.7], rows, rule=rule).best_ends) == {0, 1}


def test_ends_among_some_starts():
    found = result(COSINE, ROWS)
    assert found.ends_among([0]) == (0, 1)
    assert found.ends_among([1]) == (5, 4)
    assert found.ends_among([0, 1]) == found.best_ends


def test_the_most_similar_quarter_is_one_of_those_starts():
    rows = [[1.0, 0.0, 0.0]] * 6 + [[0.1, 0.9, 0.0], [0.4, 0.6, 0.0], [0.1, 0.0, 0.9]] + [[1.0, 0.0, 0.0]] * 3
    cosine = [0.95] * 6 + [0.2, 0.9, 0.1] + [0.05] * 3
    assert result(cosine, rows, rule="quarter").ends_among([2, 3]) == (7, 8)


def test_the_path_as_a_frame():
    frame = whole().path_frame()
    assert list(frame.columns) == ["phase", "wrong", "target", "predicted"]
    assert frame["phase"].tolist() == list(range(12))
    assert frame["predicted"].tolist() == ["one"] * 5 + ["zero"] + ["<b>two</b>"] * 6
    assert frame["target"].to_numpy() == pytest.approx(np.linspace(0, 1, 12))
    assert frame["wrong"].to_numpy() == pytest.approx(np.linspace(1, 0, 12))
    none = result(COSINE, ROWS).path_frame()
    assert list(none.columns) == list(frame.columns)
    assert len(none) == 0


def test_the_flip_phase():
    assert whole().flip_phase == 6
    assert result(COSINE, ROWS).flip_phase is None
    assert whole().predicted == WRONG


def test_trust_has_a_row_for_each_measure_that_was_taken():
    rows = whole().trust()
    assert list(rows.columns) == ["measure", "value", "against", "reference", "meaning", "ok"]
    values = dict(zip(rows["measure"], rows["value"], strict=True))
    assert values == pytest.approx(
        {
            "similarity of the end points": 0.8,
            "phases in the two classes": 11 / 12,
            "convergence delta": -0.01,
            "agreement of 2 thirds of the starts": 0.25,
            "randomised model": -0.125,
        }
    )
    references = rows["reference"].tolist()
    assert references[0] == pytest.approx(np.mean(COSINE) - 0.5)
    assert references[3] == 0
    assert np.isnan([references[1], references[2], references[4]]).all()
    assert rows["meaning"].str.len().min() > 40
    assert rows["meaning"].is_unique
    assert len(result(COSINE, ROWS).trust()) == 0
    assert len(whole(agreement=None, randomised_model=None).trust()) == 3


@pytest.mark.parametrize(("correlation", "ok"), [(0.49, True), (0.5, None), (0.79, None), (0.8, False)])
def test_a_randomised_model_that_is_half_alike_tells_nothing(correlation, ok):
    found = whole()
    alike = RandomisedModel(found.randomised_model.share, correlation)
    rows = whole(randomised_model=alike).trust().set_index("measure")
    assert rows.loc["randomised model", "ok"] is ok


def test_the_plot_shows_the_image_the_strip_with_its_maps_and_both_curves():
    found = whole()
    figure = found.plot()
    shown = [image for axis in figure.axes for image in axis.get_images()]
    assert all(isinstance(image, AxesImage) for image in shown)
    strip = found.path.strip
    assert len(shown) == 1 + 2 * len(strip)
    assert np.array_equal(shown[0].get_array(), found.image.permute(1, 2, 0).numpy())
    for column, phase in enumerate(strip):
        frame, relevance = shown[1 + 2 * column : 3 + 2 * column]
        assert np.array_equal(frame.get_array(), found.path.frames[phase].permute(1, 2, 0).numpy())
        side = int(found.path.target[phase] > found.path.wrong[phase])
        assert np.array_equal(relevance.get_array(), found.path.maps[phase, side].float().numpy())
        assert relevance.norm.vmin == -relevance.norm.vmax
    curves = figure.axes[-1]
    assert [line.get_label() for line in curves.lines][:2] == ["one", "<b>two</b>"]
    assert np.allclose(curves.lines[1].get_ydata(), found.path.target)
    assert list(curves.lines[2].get_xdata()) == [6, 6]


def test_a_plot_of_a_coarse_path_and_one_without_maps():
    found = whole()
    some = torch.tensor([0, 3, 7, 11])
    path = replace(
        found.path,
        **{
            name: getattr(found.path, name)[some] for name in ("at", "frames", "wrong", "target", "predicted")
        },
        maps=None,
    )
    figure = replace(found, path=path).plot()
    titles = [axis.get_title() for axis in figure.axes]
    assert titles[1:5] == ["0", "3", "7", "11"]
    assert sum(len(axis.get_images()) for axis in figure.axes) == 5


def test_no_plot_without_a_transition():
    with pytest.raises(ValueError, match="no transition yet"):
        result(COSINE, ROWS).plot()


@pytest.mark.parametrize("make", [whole, lambda: result(COSINE, ROWS)])
def test_labels_in_the_notebook_are_text(make):
    found = make()._repr_html_()
    assert "<b>" not in found
    assert html.escape("Why one rather than <b>two</b>? ") in found
    assert html.escape("6 generated candidates (3 predicted one, 2 predicted <b>two</b>) after 17") in found
    assert ("<img" in found) == (make is whole)


def test_a_label_with_dollars_is_drawn_as_it_is():
    found = whole(labels=("zero", r"$\nothing$", "<b>two</b>"))
    assert found._repr_html_().startswith(r"<p>Why $\nothing$")
    assert found.plot().axes[0].get_title() == "predicted $\\nothing$"
    legend = [text.get_text() for text in found.plot().axes[-1].get_legend().get_texts()]
    assert legend == [r"$\nothing$", "<b>two</b>"]


def test_a_long_label_stays_above_its_picture_and_within_the_figure():
    long = "black-and-gold garden spider, Argiope aurantia, of the meadows"
    figure = whole(labels=("zero", long, "two")).plot()
    title = figure.axes[0].get_title()
    assert title.splitlines() == ["predicted black-and-", "gold garden …"]
    figure.savefig(io.BytesIO())  # lays it out
    boxes = [axis.title.get_window_extent() for axis in figure.axes[:2]]
    assert boxes[0].x1 < boxes[1].x0
    name = figure.axes[-1].yaxis.label.get_window_extent()
    assert min(boxes[0].x0, name.x0) >= 0


def test_the_summary_names_the_phase_of_the_flip():
    assert whole().summary() == (
        "Why one rather than <b>two</b>? <b>two</b> becomes likelier than one at phase 6 of 12 on the way "
        "between two of 6 generated candidates (3 predicted one, 2 predicted <b>two</b>) after 17 updates."
    )
    never = whole()
    never = replace(never, path=replace(never.path, target=torch.zeros(12)))
    assert "? <b>two</b> never becomes likelier than one on the way" in never.summary()
    assert result(COSINE, ROWS).summary().endswith("after 17 updates; no transition yet.")
