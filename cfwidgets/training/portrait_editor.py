"""Train the attribute editor of the zoo: ``python -m cfwidgets.training.portrait_editor``.

Writes the weights of a `cfwidgets.networks.AttGAN` and of its discriminator, and their model card, measured
by the same command. Some hours on two cores; with ``--checkpoint`` it may be stopped, and the same command
goes on.
"""

from __future__ import annotations

import torch
from torch import Tensor

from cfwidgets.data.portraits import ATTRIBUTES, portraits
from cfwidgets.training.attgan import AttGANTraining

__all__ = ["EDITED", "SIZE", "faces", "training"]

SIZE = 64
EDITED = ATTRIBUTES[:13]
"""The attributes that are edited: those of AttGAN, in its order."""

_ALIKE = {
    "Young": 0.55,
    "Bald": 0.12,
    "Black_Hair": 0.26,
    "Blond_Hair": 0.26,
    "Brown_Hair": 0.26,
    "Bangs": 0.3,
    "Bushy_Eyebrows": 0.4,
    "Eyeglasses": 0.4,
    "Mouth_Slightly_Open": 0.45,
    "Pale_Skin": 0.3,
    "Smiling": 0.45,
    "Wearing_Hat": False,
}
_MEN = {"Male": True, "Mustache": 0.4, "No_Beard": 0.45, "Wearing_Lipstick": 0.03, "Wearing_Earrings": 0.1}
_WOMEN = {"Male": False, "Mustache": 0.1, "No_Beard": 0.9, "Wearing_Lipstick": 0.5, "Wearing_Earrings": 0.3}


def faces(n: int, *, first: int = 0, seed: int = 0, size: int = SIZE) -> tuple[Tensor, Tensor]:
    """Draw faces to learn editing from: what is rare is common, and hardly anything goes together.

    In faces as they usually are, few are bald and blond hair goes with a lack of Male: an editor that learns
    from them changes one with the other. Hats are left out, since they hide the hair.

    Parameters
    ----------
    n
        How many, half of them Male.
    first
        Number of the first: other numbers are other people.
    seed
        Of the portraits.
    size
        In pixels.

    Returns
    -------
    Tensor, Tensor
        ``(n, 3, size, size)`` uint8 and ``(n, 13)`` bool; men and women in turn.
    """
    halves = [
        portraits(count, size, seed, attributes={**_ALIKE, **own}, first=first + start)
        for own, count, start in ((_MEN, (n + 1) // 2, 0), (_WOMEN, n // 2, (n + 1) // 2))
    ]
    order = torch.arange(n) // 2 + (torch.arange(n) % 2) * len(halves[0])
    pixels = torch.cat([half.pixels for half in halves])[order]
    attributes = torch.cat([half.attributes for half in halves])[order, : len(EDITED)]
    return pixels, attributes


def training(updates: int = 4500, seed: int = 0) -> AttGANTraining:
    """How the zoo's editor of portraits is trained.

    Parameters
    ----------
    updates
        Of the generator.
    seed
        0 for the weights of the zoo.
    """
    return AttGANTraining(
        updates=updates,
        critic_updates=2,
        dim=32,
        layers=4,
        hidden=256,
        precision="bfloat16",
        report_every=10,
        seed=seed,
    )
