"""The simplest flip: what is taken back, what is not, and what a result says of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from small import Bare, Tint, redness

from cfwidgets.engines.pareto.coherence import Coherence
from cfwidgets.engines.pareto.engine import PlausibleCounterfactuals
from cfwidgets.engines.pareto.result import ParetoResult
from cfwidgets.engines.pareto.simplest import simplified
from cfwidgets.results import ResultError
from cfwidgets.search import SMPSO

IMAGE = torch.full((3, 8, 8), 0.2)
FAST = PlausibleCounterfactuals(SMPSO(population=20, archive=20), evaluations=600)


def free(count):
    return Coherence([f"a{i}" for i in range(count)], (), torch.zeros(count), -torch.ones(count)).fewer


def reduced(flip, limit, evaluate, fewer):
    flips = flip[None] if flip.ndim == 1 else flip
    return simplified(flips, evaluate(flips)[0], limit, evaluate, fewer)


def test_what_is_not_needed_is_taken_back_the_least_missed_first():
    asked = []

    def evaluate(deltas):
        asked.append(len(deltas))
        # every change helps, the first the most, the third the least; a flip from 1 on
        score = deltas.abs() @ torch.tensor([1.0, 0.5, 0.25])
        return torch.stack([-score, deltas.norm(dim=1)], 1), score >= 1

    flip = torch.tensor([1.0, -1.0, 1.0])
    assert reduced(flip, torch.tensor([9.0, 9.0]), evaluate, free(3))[1].tolist() == [1, 0, 0]
    asked.clear()
    # no score may fall below 1.5: the third may go, and then no other
    assert reduced(flip, torch.tensor([-1.5, 9.0]), evaluate, free(3))[1].tolist() == [1, -1, 0]
    assert asked == [1, 3, 2]  # each round in one batch


def test_of_several_flips_the_one_that_ends_with_the_fewest_changes_and_the_most_room():
    asked = []

    def evaluate(deltas):
        asked.append(len(deltas))
        score = deltas.abs() @ torch.tensor([1.0, 0.5, 0.25])
        return torch.stack([-score, deltas.norm(dim=1)], 1), score >= 1

    flips = torch.tensor([[0.75, 0.5, 0.0], [1.0, 0.5, 0.5], [1.25, 0.5, 0.5], [3.0, 0.0, 0.0]])
    # the first needs both; of the next two the shorter has more room below 1.75; the last is too long
    place, deltas = reduced(flips, torch.tensor([0.0, 1.75]), evaluate, free(3))
    assert (place, deltas.tolist()) == (1, [1, 0, 0])
    assert asked == [4, 2 + 3 + 3 + 1, 2 + 2, 1 + 1]
    # one that is too long at first may become short enough
    flips = torch.tensor([[0.75, 0.5, 0.0], [1.0, 0.0, 1.5]])
    assert reduced(flips, torch.tensor([0.0, 1.0]), evaluate, free(3))[0] == 1


def test_a_flip_that_needs_all_stays_and_one_that_needs_nothing_becomes_none():
    def needs_all(deltas):
        return deltas.norm(dim=1)[:, None], (deltas != 0).all(1)

    def needs_nothing(deltas):
        return deltas.norm(dim=1)[:, None], torch.ones(len(deltas), dtype=torch.bool)

    flip = torch.tensor([0.5, -0.25])
    assert reduced(flip, torch.ones(1), needs_all, free(2))[1].tolist() == [0.5, -0.25]
    assert reduced(flip, torch.ones(1), needs_nothing, free(2))[1].tolist() == [0, 0]


def test_an_objective_that_is_not_finite_is_worse_than_any():
    def evaluate(deltas):
        whole = (deltas != 0).all(1)
        return torch.where(whole, 0.0, torch.nan)[:, None], torch.ones(len(deltas), dtype=torch.bool)

    flip = torch.tensor([0.5, -0.25])
    assert torch.equal(reduced(flip, torch.ones(1), evaluate, free(2))[1], flip)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000), st.floats(0, 1), st.booleans())
def test_it_flips_is_of_the_changes_and_within_the_tolerance(seed, tolerance, grouped):
    random = torch.Generator().manual_seed(seed)
    count = 6
    names = [f"a{i}" for i in range(count)]
    groups = [names[:3], names[2:4]] if grouped else []
    has = torch.zeros(count)
    has[int(torch.randint(count, (1,), generator=random))] = 1
    made = Coherence(names, groups, has, -torch.ones(count))
    weights = torch.randn(count, 2, generator=random)

    def evaluate(deltas):
        realness, answer = (deltas @ weights + 0.5 * (deltas.abs() @ weights.abs())).T
        return torch.stack([realness, -answer, deltas.norm(dim=1)], 1), answer > 0.2

    flips = made(2 * torch.rand(8, count, generator=random) - 1)
    objectives, flip = evaluate(flips)
    assume(bool(flip.any()))
    flips, objectives = flips[flip], objectives[flip]
    limit = objectives[0] + tolerance
    place, found = simplified(flips, objectives, limit, evaluate, made.fewer)
    objectives, flip = evaluate(found[None])
    assert bool(flip)
    assert bool((objectives[0] <= limit + 1e-6).all())
    assert bool(((found == flips[place]) | (found == 0)).all())
    assert torch.equal(made(found[None])[0], found)
    # nothing more can be taken back
    tried = made.fewer(found)
    if len(tried):
        objectives, flip = evaluate(tried)
        assert not bool((flip & (objectives <= limit - 1e-6).all(1)).any())


@pytest.fixture(scope="module")
def found():
    return FAST.explain(redness(), Tint(), IMAGE, second=redness(0.55))


def test_the_engine_takes_back_what_the_best_flip_does_not_need(found):
    one = found.simplest
    assert bool(found.flips[one.place])
    start = found.deltas[one.place]
    assert bool(((one.deltas == start) | (one.deltas == 0)).all())
    image = Tint().decode(IMAGE, one.deltas[None])
    torch.testing.assert_close(one.prediction, redness().probabilities(image)[0])
    assert int(one.prediction.argmax()) == 1
    assert torch.equal(one.image, (image[0] * 255).round().to(torch.uint8))
    span = found.objectives.amax(0) - found.objectives.amin(0)
    assert bool((one.objectives <= found.objectives[found.best] + 0.1 * span + 1e-6).all())
    assert one.rounded_flips is True
    torch.testing.assert_close(one.second_prediction, redness(0.55).probabilities(image)[0])


def test_any_loss_allowed_leaves_red_alone():
    result = replace(FAST, tolerance=100).explain(redness(), Tint(), IMAGE)
    assert (result.simplest.deltas != 0).tolist() == [True, False, False]
    assert result.summary().endswith(f"; the simplest: red +{float(result.simplest.deltas[0]):.2f}")


def test_where_nothing_flips_there_is_none():
    never = FAST.explain(redness(threshold=2.0), Tint(), IMAGE)
    assert (never.simplest, never.best) == (None, None)
    assert never.summary().startswith("nothing flips")
    assert set(never.to_frame()["pick"]) == {""}
    assert not any("simplest" in row.measure for row in never.measures())


def test_without_a_critic_it_is_nearly_as_small_as_the_smallest_flip():
    result = FAST.explain(redness(), Bare(), IMAGE, attributes=(0, 0, 0))
    smallest = result.objectives[:, 1].masked_fill(~result.flips, 9).argmin()
    assert result.best == int(smallest)
    span = result.objectives.amax(0) - result.objectives.amin(0)
    assert bool((result.simplest.objectives <= result.objectives[smallest] + 0.1 * span + 1e-6).all())
    assert (result.simplest.deltas != 0).tolist() == [True, False, False]


def test_it_is_the_last_row_of_the_table_and_in_the_measures(found):
    frame = found.to_frame()
    assert len(frame) == len(found.deltas) + 1
    last = frame.iloc[-1]
    assert (last["pick"], last["predicted"], bool(last["flips"])) == ("simplest", "red", True)
    assert last[list(Tint.attributes)].tolist() == pytest.approx(found.simplest.deltas.tolist())
    assert last["probability"] == pytest.approx(float(found.simplest.prediction[0]))
    assert last["second model"] == found.labels[int(found.simplest.second_prediction.argmax())]
    assert frame.index[frame["pick"] == "best"].tolist() == [found.best]
    rows = {row.measure: row for row in found.measures()}
    changes = rows["changes of the simplest"]
    assert changes.value == int((found.simplest.deltas != 0).sum())
    assert changes.reference == int((found.deltas[found.best] != 0).sum())
    assert rows["simplest flips in 8 bits"].ok is True
    too = int(found.simplest.second_prediction.argmax()) == 1
    assert (rows["simplest flips second model"].value, rows["simplest flips second model"].ok) == (too, too)


def test_it_is_kept_and_measured_where_it_is_missing(found, tmp_path):
    found.save(tmp_path / "front")
    again = ParetoResult.load(tmp_path / "front")
    assert torch.equal(again.simplest.deltas, found.simplest.deltas)
    assert again.to_frame().equals(found.to_frame())
    # as it is in a result from before there was one
    before = {key: value for key, value in found.settings.items() if key not in {"keep_groups", "tolerance"}}
    old = replace(found, simplest=None, settings=before, random_flips=None, rounded_flips=None)
    old.save(tmp_path / "old")
    resumed = FAST.explain(
        redness(), Tint(), IMAGE, resume=ParetoResult.load(tmp_path / "old"), second=redness(0.55)
    )
    assert resumed.to_frame().equals(found.to_frame())
    assert resumed.trust().equals(found.trust())


def test_another_tolerance_makes_another(found):
    more = replace(FAST, tolerance=100).explain(redness(), Tint(), IMAGE, resume=found, second=redness(0.55))
    assert torch.equal(more.deltas, found.deltas)
    assert (more.simplest.deltas != 0).tolist() == [True, False, False]


def test_parts_that_do_not_fit_are_refused(found, tmp_path):
    for changes, message in (
        ({"place": 99}, "simplest is of counterfactual 99"),
        ({"deltas": torch.zeros(2)}, "simplest.deltas is of another shape"),
        ({"image": torch.zeros(3, 4, 4, dtype=torch.uint8)}, "simplest.image is of another shape"),
    ):
        replace(found, simplest=replace(found.simplest, **changes)).save(tmp_path / "wrong")
        with pytest.raises(ResultError, match=message):
            ParetoResult.load(tmp_path / "wrong")
    replace(found, groups=(("red", "pink"),)).save(tmp_path / "wrong")
    with pytest.raises(ResultError, match="groups has 'pink'"):
        ParetoResult.load(tmp_path / "wrong")
