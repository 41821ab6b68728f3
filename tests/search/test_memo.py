from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from cfwidgets.search.memo import Memo

masks_of_one_length = st.integers(1, 20).flatmap(
    lambda n: st.lists(hnp.arrays(bool, st.tuples(st.integers(1, 12), st.just(n))), min_size=1, max_size=4)
)


def number(masks: Tensor) -> Tensor:
    """Another number for each mask."""
    return masks.double() @ torch.arange(masks.shape[1]).double().exp2()


@settings(deadline=None, max_examples=50)
@given(masks_of_one_length)
def test_each_mask_is_asked_about_once_and_answered_right(batches: list[np.ndarray]) -> None:
    asked: list[torch.Tensor] = []

    def score(masks: Tensor) -> Tensor:
        asked.append(masks)
        return number(masks)

    memo = Memo(score)
    for batch in batches:
        masks = torch.from_numpy(batch)
        assert torch.equal(memo(masks), number(masks))
    rows = [tuple(row) for masks in asked for row in masks.tolist()]
    assert len(set(rows)) == len(rows) == memo.evaluations
    assert set(rows) == {tuple(row) for batch in batches for row in batch.tolist()}


def test_nothing_is_asked_where_all_is_known() -> None:
    calls = []

    def score(masks: Tensor) -> Tensor:
        calls.append(len(masks))
        return number(masks)

    memo = Memo(score)
    masks = torch.eye(9, dtype=torch.bool)
    memo(masks)
    memo(masks.flip(0))
    assert calls == [9]


@pytest.mark.parametrize("length", [1, 8, 9, 100])
def test_a_memo_resumes_with_what_another_knew(length: int) -> None:
    masks = torch.rand(30, length, generator=torch.Generator().manual_seed(0)) < 0.5
    memo = Memo(number, resume=Memo(number).state())
    assert len(memo.state()["masks"]) == len(memo.state()["scores"]) == 0
    answers = memo(masks)
    state = memo.state()
    assert state["masks"].shape == (memo.evaluations, -(-length // 8))
    assert state["masks"].dtype == torch.uint8

    def never(_: Tensor) -> Tensor:
        raise AssertionError

    again = Memo(never, resume=state)
    assert torch.equal(again(masks), answers)
    assert again.evaluations == 0
    assert all(torch.equal(again.state()[name], part) for name, part in state.items())


def test_a_memo_with_a_limit_forgets_the_oldest() -> None:
    asked: list[list[bool]] = []

    def score(masks: Tensor) -> Tensor:
        asked.extend(masks.tolist())
        return number(masks)

    memo, masks = Memo(score, limit=3), torch.eye(5, dtype=torch.bool)
    assert torch.equal(memo(masks), number(masks))  # more at once than it keeps
    assert len(memo.state()["masks"]) == 3
    assert memo.evaluations == 5
    memo(masks[2:])
    assert memo.evaluations == 5
    memo(masks[:1])
    assert asked[5:] == masks[:1].tolist()
    assert len(memo.state()["masks"]) == 3


def test_the_masks_passed_on_are_a_copy() -> None:
    masks = torch.zeros(1, 4, dtype=torch.bool)

    def score(given: Tensor) -> list[float]:
        given.fill_(True)  # noqa: FBT003
        return [0.0]

    Memo(score)(masks)
    assert not masks.any()


@pytest.mark.parametrize(
    "convert",
    [
        lambda t: t.float(),
        lambda t: t.double().requires_grad_(),
        lambda t: t.half(),
        lambda t: t.numpy(),
        lambda t: t.tolist(),
        lambda t: t.long(),
    ],
)
def test_numbers_of_any_type(convert: Callable[[Tensor], Any]) -> None:
    masks = torch.tensor([[True, False], [True, True]])
    scores = Memo(lambda given: convert(number(given)))(masks)
    assert scores.dtype == torch.float64
    assert not scores.requires_grad
    assert scores.tolist() == [1, 3]


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (torch.zeros(3), r"2 numbers, one a mask, not shape \(3,\)"),
        (torch.zeros(2, 1), r"not shape \(2, 1\)"),
        (0.5, r"not shape \(\)"),
        (np.zeros(0), r"not shape \(0,\)"),
        (["a", "b"], "not list"),
        (None, "score must be"),
        (torch.tensor([0, float("nan")]), "finite; 1 of 2 numbers are not, the first is nan"),
        ([float("-inf"), float("inf")], "2 of 2 numbers are not, the first is -inf"),
    ],
)
def test_wrong_answers_are_refused_and_not_remembered(answer: Any, text: str) -> None:
    memo = Memo(lambda _: answer)
    with pytest.raises(ValueError, match=text):
        memo(torch.eye(2, dtype=torch.bool))
    assert memo.evaluations == 0


def test_an_exception_passes_through() -> None:
    def score(_: Tensor) -> Tensor:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        Memo(score)(torch.eye(2, dtype=torch.bool))
