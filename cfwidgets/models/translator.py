"""A translator: any network that paints an image's twin of the other class."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from cfwidgets.checks import positive_int
from cfwidgets.models.backends.torch_module import place
from cfwidgets.models.fingerprint import fingerprint
from cfwidgets.models.guard import untouched
from cfwidgets.networks.unet import Translation

__all__ = ["Translator", "TranslatorError", "require_translator"]

_NOISE = 1e-3  # rounding, in bfloat16 for example, may leave values this far outside [0, 1]


class TranslatorError(ValueError):
    """A translator, its file or its output cannot be used: the message says what is accepted."""


class Translator:
    """A network from images to their twins of the other class, with the size that it takes.

    Parameters
    ----------
    network
        A torch module, or another callable, from float32 images ``(n, 3, H, W)`` in [0, 1] to their twins,
        alike; or to a `cfwidgets.networks.unet.Translation`, whose ``logits`` are of a class branch. Any
        network from image to image will do, also one that was trained without the classifier.
    size
        Height and width that it takes, or one number for both; images of another size are scaled to cover it
        and cut. None: images of any size.
    noise
        Length of the noise vector that it takes as its second argument, standard normal; 0 for a network that
        takes none, and paints one twin for each image.
    painted
        For a classifier that was trained with the network: the label of its class for painted images. None
        for a classifier without such a class.
    threshold
        Of the difference mask, 0 to 1, where validation data gave one; None: a view begins at one half.
    device
        A torch device, or ``"auto"``: where the module is; the CPU for everything else.

    Raises
    ------
    TranslatorError
        No network.

    Examples
    --------
    >>> darker = Translator(lambda images: images / 2)
    >>> darker.translate(torch.ones(1, 3, 4, 4)).twins.mean()
    tensor(0.5000)
    """

    def __init__(
        self,
        network: Callable[..., Any],
        *,
        size: int | tuple[int, int] | None = None,
        noise: int = 0,
        painted: str | None = None,
        threshold: float | None = None,
        device: str | torch.device = "auto",
    ) -> None:
        if isinstance(network, type) or not callable(network):
            raise TranslatorError(
                "a translator is made from a torch module or another function from images to their twins; "
                f"got {network if isinstance(network, type) else type(network).__name__}"
            )
        positive_int("noise", noise, minimum=0)
        self.size = (size, size) if isinstance(size, int) else size
        self.noise, self.painted, self.threshold = noise, painted, threshold
        self.name = getattr(network, "__name__", type(network).__name__)
        self.device = torch.device("cpu" if device == "auto" else device)
        self._network: Callable[..., Any] = network
        if isinstance(network, nn.Module):
            self._network, self.device = place(network, device)

    def translate(self, images: Tensor, noise: Tensor | None = None) -> Translation:
        """Paint the twins of images.

        Parameters
        ----------
        images
            ``(n, 3, H, W)`` float32 in [0, 1].
        noise
            ``(n, noise)``; None: the twin that is the same each time.

        Returns
        -------
        Translation
            Twins ``(n, 3, H, W)`` float32 in [0, 1], and the logits of the class branch or None; on the CPU.

        Raises
        ------
        TranslatorError
            Twins of another shape, NaN or infinite values, or values outside [0, 1].
        """
        network = self._network
        given = (
            (images.to(self.device),) if noise is None else (images.to(self.device), noise.to(self.device))
        )
        guard = untouched(network) if isinstance(network, nn.Module) else nullcontext()
        with guard, torch.no_grad():
            out: object = network(*given)
        twins, logits = out if isinstance(out, tuple) and len(out) == 2 else (out, None)
        return Translation(_checked(twins, images), None if logits is None else logits.detach().float().cpu())

    def fingerprint(self) -> str:
        """Give a text that differs for other weights; empty for a function."""
        return fingerprint(self._network.state_dict()) if isinstance(self._network, nn.Module) else ""

    def __repr__(self) -> str:
        return f"<Translator {self.name}>"


def require_translator(given: object) -> Translator:
    """Return the translator, or raise where it is none.

    Raises
    ------
    TypeError
        Says how to wrap a network.
    """
    if not isinstance(given, Translator):
        raise TypeError(
            f"translator must be a Translator, not {type(given).__name__}: wrap it, as in "
            "cfwidgets.Translator(network)"
        )
    return given


def _checked(twins: object, images: Tensor) -> Tensor:
    if not isinstance(twins, Tensor) or twins.shape != images.shape:
        got = tuple(twins.shape) if isinstance(twins, Tensor) else type(twins).__name__
        raise TranslatorError(
            f"a translator returns twins of the images' shape {tuple(images.shape)}; got {got}"
        )
    twins = twins.detach().float().cpu()
    if not bool(twins.isfinite().all()):
        raise TranslatorError("the translator painted NaN or infinite values")
    low, high = (float(value) for value in twins.aminmax())
    if low < -_NOISE or high > 1 + _NOISE:
        raise TranslatorError(
            f"images are in [0, 1]; the translator painted {low:.3g} to {high:.3g}: for a tanh, "
            "return (image + 1) / 2"
        )
    return twins.clamp(0, 1)
