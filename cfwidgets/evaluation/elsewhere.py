"""The answers of a model to other pictures than the one that is explained: they tell whether it knows any.

A network that has learnt its classes answers differently to an image and to pictures that show nothing, and
much the same to an image and to one that is shifted, enlarged or dimmed a little. One that knows nothing
either answers the same to whatever it is shown, or changes its mind over nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from cfwidgets.brief import brief

__all__ = ["Answers", "pictures"]

_SEED = 0
_COARSE = 8
_TILES = 4
_EMPTY, _BLANK = 9, 7  # pictures that show nothing; of them noise or plain
_STEP = 16  # a small change: a part of the side
_DIM = 0.8
# See tests/benchmarks/null_zoo.py for the networks that these were chosen on.
_LEAST = 1e-6  # a probability is taken to be no smaller
_FLAT = 0.5
_STEADY = 0.35


def pictures(image: Tensor) -> Tensor:
    """Make pictures of the size of an image: some that show nothing, and some that show the same.

    Parameters
    ----------
    image
        ``(3, H, W)`` in [0, 1].

    Returns
    -------
    Tensor
        ``(15, 3, H, W)`` float32 in [0, 1]. Nothing: two of noise, two of smooth noise; black, grey and
        white; and twice the image in 16 tiles that have changed places. The same: the image shifted each way
        by a sixteenth of its side, enlarged by as much, reduced by as much, dimmed and with less contrast.

    Examples
    --------
    >>> pictures(torch.rand(3, 8, 8)).shape
    torch.Size([15, 3, 8, 8])
    """
    image = image.float()
    generator = torch.Generator().manual_seed(_SEED)
    size = image.shape[1:]
    noise = torch.rand(2, 3, *size, generator=generator)
    coarse = torch.rand(2, 3, _COARSE, _COARSE, generator=generator)
    smooth = F.interpolate(coarse, size=size, mode="bilinear")
    plain = torch.tensor([0.0, 0.5, 1.0])[:, None, None, None].expand(3, 3, *size)
    tiled = torch.cat([_tiled(image, generator) for _ in range(2)])
    return torch.cat([noise, smooth, plain, tiled, _same(image)])


def _tiled(image: Tensor, generator: torch.Generator) -> Tensor:
    """Let the tiles of an image change places: ``(1, 3, H, W)``."""
    height, width = (max(1, side // _TILES) for side in image.shape[1:])
    whole = F.interpolate(image[None], size=(height * _TILES, width * _TILES), mode="bilinear")
    tiles = F.unfold(whole, (height, width), stride=(height, width))
    tiles = tiles[..., torch.randperm(tiles.shape[-1], generator=generator)]
    moved = F.fold(tiles, whole.shape[2:], (height, width), stride=(height, width))
    return F.interpolate(moved, size=image.shape[1:], mode="bilinear").clamp(0, 1)


def _same(image: Tensor) -> Tensor:
    """Change an image little: ``(6, 3, H, W)``. What comes into the picture is its edge repeated."""
    (height, width), size = (max(1, side // _STEP) for side in image.shape[1:]), image.shape[1:]
    wide = F.pad(image[None], (width, width, height, height), mode="replicate")
    inner = image[None, :, height // 2 : size[0] - height // 2, width // 2 : size[1] - width // 2]
    return torch.cat(
        [
            wide[:, :, : size[0], : size[1]],
            wide[:, :, 2 * height :, 2 * width :],
            F.interpolate(inner, size=size, mode="bilinear"),
            F.interpolate(wide, size=size, mode="bilinear", antialias=True).clamp(0, 1),
            _DIM * image[None],
            (1 - _DIM) / 2 + _DIM * image[None],
        ]
    )


@dataclass(frozen=True, eq=False)
class Answers:
    """The answers of a model to an image, and to the `pictures` of it.

    Attributes
    ----------
    image
        ``(C,)``: the probabilities for the image.
    elsewhere
        ``(15, C)``: those for the pictures.
    """

    __repr__ = brief

    image: Tensor
    elsewhere: Tensor

    @property
    def difference(self) -> float:
        """Mean difference of the log-probabilities of two of image and pictures that show nothing.

        In logarithms, since a network may be sure that whatever lacks a crack is sound.
        """
        rows = _rows(torch.cat([self.image[None], self.elsewhere[:_EMPTY]])).clamp_min(_LEAST).log()
        distances = torch.cdist(rows, rows, p=1) / rows.shape[1]
        return float(distances.sum()) / (len(rows) * (len(rows) - 1))

    @property
    def change(self) -> float:
        """Mean difference of the answers to the image and to what shows the same, 0 to 1."""
        return float((_rows(self.elsewhere[_EMPTY:]) - _rows(self.image)).abs().sum(1).mean() / 2)

    @property
    def certainty(self) -> float:
        """Mean probability of the class that is predicted for noise and plain colours."""
        return float(self.elsewhere[:_BLANK].amax(1).mean())

    @property
    def differ(self) -> bool:
        """False where the answer hardly depends on the picture."""
        return self.difference >= _FLAT

    @property
    def steady(self) -> bool:
        """False where the answer changes although the picture shows the same."""
        return self.change < _STEADY

    @property
    def caveats(self) -> tuple[str, ...]:
        """Say in sentences why an explanation of this model is worth little; empty where nothing says so."""
        rows = []
        if not self.differ:
            rows.append(
                "The answer hardly depends on the picture: it is much the same for noise, for plain colours "
                "and for the image in pieces."
            )
        if not self.steady:
            rows.append(
                f"Where the image is shifted, resized or dimmed a little, {100 * self.change:.0f} % of the "
                "answer changes: the model does not go by what the image shows."
            )
        return tuple(rows)


def _rows(probabilities: Tensor) -> Tensor:
    """Probabilities that sum to 1, also those of independent classes."""
    rows = probabilities.double()
    return rows / rows.sum(-1, keepdim=True).clamp_min(1e-12)
