"""Cut an image into superpixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from skimage.segmentation import slic

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from torch import Tensor


_NEAR = 0.25  # share of the number asked for that the number found may differ by
# What is tried in turn: the least smoothing in pixels, and a factor on the compactness. Pixels of a noisy
# picture are in no connected parts, and SLIC then joins nearly all of them.
_TRIES = ((0.0, 1.0), (1.0, 1.0), (2.0, 1.0), (4.0, 1.0), (2.0, 3.0), (2.0, 10.0), (2.0, 100.0))


class Cut(NamedTuple):
    """An image cut into superpixels, and the settings that cut it.

    Attributes
    ----------
    labels
        ``(H, W)`` int32, 0 to n - 1, each of them used.
    compactness, sigma
        Those asked for, or larger ones, where they gave a number of superpixels far from that asked for.
    """

    labels: Tensor
    compactness: float
    sigma: float


def slic_superpixels(image: Tensor, segments: int, compactness: float = 10.0, sigma: float = 0.0) -> Cut:
    """Cut an image by SLIC (Achanta et al. 2012; scikit-image's).

    Parameters
    ----------
    image
        ``(3, H, W)`` in [0, 1].
    segments
        Number of superpixels to ask for. SLIC returns about as many.
    compactness, sigma
        Balance of colour and place; smoothing before the cut, in pixels. Where they give a number that is not
        within a quarter of the one asked for, as they do for noisy pictures, more smoothing is tried, and
        then more weight on place.

    Returns
    -------
    Cut
        The first within a quarter; else the nearest.

    Raises
    ------
    ValueError
        The image has fewer pixels than the superpixels asked for, or SLIC finds a single one.

    Examples
    --------
    >>> two_tone = torch.zeros(3, 32, 32)
    >>> two_tone[:, 16:] = 1
    >>> torch.bincount(slic_superpixels(two_tone, 4).labels.flatten()).tolist()
    [272, 240, 272, 240]
    """
    height, width = image.shape[1:]
    if segments > height * width:
        raise ValueError(
            f"{segments} superpixels were asked for, but the picture has {height} x {width} = "
            f"{height * width} pixels: ask for fewer"
        )
    pixels, best = image.permute(1, 2, 0).cpu().numpy(), None
    for least, factor in _TRIES:
        smoothing, balance = max(sigma, least), compactness * factor
        labels = slic(pixels, n_segments=segments, compactness=balance, sigma=smoothing, start_label=0)
        off = abs(int(labels.max()) + 1 - segments)
        if best is None or off < best[0]:
            best = off, labels, balance, smoothing
        if off <= _NEAR * segments:
            break
    assert best is not None  # noqa: S101 - there is a first try
    _, labels, balance, smoothing = best
    alone = f"SLIC found a single superpixel of {segments} asked for"
    return Cut(_checked(labels, alone), balance, smoothing)


def own_superpixels(segments: ArrayLike | Tensor, image: Tensor) -> Tensor:
    """Relabel a user's own map, 0 to n - 1 in the order of its values.

    Parameters
    ----------
    segments
        ``(H, W)`` integers.
    image
        ``(3, H, W)``, the image that they cut.

    Returns
    -------
    Tensor
        ``(H, W)`` int32 labels, 0 to n - 1, each of them used.

    Raises
    ------
    ValueError
        No integer map of the image's size with at least two labels.
    """
    labels = np.asarray(segments)
    if labels.shape != tuple(image.shape[1:]) or labels.dtype.kind not in "iu":
        raise ValueError(
            f"segments must be whole numbers of shape {tuple(image.shape[1:])}, the size that the model sees "
            f"(`clf.view(image)`); given was {labels.dtype} of shape {labels.shape}"
        )
    renumbered = np.unique(labels, return_inverse=True)[1].reshape(labels.shape)
    return _checked(renumbered, "segments has a single label")


def _checked(labels: np.ndarray, alone: str) -> Tensor:
    count = int(labels.max()) + 1
    if count < 2:
        raise ValueError(f"{alone}: there is nothing to choose from. Pass `segments`, a map of your own")
    if count > np.iinfo(np.uint16).max:
        raise ValueError(f"{count} superpixels are more than the {np.iinfo(np.uint16).max} that can be shown")
    return torch.from_numpy(labels.astype(np.int32))
