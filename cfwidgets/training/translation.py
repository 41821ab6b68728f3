"""Train a counterfactual translator on images of two classes, and watch it learn.

Anonymous 2024, "Counterfactual Image Generation for Adversarially Robust and Interpretable Classifiers": a
generator paints the twin of the other class, and a discriminator tells both classes of real images and what
is painted. What is printed there is repaired as `cfwidgets.training.translation_losses` says.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from cfwidgets.checks import names_checked
from cfwidgets.engines.base import Update, to_the_end
from cfwidgets.training.checks import labels_for, square_images
from cfwidgets.training.steps import require_same, training_steps
from cfwidgets.training.trained_translator import TrainedTranslator
from cfwidgets.training.translation_held_out import HeldOut
from cfwidgets.training.translation_settings import TranslationSettings
from cfwidgets.training.translation_updates import TranslationWork

__all__ = ["TrainedTranslator", "TranslationTraining"]

_SAVED_EVERY = 500  # updates


@names_checked
@dataclass(frozen=True)
class TranslationTraining(TranslationSettings):
    """Train a generator of twins and a discriminator against each other.

    First, for ``warm_updates``, the discriminator and the generator's class branch learn the classes of real
    images alone. Then, in each update, the discriminator learns to tell both classes and twins; in each
    ``discriminator_updates``-th, before it, the generator learns to paint twins that pass for real images of
    the other class, close to the images.

    Parameters
    ----------
    updates
        Of the discriminator, the warm-up included. Nothing else depends on it.
    batch_size
        Images an update, as many of each class.
    warm_updates
        See above; 0 for none.
    cycles
        0: the generator is applied once. 1: twice, there and back, and so on: see `applications`.
    cycle_weight
        λc.
    discriminator_updates
        For each of the generator.
    form
        Of the adversarial loss: see `adversarial_loss`.
    adversarial, branch
        λ1 and λ2.
    sparsity, sparsity_moved, ramp
        λ3 at first, and from when the generator moves, reached in a line within so many updates. A large one
        from the first on keeps it where it is; a small one to the end lets it repaint everything. It moves
        when the discriminator puts more than 60 % of the twins in the other class.
    second_fakes
        Half of the twins that the discriminator sees are twins of twins.
    instance_noise
        Deviation of the noise that is added to all that the discriminator sees.
    generator_rate, discriminator_rate, warm_rate
        Learning rates of Adam; the last is the largest of a cycle.
    clip
        Largest norm of the generator's gradient.
    mean_decay
        Of the running means of both networks' weights.
    turned, light, tint, blur
        How images are varied: see `cfwidgets.training.variations.varied`.
    halved
        Share of the updates in which images are half as large, so that the networks know both sizes.
    generator
        ``"unet"``: `cfwidgets.networks.unet.UNet`, or ``"swin"``: `cfwidgets.networks.swin_unet.SwinUNet`,
        of which the loss of the codes is added to the generator's, as it is.
    width, full_width, levels, noise, noise_channels, dropout
        Of the generator; the width of a Swin U-Net is a multiple of 3, and it has 3 levels or more.
    widest, up
        Of a CNN U-Net.
    codes, encoder
        Of a Swin U-Net.
    discriminator, discriminator_width
        See `cfwidgets.networks.discriminators.discriminator`; a width of None is the paper's.
    precision
        ``"bfloat16"`` for the networks' arithmetic (weights and sums stay float32): faster where the machine
        has it.
    measure_every
        Updates between two measurements on images held out.
    report_every
        Updates between two of what `steps` yields; only there can a run be stopped.
    device
        Where to train; all images are kept there.
    seed
        Same seed, same machine, same threads, same weights on a CPU, also when stopped and resumed.

    Examples
    --------
    >>> images, labels = torch.rand(20, 3, 16, 16), torch.arange(20) % 2
    >>> training = TranslationTraining(
    ...     updates=2, batch_size=4, warm_updates=1, width=8, full_width=4, levels=2, discriminator_width=8
    ... )
    >>> trained = training.train(images, labels)
    >>> trained.sheet().shape
    torch.Size([8, 4, 3, 16, 16])
    """

    def steps(
        self,
        images: Tensor,
        labels: Tensor,
        *,
        held_out: Any = None,
        resume: TrainedTranslator | None = None,
        checkpoint: str | Path | None = None,
    ) -> Generator[Update[TrainedTranslator], None, None]:
        """Train, and yield the networks as they stand. A `cfwidgets.Run` watches, stops and continues it.

        Parameters
        ----------
        images
            ``(N, 3, H, H)``, uint8 or floats in [0, 1]; H is a multiple of ``2 ** levels``.
        labels
            ``(N,)`` int64, 0 or 1; at least two images of each.
        held_out
            A data set with ``images``, ``labels`` and maybe ``masks`` (``(n, H, H)`` bool) to measure on; not
            learned from.
        resume
            A checkpoint of the same settings and images to resume from (``updates`` may be more).
        checkpoint
            A file to save to at each 500th update, at the end, and when the generator that this gives is
            closed or fails: then what it yielded last. ``TrainedTranslator.load`` reads it.

        Raises
        ------
        ValueError
            Images, labels and masks that do not fit, of those held out too; a checkpoint of another training.
        FloatingPointError
            A loss or a weight is no longer a number. What was yielded last is whole.
        """
        stride = 1 << self.levels
        pixels = square_images(images, 2 * stride if self.halved else stride)
        labels = labels_for(len(pixels), labels)
        _require_both(labels)
        if held_out is not None:
            held_out = HeldOut.of(held_out, stride, torch.device(self.device))
        if resume is not None:
            require_same(
                {**asdict(self), "size": pixels.shape[2]},
                # A setting that a checkpoint does not name is newer than it.
                {**asdict(TranslationTraining()), **resume.training, "size": resume.size},
                free=("updates", "report_every", "device"),
            )
        work = TranslationWork(self, pixels, labels, held_out, resume)
        yield from training_steps(
            work,
            self.updates,
            report_every=self.report_every,
            save_every=_SAVED_EVERY,
            checkpoint=checkpoint,
            remark=TrainedTranslator.collapse,
        )

    train = to_the_end(steps, "train")


def _require_both(labels: Tensor) -> None:
    each = [int((labels == label).sum()) for label in (0, 1)]
    if min(each) < 2:
        raise ValueError(f"a translator needs at least two images of each class; got {each[0]} and {each[1]}")
