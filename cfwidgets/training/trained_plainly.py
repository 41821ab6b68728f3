"""A network as far as it is trained with labels, measured on groups of held-out images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cfwidgets.results import Result
from cfwidgets.training.checks import labels_for, square_images

__all__ = ["Groups", "TrainedPlainly", "groups_checked", "hardest_and_right"]

Groups = Mapping[str, tuple[Tensor, Tensor]]
"""Held-out images ``(n, 3, H, H)`` and their labels ``(n,)``, by the name of their group."""

_ROWS = 4  # images of each group in the sheet, at most


@dataclass(frozen=True, eq=False, repr=False)
class TrainedPlainly(Result):
    """A network in training with labels, or trained: what `PlainTraining.steps` yields.

    Parameters
    ----------
    training
        The settings: a `PlainTraining` as a dictionary.
    step
        Updates so far.
    weights
        The network's state, as it stands: for its ``load_state_dict``.
    loss
        ``(step,)``: the cross-entropy of each update.
    measure_names
        ``"update"``, and the names of the groups.
    measured
        ``(m, 1 + groups)``: the update, and the share of each group that is right then, 0 to 1.
    hardest
        ``(rows, groups, 3, H, W)`` uint8: of each group, the images whose own class has the lowest
        probability now.
    seconds
        Since the first update began.
    """

    schema: ClassVar[dict[str, str]] = {
        "step": "0 inf",
        "loss": "float (u)",
        "measured": "float (m, k)",
        "hardest": "uint8 (r, g, 3, H, W)",
    }
    loss_names: ClassVar[tuple[str, ...]] = ("cross-entropy",)
    sheet_note: ClassVar[str] = "from the held-out pictures: the hardest of each group"

    training: dict[str, Any]
    step: int
    weights: dict[str, Tensor]
    loss: Tensor
    measure_names: tuple[str, ...]
    measured: Tensor
    hardest: Tensor
    seconds: float

    def require_sound(self) -> None:
        """Raise ValueError where fields contradict each other."""
        updates = self.training.get("updates")
        if not isinstance(updates, int) or isinstance(updates, bool) or not self.step <= updates:
            raise ValueError(f"update {self.step} cannot be one of {updates!r:.40}")
        if len(self.loss) != self.step:
            raise ValueError(f"there must be {self.step} losses, not {len(self.loss)}")
        names = len(self.measure_names)
        if names < 2 or self.measured.shape[1] != names or self.hardest.shape[1] != names - 1:
            raise ValueError(f"its measures and pictures must be of the {names - 1} groups that it names")

    @property
    def losses(self) -> Tensor:
        """``(step, 1)``: the loss of each update."""
        return self.loss[:, None]

    @property
    def sheet_columns(self) -> tuple[str, ...]:
        """The names of the groups."""
        return self.measure_names[1:]

    def sheet(self) -> Tensor:
        """Return the hardest images of each group, ``(rows, groups, 3, H, W)`` in [0, 1]."""
        return self.hardest.float() / 255

    def collapse(self) -> str:
        """Say how the training has failed: never."""
        return ""

    def __repr__(self) -> str:
        return f"<TrainedPlainly: update {self.step:,} of {self.training['updates']:,}>"


def groups_checked(held_out: Any) -> dict[str, tuple[Tensor, Tensor]]:
    """Return the groups with their images as uint8.

    Raises
    ------
    ValueError
        There are none, or images and labels of one do not fit.
    """
    if not isinstance(held_out, Mapping) or not held_out:
        raise ValueError("held_out must be a dict of at least one group: a name, and (images, labels)")
    checked = {}
    for name, (images, labels) in held_out.items():
        pixels = square_images(images, name=f"images of {name!r}")
        checked[str(name)] = (pixels, labels_for(len(pixels), labels, f"labels of {name!r}"))
    if len({pixels.shape[1:] for pixels, _ in checked.values()}) > 1:
        raise ValueError("the images of all groups must be of one size")
    return checked


@torch.no_grad()
def hardest_and_right(
    network: nn.Module, groups: Mapping[str, tuple[Tensor, Tensor]], device: torch.device
) -> tuple[Tensor, list[float]]:
    """Evaluate a network on groups of images.

    Parameters
    ----------
    network
        Gives logits ``(N, K)``; it is left in the mode in which it was.
    groups
        What `groups_checked` returned.
    device
        Where the network is.

    Returns
    -------
    tuple
        The hardest images, ``(rows, groups, 3, H, W)`` uint8 on the CPU, and the share of each group that is
        right, 0 to 1.
    """
    rows = min(_ROWS, *(len(labels) for _, labels in groups.values()))
    was_training = network.training
    network.eval()
    hardest, right = [], []
    for pixels, labels in groups.values():
        chunks = [network(part.to(device).float() / 255).float().cpu() for part in pixels.split(256)]
        logits = torch.cat(chunks)
        right.append(float((logits.argmax(1) == labels).float().mean()))
        hardest.append(pixels[F.cross_entropy(logits, labels, reduction="none").topk(rows).indices])
    network.train(was_training)
    return torch.stack(hardest, 1), right
