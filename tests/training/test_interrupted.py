"""Trainings that are called without a view: a bar, and what is learnt when they are interrupted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from cfwidgets.training import attgan, biggan
from cfwidgets.training.attgan import AttGANTraining
from cfwidgets.training.biggan import BigGANTraining
from cfwidgets.training.translation import TranslationTraining
from cfwidgets.training.translation_updates import TranslationWork

IMAGES = torch.rand(8, 3, 32, 32, generator=torch.Generator().manual_seed(0))
LABELS = torch.arange(8) % 2
CASES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "attgan": (
        AttGANTraining(updates=4, batch_size=4, critic_updates=1, dim=4, layers=3, hidden=8, report_every=1),
        (IMAGES, torch.stack([LABELS == 0, LABELS == 1], 1), ("one", "other")),
    ),
    "biggan": (
        BigGANTraining(updates=4, batch_size=4, critic_updates=1, channels=2, latent_size=4, report_every=1),
        (IMAGES, LABELS),
    ),
    "translation": (
        TranslationTraining(
            updates=4,
            batch_size=4,
            warm_updates=1,
            width=8,
            full_width=4,
            levels=2,
            discriminator_width=8,
            report_every=1,
        ),
        (IMAGES, LABELS),
    ),
}
WORK: dict[type, Any] = {
    AttGANTraining: attgan._Work,
    BigGANTraining: biggan._Work,
    TranslationTraining: TranslationWork,
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[Any, tuple[Any, ...]]:
    return CASES[request.param]


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.costly
def test_a_bar_says_how_far_it_is(case: Any, capsys: pytest.CaptureFixture[str]) -> None:
    training, data = case
    training.train(*data)
    assert capsys.readouterr().err == ""
    training.train(*data, progress=True)
    assert "update 4 of 4: 100%" in capsys.readouterr().err


@pytest.mark.costly
def test_an_interrupt_gives_back_the_networks(
    case: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    training, data = case
    whole, path = training.train(*data), tmp_path / "training.safetensors"
    monkeypatch.setattr("cfwidgets.engines.base.driving._interrupted", [float("-inf")])
    work = WORK[type(training)]
    update, made = work.update, []

    def interrupted(self: Any) -> None:
        made.append(self)
        if len(made) == 3:
            raise KeyboardInterrupt
        update(self)

    monkeypatch.setattr(work, "update", interrupted)
    said = r"interrupted at 50% \(update 2 of 4.*\): .*; train\(…, resume=…\) continues"
    with pytest.warns(UserWarning, match=said):
        found = training.train(*data, checkpoint=path)
    assert found.step == type(found).load(path).step == 2
    again = training.train(*data, resume=found)
    assert again.step == 4
    assert same(again.state, whole.state)
