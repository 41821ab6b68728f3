"""A translator: any network that paints an image's twin of the other class."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from cfwidgets.brief import brief
from cfwidgets.checks import positive_int, share
from cfwidgets.models.backends.randomise import randomised
from cfwidgets.models.backends.torch_module import place
from cfwidgets.models.fingerprint import fingerprint
from cfwidgets.models.guard import untouched
from cfwidgets.text import LINE, cut, made_by_name

__all__ = ["Translated", "Translator", "TranslatorError", "require_translator"]

_NOISE = 1e-3  # rounding, in bfloat16 for example, may leave values this far outside [0, 1]


class TranslatorError(ValueError):
    """A translator, its file or its output cannot be used: the message says what is accepted."""


class Translated(NamedTuple):
    """Twins of images, and what the class branch makes of the images; on the CPU.

    Attributes
    ----------
    twins
        ``(n, 3, H, W)`` float32 in [0, 1].
    logits
        ``(n, K)``: of the class branch, for the images that were given; None without a branch.
    """

    twins: Tensor
    logits: Tensor | None

    def __repr__(self) -> str:
        return brief(self)


class Translator:
    """A network from images to their twins of the other class, with the size that it takes.

    Parameters
    ----------
    network
        A torch module, or another callable, from float32 images ``(n, 3, H, W)`` in [0, 1] to their twins,
        alike; or to a `cfwidgets.networks.unet.Translation`, whose ``logits`` are of a class branch. Any
        network from image to image will do, also one that was trained without the classifier.
    size
        Height and width that it takes, or one number for both; the engine scales images of another size until
        they cover it, and cuts them. None: images of any size.
    noise
        Length of the noise vector that it takes as its second argument, standard normal; 0 for a network that
        takes none, and paints one twin for each image.
    painted
        For a classifier that was trained with the network: the label of its class for painted images. None
        for a classifier without such a class.
    threshold
        Of the difference mask, 0 to 1, as it was chosen on validation data; None for one half.
    device
        A torch device, or ``"auto"``: where the module is; the CPU for everything else.

    Attributes
    ----------
    size : tuple of int, or None
        Height and width.
    stride : int
        Sides of images are multiples of it: the network's attribute of this name; 1 without one.
    name : str
        A short text for reprs and titles; may be set.

    Raises
    ------
    TranslatorError
        No network, or a size that it cannot take.
    ValueError
        A noise, painted or threshold that cannot be right.

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
        _check_network(network)
        positive_int("noise", noise, minimum=0)
        if painted is not None and not isinstance(painted, str):
            raise ValueError(f"painted must be the label of a class, or None; got {painted!r:.60}")
        if threshold is not None:
            share("threshold", threshold)
        self.stride = int(getattr(network, "stride", 1))
        self.size = _size(size)
        if self.size is not None:
            self.require_size(*self.size)
        self.noise, self.painted, self.threshold = noise, painted, threshold
        self.name = getattr(network, "__name__", type(network).__name__)
        self.device = torch.device("cpu" if device == "auto" else device)
        self._network = network
        if isinstance(network, nn.Module):
            self._network, self.device = place(network, device)

    @property
    def has_module(self) -> bool:
        """True if there is a torch module, and so weights: see `randomised`."""
        return isinstance(self._network, nn.Module)

    def require_module(self) -> nn.Module:
        """Return the torch module, on `device`, for gradients; use it inside `untouched`.

        Raises
        ------
        TranslatorError
            It wraps a function.
        """
        if not isinstance(self._network, nn.Module):
            raise TranslatorError(f"this needs a torch module; {self.name} is a function")
        return self._network

    def require_size(self, height: int, width: int) -> None:
        """Refuse a size of images that the network cannot take.

        Raises
        ------
        TranslatorError
            A side is no multiple of `stride`.
        """
        if height % self.stride or width % self.stride:
            raise TranslatorError(
                f"the translator takes images whose sides are multiples of {self.stride}; got {height} x "
                f"{width}: give the size to scale them to, Translator(…, size=…)"
            )

    def translate(self, images: Tensor, noise: Tensor | None = None) -> Translated:
        """Paint the twins of images.

        Parameters
        ----------
        images
            ``(n, 3, H, W)`` float32 in [0, 1].
        noise
            ``(n, noise)``; None: the twin that is the same each time.

        Raises
        ------
        TranslatorError
            Images of a size that the network cannot take; twins of another shape, NaN or infinite values, or
            values outside [0, 1].
        """
        self.require_size(*images.shape[2:])
        network = self._network
        given = (
            (images.to(self.device),) if noise is None else (images.to(self.device), noise.to(self.device))
        )
        guard = untouched(network) if isinstance(network, nn.Module) else nullcontext()
        with guard, torch.no_grad():
            out: object = network(*given)
        twins, logits = out if isinstance(out, tuple) and len(out) == 2 else (out, None)
        return Translated(_checked(twins, images), None if logits is None else logits.detach().float().cpu())

    def randomised(self, seed: int = 0) -> Translator:
        """Return the same translator with random weights: see `Classifier.randomised`.

        A mask that stays the same for it does not depend on what the network has learnt.

        Parameters
        ----------
        seed
            The same seed gives the same weights.

        Raises
        ------
        TranslatorError
            It wraps a function.
        """
        network = randomised(self.require_module(), seed, self.size or (8 * self.stride,) * 2)
        copied = Translator(
            network, size=self.size, noise=self.noise, painted=self.painted, threshold=self.threshold
        )
        copied.name = f"{self.name}, random weights"
        return copied

    def fingerprint(self) -> str:
        """Give a text that differs for other weights; empty for a function."""
        return fingerprint(self._network.state_dict()) if isinstance(self._network, nn.Module) else ""

    def __repr__(self) -> str:
        size = "" if self.size is None else f": {self.size[0]} x {self.size[1]}"
        return f"<Translator {cut(self.name, LINE - len(size) - 13)}{size}>"


def require_translator(given: object) -> Translator:
    """Return the translator, or raise where it is none.

    Raises
    ------
    TypeError
        Says how to wrap a network.
    """
    if not isinstance(given, Translator):
        name = getattr(given, "__name__", type(given).__name__)
        raise TypeError(
            f"translator must be a Translator, not {name}: wrap it, as in cfwidgets.Translator(network)"
            f"{made_by_name(given, 'translator')}"
        )
    return given


def _check_network(network: object) -> None:
    if isinstance(network, type) or not callable(network):
        raise TranslatorError(
            "a translator is made from a torch module or another function from images to their twins; "
            f"got {network if isinstance(network, type) else type(network).__name__}"
        )


def _size(size: Any) -> tuple[int, int] | None:
    if size is None:
        return None
    sides = tuple(size) if isinstance(size, list | tuple) else (size, size)
    if len(sides) != 2 or any(isinstance(side, bool) or not isinstance(side, int) for side in sides):
        raise TranslatorError(f"size must be (height, width), or one number for both; got {size!r:.60}")
    if min(sides) < 2:
        raise TranslatorError(f"size must be of at least 2 pixels a side; got {size!r}")
    return sides[0], sides[1]


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
