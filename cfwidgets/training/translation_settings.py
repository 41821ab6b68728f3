"""The settings of the translator's training, and the values that they may have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cfwidgets.checks import choice, non_negative, positive_int, share
from cfwidgets.networks.discriminators import KINDS
from cfwidgets.training.translation_losses import FORMS

__all__ = ["TranslationSettings"]


@dataclass(frozen=True)
class TranslationSettings:
    """Settings of `cfwidgets.training.translation.TranslationTraining`, which documents each.

    Raises
    ------
    ValueError
        A value that a setting cannot have.
    """

    updates: int = 3000
    batch_size: int = 8
    warm_updates: int = 1200
    cycles: int = 0
    cycle_weight: float = 1.0
    discriminator_updates: int = 1
    form: Literal["opposite", "bounded", "printed"] = "opposite"
    adversarial: float = 1.0
    branch: float = 1.0
    sparsity: float = 10.0
    sparsity_moved: float = 40.0
    ramp: int = 300
    second_fakes: bool = True
    instance_noise: float = 0.03
    generator_rate: float = 1e-3
    discriminator_rate: float = 5e-4
    warm_rate: float = 2e-3
    clip: float = 5.0
    mean_decay: float = 0.998
    turned: bool = True
    light: float = 0.1
    tint: float = 0.03
    blur: float = 0.0
    halved: float = 0.0
    generator: Literal["unet", "swin"] = "unet"
    width: int = 24
    full_width: int = 16
    levels: int = 3
    widest: int = 128
    noise: int = 16
    noise_channels: int = 2
    dropout: float = 0.0
    up: Literal["transposed", "nearest"] = "nearest"
    codes: int = 256
    encoder: Literal["scratch", "imagenet"] = "scratch"
    discriminator: Literal["resnet3", "resnet18", "resnet50", "swin-small", "hybrid"] = "resnet3"
    discriminator_width: int | None = 32
    precision: Literal["float32", "bfloat16"] = "float32"
    measure_every: int = 500
    report_every: int = 25
    device: str = "cpu"
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("updates", "discriminator_updates", "ramp", "measure_every", "report_every"):
            positive_int(name, getattr(self, name))
        positive_int("batch_size", self.batch_size, minimum=2)
        if self.batch_size % 2:
            raise ValueError(f"batch_size must be even, half for each class; got {self.batch_size}")
        for name in ("seed", "warm_updates", "cycles"):
            positive_int(name, getattr(self, name), minimum=0)
        for name in (
            "adversarial", "branch", "sparsity", "sparsity_moved", "instance_noise", "generator_rate",
            "discriminator_rate", "warm_rate", "clip",
        ):  # fmt: skip
            non_negative(name, getattr(self, name))
        for name in ("cycle_weight", "mean_decay", "light", "tint", "blur", "halved", "dropout"):
            share(name, getattr(self, name))
        choice("form", self.form, FORMS)
        choice("generator", self.generator, ("unet", "swin"))
        choice("up", self.up, ("transposed", "nearest"))
        choice("discriminator", self.discriminator, KINDS)
        choice("precision", self.precision, ("float32", "bfloat16"))
