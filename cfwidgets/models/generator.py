"""The protocol of a generator of images: four names, in any framework."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from cfwidgets.models.fingerprint import fingerprint
from cfwidgets.models.guard import untouched
from cfwidgets.text import made_by_name

__all__ = [
    "Generator",
    "GeneratorError",
    "device_of",
    "generated",
    "generator_fingerprint",
    "guarded",
    "require_generator",
]

_NOISE = 1e-3  # rounding, such as bfloat16's, may exceed [0, 1] by this much


class GeneratorError(ValueError):
    """A generator, or an image of its, that cannot be used; the message names what is accepted."""


@runtime_checkable
class Generator(Protocol):
    """Anything that generates images from latent vectors and classes.

    Class k of the generator is class k of the classifier that is explained. A torch module is run in
    evaluation mode and left unchanged, like a classifier's.

    Attributes
    ----------
    classes
        The number of classes.
    latent_size
        Length of a latent vector.

    Examples
    --------
    A generator of one's own, here of plain colours:

    >>> class Colours:
    ...     classes, latent_size = 2, 3
    ...     def generate(self, z, c):
    ...         return (z.sigmoid() * c[:, :1])[:, :, None, None].expand(-1, -1, 8, 8)
    ...     def sample(self, n, seed=0):
    ...         return torch.randn(n, 3, generator=torch.Generator().manual_seed(seed))
    >>> isinstance(Colours(), Generator)
    True
    """

    classes: int
    latent_size: int

    def generate(self, z: Tensor, c: Tensor) -> Tensor:
        """Generate images ``(n, 3, H, W)`` in [0, 1], differentiable in ``z``.

        Parameters
        ----------
        z
            ``(n, latent_size)`` float32.
        c
            ``(n, classes)`` float32: weights of the classes, at least 0, that sum to 1.
        """
        ...

    def sample(self, n: int, seed: int = 0) -> Tensor:
        """Draw latent vectors ``(n, latent_size)`` as in training; the same seed gives the same."""
        ...


def require_generator(generator: object, classes: int | None) -> Generator:
    """Return the generator, or raise where it is none or its classes are not the classifier's.

    Parameters
    ----------
    generator
        The object to check.
    classes
        The classifier's number of classes; None where unknown.

    Raises
    ------
    GeneratorError
        The message names the missing attributes, or both numbers of classes.
    """
    missing = [
        name for name in ("classes", "latent_size", "generate", "sample") if not hasattr(generator, name)
    ]
    if isinstance(generator, type) or not isinstance(generator, Generator):
        lacks = f" without {', '.join(missing)}" if missing else " itself, not one of it"
        raise GeneratorError(
            "a generator is an object with classes, latent_size, generate(z, c) and sample(n, seed); got "
            f"{getattr(generator, '__name__', type(generator).__name__)}{lacks}"
            f"{made_by_name(generator, 'generator')}"
        )
    if classes is not None and generator.classes != classes:
        raise GeneratorError(
            f"the generator has {generator.classes} classes and the classifier {classes}: class k of the one "
            "must be class k of the other"
        )
    return generator


def generator_fingerprint(generator: Generator) -> str:
    """Hash the weights of a generator; an empty text where it is no torch module."""
    return fingerprint(generator.state_dict()) if isinstance(generator, nn.Module) else ""


def guarded(generator: Generator) -> AbstractContextManager[object]:
    """Return a context in which a torch module is run, and after which it is unchanged."""
    return untouched(generator) if isinstance(generator, nn.Module) else nullcontext()


def device_of(generator: Generator) -> torch.device:
    """Find the device of the generator's weights; the CPU where it has none."""
    if isinstance(generator, nn.Module):
        tensors = (*generator.parameters(), *generator.buffers())
        if tensors:
            return tensors[0].device
    return torch.device("cpu")


def generated(generator: Generator, z: Tensor, c: Tensor) -> Tensor:
    """Generate images and check them. Call it inside `guarded`.

    Parameters
    ----------
    generator
        The generator.
    z, c
        As in `Generator.generate`, on any device.

    Returns
    -------
    Tensor
        ``(n, 3, H, W)`` float32 in [0, 1] on the generator's device, differentiable in ``z``.

    Raises
    ------
    GeneratorError
        Another shape, NaN or infinite values, or values outside [0, 1].
    """
    device = device_of(generator)
    images: object = generator.generate(z.to(device), c.to(device))
    if not isinstance(images, Tensor) or images.ndim != 4 or images.shape[:2] != (len(z), 3):
        got = tuple(images.shape) if isinstance(images, Tensor) else type(images).__name__
        raise GeneratorError(f"generate must return images ({len(z)}, 3, H, W); got {got}")
    low, high = images.detach().aminmax()
    if not bool(torch.isfinite(low) & torch.isfinite(high)):
        raise GeneratorError("generate returned NaN or infinite values")
    if float(low) < -_NOISE or float(high) > 1 + _NOISE:
        raise GeneratorError(
            f"images are in [0, 1]; generate returned {float(low):.3g} to {float(high):.3g}: for a tanh, "
            "return (image + 1) / 2"
        )
    return images.float().clamp(0, 1)
