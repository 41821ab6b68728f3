"""An AttGAN as an editor of attributes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from cfwidgets.models.editor import EditorError
from cfwidgets.models.fingerprint import fingerprint
from cfwidgets.models.guard import untouched
from cfwidgets.networks.attgan import AttGAN, AttGANDiscriminator, FoldedDecoder
from cfwidgets.text import LINE, cut

__all__ = ["AttGANEditor"]

_ABOUT = "cfwidgets.editor"


class AttGANEditor:
    """An AttGAN as an editor, with its discriminator as the critic.

    Parameters
    ----------
    generator
        The generator; images are painted on the device of its weights.
    attributes
        Names of its attributes, in its order.
    discriminator
        The discriminator that it was trained with, as its critic. None, as for published checkpoints: the
        editor then has no ``critic`` and no ``recognise``.

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
    ) -> None:
        self.attributes = tuple(attributes)
        self.size = (generator.size, generator.size)
        if len(self.attributes) != generator.attributes:
            raise EditorError(
                f"the generator edits {generator.attributes} attributes; got {len(self.attributes)} names"
            )
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
        """Write the weights and the names of the attributes to one safetensors file, which `load` reads.

        Parameters
        ----------
        path
            The file.
        half
            Store half precision: half the size, and images that differ by less than one level of 256.
        """
        weights = {
            name: (value.half() if half and value.is_floating_point() else value).contiguous()
            for name, value in self._weights().items()
        }
        about = {"attributes": list(self.attributes), "size": self.size[0]}
        save_file(weights, path, metadata={_ABOUT: json.dumps(about)})

    @classmethod
    def load(cls, path: str | Path, *, device: str | torch.device = "cpu") -> AttGANEditor:
        """Read an editor that `save` wrote.

        Raises
        ------
        EditorError
            The file is no saved editor, or is damaged.
        """
        try:
            with safe_open(path, framework="pt") as file:
                about = json.loads((file.metadata() or {}).get(_ABOUT, "null"))
                weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
        except (SafetensorError, json.JSONDecodeError) as error:
            raise EditorError(f"{path} is no saved editor, or is damaged: {error}") from error
        if not isinstance(about, dict):
            raise EditorError(f"{path} is a safetensors file, but not one that an editor wrote")
        of_generator, of_discriminator = (
            {name.removeprefix(part): value for name, value in weights.items() if name.startswith(part)}
            for part in ("generator.", "discriminator.")
        )
        size, where = int(about["size"]), str(path)
        generator = AttGAN.from_weights(of_generator, size=size, where=where)
        discriminator = (
            AttGANDiscriminator.from_weights(of_discriminator, size=size, where=where)
            if of_discriminator
            else None
        )
        for network in (generator, discriminator):
            if network is not None:
                network.requires_grad_(requires_grad=False).to(device)
        return cls(generator, about["attributes"], discriminator)

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
