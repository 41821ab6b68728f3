"""What is said of a front: the crossing, the flips, what each change buys."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from cfwidgets.engines.pareto.result import ParetoResult, crossing

NAN = float("nan")


def result(kept=(0.9, 0.7, 0.4, 0.1), plausibility=(0.0, 0.3, 0.6, 1.0), **changes):
    kept = torch.tensor(kept)
    k = len(kept)
    values = {
        "settings": {},
        "model": "net",
        "labels": ("not Male", "Male"),
        "original": 1,
        "image": torch.zeros(3, 4, 4, dtype=torch.uint8),
        "names": ("Bald", "Young"),
        "attributes": torch.tensor([0.0, 1.0]),
        "before": torch.tensor([0.1, 0.9]),
        "repainted": torch.zeros(3, 4, 4, dtype=torch.uint8),
        "repainted_answer": torch.tensor([0.2, 0.8]),
        "objective_names": ("plausibility", "success", "intensity"),
        "deltas": torch.arange(2.0 * k).view(k, 2) / 10,
        "objectives": torch.stack([torch.tensor(plausibility), kept.log(), torch.arange(float(k))], 1),
        "images": torch.zeros(k, 3, 4, 4, dtype=torch.uint8),
        "answers": torch.stack([1 - kept, kept], 1),
        "second_answers": None,
        "undone": None,
        "evaluations": 400,
        "invalid": 0,
        "state": {"seed": torch.tensor(0)},
    }
    return ParetoResult(**{**values, **changes})


def test_the_crossing():
    found = result()
    assert found.crossing == 2
    # the smaller gap of the two around the first change of sign; what is on another scale is scaled
    assert crossing(torch.tensor([0.9, 0.55, 0.1]), torch.tensor([-3.0, 1.9, 7.0])) == 1
    assert crossing(torch.tensor([0.9, 0.8]), torch.tensor([1.0, 1.0])) is None  # nothing is less plausible
    assert crossing(torch.tensor([0.9]), torch.tensor([1.0])) is None
    bare = replace(found, objective_names=("success", "intensity"), objectives=found.objectives[:, 1:])
    assert bare.crossing is None


def test_flips_and_the_distance_left():
    found = result()
    assert found.flips.tolist() == [False, False, True, True]
    assert found.flipped
    assert found.distance == 0
    never = result(kept=(0.9, 0.7), plausibility=(0.0, 1.0))
    assert not never.flipped
    assert never.distance == pytest.approx(0.4)
    assert "nothing flips net: the closest still leads by 0.40 (400 asked)" in never._repr_html_()
    assert "2 of 4 counterfactuals flip net" in found._repr_html_()
    assert "<b>" not in replace(found, model="<b>")._repr_html_()


def test_the_table():
    frame = result(second_answers=torch.tensor([[0.0, 1.0], [0.0, 1.0], [0.0, 1.0], [1.0, 0.0]])).to_frame()
    assert list(frame.columns) == [
        "probability",
        "answer",
        "flips",
        "second answer",
        "plausibility",
        "success",
        "intensity",
        "Bald",
        "Young",
    ]
    assert frame["answer"].tolist() == ["Male", "Male", "not Male", "not Male"]
    assert frame["second answer"].tolist() == ["Male", "Male", "Male", "not Male"]
    assert frame["Young"].tolist() == pytest.approx([0.1, 0.3, 0.5, 0.7])


def test_what_each_change_buys():
    deltas = torch.tensor([[0.0, 0.0], [0.5, 0.0], [1.0, 0.0], [1.0, 0.5]])
    undone = torch.tensor([[NAN, NAN], [9.0, NAN], [2.0, NAN], [1.0, 0.5]])
    frame = result(deltas=deltas, undone=undone).importance()
    assert frame["attribute"].tolist() == ["Bald", "Young"]  # of the two that flip
    assert frame["success"].tolist() == pytest.approx([1.5, 0.25])
    assert frame["per unit"].tolist() == pytest.approx([1.5, 1.0])
    assert frame["change"].tolist() == pytest.approx([1.0, 0.25])
    assert result().importance().empty


def test_a_model_that_disagrees_with_itself():
    assert not result().disagrees_with_itself
    assert result(repainted_answer=torch.tensor([0.6, 0.4])).disagrees_with_itself


def test_it_can_be_kept(tmp_path):
    found = result(undone=torch.full((4, 2), NAN))
    found.save(tmp_path / "front")
    again = ParetoResult.load(tmp_path / "front")
    assert again.names == found.names
    torch.testing.assert_close(again.undone, found.undone, equal_nan=True)
    assert again.to_frame().equals(found.to_frame())
