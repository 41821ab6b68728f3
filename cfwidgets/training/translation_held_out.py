"""Images held out from the training of a translator, to measure it on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from cfwidgets.evaluation.doubt import flip_rates
from cfwidgets.evaluation.segmentation import saliency, segmentation_curve
from cfwidgets.training.checks import labels_for, masks_for, square_images

__all__ = ["HeldOut"]

_BATCH = 64


@dataclass(frozen=True)
class HeldOut:
    """Images that are not learned from, on the device of the training.

    Attributes
    ----------
    images
        ``(n, 3, H, H)`` uint8.
    labels
        ``(n,)`` int64, 0 or 1.
    masks
        ``(n, H, H)`` bool, or None.
    """

    images: Tensor
    labels: Tensor
    masks: Tensor | None

    @classmethod
    def of(cls, given: Any, stride: int, device: torch.device) -> HeldOut:
        """Check a user's data set at once, and not at the first measurement.

        Parameters
        ----------
        given
            Has ``images``, ``labels`` and maybe ``masks``.
        stride
            The sides of the images are to be a multiple of it.
        device
            Where to keep them.

        Raises
        ------
        ValueError
            Images, labels and masks that do not fit.
        """
        images = square_images(given.images, stride, "images held out")
        labels = labels_for(len(images), given.labels, "labels held out")
        masks = getattr(given, "masks", None)
        if masks is not None:
            masks = masks_for(images, masks, "masks held out").to(device)
        return cls(images.to(device), labels.to(device), masks)

    @torch.no_grad()
    def measured(self, generator: Any, discriminator: nn.Module) -> list[float]:
        """Measure both networks, in evaluation mode.

        Returns
        -------
        list of float
            How many twins the discriminator puts in the other class, from class 0 and from class 1; the best
            IoU over thresholds of the difference with the masks, NaN without masks; accuracy of the
            generator's class branch. Each in [0, 1].
        """
        twins, told, after = [], [], []
        for some in self.images.split(_BATCH):
            made = generator(some.float() / 255)
            twins.append(made.twins)
            told.append(made.logits.argmax(1))
            after.append(discriminator(made.twins)[:, :2].argmax(1))
        iou = float("nan")
        if self.masks is not None:
            maps = saliency(self.images.float() / 255, torch.cat(twins))
            marked = self.masks.flatten(1).any(1)
            iou = float(segmentation_curve(maps[marked], self.masks[marked]).iou.max())
        right = (torch.cat(told) == self.labels).double().mean()
        return [*flip_rates(self.labels, torch.cat(after)), iou, float(right)]
