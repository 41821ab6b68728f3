"""Samples of a generator, and the rows of its model card that say how they compare with real images."""

from __future__ import annotations

import torch
from torch import Tensor

from cfwidgets.evaluation import nearest_distances
from cfwidgets.networks import BigGAN

__all__ = ["FAR", "copies_table", "generated", "percent"]

FAR = (1.5, 2.0, 3.0)
"""Factors on latent vectors, to sample farther out than the distribution of the training."""

_BATCH = 50  # larger ones take longer for their memory
_QUANTILES = (0.01, 0.1, 0.5)


@torch.no_grad()
def generated(network: BigGAN, z: Tensor, c: Tensor) -> Tensor:
    """Generate an image for each latent vector and class vector, some at a time."""
    parts = zip(z.split(_BATCH), c.split(_BATCH), strict=True)
    return torch.cat([network.generate(some, weights) for some, weights in parts])


def percent(right: Tensor) -> str:
    """Write the share of what is true, such as ``97.3%``; a dash for the share of nothing.

    Examples
    --------
    >>> percent(torch.tensor([True, False])), percent(torch.tensor([]))
    ('50.0%', '-')
    """
    return f"{right.float().mean():.1%}" if len(right) else "-"


def copies_table(samples: Tensor, train: Tensor, test: Tensor, name: str) -> str:
    """Tell copies from new images: distances to the nearest in a table.

    Parameters
    ----------
    samples, train, test
        Images of a generator, those that it was trained on, and others that are real.
    name
        For the images, in the plural.

    Returns
    -------
    str
        Markdown: of 1 %, 10 % and half of the images, the largest Euclidean distance in pixels.
    """
    head = " | ".join(f"{quantile:.0%}" for quantile in _QUANTILES)
    lines = " | ".join("---" for _ in _QUANTILES)
    return f"""\
| | {head} |
| --- | {lines} |
| from samples to training {name} | {_quantiles(nearest_distances(samples, train))} |
| from test {name} to training {name} | {_quantiles(nearest_distances(test, train))} |
| from test {name} to samples | {_quantiles(nearest_distances(test, samples))} |"""


def _quantiles(distances: Tensor) -> str:
    at = torch.tensor(_QUANTILES, dtype=distances.dtype)
    return " | ".join(f"{value:.2f}" for value in distances.quantile(at).tolist())
