"""Each pair of maps beside chance and beside a randomised model."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import small
import torch
import torch.nn.functional as F

import cfwidgets as cf
from cfwidgets.evaluation import agreement
from cfwidgets.evaluation.agreement import Agreement
from cfwidgets.evaluation.placed import PlacedMap

SIDE = 28
PLAIN = torch.full((3, SIDE, SIDE), 0.5)


class Given:
    """A result with the maps that a test gives it."""

    as_seen, model, labels = True, "net", ("cat", "dog", "owl")

    def __init__(self, maps, *, picture=PLAIN, about=(1,), copies=None, **more):
        self.maps = {
            name: one if isinstance(one, PlacedMap) else PlacedMap(one) for name, one in maps.items()
        }
        self.explained, self.about, self.copies = picture, about, copies or {}
        self.fingerprints = {"model": "weights"}
        vars(self).update(more)

    def placed(self, size):
        assert size == self.explained.shape[1:]
        return self.maps

    def randomised_maps(self, copy, size):
        return self.copies


def smooth(seed: int, spread: int = 7) -> torch.Tensor:
    """``(SIDE, SIDE)``: noise, blurred by so many pixels, that does not go on at the other side."""
    noise = torch.randn(
        1, 1, SIDE + 4 * spread, SIDE + 4 * spread, generator=torch.Generator().manual_seed(seed)
    )
    kernel = torch.ones(1, 1, spread, spread)
    for _ in range(2):
        noise = F.conv2d(noise, kernel)
    field = noise[0, 0, :SIDE, :SIDE]
    return (field - field.mean()) / field.std()


def order(found):
    """The row of the rank correlation."""
    rows = found[found["measure"] == "rank correlation"]
    assert len(rows) == 1
    return rows.iloc[0]


def test_the_same_map_agrees_with_itself_and_contradicts_its_negative():
    one = smooth(0)
    found = agreement([Given({"a": one}), Given({"b": 2 * one}, copies={})])
    assert list(found.columns) == list(Agreement._fields)
    assert found["value"].tolist() == pytest.approx([1, 1])
    assert list(found["measure"]) == ["rank correlation", "overlap of the top 20%"]
    assert found["ok"].tolist() == [None, None]
    assert "one cannot tell if that is due to the model" in found["meaning"][0]
    row = order(agreement([Given({"a": one, "b": -one})]))
    assert row["value"] == pytest.approx(-1)
    assert row["ok"] is False
    assert "contradict each other" in row["meaning"]


def test_a_network_with_random_weights_beside_them_decides():
    one, two = smooth(0), smooth(0) + 0.3 * smooth(1)
    apart = agreement([Given({"a": PlacedMap(one, randomised=(smooth(2),)), "b": two})])
    assert apart["ok"].tolist() == [True, True]
    assert apart["randomised"].max() < 0.5
    assert "and more than either is to that of a randomised model (" in apart["meaning"][0]
    # the same comes out of a network that knows nothing
    alike = agreement([Given({"a": PlacedMap(one, randomised=(one,)), "b": two})])
    assert alike["ok"].tolist() == [False, False]
    assert "but hardly more than either is to that of a randomised model (" in alike["meaning"][0]
    given = agreement(
        [Given({"a": one}), Given({"b": two})], randomised=[Given({"b": smooth(3)}), Given({"c": one})]
    )
    assert given["ok"].tolist() == [True, True]


def test_smooth_maps_that_have_nothing_to_do_with_each_other_seldom_agree():
    """Cells that are dealt out one by one would call a third of them alike."""
    generator = np.random.default_rng(0)
    passed = dealt = 0
    cases = 120
    for seed in range(cases):
        maps = {"a": smooth(2 * seed), "b": PlacedMap(smooth(2 * seed + 1))}
        maps["a"] = PlacedMap(maps["a"], randomised=(smooth(10_000 + seed),))
        row = order(agreement([Given(maps)]))
        passed += row["ok"] is True
        cells = (F.avg_pool2d(one.pixels[None, None], 2).flatten().numpy() for one in maps.values())
        ranks = [cell.argsort().argsort() for cell in cells]
        a, b = ((one - one.mean()) / one.std() for one in ranks)
        dealt_out = generator.permuted(np.tile(b, (99, 1)), axis=1)
        dealt += row["value"] > np.quantile(dealt_out @ a / len(a), 0.975)
    assert dealt > 0.2 * cases
    assert passed < 0.05 * cases


def test_maps_that_only_follow_the_picture_do_not_agree():
    """Both are the brightness of the picture, and noise of their own."""
    passed = 0
    for seed in range(40):
        picture = (0.5 + smooth(seed, 5) / 8).clamp(0, 1).expand(3, SIDE, SIDE)
        bright = picture[0] - picture[0].mean()
        maps = [bright / bright.std() + 0.7 * one for one in (smooth(900 + seed), smooth(1800 + seed))]
        found = order(agreement([Given({"a": maps[0], "b": maps[1]}, picture=picture)]))
        assert found["value"] > 0.3
        passed += found["ok"] is not False
    assert passed <= 4


def test_maps_in_the_middle_do_not_agree_for_that():
    down, across = torch.meshgrid(torch.linspace(-1, 1, SIDE), torch.linspace(-1, 1, SIDE), indexing="ij")
    hill = torch.exp(-3 * (down**2 + across**2))
    passed = 0
    for seed in range(40):
        maps = {name: hill * (1 + 0.5 * smooth(at + seed, 5)).relu() for name, at in (("a", 0), ("b", 500))}
        found = order(agreement([Given(maps)]))
        assert found["value"] > 0.5
        passed += found["ok"] is not False
    assert passed <= 4


def test_where_one_has_no_sign_the_size_is_compared():
    one = smooth(4)
    found = order(agreement([Given({"a": one, "b": PlacedMap(one.abs(), signed=False)})]))
    # of the same cells: the mean is taken before the size
    assert found["value"] > 0.9
    assert "Only the size of the values is compared: b has no sign." in found["meaning"]
    both = order(agreement([Given({"a": PlacedMap(one, signed=False), "b": PlacedMap(-one, signed=False)})]))
    assert both["value"] == pytest.approx(1)
    assert "no sign" not in both["meaning"]


def test_a_map_that_is_the_same_everywhere_agrees_with_nothing():
    found = agreement([Given({"flat": torch.zeros(SIDE, SIDE), "b": smooth(5)})])
    assert found["ok"].tolist() == [False, False]
    assert found["meaning"][0].startswith("flat is the same all over the picture")
    assert np.isfinite(found[["value", "chance", "low", "high"]]).all(axis=None)


def test_cells_that_tie_share_the_last_places():
    halves = torch.zeros(SIDE, SIDE)
    halves[: SIDE // 2] = 1
    found = agreement([Given({"a": halves, "b": halves.clone()})], top=0.25)
    assert found["value"].tolist() == pytest.approx([1, 1])
    other = agreement([Given({"a": halves, "b": 1 - halves})], top=0.25)
    assert other["value"].tolist() == pytest.approx([-1, 0])


def test_a_grid_of_any_shape_and_the_same_seed():
    maps = Given({"a": smooth(6)[:, :20], "b": smooth(7)[:, :20]}, picture=PLAIN[:, :, :20])
    assert agreement([maps]).equals(agreement([maps]))
    for size in ((4, 4), (7, 5), (28, 20), (64, 9)):
        found = agreement([maps], size=size)
        assert ((found["low"] <= found["chance"]) & (found["chance"] <= found["high"])).all()
    for wrong in ((3, 9), (65, 9), (7.5, 9), 9, (5, 5, 5), "14"):
        with pytest.raises(ValueError, match="size"):
            agreement([maps], size=wrong)
    for wrong in (0, 1, -0.5):
        with pytest.raises(ValueError, match="top must be a share"):
            agreement([maps], top=wrong)


def test_too_few_maps_are_refused():
    with pytest.raises(ValueError, match="there is no result"):
        agreement([])
    with pytest.raises(ValueError, match="there is only that of a"):
        agreement([Given({"a": smooth(0)})])
    with pytest.raises(ValueError, match="no result has an answer yet"):
        agreement([Given({}), Given({})])
    with pytest.raises(ValueError, match=r"the results \(Given\) are of many pictures"):
        agreement([Given({}, picture=None)])
    with pytest.raises(ValueError, match="results must be those of explainers, not Tensor"):
        agreement([smooth(0), smooth(1)])


def test_another_picture_is_refused():
    one = Given({"a": smooth(0)})
    other = PLAIN.clone()
    other[0, 3, 3] += 0.1
    with pytest.raises(ValueError, match="the results are of different pictures"):
        agreement([one, Given({"b": smooth(1)}, picture=other)])
    with pytest.raises(ValueError, match="the results are of different pictures"):
        agreement([one, Given({"b": smooth(1)})], randomised=[Given({"b": smooth(1)}, picture=other)])


def test_the_same_picture_at_an_editor_s_size_is_known():
    picture = small.picture(3)
    large = F.interpolate(picture[None], SIDE, mode="bilinear")[0]
    model = Given({"a": smooth(0)}, picture=large)

    class Edit(Given):
        as_seen = False

        def placed(self, size):
            assert size == (SIDE, SIDE)
            return self.maps

    assert len(agreement([Edit({"b": smooth(1)}, picture=picture), model])) == 2
    with pytest.raises(ValueError, match="different pictures"):
        agreement([model, Edit({"b": smooth(1)}, picture=small.picture(4))])


def test_other_classes_are_refused_and_related_ones_said():
    one = Given({"a": smooth(0)}, about=(1,))
    with pytest.raises(ValueError, match="different classes: a explains dog, b owl; explain one class"):
        agreement([one, Given({"b": smooth(1)}, about=(2, 1))])
    unsigned = PlacedMap(smooth(1), signed=False)
    with pytest.raises(ValueError, match="a explains dog, b owl and cat"):
        agreement([one, Given({"b": unsigned}, about=(2, 0))])
    found = order(agreement([one, Given({"b": unsigned}, about=(2, 1))]))
    assert "a is about dog, b about owl and dog." in found["meaning"]


def test_two_models_are_said_and_told_apart():
    other = Given({"a": smooth(1)}, model="other", fingerprints={"model": "other weights"})
    found = order(agreement([Given({"a": smooth(0)}), other]))
    assert (found["first"], found["second"]) == ("a (net)", "a (other)")
    assert "They explain two models, net and other." in found["meaning"]
    same = order(agreement([Given({"a": smooth(0)}), Given({"a": smooth(1)})]))
    assert (same["first"], same["second"]) == ("a (1)", "a (2)")
    named = order(agreement({"x": Given({"a": smooth(0)}), "y": Given({"a": smooth(1)})}))
    assert (named["first"], named["second"]) == ("x", "y")


def test_results_of_explainers():
    clf = small.classifier()
    picture = small.picture(0)
    target = int(clf.probabilities(picture[None]).argmax())
    engine = cf.Relevance(
        ("rap", "integrated_gradients"), {"integrated_gradients": {"steps": 8}}, stages=1, cells=4
    )
    relevance = engine.explain(clf, picture, target, progress=False)
    parts = cf.Lime(segments=9, samples=100).explain(clf, picture, target, progress=False)
    transition = cf.Transitions(starts=3, updates=4, phases=10, rate=0.05, trust=False)
    change = transition.explain(clf, small.Painter(), picture, 1 - target, progress=False)
    found = agreement([relevance, parts, change], clf=clf)
    assert len(found) == 2 * 6
    assert set(found["first"]) | set(found["second"]) == {
        "rap",
        "integrated_gradients",
        "LIME",
        "transition",
    }
    assert np.isfinite(found["randomised"]).all()
    assert found["ok"].map(lambda ok: isinstance(ok, bool)).all()
    alone = agreement([replace(parts, randomised_model=None), change])
    assert alone["randomised"].isna().all()
    with pytest.raises(ValueError, match="clf is another model"):
        agreement([relevance], clf=small.classifier(1))


def test_a_copy_that_has_no_maps_leaves_them_without():
    clf = SimpleNamespace(has_module=False, fingerprint=lambda: "", view=lambda image: image)
    found = agreement([Given({"a": smooth(0), "b": smooth(1)})], clf=clf)
    assert found["randomised"].isna().all()
