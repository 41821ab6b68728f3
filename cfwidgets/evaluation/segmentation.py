"""Overlap of a map between 0 and 1 with a mask, at every threshold at once.

The measures at all thresholds come from one histogram of the map's values inside the mask and outside it, 256
bins each: the work of a pass over the pixels, however many thresholds.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from cfwidgets.brief import brief

__all__ = ["BINS", "SegmentationCurve", "saliency", "segmentation_curve"]

BINS = 256
"""Thresholds are multiples of one over this."""


def saliency(images: Tensor, twins: Tensor) -> Tensor:
    """Map of what differs between images and their twins.

    The mean over channels of the absolute difference, stretched for each image to [0, 1].

    Parameters
    ----------
    images, twins
        ``(N, C, H, W)``.

    Returns
    -------
    Tensor
        ``(N, H, W)``; zeros where the difference is the same everywhere.

    Raises
    ------
    ValueError
        Shapes that differ.

    Examples
    --------
    >>> image = torch.zeros(1, 3, 1, 2)
    >>> saliency(image, image + torch.tensor([0.0, 0.5]))
    tensor([[[0., 1.]]])
    >>> saliency(image, image)
    tensor([[[0., 0.]]])
    """
    if images.ndim != 4 or images.shape != twins.shape:
        raise ValueError(
            f"images and twins are (N, C, H, W), alike; got {tuple(images.shape)} and {tuple(twins.shape)}"
        )
    return stretched((images - twins).abs().mean(1))


def stretched(maps: Tensor) -> Tensor:
    """Stretch each of ``(N, H, W)`` maps to [0, 1]; one that is constant becomes zeros."""
    low, high = maps.amin((1, 2), keepdim=True), maps.amax((1, 2), keepdim=True)
    return torch.where(high > low, (maps - low) / (high - low).clamp(min=torch.finfo(maps.dtype).tiny), 0)


@dataclass(frozen=True, eq=False)
class SegmentationCurve:
    """Counts of what a map finds of a mask at each threshold: found is where it is at least the threshold.

    Attributes
    ----------
    thresholds
        ``(256,)`` float64: 0, 1/256, … 255/256.
    found, marked_found
        ``(N, 256)`` int64: how many pixels of each image are found, and how many of these are marked.
    marked
        ``(N,)`` int64: how many pixels of each mask are marked.
    pixels
        Of one image.
    """

    __repr__ = brief

    thresholds: Tensor
    found: Tensor
    marked_found: Tensor
    marked: Tensor
    pixels: int

    @property
    def iou(self) -> Tensor:
        """``(256,)``: marked and found over marked or found, over all pixels of all images; 1 if none are."""
        found, both, marked = self._sums()
        return _over(both, found + marked - both, empty=1.0)

    @property
    def iou_of_images(self) -> Tensor:
        """``(256,)``: the mean over images of each image's own IoU."""
        union = self.found + self.marked[:, None] - self.marked_found
        return _over(self.marked_found, union, empty=1.0).mean(0)

    @property
    def f1(self) -> Tensor:
        """``(256,)``: of the marked pixels, ``2 IoU / (1 + IoU)``."""
        iou = self.iou
        return 2 * iou / (1 + iou)

    @property
    def precision(self) -> Tensor:
        """``(256,)``: the share of what is found that is marked; 1 where nothing is found."""
        found, both, _ = self._sums()
        return _over(both, found, empty=1.0)

    @property
    def recall(self) -> Tensor:
        """``(256,)``: the share of what is marked that is found; 1 where nothing is marked."""
        _, both, marked = self._sums()
        return _over(both, marked.expand_as(both), empty=1.0)

    @property
    def accuracy(self) -> Tensor:
        """``(256,)``: the share of the pixels that are found and marked, or neither."""
        found, both, marked = self._sums()
        total = self.pixels * len(self.marked)
        return (total - found - marked + 2 * both).double() / total

    @property
    def average_precision(self) -> float:
        """Area under precision over recall, as a sum of steps; NaN where nothing is marked."""
        if not int(self.marked.sum()):
            return float("nan")
        recall, precision = self.recall.flip(0), self.precision.flip(0)
        return float((recall.diff(prepend=recall.new_zeros(1)) * precision).sum())

    def best_threshold(self) -> float:
        """The threshold of the largest `iou`: choose it on validation data, and use it on test data."""
        return float(self.thresholds[self.iou.argmax()])

    def place(self, threshold: float) -> int:
        """Where in the curve a threshold is: the first multiple of 1/256 that is at least as large.

        Raises
        ------
        ValueError
            It is not from 0 to 255/256.
        """
        place = int(torch.searchsorted(self.thresholds, torch.tensor(threshold, dtype=torch.float64)))
        if not threshold >= 0 or place >= BINS:
            raise ValueError(f"a threshold is from 0 to {(BINS - 1) / BINS:.4f}, not {threshold}")
        return place

    def quantile_places(self) -> Tensor:
        """``(100,)`` int64: where in the curve the percentiles 0 to 99 of the maps' own values are."""
        found = self.found.sum(0)
        below = 1 - found.double() / found[0]
        percentiles = torch.arange(100, dtype=torch.float64) / 100
        return torch.searchsorted(below, percentiles).clamp(max=BINS - 1)

    def best_over_quantiles(self) -> float:
        """The largest IoU over thresholds that are percentiles of the map itself, as the paper reports.

        It is chosen on the data it is measured on: what a user gets is the IoU at `best_threshold` of other
        data.
        """
        return float(self.iou[self.quantile_places()].max())

    def _sums(self) -> tuple[Tensor, Tensor, Tensor]:
        return self.found.sum(0), self.marked_found.sum(0), self.marked.sum()


def segmentation_curve(maps: Tensor, masks: Tensor) -> SegmentationCurve:
    """Compare maps with masks at all thresholds.

    Parameters
    ----------
    maps
        ``(N, H, W)`` in [0, 1].
    masks
        ``(N, H, W)`` bool.

    Returns
    -------
    SegmentationCurve
        On the CPU.

    Raises
    ------
    ValueError
        Maps and masks that do not fit, or maps that are not in [0, 1].

    Examples
    --------
    >>> maps = torch.tensor([[[0.1, 0.9], [0.8, 0.2]]])
    >>> curve = segmentation_curve(maps, torch.tensor([[[False, True], [True, True]]]))
    >>> round(float(curve.iou[curve.place(0.5)]), 4), round(float(curve.f1[curve.place(0.5)]), 4)
    (0.6667, 0.8)
    """
    if maps.ndim != 3 or not len(maps) or maps.shape != masks.shape or masks.dtype != torch.bool:
        raise ValueError(
            f"maps and masks are (N, H, W), at least one, masks bool; got {tuple(maps.shape)} and "
            f"{tuple(masks.shape)} of {masks.dtype}"
        )
    low, high = maps.aminmax()
    if not bool((low >= 0) & (high <= 1)):  # NaN is neither
        raise ValueError(f"maps must be in [0, 1]; got {float(low):.3g} to {float(high):.3g}")
    n = len(maps)
    # A product with a power of two is exact, so a value is in the bin of its threshold and not beside it.
    values = (maps.flatten(1) * BINS).long().clamp(max=BINS - 1)
    of_image = torch.arange(n, device=maps.device)[:, None] * (2 * BINS)
    keys = of_image + masks.flatten(1).long() * BINS + values
    counts = torch.bincount(keys.flatten(), minlength=n * 2 * BINS).view(n, 2, BINS).cpu()
    at_least = counts.flip(2).cumsum(2).flip(2)
    return SegmentationCurve(
        thresholds=torch.arange(BINS, dtype=torch.float64) / BINS,
        found=at_least.sum(1),
        marked_found=at_least[:, 1],
        marked=at_least[:, 1, 0],
        pixels=maps[0].numel(),
    )


def _over(part: Tensor, whole: Tensor, *, empty: float) -> Tensor:
    return torch.where(whole > 0, part.double() / whole.clamp(min=1), empty)
