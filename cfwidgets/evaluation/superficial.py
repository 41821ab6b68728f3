"""Signs that the answers of a model go by the surface of pictures and not by what they show.

A network with random weights is a filter like any other: it answers differently to different pictures, is as
sure as its last layer is large, and its answers follow colour, or change with what no person would notice.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["colour_share", "unsteadiness"]

_FEWEST = 12  # pictures: of 8, one in twenty has a share of 0.3 by chance, of 12 one in eighty


def colour_share(colours: Tensor, answers: Tensor) -> float:
    """Share of the variance of answers that the mean colour of the pictures predicts.

    Each answer is predicted by a linear model of the others, so that colours that have nothing to do with the
    answers predict nothing.

    Parameters
    ----------
    colours
        ``(n, 3)``: mean colour of each picture.
    answers
        ``(n,)``: answers without bounds, such as log-odds.

    Returns
    -------
    float
        At most 1; at or below 0 where colours predict nothing. NaN for fewer than 12 pictures, and where
        the answers are all the same.

    Examples
    --------
    >>> colours = torch.rand(20, 3, generator=torch.Generator().manual_seed(0))
    >>> round(colour_share(colours, 5 * colours[:, 0] - colours[:, 2]), 6)
    1.0
    """
    answers = answers.double()
    spread = (answers - answers.mean()).square().sum()
    if len(answers) < _FEWEST or float(spread) == 0:
        return float("nan")
    columns = torch.cat([colours.double(), torch.ones(len(colours), 1, dtype=torch.float64)], 1)
    projection = columns @ torch.linalg.pinv(columns)
    left_out = (answers - projection @ answers) / (1 - projection.diag()).clamp_min(1e-9)
    return float(1 - left_out.square().sum() / spread)


def unsteadiness(answers: Tensor, changed: Tensor) -> float:
    """Compute how much answers change where nothing that counts does, in units of their spread over pictures.

    Parameters
    ----------
    answers
        ``(n,)``: answers to n pictures, without bounds, such as log-odds.
    changed
        ``(n, k)``: those to each picture changed in k ways that should not matter.

    Returns
    -------
    float
        0 or more: the root mean square change in each of the ways, over the standard deviation of the
        answers; the sum over the ways. NaN for fewer than 2 pictures, and where the answers are the same.

    Examples
    --------
    >>> answers = torch.tensor([-1.0, 0.0, 1.0])
    >>> unsteadiness(answers, torch.stack([answers, answers + 0.5], 1))
    0.5
    """
    answers, changed = answers.double(), changed.double()
    if len(answers) < 2 or float(answers.std()) == 0:
        return float("nan")
    return float((changed - answers[:, None]).square().mean(0).sqrt().sum() / answers.std())
