"""A U-Net of Swin transformer blocks that translates an image into its twin of the other class."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models import Swin_T_Weights
from torchvision.models.swin_transformer import SwinTransformer, SwinTransformerBlock

from cfwidgets.checks import choice, positive_int, share
from cfwidgets.networks.quantiser import VectorQuantiser
from cfwidgets.networks.unet import ClassBranch, Noise, Translation, group_norm, residual_twin, small_change

__all__ = ["LearningTranslation", "SwinUNet"]

_WINDOW = 7
_PATCH = 4
_STEPS = 2  # halvings by patches, and doublings of the last block
_HEADS = 3  # of the first stage; as often twice as many as the stage has channels
_TINY = {"width": 96, "levels": 5}  # of what was trained on ImageNet
_SPREAD = 0.02  # standard deviation of first weights at that width, as torchvision has it
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of its pixels
_SLOPE = 0.1


class LearningTranslation(NamedTuple):
    """Twins of images and their classes, with what training needs beside them.

    Attributes
    ----------
    twins, logits
        As of `cfwidgets.networks.unet.Translation`.
    commitment
        The loss of the codes, to be added to the others.
    """

    twins: Tensor
    logits: Tensor
    commitment: Tensor


class SwinUNet(nn.Module):
    """Translate images of one class into the other: Swin transformer blocks down and up, with shortcuts.

    Cao et al. 2022, whose network has 27.17 million weights, with what the paper adds: a codebook at the
    bottleneck, Gaussian noise at every upsampling, a class branch that reads every upsampling, and nearest
    neighbours with a convolution in place of the last pixel shuffle. Dropout in the decoder is as in Isola
    et al. 2017, and the twin is the image and a change between -1 and 1, clipped, as of
    `cfwidgets.networks.unet.UNet`. The blocks are torchvision's.

    The paper takes the network of Cao et al., with two blocks in each stage, and an encoder that was trained
    on ImageNet, of which there is none but with six in the third. Here the encoder has two in each, and six
    with ``encoder="imagenet"``. For the codebook it names no size.

    Parameters
    ----------
    width
        Channels of the first stage, a multiple of 3; each deeper one has twice as many.
    full_width
        Channels at full resolution, and twice as many at half of it, but ``width`` at most.
    levels
        How often the resolution is halved, at least 3: twice by patches of 4 x 4, then between stages. Images
        have sides that are multiples of ``stride``.
    codes
        Size of the codebook.
    classes
        That the branch tells apart.
    noise, noise_channels
        Length of the noise vector, and the channels that each upsampling makes of it.
    dropout
        Share of the units that the three deepest stages of the decoder drop in training.
    dropped
        Share of images for which the last block of encoder and decoder is skipped in training; that of the
        first is 0.
    encoder
        ``"scratch"``, or ``"imagenet"``: with the weights of torchvision's Swin-Tiny, which are read from
        where torchvision keeps them and are not downloaded.

    Raises
    ------
    FileNotFoundError
        The ImageNet weights are not there; the message says how to get them. On the device "meta", where
        weights are loaded afterwards, they are not read.

    Examples
    --------
    >>> net = SwinUNet(width=6, full_width=4, levels=3, codes=8, noise=4).eval()
    >>> twins, logits = net(torch.rand(2, 3, 32, 32))
    >>> twins.shape, logits.shape
    (torch.Size([2, 3, 32, 32]), torch.Size([2, 2]))
    """

    def __init__(
        self,
        width: int = 96,
        full_width: int = 32,
        levels: int = 5,
        codes: int = 1024,
        classes: int = 2,
        noise: int = 64,
        noise_channels: int = 4,
        dropout: float = 0.5,
        dropped: float = 0.2,
        encoder: str = "scratch",
    ) -> None:
        super().__init__()
        for name, value in (
            ("width", width),
            ("full_width", full_width),
            ("noise", noise),
            ("noise_channels", noise_channels),
        ):
            positive_int(name, value)
        if width % _HEADS:
            raise ValueError(f"width must be a multiple of {_HEADS}, for the heads of attention; got {width}")
        positive_int("levels", levels, minimum=_STEPS + 1)
        positive_int("classes", classes, minimum=2)
        share("dropout", dropout)
        share("dropped", dropped)
        choice("encoder", encoder, ("scratch", "imagenet"))
        if encoder == "imagenet":
            for name, value in (("width", width), ("levels", levels)):
                if value != _TINY[name]:
                    raise ValueError(f'encoder="imagenet" has {name}={_TINY[name]}, not {value}')
        self.noise, self.stride = noise, 1 << levels
        widths = [width << stage for stage in range(levels - _STEPS + 1)]
        depths = [2, 2, 6, 2] if encoder == "imagenet" else [2] * len(widths)
        heads = [_HEADS << stage for stage in range(len(widths))]
        self.encoder = SwinTransformer(
            [_PATCH, _PATCH], width, depths, heads, [_WINDOW, _WINDOW], stochastic_depth_prob=dropped
        )
        self.encoder.head = nn.Identity()
        if encoder == "scratch":
            _begin(self.encoder, width)
        if encoder == "imagenet" and not self.encoder.norm.weight.is_meta:
            self._read_imagenet()
        self.quantiser = VectorQuantiser(codes, widths[-1])
        blocks = 2 * (len(widths) - 1)
        skips = [dropped * (1 - place / max(1, blocks - 1)) for place in range(blocks)]
        self.up = nn.ModuleList(Expansion(channels) for channels in reversed(widths[1:]))
        _begin(self.up, width)
        self.joined = nn.ModuleList(
            _Joined(
                widths[stage],
                heads[stage],
                skips[2 * stage : 2 * stage + 2],
                dropout if stage >= len(widths) - 4 else 0.0,
            )
            for stage in reversed(range(len(widths) - 1))
        )
        _begin(self.joined, width)
        sizes = [min(width, 2 * full_width), full_width]
        self.sharpened = nn.ModuleList(
            _sharpener(before, after, norm=place == 0)
            for place, (before, after) in enumerate(zip([width, *sizes], sizes, strict=False))
        )
        noised = [*reversed(widths[:-1]), *[width, *sizes][:-1]]
        self.noises = nn.ModuleList(Noise(channels, noise, noise_channels) for channels in noised)
        self.last = small_change(sizes[-1])
        self.branch = ClassBranch([*reversed(widths[:-1]), *sizes], classes)

    def forward(self, images: Tensor, noise: Tensor | None = None) -> Translation | LearningTranslation:
        """Translate images; in training, with the loss of the codes.

        Parameters
        ----------
        images
            ``(N, 3, H, W)`` in [0, 1].
        noise
            ``(N, noise)``, standard normal; None: zeros, for the one twin that is the same each time.
        """
        x, ups, commitment = self._through(images, noise)
        twins, logits = residual_twin(images, self.last(x)), self.branch(ups)
        return LearningTranslation(twins, logits, commitment) if self.training else Translation(twins, logits)

    def told(self, images: Tensor) -> Tensor:
        """The class branch's logits alone."""
        logits: Tensor = self.branch(self.decoded(images)[1])
        return logits

    def decoded(self, images: Tensor, noise: Tensor | None = None) -> tuple[Tensor, list[Tensor]]:
        """Give what the last block makes, at full resolution, and what each upsampling does."""
        return self._through(images, noise)[:2]

    def _through(self, images: Tensor, noise: Tensor | None) -> tuple[Tensor, list[Tensor], Tensor]:
        mean, deviation = images.new_tensor([_MEAN, _DEVIATION]).view(2, 3, 1, 1)
        x, kept = (images - mean) / deviation, []
        for place, part in enumerate(self.encoder.features):
            x = part(x)
            if place % 2:  # a stage; before it, patches or their merging
                kept.append(x)
        kept.pop()
        x, commitment = self.quantiser(self.encoder.norm(x))
        ups, noises = [], iter(self.noises)
        for up, joined in zip(self.up, self.joined, strict=True):
            expanded = next(noises)(up(x).permute(0, 3, 1, 2), noise)
            x = joined(expanded.permute(0, 2, 3, 1), kept.pop())
            ups.append(x.permute(0, 3, 1, 2))
        x = ups[-1]
        for sharpened in self.sharpened:
            x = sharpened(next(noises)(F.interpolate(x, scale_factor=2.0), noise))
            ups.append(x)
        return x, ups, commitment

    def _read_imagenet(self) -> None:
        name = Swin_T_Weights.DEFAULT.url.rsplit("/", 1)[-1]
        path = Path(torch.hub.get_dir()) / "checkpoints" / name
        if not path.is_file():
            raise FileNotFoundError(
                f'encoder="imagenet" reads {path}, which is not there. Where there is a network, '
                "torchvision.models.Swin_T_Weights.DEFAULT.get_state_dict() downloads it"
            )
        weights = torch.load(path, map_location="cpu", weights_only=True)
        self.encoder.load_state_dict({k: v for k, v in weights.items() if not k.startswith("head.")})


class Expansion(nn.Module):
    """Half the channels at twice the resolution: the patch expanding layer of Cao et al.

    Parameters
    ----------
    channels
        That come in, at ``(N, h, w, channels)``.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.expand = nn.Linear(channels, 2 * channels, bias=False)
        self.norm = nn.LayerNorm(channels // 2)

    def forward(self, maps: Tensor) -> Tensor:
        """Give ``(N, 2 h, 2 w, channels / 2)``."""
        larger = F.pixel_shuffle(self.expand(maps).permute(0, 3, 1, 2), 2)
        normed: Tensor = self.norm(larger.permute(0, 2, 3, 1))
        return normed


class _Joined(nn.Module):
    """A stage of the decoder: maps and shortcut made one, and two blocks of torchvision's."""

    def __init__(self, channels: int, heads: int, skips: list[float], dropout: float) -> None:
        super().__init__()
        self.join = nn.Linear(2 * channels, channels)
        self.blocks = nn.Sequential(
            *(
                SwinTransformerBlock(channels, heads, [_WINDOW] * 2, [shift] * 2, stochastic_depth_prob=skip)
                for shift, skip in zip((0, _WINDOW // 2), reversed(skips), strict=True)
            )
        )
        self.drop = nn.Dropout(dropout)

    def forward(self, maps: Tensor, shortcut: Tensor) -> Tensor:
        joined: Tensor = self.drop(self.blocks(self.join(torch.cat([maps, shortcut], dim=-1))))
        return joined


def _begin(parts: nn.Module, width: int) -> None:
    """Draw first weights as torchvision does with its own, and wider where there are fewer channels.

    With the same few hundredths at a small width hardly anything passes: a network of width 24 told classes
    no better than by chance for 1,500 updates, and with four times as much was at 68 % after 1,050.
    """
    for part in parts.modules():
        if isinstance(part, nn.Linear):
            nn.init.trunc_normal_(part.weight, std=_SPREAD * max(1.0, _TINY["width"] / width))
            if part.bias is not None:
                nn.init.zeros_(part.bias)


def _sharpener(before: int, after: int, *, norm: bool) -> nn.Sequential:
    """A convolution after nearest neighbours; at full resolution without a norm."""
    convolution = nn.Conv2d(before, after, 3, padding=1, bias=not norm)
    nn.init.kaiming_normal_(convolution.weight, _SLOPE)
    return nn.Sequential(
        convolution, *([group_norm(after)] if norm else []), nn.LeakyReLU(_SLOPE, inplace=True)
    )
