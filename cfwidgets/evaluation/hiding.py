"""Pictures of which some pixels are hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from skimage.restoration import inpaint_biharmonic

from cfwidgets.evaluation.masking import filled
from cfwidgets.search.operators import seeded

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["FILLS", "fills", "hidden"]

FILLS = ("blur", "mean", "black", "noise", "inpaint")
"""Content of hidden pixels; the last depends on which are hidden."""


def fills(image: Tensor) -> dict[str, Tensor]:
    """Make the contents of hidden pixels that do not depend on which are hidden, ``(3, H, W)`` each."""
    whole = torch.zeros(image.shape[1:], dtype=torch.int32)
    made = {
        "blur": filled(image, whole, "blur"),
        "mean": filled(image, whole, "mean"),
        "black": filled(image, whole, "black"),
        "noise": torch.rand(image.shape, generator=seeded(0)),
    }
    # As the browser gets them: eight bits a channel.
    return {name: (picture * 255).round() / 255 for name, picture in made.items()}


def hidden(image: Tensor, mask: Tensor, fill: str, contents: dict[str, Tensor]) -> Tensor:
    """Hide pixels of an image: the picture that the model is shown.

    Parameters
    ----------
    image
        ``(3, H, W)`` in [0, 1].
    mask
        ``(H, W)`` bool: which pixels to hide, such as a `regions.region_mask`.
    fill
        Their content, one of `FILLS`. ``inpaint`` continues what is around them (biharmonic); where nothing
        is around them, they get the mean.
    contents
        The `fills` of the image.

    Returns
    -------
    Tensor
        ``(3, H, W)`` in [0, 1].

    Examples
    --------
    >>> image, mask = torch.ones(3, 2, 2), torch.tensor([[True, False], [False, False]])
    >>> hidden(image, mask, "black", fills(image))[0]
    tensor([[0., 1.],
            [1., 1.]])
    """
    if fill != "inpaint":
        return torch.where(mask, contents[fill], image)
    if not mask.any():
        return image
    if mask.all():
        return contents["mean"]
    restored = inpaint_biharmonic(image.permute(1, 2, 0).numpy(), mask.numpy(), channel_axis=-1)
    return torch.from_numpy(restored).permute(2, 0, 1).float().clamp(0, 1)
