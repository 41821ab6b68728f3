"""A translator as far as it is trained: its checkpoint, its sheet, and the words for a collapse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from cfwidgets.evaluation.segmentation import saliency
from cfwidgets.models.translator_pair import TranslatorPair, fill, made_discriminator, made_generator
from cfwidgets.results import Result
from cfwidgets.training.trained import SAMPLED

__all__ = ["TrainedTranslator"]

_RECENT = 100  # updates over which a collapse is told
_PATIENCE = 500  # updates after the warm-up before which none is told


@dataclass(frozen=True, eq=False, repr=False)
class TrainedTranslator(Result):
    """A translator as far as it is trained; also the checkpoint that training resumes from.

    Attributes
    ----------
    training
        The settings by which it is trained: a `TranslationTraining` as a dictionary.
    size
        Side of the images in pixels.
    step
        Updates so far, those of the warm-up included.
    weights, judge
        Of the generator and the discriminator: the running means over their updates.
    state
        What resuming needs: the weights that are trained, the optimisers'.
    losses
        ``(step, 8)``, by ``loss_names``: the losses of the discriminator and the generator, of its class
        branch, the mean absolute difference of twins; the share of twins that the discriminator puts in the
        other class; its mean probability that they are painted; the share of real images that it puts in
        their class; and how much twins vary within a batch, in terms of the images. NaN is what is of twins
        in the warm-up, and what is of the generator where only the discriminator learned.
    measured
        ``(m, 5)``, by ``measure_names``, on images held out: the update; how many twins the discriminator
        puts in the other class, from class 0 and from class 1; the best IoU over thresholds of the difference
        with the masks, NaN without masks; accuracy of the class branch.
    moved
        The update at which the generator was first seen to move; 0 before.
    images, labels
        Of the sheet: ``(m, 3, H, H)`` uint8 and ``(m,)``.
    seconds
        That the updates took so far; the time between a stop and resuming is none of it.
    """

    schema: ClassVar[dict[str, str]] = {
        "losses": "float (u, l) nan",  # in the warm-up there are no twins
        "measured": "float (m, k) nan",  # without masks there is no IoU
        "images": "uint8 (s, 3, H, H)",
        "labels": "int64 (s) 0 1",
        "step": "0 inf",
    }
    loss_names: ClassVar[tuple[str, ...]] = (
        "discriminator",
        "adversarial",
        "branch",
        "difference",
        "flipped",
        "fakeness",
        "accuracy",
        "variety",
    )
    measure_names: ClassVar[tuple[str, ...]] = (
        "update",
        "flipped from 0",
        "flipped from 1",
        "IoU",
        "branch accuracy",
    )
    sheet_columns: ClassVar[tuple[str, ...]] = ("image", "twin", "difference", "twin of the twin")
    sheet_note: ClassVar[str] = SAMPLED

    training: dict[str, Any]
    size: int
    step: int
    weights: dict[str, Tensor]
    judge: dict[str, Tensor]
    state: dict[str, Tensor]
    losses: Tensor
    measured: Tensor
    moved: int
    images: Tensor
    labels: Tensor
    seconds: float

    def pair(self, labels: tuple[str, str] = ("0", "1")) -> TranslatorPair:
        """Both networks, in evaluation mode on the CPU, with names for the classes."""
        networks = []
        for make, weights in ((made_generator, self.weights), (made_discriminator, self.judge)):
            with torch.device("meta"):  # no first weights, and no numbers drawn for them
                network = make(self.training)
            fill(network, {name: value.clone() for name, value in weights.items()}, "this result")
            networks.append(network.eval())
        return TranslatorPair(networks[0], networks[1], labels, self.training, self.size)

    @torch.inference_mode()
    def sheet(self) -> Tensor:
        """Some images, a row each: image, twin, the difference between them, and the twin of the twin.

        Returns
        -------
        Tensor
            ``(m, 4, 3, H, H)`` in [0, 1].
        """
        generator = self.pair().generator
        images = self.images.float() / 255
        twins = generator(images).twins
        difference = saliency(images, twins)[:, None].expand_as(images)
        return torch.stack([images, twins, difference, generator(twins).twins], dim=1).clone()

    def collapse(self) -> str:
        """Say how the training has failed; empty while it has not."""
        warm = self.training["warm_updates"]
        recent = self.losses[-_RECENT:].mean(0).tolist() if len(self.losses) else []
        if self.step < warm + _PATIENCE:
            return ""
        now = dict(zip(self.loss_names, recent, strict=True))
        if now["variety"] < 0.05:
            return "collapsed: all twins look alike"
        if now["difference"] < 5e-4:
            return "stuck: the twins do not differ from their images (a smaller sparsity may help)"
        if now["fakeness"] > 0.97:
            return "stuck: the discriminator is always sure that twins are painted"
        return ""

    def __repr__(self) -> str:
        return f"<TrainedTranslator: update {self.step:,} of {self.training['updates']:,}>"
