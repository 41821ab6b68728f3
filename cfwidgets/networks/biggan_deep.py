"""BigGAN-deep, the generator for ImageNet, as the package ``pytorch-pretrained-biggan`` has it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import remove_spectral_norm

from cfwidgets.checks import choice, positive_int

__all__ = ["BigGANDeep"]

# (doubled?, width before, width after) of each block, the widths in multiples of `channels`.
_LAYERS_128 = [
    (False, 16, 16),
    (True, 16, 16),
    (False, 16, 16),
    (True, 16, 8),
    (False, 8, 8),
    (True, 8, 4),
    (False, 4, 4),
    (True, 4, 2),
    (False, 2, 2),
    (True, 2, 1),
]
_LAYERS_256 = [*_LAYERS_128[:5], (True, 8, 8), (False, 8, 8), *_LAYERS_128[5:]]
_LAYERS_512 = [*_LAYERS_256, (False, 1, 1), (True, 1, 1)]
_LAYERS = {128: _LAYERS_128, 256: _LAYERS_256, 512: _LAYERS_512}


class BigGANDeep(nn.Module):
    """BigGAN-deep of Brock et al. 2019 for 1,000 classes of ImageNet; class k is ImageNet's k, in its order.

    It follows the protocol of `cfwidgets.models.generator.Generator`, in evaluation mode, with its spectral
    norms folded into the weights. `cfwidgets.zoo.generator` makes one with DeepMind's weights.

    Parameters
    ----------
    size
        Side of the images: 128, 256 or 512.
    truncation
        τ of the truncation trick, over 0 to 1: latent vectors are drawn from the normal distribution cut at
        ±2, times τ. Smaller is more typical of the class and less varied. For each of 51 values the weights
        hold statistics of the batch normalisations; between two of these values they are interpolated.
    channels
        The unit of width: 128 with the published weights.
    weights
        A state dictionary of the package's ``BigGAN``. None for random ones, with spectral norms near 1 like
        the trained ones: for tests and benchmarks.

    Raises
    ------
    ImportError
        The package is not installed.
    ValueError
        Settings out of their range, or weights of another network.

    Examples
    --------
    >>> generator = BigGANDeep(128, channels=8)
    >>> z, c = generator.sample(1), torch.eye(1000)[[285]]
    >>> generator.generate(z, c).shape
    torch.Size([1, 3, 128, 128])
    """

    def __init__(
        self,
        size: int = 128,
        *,
        truncation: float = 1.0,
        channels: int = 128,
        weights: Mapping[str, Tensor] | None = None,
    ) -> None:
        choice("size", size, tuple(_LAYERS))
        positive_int("channels", channels)
        if not 0 < truncation <= 1:
            raise ValueError(f"truncation must be over 0 and at most 1, not {truncation!r}")
        try:
            from pytorch_pretrained_biggan.config import BigGANConfig
            from pytorch_pretrained_biggan.model import BigGAN, BigGANBatchNorm
        except ImportError as error:
            raise ImportError(
                'BigGAN-deep comes in a package of its own: pip install "cfwidgets[biggan]"'
            ) from error
        super().__init__()
        config = BigGANConfig(output_dim=size, channel_width=channels, layers=_LAYERS[size])
        self.size, self.truncation = size, float(truncation)
        self.classes: int = config.num_classes
        self.latent_size: int = config.z_dim
        self.network = BigGAN(config)
        if weights is not None:
            _load(self.network, weights)
        for part in self.network.modules():
            if hasattr(part, "weight_orig"):
                remove_spectral_norm(part)
                if weights is None:
                    _draw(part.weight)
            elif isinstance(part, BigGANBatchNorm):
                _settle(part, self.truncation)
        if weights is None:  # the package leaves these two uninitialised
            nn.init.ones_(self.network.generator.bn.weight)
            nn.init.zeros_(self.network.generator.bn.bias)
        self.eval()

    def __repr__(self) -> str:
        return (
            f"<BigGANDeep of {self.size} x {self.size}, {self.classes} classes, truncation "
            f"{self.truncation:.3g}>"
        )

    def generate(self, z: Tensor, c: Tensor) -> Tensor:
        """Generate images ``(N, 3, size, size)`` in [0, 1] from latent vectors and weights of the classes.

        Parameters
        ----------
        z
            ``(N, 128)``.
        c
            ``(N, 1000)``: weights of the classes, at least 0, that sum to 1.
        """
        return (self.network(z, c, self.truncation) + 1) / 2

    def sample(self, n: int, seed: int = 0) -> Tensor:
        """Draw latent vectors ``(n, 128)``: normal, cut at ±2, times the truncation; on the CPU."""
        z = torch.empty(n, self.latent_size)
        nn.init.trunc_normal_(z, a=-2, b=2, generator=torch.Generator().manual_seed(seed))
        return z * self.truncation


def _load(network: nn.Module, weights: Mapping[str, Tensor]) -> None:
    try:
        missing, _ = network.load_state_dict(weights, strict=False)
    except RuntimeError as error:
        raise ValueError(f"these are weights of another network: {error}") from error
    if missing:
        raise ValueError(
            f"these are weights of another network: {len(missing)} are missing, the first {missing[0]!r}"
        )


def _draw(weight: Tensor) -> None:
    """Draw a weight of spectral norm near 1; that of a normal matrix is near the sum of its sides' roots."""
    rows, columns = weight.flatten(1).shape
    nn.init.normal_(weight, std=1 / (math.sqrt(rows) + math.sqrt(columns)))


def _settle(norm: Any, truncation: float) -> None:
    """Reduce a batch normalisation to the one table of statistics of a truncation.

    The package interpolates at each pass, and gives the lower table the weight of the upper one.
    """
    tables = len(norm.running_means) - 1
    place = round(truncation * tables, 9)  # 0.58 × 50 is 29, in spite of rounding
    low = math.floor(place)
    for name in ("running_means", "running_vars"):
        table = getattr(norm, name)
        setattr(norm, name, table[low].lerp(table[min(low + 1, tables)], place - low)[None].clone())
    norm.step_size = math.inf  # so that any truncation selects the first, and only, table
