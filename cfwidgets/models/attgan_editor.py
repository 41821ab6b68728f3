"""An AttGAN as an editor of attributes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor

from cfwidgets.models.editor import EditorError, checked_groups
from cfwidgets.models.fingerprint import fingerprint
from cfwidgets.models.guard import untouched
from cfwidgets.models.saved import read_networks, save_networks
from cfwidgets.networks.attgan import AttGAN, AttGANDiscriminator, FoldedDecoder, read_checkpoint
from cfwidgets.text import LINE, cut

__all__ = ["AttGANEditor"]

_ABOUT = "cfwidgets.editor"

_N = TypeVar("_N", AttGAN, AttGANDiscriminator | None)


class AttGANEditor:
    """An AttGAN as an editor, with its discriminator as the critic.

    Parameters
    ----------
    generator
        The generator; images are painted on the device of its weights.
    attributes
        Names of its attributes, in its order.
    discriminator
        The discriminator that it was trained with, as its critic. None: the editor then has no ``critic`` and
        no ``recognise``.
    groups
        Tuples of names of attributes that exclude each other, such as
        ``(("Black_Hair", "Blond_Hair"), ("Bald", "Bangs"))``: see `cfwidgets.models.editor.Editor`.

    Raises
    ------
    EditorError
        Names or groups that do not fit.

    Examples
    --------
    >>> editor = AttGANEditor(AttGAN(size=32, attributes=2, dim=4, layers=3), ("Bald", "Young"))
    >>> encoded = editor.encode(torch.rand(3, 32, 32))
    >>> editor.decode(encoded, torch.tensor([[0.0, 1.0], [1.0, 1.0]])).shape
    torch.Size([2, 3, 32, 32])
    """

    def __init__(
        self,
        generator: AttGAN,
        attributes: Sequence[str],
        discriminator: AttGANDiscriminator | None = None,
        *,
        groups: Sequence[Sequence[str]] = (),
    ) -> None:
        self.attributes = tuple(attributes)
        self.size = (generator.size, generator.size)
        if len(self.attributes) != generator.attributes:
            raise EditorError(
                f"the generator edits {generator.attributes} attributes; got {len(self.attributes)} names"
            )
        self.groups = checked_groups(groups, self.attributes)
        self._generator, self._discriminator = generator, discriminator
        self._device = next(generator.parameters()).device
        if discriminator is not None:  # without one, an editor has neither of the two
            self.critic = self._critic
            self.recognise = self._recognise

    def __repr__(self) -> str:
        names = ", ".join(self.attributes)
        known = f"{self.size[0]} x {self.size[1]}, {len(self.attributes)} attributes: {names}"
        return f"{cut(f'<AttGANEditor of {known}', LINE - 1)}>"

    @property
    def networks(self) -> tuple[AttGAN, AttGANDiscriminator | None]:
        """The generator and the discriminator."""
        return self._generator, self._discriminator

    def fingerprint(self) -> str:
        """Sum up the weights of both networks in 32 hexadecimal digits."""
        return fingerprint(self._weights())

    def save(self, path: str | Path, *, half: bool = False) -> None:
        """Write weights, names of the attributes and their groups to one safetensors file, for `load`.

        Parameters
        ----------
        path
            The file.
        half
            Store half precision: half the size, and images that differ by less than one level of 256.
        """
        about = {
            "attributes": list(self.attributes),
            "size": self.size[0],
            "groups": [list(group) for group in self.groups],
        }
        save_networks(path, _ABOUT, about, self._weights(), half=half)

    @classmethod
    def load(
        cls,
        path: str | Path,
        *,
        device: str | torch.device = "cpu",
        groups: Sequence[Sequence[str]] | None = None,
    ) -> AttGANEditor:
        """Read an editor that `save` wrote.

        Parameters
        ----------
        path
            The file.
        device
            The device to paint on.
        groups
            Groups of attributes that exclude each other; None for those in the file.

        Raises
        ------
        EditorError
            The file is no saved editor, or is damaged.
        """
        about, weights = read_networks(path, _ABOUT, "an editor", EditorError)
        try:
            return cls._made(about, weights, str(path), device, groups)
        except Exception as error:  # whatever settings and weights of any kind lead to
            raise EditorError(f"{path} does not fit an editor: {error!r}") from error

    @classmethod
    def _made(
        cls,
        about: dict[str, Any],
        weights: dict[str, Tensor],
        where: str,
        device: str | torch.device,
        groups: Sequence[Sequence[str]] | None,
    ) -> AttGANEditor:
        of_generator, of_discriminator = (
            {name.removeprefix(part): value for name, value in weights.items() if name.startswith(part)}
            for part in ("generator.", "discriminator.")
        )
        size = about["size"]
        attributes = about["attributes"]
        if not isinstance(attributes, list) or not all(isinstance(name, str) for name in attributes):
            raise EditorError("the names of its attributes are no list of texts")
        generator = AttGAN.from_weights(of_generator, size=size, where=where)
        discriminator = (
            AttGANDiscriminator.from_weights(of_discriminator, size=size, where=where)
            if of_discriminator
            else None
        )
        known = about.get("groups", ()) if groups is None else groups
        return cls(
            _still(generator, device), about["attributes"], _still(discriminator, device), groups=known
        )

    @classmethod
    def from_checkpoint(
        cls,
        path: str | Path,
        attributes: Sequence[str],
        *,
        size: int | None = None,
        slope: float = 0.01,
        device: str | torch.device = "cpu",
        groups: Sequence[Sequence[str]] = (),
    ) -> AttGANEditor:
        """Read the generator, and the discriminator if there is one, from a checkpoint of the PyTorch port.

        The widely used port writes both (``G`` and ``D``, with the states of their optimisers), or the
        generator alone. The published weights hold the generator alone: an editor of these has no ``critic``.
        No code is unpickled.

        Parameters
        ----------
        path
            The file.
        attributes
            Names of the attributes, in the order in which the networks were trained on them.
        size
            Side of the images. None: what the discriminator's weights determine, without one 128.
        slope
            As in `cfwidgets.networks.AttGAN`.
        device
            The device to paint on.
        groups
            See `AttGANEditor`.

        Raises
        ------
        EditorError
            Names or groups that do not fit, or a discriminator of other attributes or another size.
        ValueError
            Weights of another architecture, with the names that differ.
        """
        weights, where = read_checkpoint(path), str(path)
        discriminator = None
        if weights.discriminator:
            discriminator = AttGANDiscriminator.from_weights(
                weights.discriminator, size=size, slope=slope, where=f"D in {where}"
            )
            size = discriminator.size
            if discriminator.attributes != len(attributes):
                raise EditorError(
                    f"the discriminator in {where} knows {discriminator.attributes} attributes; got "
                    f"{len(attributes)} names"
                )
        generator = AttGAN.from_weights(weights.generator, size=size or 128, slope=slope, where=where)
        return cls(_still(generator, device), attributes, _still(discriminator, device), groups=groups)

    def encode(self, image: Tensor) -> FoldedDecoder:
        """Encode an image ``(3, H, W)`` once for all its edits."""
        with untouched(self._generator), torch.no_grad():
            return self._generator.folded(image.to(self._device))

    def decode(self, encoded: FoldedDecoder, attributes: Tensor) -> Tensor:
        """Paint images ``(n, 3, H, W)`` with attributes ``(n, A)``."""
        with torch.no_grad():  # the decoder has its own weights
            return encoded(attributes.to(self._device, torch.float32))

    def _weights(self) -> dict[str, Tensor]:
        """The tensors of both networks, by the part and their name in it."""
        networks = {"generator": self._generator, "discriminator": self._discriminator}
        return {
            f"{part}.{name}": value
            for part, network in networks.items()
            if network is not None
            for name, value in network.state_dict().items()
        }

    def _critic(self, images: Tensor) -> Tensor:
        return self._judged(images)[0]

    def _recognise(self, images: Tensor) -> Tensor:
        return self._judged(images)[1].sigmoid()

    def _judged(self, images: Tensor) -> tuple[Tensor, Tensor]:
        judge: Any = self._discriminator
        with untouched(judge), torch.no_grad():
            answer: tuple[Tensor, Tensor] = judge(images.to(self._device))
        return answer


def _still(network: _N, device: str | torch.device) -> _N:
    """Move a network to a device, without gradients of its weights."""
    if network is not None:
        network.requires_grad_(requires_grad=False).to(device)
    return network
