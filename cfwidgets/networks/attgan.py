"""AttGAN: edit the attributes of a face (He et al., IEEE TIP 2019)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from cfwidgets.checks import positive_int

__all__ = ["AttGAN", "AttGANDiscriminator", "Checkpoint", "FoldedDecoder", "read_checkpoint"]

_WIDEST = 1024
_SCALE = 0.5  # scale of the attributes, ±0.5 as in the PyTorch port; it is 1 in the TensorFlow one


class _Block(nn.Module):
    """A convolution, its normalisation and its activation, under the names of published weights."""

    def __init__(self, convolution: nn.Module, norm: nn.Module | None, activation: nn.Module | None) -> None:
        super().__init__()
        self.layers = nn.Sequential(*(part for part in (convolution, norm, activation) if part is not None))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.layers(x)
        return out


def _down(before: int, after: int, norm: nn.Module, slope: float) -> _Block:
    return _Block(nn.Conv2d(before, after, 4, 2, 1, bias=False), norm, nn.LeakyReLU(slope))


class AttGAN(nn.Module):
    """The generator: an encoder of images, and a decoder that reconstructs them with other attributes.

    Images are in [0, 1]; attributes are real numbers, 0 (absent) to 1 (present), and may go beyond.

    Parameters
    ----------
    size
        Side of the images in pixels: a multiple of ``2 ** layers``.
    attributes
        The number of attributes.
    dim
        Channels of the first layer; each following has twice as many, 1,024 at most.
    layers
        Layers of the encoder, and as many of the decoder.
    shortcut_layers
        Layers of the decoder, from the first on, whose output is joined by the encoder's of the same size.
    inject_layers
        Layers of the decoder whose output is joined by the attributes once more.
    slope
        Slope of the leaky rectifiers: 0.01 in the PyTorch port, 0.2 in the TensorFlow one.

    Examples
    --------
    >>> net = AttGAN(size=32, attributes=5, dim=4, layers=3).eval()
    >>> images, attributes = torch.rand(2, 3, 32, 32), torch.zeros(2, 5)
    >>> net(images, attributes).shape
    torch.Size([2, 3, 32, 32])
    """

    def __init__(
        self,
        size: int = 128,
        attributes: int = 13,
        dim: int = 64,
        layers: int = 5,
        shortcut_layers: int = 1,
        inject_layers: int = 1,
        slope: float = 0.01,
    ) -> None:
        super().__init__()
        _require_shape(size, attributes, dim, layers)
        for name, value in (("shortcut_layers", shortcut_layers), ("inject_layers", inject_layers)):
            positive_int(name, value, minimum=0)
            if value >= layers:
                raise ValueError(f"{name} must be less than layers, {layers}; got {value}")
        self.size, self.attributes = size, attributes
        self.shortcut_layers, self.inject_layers = shortcut_layers, inject_layers
        widths = _widths(dim, layers)
        self.enc_layers = nn.ModuleList(
            _down(before, after, nn.BatchNorm2d(after), slope)
            for before, after in zip((3, *widths), widths, strict=False)
        )
        self.dec_layers = nn.ModuleList()
        before = widths[-1] + attributes
        for place, after in enumerate(reversed(widths)):
            if place == layers - 1:
                last = nn.ConvTranspose2d(before, 3, 4, 2, 1)
                self.dec_layers.append(_Block(last, None, nn.Tanh()))
                break
            up = nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False)
            self.dec_layers.append(_Block(up, nn.BatchNorm2d(after), nn.ReLU()))
            shortcut = widths[-2 - place] if place < shortcut_layers else 0
            before = after + shortcut + (attributes if place < inject_layers else 0)

    def encode(self, images: Tensor) -> list[Tensor]:
        """Compute the features of each layer of the encoder for images ``(N, 3, H, W)`` in [0, 1]."""
        features = [images * 2 - 1]
        for layer in self.enc_layers:
            features.append(layer(features[-1]))
        return features[1:]

    def decode(self, features: list[Tensor], attributes: Tensor) -> Tensor:
        """Generate ``(N, 3, H, W)`` in [0, 1] from features of `encode` and attributes ``(N, A)``."""
        u = _scaled(attributes)
        x = torch.cat([features[-1], _tiled(u, features[-1])], dim=1)
        for place, layer in enumerate(self.dec_layers):
            x = layer(x)
            if place < self.shortcut_layers:
                x = torch.cat([x, features[-2 - place]], dim=1)
            if place < self.inject_layers:
                x = torch.cat([x, _tiled(u, x)], dim=1)
        return (x + 1) / 2

    def forward(self, images: Tensor, attributes: Tensor) -> Tensor:
        """Generate images with other attributes."""
        return self.decode(self.encode(images), attributes)

    def folded(self, image: Tensor) -> FoldedDecoder:
        """Fold the decoder for one image ``(3, H, W)`` and many attributes, in evaluation mode.

        Raises
        ------
        ValueError
            The network is in training mode.
        """
        if self.training:
            raise ValueError("the decoder is folded in evaluation mode: call eval() first")
        return FoldedDecoder(self, self.encode(image[None]))

    @classmethod
    def from_checkpoint(cls, path: str | Path, *, size: int | None = None, slope: float = 0.01) -> AttGAN:
        """Read a generator from a safetensors file or a checkpoint of the widely used PyTorch port.

        Its shape is that of the weights. No code is unpickled. A discriminator in the file is read by
        `AttGANDiscriminator.from_checkpoint`, both at once by `cfwidgets.AttGANEditor.from_checkpoint`.

        Parameters
        ----------
        path
            The file.
        size
            Side of the images, which the weights do not determine; None: 128, or the file's own.
        slope
            As in `AttGAN`.

        Raises
        ------
        ValueError
            Weights of another architecture, with the names that differ.
        """
        weights = read_checkpoint(path).generator
        return cls.from_weights(weights, size=size or _USUAL_SIZE, slope=slope, where=str(path))

    @classmethod
    def from_weights(
        cls, weights: Mapping[str, Tensor], *, size: int, slope: float = 0.01, where: str = "this"
    ) -> AttGAN:
        """Make the generator that has such weights, in evaluation mode.

        Parameters
        ----------
        weights
            The `state_dict` of such a network, in any precision.
        size, slope
            As in `AttGAN`.
        where
            The source of the weights, for messages.

        Raises
        ------
        ValueError
            Weights of another architecture, with the names that differ.
        """
        shape = _shape_of(weights, where)
        with torch.device("meta"):
            network = cls(size=size, slope=slope, **shape)
        _load(network, weights, where)
        return network.eval()


class AttGANDiscriminator(nn.Module):
    """The critic, which rates how real an image looks, and the classifier of its attributes, on one trunk.

    Parameters
    ----------
    size, attributes, dim, layers
        As in `AttGAN`.
    hidden
        Units of the hidden layer of critic and classifier.
    slope
        Slope of the leaky rectifiers.

    Examples
    --------
    >>> critic, logits = AttGANDiscriminator(size=32, attributes=5, dim=4, layers=3)(torch.rand(2, 3, 32, 32))
    >>> critic.shape, logits.shape
    (torch.Size([2]), torch.Size([2, 5]))
    """

    def __init__(
        self,
        size: int = 128,
        attributes: int = 13,
        dim: int = 64,
        layers: int = 5,
        hidden: int = 1024,
        slope: float = 0.01,
    ) -> None:
        super().__init__()
        _require_shape(size, attributes, dim, layers)
        positive_int("hidden", hidden)
        self.size, self.attributes = size, attributes
        widths = _widths(dim, layers)
        self.conv = nn.Sequential(
            *(
                _down(before, after, nn.InstanceNorm2d(after, affine=True), slope)
                for before, after in zip((3, *widths), widths, strict=False)
            )
        )
        flat = widths[-1] * (size >> layers) ** 2
        self.fc_adv, self.fc_cls = (
            nn.Sequential(
                _Block(nn.Linear(flat, hidden), None, nn.ReLU()),
                _Block(nn.Linear(hidden, units), None, None),
            )
            for units in (1, attributes)
        )

    @classmethod
    def from_checkpoint(cls, path: str | Path, *, slope: float = 0.01) -> AttGANDiscriminator:
        """Read a discriminator from a checkpoint of the widely used PyTorch port. No code is unpickled.

        Parameters
        ----------
        path
            The file, with the discriminator as ``D``. Published checkpoints hold the generator alone.
        slope
            As in `AttGAN`.

        Raises
        ------
        ValueError
            There is no discriminator, or one of another architecture, with the names that differ.
        """
        weights = read_checkpoint(path).discriminator
        return cls.from_weights(weights, slope=slope, where=f"D in {path}")

    @classmethod
    def from_weights(
        cls,
        weights: Mapping[str, Tensor],
        *,
        size: int | None = None,
        slope: float = 0.01,
        where: str = "this",
    ) -> AttGANDiscriminator:
        """Make the discriminator that has such weights, in evaluation mode: see `AttGAN.from_weights`.

        Its ``size`` is that of the weights where None is given.

        Raises
        ------
        ValueError
            Weights of another architecture, with the names that differ.
        """
        layers = sum(bool(re.fullmatch(r"conv\.\d+\.layers\.0\.weight", name)) for name in weights)
        first, hidden, last = (
            weights.get(name)
            for name in ("conv.0.layers.0.weight", "fc_adv.0.layers.0.weight", "fc_cls.1.layers.0.weight")
        )
        if first is None or hidden is None or last is None:
            raise ValueError(
                f"{where} holds no discriminator of AttGAN: no conv, fc_adv and fc_cls; it begins with "
                f"{', '.join(list(weights)[:4]) or 'nothing'}"
            )
        if size is None:  # the hidden layers see (size >> layers) ** 2 places of the last convolution
            places = hidden.shape[1] // _widths(len(first), layers)[-1]
            size = math.isqrt(places) << layers
        with torch.device("meta"):
            network = cls(size, len(last), len(first), layers, len(hidden), slope)
        _load(network, weights, where)
        return network.eval()

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Rate images ``(N, 3, H, W)`` in [0, 1]: realness ``(N,)``, unbounded, and logits ``(N, A)``."""
        flat = self.conv(images * 2 - 1).flatten(1)
        return self.fc_adv(flat)[:, 0], self.fc_cls(flat)


@dataclass(frozen=True)
class _FoldedLayer:
    """A layer of the decoder for one image, its normalisation folded into its weights.

    Channels last: on a CPU, transposed convolutions are two to three times as fast so. Temporary
    tensors are overwritten: new memory costs as much as the sums.
    """

    weight: Tensor
    """``(B, C, 4, 4)``: weights of the B maps of the previous layer; none in the first."""
    fixed: Tensor
    """``(1, C, h, w)``: the constant part, from the image's features; ``(1, C, 1, 1)`` without."""
    maps: Tensor | None
    """``(A, h * w * C)``: the contribution of an attribute of 1, constant over its input."""
    activate: Callable[[Tensor], Tensor]

    def __call__(self, x: Tensor | None, u: Tensor) -> Tensor:
        """Compute ``(n, C, h, w)`` from the previous layer's output and scaled attributes ``(n, A)``."""
        out = self.fixed
        if self.maps is not None:
            _, channels, height, width = out.shape
            out = (u @ self.maps).view(-1, height, width, channels).permute(0, 3, 1, 2).add_(out)
        if x is not None:
            out = _up(x, self.weight).add_(out)
        return self.activate(out)


class FoldedDecoder:
    """The decoder for one image: contributions of its features are computed once, not per candidate.

    The first layers are linear in their inputs before normalisation, so that the contributions of the image's
    features and of each attribute add up. No approximation, but another order of sums.

    Parameters
    ----------
    network
        The generator in evaluation mode; later changes of its weights have no effect.
    features
        Features of one image, from `AttGAN.encode`.

    Examples
    --------
    >>> net = AttGAN(size=32, attributes=5, dim=4, layers=3).eval()
    >>> image, attributes = torch.rand(3, 32, 32), torch.rand(7, 5)
    >>> whole = net(image.expand(7, 3, 32, 32), attributes)
    >>> torch.allclose(net.folded(image)(attributes), whole, atol=1e-6)
    True
    """

    def __init__(self, network: AttGAN, features: list[Tensor]) -> None:
        self._layers: list[_FoldedLayer] = []
        height, width = features[-1].shape[2:]
        before = 0
        for place, block in enumerate(network.dec_layers):
            weight, bias = _normalised(block)
            given = [features[-1 - place]] if place <= network.shortcut_layers else []
            fixed, start = bias[None, :, None, None], before
            for feature in given:
                fixed = fixed + _up(feature, weight[start : start + feature.shape[1]])
                start += feature.shape[1]
            maps = None
            if place <= network.inject_layers:
                ones = torch.ones(1, 1, height, width).to(weight)
                of_each = weight[start : start + network.attributes]
                maps = torch.cat([_up(ones, one[None]) for one in of_each]).permute(0, 2, 3, 1).flatten(1)
                fixed = fixed.expand(1, -1, 2 * height, 2 * width)
            last = place == len(network.dec_layers) - 1
            self._layers.append(
                _FoldedLayer(
                    weight[:before].clone(),
                    fixed.clone(memory_format=torch.channels_last),
                    maps,
                    torch.tanh_ if last else torch.relu_,
                )
            )
            before = weight.shape[1]
            height, width = height * 2, width * 2

    def __call__(self, attributes: Tensor) -> Tensor:
        """Generate ``(n, 3, H, W)`` in [0, 1] with attributes ``(n, A)``."""
        u = _scaled(attributes)
        first, *others = self._layers
        x = first(None, u)
        for layer in others:
            x = layer(x, u)
        return x.add_(1).div_(2)


def _normalised(block: nn.Module) -> tuple[Tensor, Tensor]:
    """Return a layer's convolution weight and bias with its normalisation folded in."""
    layers: Any = block.layers
    convolution, norm = layers[0], layers[1]
    if isinstance(norm, nn.Tanh):  # the last layer has none
        return convolution.weight, convolution.bias
    return fuse_conv_bn_weights(
        convolution.weight,
        convolution.bias,
        norm.running_mean,
        norm.running_var,
        norm.eps,
        norm.weight,
        norm.bias,
        transpose=True,
    )


def _up(x: Tensor, weight: Tensor) -> Tensor:
    return F.conv_transpose2d(x, weight, stride=2, padding=1)


def _scaled(attributes: Tensor) -> Tensor:
    return (2 * attributes - 1) * _SCALE


def _tiled(u: Tensor, like: Tensor) -> Tensor:
    return u[:, :, None, None].expand(-1, -1, *like.shape[2:])


def _widths(dim: int, layers: int) -> tuple[int, ...]:
    return tuple(min(dim << place, _WIDEST) for place in range(layers))


def _require_shape(size: int, attributes: int, dim: int, layers: int) -> None:
    for name, value in (("size", size), ("attributes", attributes), ("dim", dim), ("layers", layers)):
        positive_int(name, value)
    if size % (1 << layers) or not size >> layers:
        raise ValueError(f"size must be a multiple of 2 ** layers, {1 << layers}; got {size}")


_USUAL_SIZE = 128


@dataclass(frozen=True)
class Checkpoint:
    """Weights by name, as a file holds them; those of the discriminator are none where it holds none."""

    generator: dict[str, Tensor]
    discriminator: dict[str, Tensor]


def read_checkpoint(path: str | Path) -> Checkpoint:
    """Read a safetensors file of a generator, or a checkpoint of the widely used PyTorch port.

    The port writes ``{"G": …, "D": …, "optim_G": …, "optim_D": …}``, or ``{"G": …}`` alone.

    Raises
    ------
    ValueError
        There are no weights by name.
    """
    path = Path(path)
    if path.suffix == ".safetensors":
        return Checkpoint(load_file(path), {})
    states: Any = torch.load(path, map_location="cpu", weights_only=True)
    parts = states if isinstance(states, Mapping) and "G" in states else {"G": states}
    return Checkpoint(_named(parts["G"], path), _named(parts.get("D", {}), path))


def _named(states: Any, path: Path) -> dict[str, Tensor]:
    if not isinstance(states, Mapping) or not all(isinstance(value, Tensor) for value in states.values()):
        raise ValueError(f"{path} holds no weights by name: {type(states).__name__}")
    # Names from training on several devices share a prefix.
    return {str(name).removeprefix("module."): value for name, value in states.items()}


def _shape_of(weights: Mapping[str, Tensor], path: str) -> dict[str, int]:
    """Infer `AttGAN`'s arguments from its weights."""
    encoder, decoder = (
        {
            int(match[1]): tuple(value.shape)
            for name, value in weights.items()
            if (match := re.fullmatch(rf"{part}_layers\.(\d+)\.layers\.0\.weight", name))
        }
        for part in ("enc", "dec")
    )
    layers = len(encoder)
    if layers < 2 or sorted(encoder) != sorted(decoder) or sorted(encoder) != list(range(layers)):
        raise ValueError(
            f"{path} holds no generator of AttGAN: no enc_layers.0 to N and dec_layers.0 to N; it begins "
            f"with {', '.join(list(weights)[:4]) or 'nothing'}"
        )
    widths = [encoder[place][0] for place in range(layers)]
    attributes = decoder[0][0] - widths[-1]
    shortcut_layers = inject_layers = 0
    for place in range(1, layers):
        more = decoder[place][0] - decoder[place - 1][1]
        if more in (widths[-1 - place], widths[-1 - place] + attributes):
            shortcut_layers = place
            more -= widths[-1 - place]
        if more == attributes:
            inject_layers = place
    return {
        "attributes": attributes,
        "dim": widths[0],
        "layers": layers,
        "shortcut_layers": shortcut_layers,
        "inject_layers": inject_layers,
    }


def _load(network: nn.Module, weights: Mapping[str, Tensor], path: str) -> None:
    wanted = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    given = {name: tuple(value.shape) for name, value in weights.items()}
    wrong = [f"no {name}" for name in wanted if name not in given]
    wrong += [f"{name}, unknown" for name in given if name not in wanted]
    wrong += [
        f"{name} {given[name]} instead of {shape}"
        for name, shape in wanted.items()
        if name in given and given[name] != shape
    ]
    if wrong:
        more = f", and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        raise ValueError(f"{path} is of another architecture: {'; '.join(wrong[:5])}{more}")
    full = {name: value.float() if value.is_floating_point() else value for name, value in weights.items()}
    network.load_state_dict(full, assign=True)
