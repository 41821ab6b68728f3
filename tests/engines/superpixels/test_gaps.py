"""A model that has no finite answer at times: such pictures are counted, never the best, and said."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import pytest
import torch
from comparing import differences

from cfwidgets import Classifier, ClassifierError, ELime, Lime, SuperpixelResult, SuperpixelView
from cfwidgets.models.finite import finite_or_nan

SIDE = 24
TILES = (torch.arange(SIDE)[:, None] // 6 * 3 + torch.arange(SIDE)[None] // 8).int()  # 4 x 3 tiles
PICTURE = torch.rand(3, SIDE, SIDE, generator=torch.Generator().manual_seed(0)) * 0.5 + 0.5
WEIGHTS = torch.tensor([2.0, -1, 0.5, -3, 1, 0.7, -0.2, 3, -2, 0.4, -0.6, 1.5])
BEST = WEIGHTS > 0
ELIME = ELime(population=30, generations=25, samples=60, trust=False)
LIME = Lime(samples=300, trust=False)


def shown(images):
    lit = images.amax(1).flatten(1) > 0
    return torch.zeros(len(images), 12).index_add_(1, TILES.flatten().long(), lit.float()) > 0


def model(gap):
    """The logistic of the sum of weights; NaN where ``gap`` is true of the tiles shown, ``(n, 12)``."""

    def answer(images):
        tiles = shown(images)
        p = torch.sigmoid(tiles.float() @ WEIGHTS)
        rows = torch.stack([1 - p, p], 1)
        return torch.where(gap(tiles)[:, None], torch.nan, rows)

    return Classifier(answer)


def explain(engine, gap, **more):
    return engine.explain(model(gap), PICTURE, 1, segments=TILES, **more)


def never(tiles):
    return torch.zeros(len(tiles), dtype=torch.bool)


def few_shown(tiles):
    return tiles.sum(1) < 4


def test_answers_that_are_not_finite_are_told_one_by_one():
    clf = model(lambda tiles: tiles[:, 0])
    masks = torch.rand(9, 12, generator=torch.Generator().manual_seed(1)) < 0.5
    images = PICTURE * masks[:, TILES.long()][:, None]
    rows = finite_or_nan(clf, images)
    assert torch.equal(rows.isnan().all(1), masks[:, 0])
    known = rows[~masks[:, 0]]
    torch.testing.assert_close(known, clf.probabilities(images[~masks[:, 0]]))


@pytest.mark.parametrize("optimiser", ["genetic", "climb"])
@pytest.mark.parametrize("objective", ["sufficient", "necessary"])
def test_a_search_passes_by_what_has_no_answer(objective, optimiser):
    engine = replace(ELIME, objective=objective, optimiser=optimiser, generations=40)
    gap = few_shown if objective == "sufficient" else lambda tiles: tiles[:, 4] & tiles[:, 0] & ~tiles[:, 3]
    result = explain(engine, gap)
    assert 0 < result.invalid < result.evaluations
    assert not bool(gap(result.shown[None])[0])
    assert not bool(gap(result.shown_smallest[None])[0])
    assert result.importance.isfinite().all()
    assert result.interval.isfinite().all()
    assert all(search.best.isfinite().all() and search.mean.isfinite().all() for search in result.searches)
    if objective == "sufficient":  # the best has more than four
        assert torch.equal(result.mask, BEST)
    row = result.trust().set_index("measure").loc["predictions not finite"]
    assert row["value"] == pytest.approx(result.invalid / result.evaluations)
    assert row["ok"] is False
    assert f"{result.invalid:,}" in row["meaning"]


def test_what_has_no_answer_is_left_out_of_the_importance():
    whole, part = explain(ELIME, never), explain(ELIME, few_shown)
    assert whole.invalid == 0
    assert "predictions not finite" not in set(whole.trust()["measure"])
    torch.testing.assert_close(part.importance, whole.importance, atol=0.15, rtol=0)
    assert torch.equal(part.importance > 0, WEIGHTS > 0)


def test_lime_fits_what_has_an_answer():
    whole, part = explain(LIME, never), explain(LIME, few_shown)
    assert part.invalid > 0
    torch.testing.assert_close(part.weights, whole.weights, atol=0.1, rtol=0)
    assert torch.equal(part.mask, part.weights > 0)
    none = explain(LIME, lambda tiles: (tiles == BEST).all(1) | (tiles.sum(1) < 4))
    assert "no finite answer to the superpixels selected" in " ".join(none.caveats) or none.probability > 0.9


def test_an_answer_of_lime_that_is_not_finite_is_a_caveat(tmp_path):
    mask = explain(LIME, never).mask
    result = explain(LIME, lambda tiles: (tiles == mask).all(1))
    assert torch.equal(result.mask, mask)
    assert "The model has no finite answer to the superpixels selected." in result.caveats
    result.save(tmp_path / "result")
    assert differences(result, SuperpixelResult.load(tmp_path / "result"), ignore=frozenset()) == []


def test_measures_that_meet_a_gap_are_missing_with_their_reason():
    result = explain(replace(ELIME, trust=True), few_shown)
    assert "NaN or infinite values for " in result.missing["deletion and insertion"]
    assert result.faithfulness is None
    assert result.invalid > 0.05 * result.evaluations
    assert "For " in result.caveats[0]
    assert any("no finite answer" in caveat for caveat in result.caveats)


def test_saved_and_resumed(tmp_path):
    whole = explain(ELIME, few_shown)
    for update in ELIME.steps(model(few_shown), PICTURE, 1, segments=TILES):
        if len(update.partial.searches) and update.partial.searches[0].generation == 9:
            break
    update.partial.save(tmp_path / "half")
    half = SuperpixelResult.load(tmp_path / "half")
    assert 0 < half.invalid < whole.invalid
    again = explain(ELIME, few_shown, resume=half)
    assert differences(whole, again) == []


def test_a_model_without_a_finite_answer_is_refused_at_once():
    asked = []

    def gap(tiles):
        asked.append(len(tiles))
        return ~tiles.all(1)

    for engine in (
        ELIME,
        LIME,
        replace(ELIME, population=10),
        replace(ELIME, population=10, optimiser="climb"),
    ):
        asked.clear()
        with pytest.raises(ClassifierError, match="returned NaN or infinite values for"):
            explain(engine, gap)
        assert sum(asked) < 1000  # a hundred masks, again in ever smaller parts
    with pytest.raises(ClassifierError, match="returns NaN or infinite values for the whole picture"):
        explain(ELIME, lambda tiles: tiles.all(1))


def test_a_model_that_ends_to_answer_keeps_what_was_found():
    broken = []
    steps = ELIME.steps(model(lambda tiles: never(tiles) | bool(broken)), PICTURE, 1, segments=TILES)
    kept = [next(steps).partial for _ in range(5)][-1]
    broken.append(True)
    with pytest.raises(ClassifierError, match="NaN or infinite values for 20 pictures in a row"):
        deque(steps, maxlen=0)
    assert len(kept.searches[0].best) == 4


def test_a_picture_of_nothing_may_have_no_answer(tmp_path):
    """As of a network that divides by the deviation of each picture."""
    result = explain(ELIME, lambda tiles: ~tiles.any(1))
    assert result.invalid >= 1
    assert result.blank != result.blank
    assert torch.equal(result.mask, BEST)
    result.save(tmp_path / "result")
    assert SuperpixelResult.load(tmp_path / "result").blank != 0
    view = SuperpixelView(model(lambda tiles: ~tiles.any(1)), result=result)
    try:
        assert "the model has no finite answer" in view.notes
    finally:
        view.close()
