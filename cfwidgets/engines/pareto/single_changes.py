"""The effect of each attribute by itself, and whether any stands out: a sign that a model knows something.

For a network with random weights an edit is so many pixels that change: it answers each about as much as its
pixels do, and otherwise where the picture is mirrored. A network that has learnt something answers some
attribute far beyond its pixels, and on either side of the picture.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from cfwidgets.engines.pareto.edit_task import EditTask, log_odds, predictions
from cfwidgets.models.classifier import Classifier

__all__ = ["SingleChanges", "measure_single_changes", "standing_out"]

_FEWEST = 8  # attributes among which one can stand out
_LEAST = 1e-9


class SingleChanges(NamedTuple):
    """Effects of each attribute by itself, at its lowest and at its highest; NaN where it cannot change.

    Attributes
    ----------
    effect
        ``(2, A)``: change of the target's log-odds.
    mirrored
        ``(2, A)``: the same where the pictures are mirrored.
    repainted
        ``(2, A)``: by how much the pixels change, as the length of their difference.
    """

    effect: Tensor
    mirrored: Tensor
    repainted: Tensor


def measure_single_changes(clf: Classifier, task: EditTask, box: tuple[Tensor, Tensor]) -> SingleChanges:
    """Change one attribute after another, as far as it goes either way, and ask for the predictions.

    Parameters
    ----------
    clf, task
        The classifier and the image.
    box
        ``(A,)`` each: bounds of the changes.
    """
    bounds = torch.stack(box)
    side, place = (bounds != 0).nonzero(as_tuple=True)
    edits = torch.zeros(1 + len(place), bounds.shape[1])  # the first changes nothing
    edits[torch.arange(1, len(edits)), place] = bounds[side, place]
    images = task.paint(edits).cpu()
    rows = predictions(clf, torch.cat([images, images.flip(3)]), len(task.prediction))
    odds = log_odds(rows, task.target).view(2, -1)
    found = SingleChanges(*(torch.full_like(bounds, torch.nan) for _ in range(3)))
    found.effect[side, place], found.mirrored[side, place] = odds[:, 1:] - odds[:, :1]
    found.repainted[side, place] = (images[1:] - images[:1]).flatten(1).norm(dim=1)
    return found


def standing_out(found: SingleChanges) -> float:
    """Compute how far the attribute with the most effect stands out, in units of what a mirror changes.

    Effects are taken per pixel that changes, the larger of an attribute's two. The largest of them over the
    median one is divided by the change of all effects where the pictures are mirrored, as a part of them.

    Returns
    -------
    float
        0 or more; infinite where a mirror changes nothing. NaN for fewer than 8 attributes that change
        anything, and where most have no effect.

    Examples
    --------
    >>> effect = torch.tensor([[1.0, -1, 1, -1, 1, -1, 1, -6]] * 2)
    >>> round(standing_out(SingleChanges(effect, 0.5 * effect, torch.ones(2, 8))), 6)
    12.0
    """
    seen = found.repainted > _LEAST  # false of NaN
    each = torch.where(seen, found.effect.abs() / found.repainted, 0).nan_to_num(0).amax(0)[seen.any(0)]
    if len(each) < _FEWEST or float(each.median()) < _LEAST:
        return float("nan")
    both = seen & found.effect.isfinite() & found.mirrored.isfinite()
    change = (found.mirrored - found.effect)[both].norm() / found.effect[both].norm()
    return float(each.max() / each.median() / change)
