"""Path attribution: the regions of the picture that the change of the prediction comes from."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from cfwidgets.attribution.network import Network, network_of
from cfwidgets.brief import brief
from cfwidgets.models.backends.base import NotFiniteError
from cfwidgets.models.classifier import Classifier

__all__ = ["CELLS", "PathAttribution", "attribute_path"]

CELLS = 8  # a side: 64 regions
_AT_ONCE = 32
_NOTHING = 1e-5  # log-odds that rounding alone may make
_LEAST = 1e-7  # probability below which a log has no meaning in float32


@dataclass(frozen=True, eq=False)
class PathAttribution:
    """The share of each region in the change from the wrong class to the target along a path of images.

    Attributes
    ----------
    pixels
        ``(h, w)``: the part of ``total`` attributed to each pixel, in log-odds.
    share
        ``(rows, columns)``: the pixels summed over the cells of a grid, divided by the sum; signed, with sum
        1. Zeros where the prediction does not change.
    total
        Change of the log-odds of the target against the wrong class from one end to the other.
    convergence_delta
        Completeness error: the sum of the parts less ``total``, divided by ``total``.
    """

    __repr__ = brief

    pixels: Tensor
    share: Tensor
    total: float
    convergence_delta: float


def attribute_path(
    clf: Classifier, images: Tensor, wrong: int, target: int, cells: int = CELLS
) -> PathAttribution:
    """Attribute the change of the prediction along a path of images to their pixels.

    The log-odds of the two classes are integrated along the path (Sundararajan, Taly and Yan 2017, section 3
    of "Axiomatic Attribution for Deep Networks", there along a straight line of pixels; here along generated
    images, which stay believable), by the trapezoid rule. The parts sum to the difference between the ends,
    up to the error of that rule, which is the convergence delta. Images without a finite answer are left
    out.

    Parameters
    ----------
    clf
        A classifier that wraps a torch module.
    images
        ``(n, 3, h, w)`` in [0, 1] of the classifier's size: the path, at least two.
    wrong, target
        The two classes, by number.
    cells
        Regions a side; at most one a pixel.

    Returns
    -------
    PathAttribution
        On the CPU.

    Raises
    ------
    ClassifierError
        The classifier wraps no torch module, no gradient leads through it, or no answer is finite.

    Examples
    --------
    >>> from torch import nn
    >>> net = nn.Sequential(nn.Flatten(), nn.Linear(48, 2))
    >>> path = torch.linspace(0, 1, 5)[:, None, None, None] * torch.rand(3, 4, 4)
    >>> found = attribute_path(Classifier(net), path, 0, 1, cells=2)
    >>> abs(found.convergence_delta) < 1e-4
    True
    """
    network = network_of(clf, "Transitions")
    passed = []
    for chunk in images.split(1 if network.depends_on_company(images.cpu()) else _AT_ONCE):
        passed += _slopes(clf, network, chunk, wrong, target)
    slope, level, images = (torch.cat(parts).double() for parts in zip(*passed, strict=True))
    known = level.isfinite() & slope.flatten(1).isfinite().all(dim=1)
    if int(known.sum()) < 2:
        raise NotFiniteError("the model returned NaN or infinite values along the whole path")
    slope, level, images = slope[known], level[known], images[known]
    parts = (slope[1:] + slope[:-1]) / 2 * images.diff(dim=0)
    pixels = parts.sum(dim=(0, 1))
    total = float(level[-1] - level[0])
    found = float(pixels.sum())
    summed = _in_cells(pixels, cells)
    share = summed / found if abs(found) > _NOTHING else torch.zeros_like(summed)
    delta = (found - total) / total if abs(total) > _NOTHING else 0.0
    return PathAttribution(pixels.float(), share.float(), total, delta)


def _slopes(
    clf: Classifier, network: Network, images: Tensor, wrong: int, target: int
) -> list[tuple[Tensor, Tensor, Tensor]]:
    """Return gradients, log-odds and images, in parts; without images that have no finite answer."""
    try:
        with torch.inference_mode(mode=False), network.running(), torch.enable_grad():
            x = images.to(network.device, network.dtype, copy=True).requires_grad_()
            difference = _log_odds(clf, network, x, wrong, target)
            gradient = torch.autograd.grad(difference.sum(), x)[0]
    except NotFiniteError:
        if len(images) == 1:
            return [(images[:0].float().cpu(), torch.zeros(0), images[:0].cpu())]
        halves = (_slopes(clf, network, half, wrong, target) for half in images.tensor_split(2))
        return [part for half in halves for part in half]
    return [(gradient.float().cpu(), difference.detach().float().cpu(), images.cpu())]


def _log_odds(clf: Classifier, network: Network, x: Tensor, wrong: int, target: int) -> Tensor:
    """Return log-odds ``(n,)`` of the target against the wrong class, whatever the model returns."""
    rows = network.logits(x)
    single = rows.shape[1] == 1
    if clf._activation == "none":  # noqa: SLF001 - the package's own
        rows = rows.logit(_LEAST) if single else rows.clamp_min(_LEAST).log()
    if single:
        rows = F.pad(rows, (1, 0))  # 0 and z: their softmax is the sigmoid of z
    classes = torch.tensor([[target], [wrong]], device=rows.device).expand(2, len(rows))
    return network.of_targets(rows, classes[0]) - network.of_targets(rows, classes[1])


def _in_cells(pixels: Tensor, cells: int) -> Tensor:
    """Sum over the cells of a grid, whose sides differ by a pixel where they do not divide."""
    for axis in (0, 1):
        length = pixels.shape[axis]
        count = min(cells, length)
        shape = (count, pixels.shape[1]) if axis == 0 else (pixels.shape[0], count)
        sums = torch.zeros(shape, dtype=pixels.dtype)
        pixels = sums.index_add(axis, torch.arange(length) * count // length, pixels)
    return pixels
