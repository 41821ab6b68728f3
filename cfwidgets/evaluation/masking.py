"""Show a classifier parts of an image and hide the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import torch
import torch.nn.functional as F

from cfwidgets.images import as_images
from cfwidgets.models.backends.base import NotFiniteError
from cfwidgets.models.finite import finite_or_nan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from cfwidgets.models.classifier import Classifier
    from cfwidgets.search.memo import Memo

Fill = Literal["black", "grey", "mean", "blur"]
FILLS = get_args(Fill)

# Pictures composed at a time, at least, and their pixels, which bound the memory: on a CPU as many as its
# cache holds, on a GPU, which small batches leave idle, a whole generation of 224 x 224.
_CHUNK = 32
_PIXELS = _CHUNK * 224 * 224
_DEVICE_PIXELS = 4 * _PIXELS


def filled(image: Tensor, segments: Tensor, fill: Fill) -> Tensor:
    """Make the content of hidden superpixels.

    Parameters
    ----------
    image
        ``(3, H, W)`` in [0, 1].
    segments
        ``(H, W)`` labels, 0 to n - 1.
    fill
        ``black`` (0 before the model's normalisation), ``grey`` (0.5), ``mean`` (each superpixel's mean
        colour, the default of LIME) or ``blur`` (a Gaussian with a standard deviation of a tenth of the
        shorter side).

    Returns
    -------
    Tensor
        ``(3, H, W)`` in [0, 1].

    Examples
    --------
    >>> picture = torch.tensor([[0.0, 1.0], [0.5, 0.5]]).expand(3, 2, 2)
    >>> filled(picture, torch.tensor([[0, 0], [1, 1]]), "mean")[0]
    tensor([[0.5000, 0.5000],
            [0.5000, 0.5000]])
    """
    if fill == "black":
        return torch.zeros_like(image)
    if fill == "grey":
        return torch.full_like(image, 0.5)
    if fill == "mean":
        flat = segments.flatten().long()
        sums = image.new_zeros(3, int(flat.max()) + 1).index_add_(1, flat, image.flatten(1))
        return (sums / torch.bincount(flat))[:, flat].view_as(image)
    return _blurred(image, min(image.shape[1:]) / 10)


def _blurred(image: Tensor, sigma: float) -> Tensor:
    # Not torchvision's: to import it takes a second and 150 MB.
    reach = min(int(3 * sigma), min(image.shape[1:]) - 1)  # reflection needs a kernel within the picture
    weights = torch.exp(-0.5 * (torch.arange(-reach, reach + 1, device=image.device) / sigma) ** 2)
    weights = (weights / weights.sum()).expand(3, 1, -1)
    padded = F.pad(image[None], [reach] * 4, mode="reflect")
    rows = F.conv2d(padded, weights[:, :, None], groups=3)
    return F.conv2d(rows, weights[..., None], groups=3)[0].clamp(0, 1)


def complete(score: Memo, masks: Tensor) -> Tensor:
    """Score masks of what is shown, ``(m, n)``: ``(m,)``, for measures that bear no gap.

    Raises
    ------
    NotFiniteError
        One of them has no finite answer.
    """
    found = score(masks)
    broken = int(found.isnan().sum())
    if broken:
        raise NotFiniteError(
            f"the model returned NaN or infinite values for {broken} of {len(found)} pictures"
        )
    return found


class MaskedPicture:
    """An image whose superpixels can be shown and hidden, and a classifier's probabilities for it.

    Parameters
    ----------
    clf
        The classifier.
    image, hidden
        ``(3, H, W)`` in [0, 1]: the image, and the content of hidden superpixels. They are checked here, and
        what is composed of them is not: each of its pixels is that of one of the two.
    segments
        ``(H, W)`` labels, 0 to n - 1.

    Raises
    ------
    ImageError
        Values that are not images.
    """

    def __init__(self, clf: Classifier, image: Tensor, hidden: Tensor, segments: Tensor) -> None:
        self._clf = clf
        image, hidden = as_images(torch.stack([image, hidden]))
        self._image = image.to(clf.device)
        self._hidden = hidden.to(clf.device) if hidden.any() else None
        self._labels = segments.flatten().to(clf.device, torch.long)

    def compose(self, masks: Tensor) -> Tensor:
        """Compose the images ``(m, 3, H, W)`` that show the superpixels of ``masks`` ``(m, n)``.

        Each pixel is exactly the image's or that of the hidden content.
        """
        # Products with 0 and 1, and sums with 0, are exact; torch.where is some twenty times slower on a CPU.
        if self._image.is_cpu:
            return torch.from_numpy(self._compose_on_one_thread(masks))
        shown = masks.to(self._image).index_select(1, self._labels).view(-1, 1, *self._image.shape[1:])
        pictures = self._image * shown
        return pictures if self._hidden is None else pictures.addcmul_(self._hidden, 1 - shown)

    def _compose_on_one_thread(self, masks: Tensor) -> np.ndarray:
        """Do the same with numpy: torch's threads keep spinning when ONNX Runtime's need the cores."""
        chosen = masks.numpy().astype(np.float32)
        shown = np.take(chosen, self._labels.numpy(), axis=1).reshape(-1, 1, *self._image.shape[1:])
        pictures: np.ndarray = self._image.numpy() * shown
        if self._hidden is not None:
            pictures += self._hidden.numpy() * (1 - shown)
        return pictures

    def probabilities(self, masks: Tensor) -> Tensor:
        """Evaluate ``(m, n)`` masks: ``(m, C)`` probabilities."""
        return torch.cat([self._clf.evaluate_checked(images) for images in self._batches(masks)])

    def finite_or_nan(self, masks: Tensor) -> Tensor:
        """Evaluate ``(m, n)`` masks: ``(m, C)`` probabilities, NaN where an answer is not finite."""
        return torch.cat([finite_or_nan(self._clf, images) for images in self._batches(masks)])

    def _batches(self, masks: Tensor) -> Iterator[Tensor]:
        pixels = _PIXELS if self._image.is_cpu else _DEVICE_PIXELS
        chunk = max(_CHUNK, pixels // len(self._labels))
        return (self.compose(some) for some in masks.split(chunk))
