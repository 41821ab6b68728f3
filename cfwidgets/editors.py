"""What an editor of attributes is to this package: three names, and more that it may have."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from cfwidgets.guard import untouched
from cfwidgets.networks.attgan import AttGAN, AttGANDiscriminator, FoldedDecoder

__all__ = ["AttGANEditor", "Editor", "EditorError", "criticised", "painted", "recognised", "require_editor"]

_ABOUT = "cfwidgets.editor"
_NOISE = 1e-3  # what rounding, of bfloat16 for one, may leave outside [0, 1]


class EditorError(ValueError):
    """An editor, or what it painted, that cannot be used; says what was given and is accepted."""


@runtime_checkable
class Editor(Protocol):
    """Anything that paints an image anew with other attributes.

    An editor may also have

    - ``size``, height and width of its images; without it, it takes any;
    - ``critic(images)``, ``(n, 3, H, W)`` to ``(n,)``: how real they look, higher is more; without it, the
      search has two objectives;
    - ``recognise(images)``, ``(n, 3, H, W)`` to ``(n, A)`` in [0, 1]: the attributes that images have;
      without it, the user has to say them.

    Attributes
    ----------
    attributes
        Their names.

    Examples
    --------
    An editor of one's own, here one that makes pictures red or green:

    >>> class Tint:
    ...     attributes = ("red", "green")
    ...     def encode(self, image):
    ...         return image
    ...     def decode(self, image, attributes):
    ...         colour = torch.cat([attributes, torch.zeros(len(attributes), 1)], 1)
    ...         return (image + colour[:, :, None, None]).clamp(0, 1)
    >>> isinstance(Tint(), Editor)
    True
    """

    attributes: Sequence[str]

    def encode(self, image: Tensor) -> Any:
        """Make ready to paint an image ``(3, H, W)`` in [0, 1]: what `decode` is given."""
        ...

    def decode(self, encoded: Any, attributes: Tensor) -> Tensor:
        """Paint it ``(n, 3, H, W)`` in [0, 1] with attributes ``(n, A)``: 0 is absent, 1 present."""
        ...


def require_editor(editor: object) -> Editor:
    """Refuse what is no editor.

    Raises
    ------
    EditorError
        With what is missing.
    """
    missing = [name for name in ("attributes", "encode", "decode") if not hasattr(editor, name)]
    if isinstance(editor, type) or not isinstance(editor, Editor):
        lacks = f" without {', '.join(missing)}" if missing else " itself, not one of it"
        raise EditorError(
            "an editor is an object with attributes, encode(image) and decode(encoded, attributes); got "
            f"{getattr(editor, '__name__', type(editor).__name__)}{lacks}"
        )
    names = tuple(editor.attributes)
    if not names or len(set(names)) < len(names):
        raise EditorError(f"an editor's attributes are names, each once and at least one; got {names}")
    return editor


def painted(editor: Editor, encoded: Any, attributes: Tensor) -> Tensor:
    """Paint ``(n, 3, H, W)`` float32 in [0, 1] with attributes ``(n, A)``, and check what was painted.

    Raises
    ------
    EditorError
        Another shape, NaN or infinite values, or values outside [0, 1].
    """
    images: object = editor.decode(encoded, attributes)
    if not isinstance(images, Tensor) or images.ndim != 4 or images.shape[:2] != (len(attributes), 3):
        got = tuple(images.shape) if isinstance(images, Tensor) else type(images).__name__
        raise EditorError(f"decode must return images ({len(attributes)}, 3, H, W); got {got}")
    low, high = torch.stack(images.detach().aminmax()).tolist()  # a GPU is waited for once
    if not (math.isfinite(low) and math.isfinite(high)):
        raise EditorError("the editor painted NaN or infinite values")
    if low < -_NOISE or high > 1 + _NOISE:
        raise EditorError(
            f"images are in [0, 1]; the editor painted {low:.3g} to {high:.3g}: for a tanh, "
            "return (image + 1) / 2"
        )
    return images.detach().float().clamp(0, 1)


def criticised(editor: Editor, images: Tensor) -> Tensor | None:
    """Ask how real images look, ``(n,)`` float32 on the CPU; None of an editor without a critic.

    Raises
    ------
    EditorError
        Another shape.
    """
    critic = getattr(editor, "critic", None)
    if critic is None:
        return None
    return _column("critic", critic(images), (len(images),))


def recognised(editor: Editor, image: Tensor) -> Tensor:
    """Ask which attributes an image ``(3, H, W)`` has: ``(A,)`` of 0 and 1.

    Raises
    ------
    EditorError
        It cannot tell, or gives another shape.
    """
    recognise = getattr(editor, "recognise", None)
    if recognise is None:
        raise EditorError("this editor cannot tell which attributes an image has: give attributes=")
    found = _column("recognise", recognise(image[None]), (1, len(editor.attributes)))
    return (found[0] > 0.5).float()


def _column(name: str, given: object, shape: tuple[int, ...]) -> Tensor:
    if not isinstance(given, Tensor) or tuple(given.shape) != shape:
        got = tuple(given.shape) if isinstance(given, Tensor) else type(given).__name__
        raise EditorError(f"{name} must return {shape}; got {got}")
    return given.detach().to("cpu", torch.float32)


class AttGANEditor:
    """An AttGAN as an editor, with its discriminator as the critic.

    Parameters
    ----------
    generator
        Where its weights are, images are painted.
    attributes
        The names, in its order.
    discriminator
        Its own, or None: published checkpoints hold none.

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

    @property
    def networks(self) -> tuple[AttGAN, AttGANDiscriminator | None]:
        """The generator and the discriminator."""
        return self._generator, self._discriminator

    def save(self, path: str | Path, *, half: bool = False) -> None:
        """Write the weights with the names of the attributes to one safetensors file, which `load` reads.

        Parameters
        ----------
        path
            The file.
        half
            In half precision: half the size, and edits that differ by less than a level.
        """
        networks = {"generator": self._generator, "discriminator": self._discriminator}
        weights = {
            f"{part}.{name}": (value.half() if half and value.is_floating_point() else value).contiguous()
            for part, network in networks.items()
            if network is not None
            for name, value in network.state_dict().items()
        }
        about = {"attributes": list(self.attributes), "size": self.size[0]}
        save_file(weights, path, metadata={_ABOUT: json.dumps(about)})

    @classmethod
    def load(cls, path: str | Path, *, device: str | torch.device = "cpu") -> AttGANEditor:
        """Read what `save` wrote.

        Raises
        ------
        EditorError
            The file is something else.
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
        """Make ready to paint an image ``(3, H, W)``."""
        with untouched(self._generator), torch.no_grad():
            return self._generator.folded(image.to(self._device))

    def decode(self, encoded: FoldedDecoder, attributes: Tensor) -> Tensor:
        """Paint it ``(n, 3, H, W)`` with attributes ``(n, A)``."""
        with torch.no_grad():  # the decoder has its own weights
            return encoded(attributes.to(self._device, torch.float32))

    def _critic(self, images: Tensor) -> Tensor:
        return self._judged(images)[0]

    def _recognise(self, images: Tensor) -> Tensor:
        return self._judged(images)[1].sigmoid()

    def _judged(self, images: Tensor) -> tuple[Tensor, Tensor]:
        judge: Any = self._discriminator
        with untouched(judge), torch.no_grad():
            answer: tuple[Tensor, Tensor] = judge(images.to(self._device))
        return answer
