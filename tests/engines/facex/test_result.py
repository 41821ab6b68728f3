"""What was found, in tables: ranks, intervals, groups, trust, and keeping it."""

from __future__ import annotations

import html
import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from cfwidgets.data.faces import REGIONS
from cfwidgets.data.reading import Skipped
from cfwidgets.engines.facex.result import FaceXResult, Part
from cfwidgets.engines.facex.top_patches import best_patches, no_patches
from cfwidgets.results import ResultError

NAN = float("nan")


def result(ior, **changes):
    ior = torch.tensor(ior) if isinstance(ior, list) else ior
    n, count = ior.shape
    values = {
        "settings": {"seed": 0, "options": {"layer": None}},
        "model": "net",
        "labels": ("female", "Male"),
        "prediction": torch.tensor([0.25, 0.75]),
        "fingerprints": {"model": "0a", "data set": "0b"},
        "numbers": torch.arange(n),
        "target": 1,
        "regions": tuple("abcdefgh"[:count]),
        "total": n + 3,
        "names": tuple(f"{number}.jpg" for number in range(n)),
        "size": (4, 4),
        "ior": ior,
        "probability": torch.linspace(0, 1, n),
        "predicted_target": torch.arange(n) % 2 == 0,
        "groups": torch.zeros(n, dtype=torch.int64),
        "group_names": (),
        "patches": no_patches(count, 2, 2),
    }
    return FaceXResult(**{**values, **changes})


def with_patches():
    generator = torch.Generator().manual_seed(0)
    values = torch.rand(3, 4, 2, generator=generator)
    values[:, :, 1] = 0
    values[2, 3, 1] = 5
    images = torch.rand(3, 3, 4, 4, generator=generator)
    patches = best_patches(values, images, range(3), 2, 3, 1)
    return result([[0.1, 0.2], [0.3, NAN], [0.5, 0.9]], patches=patches), values


def test_the_regions_are_those_of_celebamask_hq():
    assert len(REGIONS) == len(set(REGIONS)) == 19
    assert [REGIONS.index(name) for name in ("background", "skin", "l_eye", "mouth", "hair", "cloth")] == [
        0,
        1,
        4,
        10,
        13,
        18,
    ]


def test_the_table():
    frame = result([[0.2, 0.5, NAN], [0.4, NAN, NAN], [0.9, 0.7, NAN]]).to_frame()
    assert list(frame.columns)[:5] == ["region", "attention", "rank", "effect", "effect_rank"]
    assert list(frame.index) == ["a", "b", "c"]
    assert frame[["effect", "effect_rank", "effect_low", "push"]].isna().all(axis=None)
    assert frame["region"].tolist() == ["a", "b", "c"]
    assert frame["attention"][:2].tolist() == pytest.approx([0.5, 0.6])
    assert frame["count"].tolist() == [3, 2, 0]
    assert frame["rank"].tolist() == [2, 1, pd.NA]
    assert frame["chance"][:2].tolist() == [1, 0.5]
    assert frame.iloc[2][["attention", "low", "high", "chance", "randomised"]].isna().all()
    assert frame["randomised"].isna().all()
    for row in frame.iloc[:2].itertuples():
        assert row.low <= row.attention <= row.high


def test_effect_stands_beside_attention_with_its_own_ranks():
    changes = torch.tensor([[-4.0, 0.1, NAN], [2.0, -0.3, NAN]])
    frame = result(
        [[0.2, 0.5, 0.1], [0.4, 0.6, 0.1], [0.9, 0.9, 0.1]], effect=changes, sampled=torch.tensor([2, 0])
    ).to_frame()
    assert frame["effect"].tolist() == pytest.approx([3, 0.2, NAN], nan_ok=True)
    assert frame["push"].tolist() == pytest.approx([-1, -0.1, NAN], nan_ok=True)
    assert frame["rank"].tolist() == [2, 1, 3]
    assert frame["effect_rank"].tolist() == [1, 2, pd.NA]
    assert frame["effect_count"].tolist() == [2, 2, 0]
    assert frame["effect_low"].iloc[0] == pytest.approx(2)
    assert frame["effect_high"].iloc[0] == pytest.approx(4)


def test_effect_of_a_group_is_of_its_faces():
    found = result(
        [[0.2], [0.4], [0.9]],
        numbers=torch.tensor([3, 5, 9]),
        groups=torch.tensor([0, 1, 0]),
        group_names=("Male", "not Male"),
        effect=torch.tensor([[1.0], [2.0], [6.0]]),
        sampled=torch.tensor([9, 5, 3]),
    )
    assert found.to_frame("Male")["effect"].tolist() == [3.5]
    assert found.to_frame("not Male")["effect"].tolist() == [2]


def test_trust_in_effect():
    changes = torch.tensor([[3.0, -2.0, 1.0], [3.0, 2.0, -1.0], [-3.0, 2.0, 1.0]])
    ior = [[0.1, 0.2, 0.3], [0.1, 0.2, 0.3]]
    trust = result(ior, effect=changes, sampled=torch.tensor([0, 1])).trust().set_index("measure")["value"]
    assert trust["effect, agreement of two halves"] == pytest.approx(1)
    assert trust["attention against effect"] == pytest.approx(-1)


def sampled(n=12, regions=9, **changes):
    """A result whose answers have nothing to do with colours, and whose effects have none with sizes."""
    generator = torch.Generator().manual_seed(1)
    odds = torch.linspace(-3, 3, n)
    values = {
        "sampled": torch.arange(n),
        "effect": torch.arange(regions).float().expand(n, -1),
        "repainted": (torch.arange(regions) * 5 % regions).float().expand(n, -1),
        "odds": torch.stack([odds, odds + 0.1, odds - 0.1], 1),
        "colours": torch.rand(n, 3, generator=generator),
    }
    ior = torch.rand(n, 1, generator=generator) * 0.1 + torch.linspace(0, 0.9, regions)
    names = tuple("abcdefghijklm"[:regions])
    return result(ior, regions=names, **{**values, **changes})


BY_COLOUR, UNSTEADY, BY_SIZE = "mean colour of a face", "a little noise", "hiding them changes the pixels"
SIGNS = {
    "answers by colour": BY_COLOUR,
    "change by mirror and noise": UNSTEADY,
    "effects by pixels changed": BY_SIZE,
}


def signs(found):
    """Of the three signs of a model that goes by the surface, by name: not as it should be, and said."""
    rows = found.trust().set_index("measure")["ok"]
    wrong = {words for name, words in SIGNS.items() if name in rows.index and rows[name] is False}
    said = {words for words in SIGNS.values() if any(words in one for one in found.caveats)}
    assert wrong == said
    return said


def test_a_model_that_goes_by_what_faces_show_has_no_sign_of_another():
    found = sampled()
    assert signs(found) == set()
    assert {*SIGNS} <= {*found.trust()["measure"]}


def test_answers_by_colour_are_said():
    odds = sampled().odds
    colours = torch.rand(12, 3, generator=torch.Generator().manual_seed(2))
    colours[:, 1] = 0.5 + odds[:, 0] / 10
    assert signs(sampled(colours=colours)) == {BY_COLOUR}
    assert "predicts 100 % of the answers" in sampled(colours=colours).caveats[0]


@pytest.mark.parametrize("way", [1, 2])
def test_answers_that_change_by_a_mirror_or_noise_are_said(way):
    odds = sampled().odds.clone()
    odds[:, way] = odds[:, 0] + 3 * torch.tensor([-1.0, 1.0]).repeat(6)
    assert signs(sampled(odds=odds)) == {UNSTEADY}


def test_effects_that_go_by_the_pixels_changed_are_said():
    repainted = sampled().effect.square()
    assert signs(sampled(repainted=repainted)) == {BY_SIZE}
    rare = repainted.clone()
    rare[2:, :2] = NAN  # too few faces have these: of seven regions a correlation says nothing
    assert signs(sampled(repainted=rare, effect=rare)) == set()


def test_of_few_faces_nothing_is_said():
    few = sampled(n=7)
    assert signs(few) == set()
    assert not {"answers by colour", "change by mirror and noise"} & {*few.trust()["measure"]}
    broken = sampled().odds.clone()
    broken[5:] = NAN
    assert signs(sampled(odds=broken, colours=torch.zeros(12, 3))) == set()


def test_of_answers_that_are_all_the_same_nothing_is_measured():
    assert not {"answers by colour", "change by mirror and noise"} & {
        *sampled(odds=torch.ones(12, 3)).trust()["measure"]
    }


def test_the_words_of_a_region_stand_in_every_table():
    names = ("u_lip", "ear_r")
    found = replace(with_patches()[0], regions=names)
    assert found.to_frame()["region"].to_dict() == {"u_lip": "upper lip", "ear_r": "earring"}
    assert list(found.per_image().columns)[-2:] == ["upper lip", "earring"]
    assert set(found.patch_frame()["region"]) == {"upper lip", "earring"}
    assert "earring" in found.summary()


def test_equals_share_the_better_rank():
    frame = result([[0.5, 0.75, 0.5, NAN, 0.25, 0.75]]).to_frame()
    assert frame["rank"].tolist() == [3, 1, 3, pd.NA, 5, 1]
    assert frame["chance"].dropna().tolist() == pytest.approx([0.6, 0.2, 0.6, 1, 0.2])


def test_no_interval_of_a_single_face():
    frame = result([[0.5, 0.2], [NAN, 0.4]]).to_frame()
    assert frame["low"].isna().tolist() == frame["high"].isna().tolist() == [True, False]
    assert frame["low"].iloc[1] == pytest.approx(0.2)
    assert frame["high"].iloc[1] == pytest.approx(0.4)


def test_faces_that_are_all_alike_have_no_width():
    frame = result(torch.full((20, 1), 0.25)).to_frame()
    assert frame[["low", "high"]].to_numpy().tolist() == [[0.25, 0.25]]


def test_nothing_seen_yet():
    empty = result(torch.zeros(0, 3), names=(), probability=torch.zeros(0))
    frame = empty.to_frame()
    assert frame["attention"].isna().all()
    assert frame["low"].isna().all()
    assert frame["rank"].isna().all()
    assert frame["count"].tolist() == [0, 0, 0]
    assert len(empty.per_image()) == len(empty.patch_frame()) == len(empty.trust()) == 0
    assert "0 of 3 faces" in empty._repr_html_()


def test_intervals_hold_the_true_mean_as_often_as_they_say():
    """Each of 25 data sets of 40 faces has 8 regions; the last 4 are in half of the faces."""
    generator = torch.Generator().manual_seed(1)
    held, widths = np.zeros(2), np.zeros(2)
    for seed in range(25):
        ior = torch.rand(40, 8, generator=generator) ** 2  # mean 1/3, and skewed
        ior[::2, 4:] = NAN
        frame = result(ior, settings={"seed": seed}).to_frame()
        inside = (frame["low"] <= 1 / 3) & (frame["high"] >= 1 / 3)
        held += inside.to_numpy().reshape(2, 4).sum(1)
        widths += (frame["high"] - frame["low"]).to_numpy().reshape(2, 4).mean(1) / 25
    assert 88 <= held[0] <= 99  # of 100
    assert 85 <= held[1] <= 99
    # 2 x 1.96 standard errors; the standard deviation of a uniform number squared is sqrt(4 / 45)
    assert widths == pytest.approx(3.92 * (4 / 45) ** 0.5 / np.sqrt([40, 20]), rel=0.08)


def test_intervals_depend_on_the_seed_alone():
    ior = torch.rand(30, 3, generator=torch.Generator().manual_seed(2))
    torch.manual_seed(0)
    one = result(ior).to_frame()
    torch.manual_seed(1)
    state = torch.get_rng_state()
    pd.testing.assert_frame_equal(one, result(ior).to_frame())
    assert torch.equal(torch.get_rng_state(), state)
    assert not one["low"].equals(result(ior, settings={"seed": 5}).to_frame()["low"])


def test_groups():
    split = result(
        [[0.2, 0.5], [0.4, NAN], [0.9, 0.7]],
        groups=torch.tensor([0, 1, 0]),
        group_names=("Male", "not Male"),
    )
    assert split.to_frame("Male")["attention"].tolist() == pytest.approx([0.55, 0.6])
    assert split.to_frame("not Male")["count"].tolist() == [1, 0]
    assert split.per_image()["group"].tolist() == ["Male", "not Male", "Male"]
    with pytest.raises(ValueError, match="there is no group 'Young'; the groups are 'Male', 'not Male'"):
        split.to_frame("Young")
    with pytest.raises(ValueError, match=r"the groups are none: FaceX\(groups=…\) makes some"):
        result([[0.5]]).to_frame("Male")


def test_a_group_without_faces():
    split = result([[0.2, 0.5]], groups=torch.tensor([0]), group_names=("right", "wrong"))
    frame = split.to_frame("wrong")
    assert frame["count"].tolist() == [0, 0]
    assert frame[["attention", "low", "high", "rank"]].isna().all(axis=None)


def test_one_row_a_face():
    frame = result([[0.2, NAN], [0.4, 0.6]], numbers=torch.tensor([3, 5])).per_image()
    assert list(frame.columns) == ["number", "name", "probability", "a", "b"]
    assert frame["number"].tolist() == [3, 5]
    assert frame["name"].tolist() == ["0.jpg", "1.jpg"]
    assert frame["probability"].tolist() == [0, 1]
    assert frame["a"].tolist() == pytest.approx([0.2, 0.4])
    assert frame["b"].isna().tolist() == [True, False]


def test_one_row_a_patch():
    found, values = with_patches()
    frame = found.patch_frame()
    assert list(frame.columns) == ["region", "image", "name", "row", "column", "value"]
    assert frame["region"].tolist() == ["a", "a", "a", "b"]
    assert frame["value"][:3].tolist() == sorted(values[:, :, 0].amax(1).tolist(), reverse=True)
    assert frame.iloc[3].tolist() == ["b", 2, "2.jpg", 2, 2, 5.0]
    for row in frame.itertuples():
        part = row.row // 2 * 2 + row.column // 2
        assert values[row.image, part, "ab".index(row.region)] == row.value
        assert row.name == f"{row.image}.jpg"


def test_trust_in_halves_and_against_a_randomised_model():
    ior = torch.tensor(
        [[0.1, 0.2, 0.3, 0.4], [0.2, 0.3, 0.4, 0.5], [0.0, 0.1, 0.2, 0.9], [0.3, 0.4, 0.5, 0.6]]
    )
    trust = result(ior, randomised=ior.flip(1)).trust().set_index("measure")
    assert trust.loc["agreement of two halves", "value"] == pytest.approx(1)
    assert trust.loc["randomised model", "value"] == pytest.approx(-1)
    assert trust["against"].tolist() == ["should be near 1", "should be near 0"]
    ior[1::2] = ior[1::2].flip(1)
    assert result(ior).trust()["value"].tolist() == pytest.approx([-1])


@pytest.mark.parametrize(
    ("order", "correlation", "ok"),
    [([2, 0, 1, 3], 0.4, True), ([1, 0, 3, 2], 0.6, None), ([0, 1, 2, 3], 1.0, False)],
)
def test_a_randomised_model_that_is_half_alike_tells_nothing(order, correlation, ok):
    ior = torch.tensor([[0.1, 0.2, 0.3, 0.4]] * 2)
    row = result(ior, randomised=ior[:, order]).trust().set_index("measure").loc["randomised model"]
    assert row["value"] == pytest.approx(correlation)
    assert row["ok"] is ok


def test_trust_is_not_measured_by_too_little():
    assert result([[0.1, 0.2, 0.3]]).trust().empty  # one face has no halves
    assert (
        result([[0.1, 0.2, NAN], [0.1, 0.2, 0.3]], randomised=torch.tensor([[0.1, NAN, 0.3]])).trust().empty
    )


def test_trust_in_maps_of_zeros_and_in_a_class_that_is_never_predicted():
    found = result([[0.1, NAN], [0.0, NAN], [0.0, 0.0], [0.0, 0.2]])
    trust = found.trust().set_index("measure")
    assert trust["value"].to_dict() == {"empty maps": 0.5}
    never = replace(found, predicted_target=torch.zeros(4, dtype=torch.bool)).trust().set_index("measure")
    assert never.loc["faces predicted as Male", "value"] == 0
    assert "none of the faces" in never.loc["faces predicted as Male", "meaning"]


def part(numbers, ior, skipped=()):
    n = len(numbers)
    return Part(
        numbers=torch.tensor(numbers),
        names=tuple(f"{number}.jpg" for number in numbers),
        ior=torch.tensor(ior),
        probability=torch.tensor(numbers) / 10,
        predicted_target=torch.zeros(n, dtype=torch.bool),
        groups=torch.tensor(numbers),
        patches=no_patches(2, 2, 2),
        skipped=tuple(Skipped(number, "gone") for number in skipped),
    )


def test_parts_may_come_in_any_order():
    parts = [
        part([0, 2], [[0.0, 0.1], [0.2, 0.3]], [1]),
        part([4], [[0.4, 0.5]]),
        part([5], [[0.6, NAN]], [3]),
    ]
    empty = result(torch.zeros(0, 2), total=6)
    for order in itertools.permutations(parts):
        found = empty
        for one in order:
            found = found.joined(one)
        assert found.numbers.tolist() == [0, 2, 4, 5]
        assert found.names == ("0.jpg", "2.jpg", "4.jpg", "5.jpg")
        assert found.ior[:, 0].tolist() == pytest.approx([0.0, 0.2, 0.4, 0.6])
        assert found.probability.tolist() == pytest.approx([0.0, 0.2, 0.4, 0.5])
        assert found.groups.tolist() == [0, 2, 4, 5]
        assert [one.number for one in found.skipped] == [1, 3]
        assert found.seen == found.total == 6
    assert found.name_of(4) == "4.jpg"
    for number in (1, 6, -1):
        with pytest.raises(ValueError, match=f"face {number} is none of the 4 summarised"):
            found.name_of(number)
    assert "(4 of 6 faces; 2 could not be used)" in found._repr_html_()


def test_a_randomised_model_stands_beside():
    frame = result([[0.2, 0.5], [0.4, 0.7]], randomised=torch.tensor([[0.5, NAN]])).to_frame()
    assert frame["randomised"].iloc[0] == 0.5
    assert np.isnan(frame["randomised"].iloc[1])


def test_it_can_be_kept(tmp_path):
    found, _ = with_patches()
    found = replace(
        found,
        randomised=torch.tensor([[0.1, NAN]]),
        effect=torch.tensor([[-1.5, NAN]]),
        sampled=torch.tensor([1]),
        group_names=("x", "not x"),
        seconds=1.5,
        names=("ä", "b", "c"),
    )
    found.save(tmp_path / "found.safetensors")
    again = FaceXResult.load(tmp_path / "found.safetensors")
    for name, value in vars(found).items():
        if isinstance(value, torch.Tensor):
            torch.testing.assert_close(getattr(again, name), value, rtol=0, atol=0, equal_nan=True)
            assert getattr(again, name).dtype == value.dtype
        elif name != "patches":
            assert getattr(again, name) == value
    for name, value in vars(found.patches).items():
        assert torch.equal(getattr(again.patches, name), value)
    pd.testing.assert_frame_equal(again.to_frame(), found.to_frame())
    (tmp_path / "damaged").write_bytes((tmp_path / "found.safetensors").read_bytes()[:100])
    with pytest.raises(ResultError):
        FaceXResult.load(tmp_path / "damaged")


def test_its_line_in_a_notebook():
    found = result([[0.2, 0.5, NAN, 0.9]], model="<b>net</b>", labels=("other", "A & B"))
    line = "mean attention for A & B is highest on d 0.90, b 0.50, a 0.20 (1 of 4 faces)"
    assert found.summary() == f"<b>net</b>: {line}"
    shown = found._repr_html_()
    caveat = f"<ul><li>{html.escape(found.caveats[0])}</li></ul>"
    assert "A &amp; B is" in caveat
    assert shown.startswith(f"{caveat}<p>&lt;b&gt;net&lt;/b&gt;: {html.escape(line)}</p><img alt=")
    nasty = replace(found, regions=("<script>", "b", "c", "<i>"))._repr_html_()
    assert "<script>" not in nasty
    assert "<i>" not in nasty
