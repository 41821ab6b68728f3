"""The answer in numbers: where in the picture the change of confidence comes from, along a transition."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from cfwidgets.attribution.network import Network, network_of
from cfwidgets.models.classifier import Classifier
from cfwidgets.models.guard import untouched

__all__ = ["CELLS", "Answer", "where"]

CELLS = 8  # a side: 64 regions
_AT_ONCE = 32
_NOTHING = 1e-5  # log-odds that rounding alone may make
_LEAST = 1e-7  # probability below which a log has no meaning in float32


@dataclass(frozen=True, eq=False)
class Answer:
    """How much of the change from the wrong class to the right one goes along with each region's change.

    Attributes
    ----------
    pixels
        ``(h, w)``: each pixel's part of ``total``, in log-odds.
    share
        ``(rows, columns)``: the same summed over cells, divided by the sum; signed, sums to 1. Zeros where
        the answer does not change.
    total
        By how much the log-odds of the right class against the wrong one change from end to end.
    off
        What the parts miss of ``total``, as a share of it: the error of the sum over phases.
    """

    pixels: Tensor
    share: Tensor
    total: float
    off: float


def where(clf: Classifier, images: Tensor, wrong: int, correct: int, cells: int = CELLS) -> Answer:
    """Attribute the change of the model's answer along a path of images to their pixels.

    The log-odds of the two classes are integrated along the path (Sundararajan, Taly and Yan 2017, section 3
    of "Axiomatic Attribution for Deep Networks", there along a straight line of pixels; here along what the
    generator paints, which stays among believable images), by the trapezoid rule. The parts sum to the
    difference between the ends, up to the error of that rule, which is given.

    Parameters
    ----------
    clf
        A classifier that wraps a torch module.
    images
        ``(n, 3, h, w)`` in [0, 1] of the classifier's size: the path, at least two.
    wrong, correct
        The classes.
    cells
        A side of the grid of regions; at most one a pixel.

    Returns
    -------
    Answer
        On the CPU.

    Raises
    ------
    ClassifierError
        The classifier wraps no torch module, or no gradient leads through it.

    Examples
    --------
    >>> from torch import nn
    >>> net = nn.Sequential(nn.Flatten(), nn.Linear(48, 2))
    >>> path = torch.linspace(0, 1, 5)[:, None, None, None] * torch.rand(3, 4, 4)
    >>> answer = where(Classifier(net), path, 0, 1, cells=2)
    >>> abs(answer.off) < 1e-4
    True
    """
    network = network_of(clf, "Transitions")
    odds, gradients = [], []
    for chunk in images.split(_AT_ONCE):
        with torch.inference_mode(mode=False), untouched(network.module), torch.enable_grad():
            x = chunk.to(network.device, network.dtype, copy=True).requires_grad_()
            difference = _log_odds(clf, network, x, wrong, correct)
            gradients.append(torch.autograd.grad(difference.sum(), x)[0].float().cpu())
            odds.append(difference.detach().float().cpu())
    slope, level = torch.cat(gradients).double(), torch.cat(odds).double()
    parts = (slope[1:] + slope[:-1]) / 2 * images.double().cpu().diff(dim=0)
    pixels = parts.sum(dim=(0, 1))
    total = float(level[-1] - level[0])
    found = float(pixels.sum())
    summed = _in_cells(pixels, cells)
    share = summed / found if abs(found) > _NOTHING else torch.zeros_like(summed)
    off = (found - total) / total if abs(total) > _NOTHING else 0.0
    return Answer(pixels.float(), share.float(), total, off)


def _log_odds(clf: Classifier, network: Network, x: Tensor, wrong: int, correct: int) -> Tensor:
    """Log-odds ``(n,)`` of the right class against the wrong one, whatever the model returns."""
    rows = network.logits(x)
    single = rows.shape[1] == 1
    if clf._activation == "none":  # noqa: SLF001 - the package's own
        rows = rows.logit(_LEAST) if single else rows.clamp_min(_LEAST).log()
    if single:
        rows = F.pad(rows, (1, 0))  # 0 and z: their softmax is the sigmoid of z
    classes = torch.tensor([[correct], [wrong]], device=rows.device).expand(2, len(rows))
    return network.of_targets(rows, classes[0]) - network.of_targets(rows, classes[1])


def _in_cells(pixels: Tensor, cells: int) -> Tensor:
    """Sums over the cells of a grid, whose sides differ by a pixel where they have to."""
    for axis in (0, 1):
        length = pixels.shape[axis]
        count = min(cells, length)
        shape = (count, pixels.shape[1]) if axis == 0 else (pixels.shape[0], count)
        sums = torch.zeros(shape, dtype=pixels.dtype)
        pixels = sums.index_add(axis, torch.arange(length) * count // length, pixels)
    return pixels
