"""Edits of attributes that exclude each other: none leaves two of them present."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

__all__ = ["Coherence"]


class Coherence:
    """Makes edits of one image coherent.

    An edit changes the attributes of an image; a change above 0 *raises* an attribute. In a coherent edit

    - at most one attribute of a group is raised: of several the one that is raised most (of equals the first
      in the order of the attributes), and the others stay as the image has them;
    - the others are present at most with what the raised one leaves: where it is at .7, each that is above .3
      is lowered to that; where it is at 1 or more, to 0.

    So of an image with at most one attribute of a group above ½, no coherent edit has two. A bound may keep
    an attribute from being lowered; what it excludes is then raised only as far as it leaves room. Attributes
    of no group are never touched, nor is an edit that raises none of a group.

    Parameters
    ----------
    names
        Names of the A attributes.
    groups
        Tuples of names that exclude each other; a name may be in several.
    has
        ``(A,)`` in [0, 1]: the attributes of the image.
    lower
        ``(A,)``: lowest change of each attribute, 0 or less.

    Examples
    --------
    >>> hair = Coherence(("blond", "brown"), [("blond", "brown")], torch.tensor([0.0, 1.0]), -torch.ones(2))
    >>> hair(torch.tensor([[0.75, 0.0], [0.25, -1.0], [-0.5, -0.25]]))
    tensor([[ 0.7500, -0.7500],
            [ 0.2500, -1.0000],
            [-0.5000, -0.2500]])
    """

    def __init__(
        self, names: Sequence[str], groups: Sequence[Sequence[str]], has: Tensor, lower: Tensor
    ) -> None:
        rivals = torch.zeros(len(names), len(names), dtype=torch.bool)
        for group in groups:
            places = torch.tensor([list(names).index(name) for name in group])
            rivals[places[:, None], places] = True
        self._rivals = rivals.fill_diagonal_(False)  # noqa: FBT003 - torch takes no name here
        self._grouped = rivals.any(1).nonzero()[:, 0]
        self._has = has
        least = torch.where(rivals, has + lower, -torch.inf).amax(1) if len(names) else has
        self._room = (1 - least - has).clamp_min(0)

    def __call__(self, deltas: Tensor) -> Tensor:
        """Make changes ``(n, A)`` coherent; those that are come back as they are."""
        if not len(self._grouped):
            return deltas
        deltas = deltas.minimum(self._room)
        raised = deltas > 0
        winners = self._winners(deltas, raised)
        deltas = torch.where(raised & ~winners & self._rivals.any(1), 0.0, deltas)
        present = self._has + deltas
        # (n, winner, rival): what each winner leaves to each rival
        excluded = winners[:, :, None] & self._rivals
        left = torch.where(excluded, (1 - present).clamp_min(0)[:, :, None], torch.inf).amin(1)
        return torch.where(present > left, left - self._has, deltas)

    def fewer(self, deltas: Tensor) -> Tensor:
        """Take changes ``(A,)`` back, one in each of the edits ``(n, A)``, of which all are coherent.

        An attribute that is raised is also taken back together with those that it excludes and that were
        lowered.
        """
        changed = deltas.nonzero()[:, 0]
        alone = torch.eye(len(deltas), dtype=torch.bool)[changed]
        raised = changed[(deltas > 0)[changed] & self._rivals[changed].any(1)]
        together = self._rivals[raised] & (deltas < 0) | torch.eye(len(deltas), dtype=torch.bool)[raised]
        fewer = torch.where(torch.cat([alone, together]), 0.0, deltas).unique(dim=0)
        return fewer[(self(fewer) == fewer).all(1)]

    def _winners(self, deltas: Tensor, raised: Tensor) -> Tensor:
        """Mark the attributes of groups that stay raised, ``(n, A)``."""
        winners = torch.zeros_like(raised)
        rows = torch.arange(len(deltas))
        order = deltas[:, self._grouped].argsort(dim=1, descending=True, stable=True)
        for place in self._grouped[order].T:  # one of each edit, from the one that is raised most
            rivalled = (winners & self._rivals[place]).any(1)
            winners[rows, place] = raised[rows, place] & ~rivalled
        return winners
