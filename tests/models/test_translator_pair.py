"""A generator and a discriminator in one file, and what is no such file."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

from cfwidgets.models.translator_pair import (
    TranslatorError,
    TranslatorPair,
    fill,
    made_discriminator,
    made_generator,
)
from cfwidgets.networks import UNet
from cfwidgets.training.translation import TranslationTraining

SMALL = TranslationTraining(width=8, full_width=4, levels=2, noise=4, discriminator_width=8)


def pair(**settings: Any) -> TranslatorPair:
    torch.manual_seed(0)
    made = asdict(replace(SMALL, **settings))
    return TranslatorPair(
        made_generator(made).eval(), made_discriminator(made).eval(), ("good", "bad"), made, 16
    )


def states(some: TranslatorPair) -> dict[str, torch.Tensor]:
    networks = {"generator": some.generator, "discriminator": some.discriminator}
    return {f"{part}.{k}": v for part, network in networks.items() for k, v in network.state_dict().items()}


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"up": "transposed"},
        {"discriminator": "resnet18"},
        {"discriminator": "swin-small", "discriminator_width": 6},
        {"generator": "swin", "width": 6, "levels": 3, "codes": 8},
    ],
)
def test_what_is_saved_is_loaded(tmp_path: Path, settings: dict[str, Any]) -> None:
    first = pair(**settings)
    first.save(tmp_path / "pair")
    again = TranslatorPair.load(tmp_path / "pair")
    assert (again.labels, again.size, again.made) == (("good", "bad"), 16, first.made)
    mine, theirs = states(first), states(again)
    assert mine.keys() == theirs.keys()
    assert all(torch.equal(mine[name], theirs[name]) for name in mine)
    images = torch.rand(2, 3, 16, 16)
    with torch.inference_mode():
        assert torch.equal(again.generator(images).twins, first.generator(images).twins)
        assert torch.equal(again.generator(images).logits, first.generator(images).logits)
        assert torch.equal(again.discriminator(images), first.discriminator(images))
    assert not any(weights.requires_grad for weights in again.generator.parameters())
    assert not again.generator.training


def test_a_file_of_before_there_were_two_generators_has_a_cnn(tmp_path: Path) -> None:
    first = pair()
    for newer in ("generator", "encoder", "codes"):
        del first.made[newer]
    first.save(tmp_path / "pair")
    again = TranslatorPair.load(tmp_path / "pair")
    assert isinstance(again.generator, UNet)
    assert all(torch.equal(value, states(again)[name]) for name, value in states(first).items())


def test_half_precision_is_half_the_size_and_nearly_the_same(tmp_path: Path) -> None:
    first = pair()
    first.save(tmp_path / "whole")
    first.save(tmp_path / "half", half=True)
    assert (tmp_path / "half").stat().st_size < 0.75 * (tmp_path / "whole").stat().st_size
    again = TranslatorPair.load(tmp_path / "half")
    assert all(value.dtype == torch.float32 for value in states(again).values())
    for name, value in states(first).items():
        torch.testing.assert_close(states(again)[name], value, atol=1e-3, rtol=1e-3)


def test_loading_draws_no_random_numbers(tmp_path: Path) -> None:
    pair().save(tmp_path / "pair")
    before = torch.get_rng_state()
    TranslatorPair.load(tmp_path / "pair")
    assert torch.equal(torch.get_rng_state(), before)


def test_a_file_that_is_cut_or_is_something_else_is_named(tmp_path: Path) -> None:
    pair().save(tmp_path / "whole")
    (tmp_path / "cut").write_bytes((tmp_path / "whole").read_bytes()[:2000])
    with pytest.raises(TranslatorError, match="cut is no saved translator, or is damaged"):
        TranslatorPair.load(tmp_path / "cut")
    save_file({"a": torch.zeros(2)}, tmp_path / "other")
    with pytest.raises(TranslatorError, match="other is a safetensors file, but not one that a translator"):
        TranslatorPair.load(tmp_path / "other")
    with pytest.raises(FileNotFoundError):
        TranslatorPair.load(tmp_path / "none")


def test_weights_of_another_architecture_are_named(tmp_path: Path) -> None:
    pair().save(tmp_path / "pair")
    with safe_open(tmp_path / "pair", framework="pt") as file:
        about = file.metadata()
        weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    weights.pop("generator.last.bias")
    save_file(weights, tmp_path / "less", metadata=about)
    with pytest.raises(TranslatorError, match=r"less does not fit(.|\n)*last.bias"):
        TranslatorPair.load(tmp_path / "less")
    with pytest.raises(TranslatorError, match="here does not fit"):
        fill(nn.Linear(2, 2), {"weight": torch.zeros(3, 2), "bias": torch.zeros(2)}, "here")
