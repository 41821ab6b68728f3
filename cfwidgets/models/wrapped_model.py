"""A model in any framework behind one interface: its input, its network, and copies of it."""

from __future__ import annotations

import copy
import os
from collections.abc import Collection, Iterator
from typing import Literal, Self

import torch
from torch import Tensor, nn

from cfwidgets.checks import choice
from cfwidgets.images import ImageLike, as_image, fit
from cfwidgets.models.backends import cache
from cfwidgets.models.backends.accelerated import Accelerated
from cfwidgets.models.backends.base import Backend, ClassifierError, Interface
from cfwidgets.models.backends.copies import copied
from cfwidgets.models.backends.export import FromImages, export
from cfwidgets.models.backends.function import Function
from cfwidgets.models.backends.onnx_file import OnnxFile
from cfwidgets.models.backends.opening import Model, backend_of
from cfwidgets.models.backends.outputs import Activation
from cfwidgets.models.backends.randomise import randomised
from cfwidgets.models.backends.torch_module import Precision, TorchModule
from cfwidgets.models.batches import Batches
from cfwidgets.models.fingerprint import fingerprint
from cfwidgets.models.parts import state_of, uncompiled

__all__ = ["WrappedModel"]

_USUAL_SIZE = (224, 224)


class WrappedModel:
    """Base of `cfwidgets.Classifier`: all of it that does not depend on the meaning of the outputs.

    Parameters
    ----------
    model, activation, device, precision, batch_size
        As `cfwidgets.Classifier` takes them, checked.
    input_size
        Height and width that the model takes, or None for any.
    interface
        Form of the model's input and its outputs.
    """

    def __init__(
        self,
        model: Model,
        interface: Interface,
        *,
        input_size: tuple[int, int] | None,
        activation: Activation | None,
        device: str | torch.device,
        precision: Precision,
        batch_size: int | Literal["auto"],
    ) -> None:
        usual: Activation = "softmax" if isinstance(model, nn.Module | str | os.PathLike) else "none"
        self._activation: Activation = activation or usual
        self._precision: Precision = precision
        self._interface = interface
        self._backend = backend_of(model, device, interface, self._activation, precision)
        self.input_size = input_size
        if isinstance(self._backend, OnnxFile):
            self._follow(self._backend, by_name=activation is None)
        self._batches = Batches(self._backend, batch_size)
        self.name = self._backend.name

    @property
    def device(self) -> torch.device:
        """The device on which the model runs."""
        return self._backend.device

    @property
    def activation(self) -> Activation:
        """The function that makes probabilities of the model's outputs; ``"none"`` where they are such."""
        return self._activation

    def view(self, image: ImageLike) -> Tensor:
        """Fit an image to the model, as `probabilities` does.

        Parameters
        ----------
        image
            Anything that `cfwidgets.images.as_image` reads.

        Returns
        -------
        Tensor
            ``(3, h, w)`` in [0, 1]: the image scaled (bilinear, antialiased) until it just covers
            `input_size`, and its centre cut out. Without `input_size` the image as it is.

        Raises
        ------
        ImageError
            A value that is not an image.

        Examples
        --------
        >>> from cfwidgets import Classifier
        >>> clf = Classifier(nn.Flatten(), input_size=(4, 4))
        >>> clf.view(torch.rand(3, 8, 12)).shape
        torch.Size([3, 4, 4])
        """
        return fit(as_image(image)[None], self.input_size)[0]

    def fixed_batch(self, images: Tensor) -> int | None:
        """Return the size of the only batches that the model takes; None for one that takes smaller ones.

        Parameters
        ----------
        images
            ``(N, 3, H, W)`` in [0, 1], N at least 1: where nothing is known yet, the first is passed alone.
            With ``"auto"`` it is known once a batch of another size was evaluated.

        Examples
        --------
        >>> from cfwidgets import Classifier
        >>> four = Classifier(lambda images: images.mean((2, 3)).view(4, 3).softmax(1), batch_size=4)
        >>> four.fixed_batch(torch.rand(1, 3, 8, 8))
        4
        """
        return self._batches.fixed(images, self.input_size)

    def find_fixed_batch(self, images: Tensor) -> int | None:
        """Return what `fixed_batch` does, and find it out where it is not known: for a model that has failed.

        Parameters
        ----------
        images
            ``(N, 3, H, W)`` in [0, 1], N at least 1: the first is passed alone and, with ``"auto"``, twice
            over, as batches of two sizes tell.

        Raises
        ------
        Exception
            The model's own, where it takes no batch at all.

        Examples
        --------
        >>> from cfwidgets import Classifier
        >>> four = Classifier(lambda images: images.mean((2, 3)).view(4, 3).softmax(1))
        >>> four.fixed_batch(torch.rand(1, 3, 8, 8)), four.find_fixed_batch(torch.rand(1, 3, 8, 8))
        (None, 4)
        """
        return self._batches.find_fixed(images, self.input_size)

    @property
    def has_module(self) -> bool:
        """True if there is a torch module, and so gradients, layers and weights: see `require_module`."""
        return isinstance(self._original, TorchModule) and not self._original.scripted

    def require_module(self) -> nn.Module:
        """Return the torch module, for gradients or layers.

        Returns
        -------
        nn.Module
            The module that runs: the one given, or its copy on another device. Use it inside `untouched`. For
            an accelerated classifier, the module that was exported; for a compiled one, the module itself.

        Raises
        ------
        ClassifierError
            The classifier wraps an ONNX file, a script or a function.

        Examples
        --------
        >>> from cfwidgets import Classifier
        >>> net = nn.Flatten()
        >>> Classifier(net).require_module() is net
        True
        """
        return uncompiled(self._torch_module("this").module)

    def fingerprint(self) -> str:
        """Hash the model's weights to 32 hexadecimal digits; empty for a black box."""
        return fingerprint(state_of(self.require_module())) if self.has_module else ""

    def accelerated(self, *, progress: bool | None = None) -> Self:
        """Return a classifier that runs in ONNX Runtime, several times faster on a CPU.

        The network is exported once (some seconds) and the file saved in the user's cache folder, or the one
        that the environment variable ``CFWIDGETS_CACHE`` names. The first batch is compared with the network
        itself; where probabilities differ by more than 1e-3 there is a warning, and the network itself is
        used.

        Parameters
        ----------
        progress
            True for a progress bar while the network is exported; False for none; None for one in a notebook,
            and where the standard error is a terminal.

        Returns
        -------
        Classifier
            A new one; or this one, where it already runs an ONNX file, or runs on another device than the
            CPU, which is faster still.

        Raises
        ------
        ClassifierError
            The classifier wraps a function, has no `input_size`, or cannot be exported.
        ImportError
            The packages for ONNX are not installed.
        ValueError
            Another value of ``progress``.
        """
        choice("progress", progress, (None, True, False))
        backend = self._backend
        if isinstance(backend, Function):
            raise ClassifierError(f"only a torch module can be accelerated; {self.name} is a function")
        if not isinstance(backend, TorchModule) or backend.device.type != "cpu":
            return self
        if self.input_size is None:
            raise ClassifierError(
                "accelerated() needs to know the size of all images: pass input_size=(height, width)"
            )
        name = f"{self.name} (ONNX Runtime)"
        faster = Accelerated(backend, self.input_size, self._activation, name, progress=progress)
        return self._with(faster, name)

    def in_float32(self) -> Self:
        """Return a classifier of the same network in float32; this one, where it does not round.

        Examples
        --------
        >>> from cfwidgets import Classifier
        >>> exact = Classifier(nn.Flatten(), precision="bfloat16").in_float32()
        >>> exact.in_float32() is exact
        True
        """
        backend = self._backend
        if not isinstance(backend, TorchModule) or not backend.rounds:
            return self
        exact = TorchModule(backend.module, backend.device, backend.interface, self._activation, "float32")
        other = self._with(exact, self.name)
        other._precision = "float32"  # noqa: SLF001 - its own
        return other

    def randomised(
        self, seed: int = 0, size: tuple[int, int] | None = None, *, parts: Collection[str] | None = None
    ) -> Self:
        """Return a randomised model: the same classifier with random weights.

        An explanation that stays the same for it does not depend on what the network has learnt: the
        randomisation check of Adebayo et al., "Sanity Checks for Saliency Maps", NeurIPS 2018.

        Parameters
        ----------
        seed
            The same seed gives the same weights.
        size
            Height and width of the images to come, for batch normalisation; used only where there is no
            `input_size`. None: 224 pixels.
        parts
            Names of the modules, as in ``dict(module.named_modules())``, whose own weights are randomised, to
            the same values as if all were; the others keep theirs. None: all weights.

        Returns
        -------
        Classifier
            Each weight tensor is normal noise with the mean and standard deviation of the trained one, and
            batch normalisation fits the new weights. Accelerated if this one is.

        Raises
        ------
        ClassifierError
            The classifier wraps an ONNX file, a script or a function; or the network cannot be copied, holds
            weights that cannot be read, or answers as before.

        Examples
        --------
        >>> from cfwidgets import Classifier
        >>> clf = Classifier(nn.Sequential(nn.Flatten(), nn.Linear(12, 2)))
        >>> images = torch.rand(1, 3, 2, 2)
        >>> torch.equal(clf.randomised(1).logits(images), clf.randomised(1).logits(images))
        True
        >>> torch.equal(clf.randomised(1).logits(images), clf.logits(images))
        False
        """
        original = self._torch_module("randomised()")
        seen = self.input_size or size or _USUAL_SIZE
        only = self.fixed_batch(torch.zeros(1, 3, *seen))
        twin = randomised(uncompiled(original.module), seed, seen, original.interface, only, parts=parts)
        backend = TorchModule(twin, self.device, original.interface, self._activation, self._precision)
        copied = self._with(backend, f"{self.name}, random weights")
        return copied.accelerated(progress=False) if isinstance(self._backend, Accelerated) else copied

    def onnx(self, input_size: tuple[int, int]) -> Iterator[bytes]:
        """Yield the network as the content of an ONNX file: the one that was saved, then one exported now.

        Each goes from images ``(n, 3, H, W)`` in [0, 1], for any n, to raw outputs ``(n, C)``. A saved one
        (see `accelerated`) may be out of date, which a comparison with `probabilities` tells. Of a classifier
        that is an ONNX file it is that file's own graph, for as many images as it takes.

        Parameters
        ----------
        input_size
            Height and width of the images.

        Raises
        ------
        ClassifierError
            The classifier wraps a script or a function; or torch cannot export the network.
        ImportError
            The packages for ONNX are not installed.
        """
        if isinstance(self._original, OnnxFile):
            yield self._original.from_images()
            return
        original = self._torch_module("an export to ONNX")
        module = uncompiled(original.module)
        key = cache.key(module, input_size, original.interface)
        saved = cache.read(key)
        if saved is not None:
            yield saved
        if self.device.type != "cpu":
            module = copied(module).cpu()
        content = export(module, input_size, original.interface)
        cache.write(key, content)
        yield content

    def from_images(self, device: str) -> nn.Module:
        """Return a copy of the torch module that takes images in [0, 1] and gives raw outputs ``(n, C)``.

        Parameters
        ----------
        device
            The device of the copy.

        Raises
        ------
        ClassifierError
            The classifier wraps an ONNX file, a script or a function; or the network cannot be copied.
        """
        original = self._torch_module("a page")
        return FromImages(copied(uncompiled(original.module)), original.interface).to(device).eval()

    def _follow(self, file: OnnxFile, *, by_name: bool) -> None:
        """Take from an ONNX file what it tells of itself."""
        if file.input_size is not None and self.input_size not in (None, file.input_size):
            raise ClassifierError(
                f"{file.name} takes images of {file.input_size}; got input_size={self.input_size}"
            )
        self.input_size = file.input_size or self.input_size
        if by_name and file.gives_probabilities:
            self._activation = "none"

    def _with(self, backend: Backend, name: str) -> Self:
        other = copy.copy(self)
        vars(other).update(_backend=backend, _batches=self._batches.of(backend), name=name)
        return other

    @property
    def _original(self) -> Backend:
        return self._backend.original if isinstance(self._backend, Accelerated) else self._backend

    def _torch_module(self, what: str) -> TorchModule:
        backend = self._original
        if isinstance(backend, TorchModule):
            if not backend.scripted:
                return backend
            kind = "TorchScript, whose layers and weights are out of reach"
        else:
            kind = "a function" if isinstance(backend, Function) else "an ONNX file"
        raise ClassifierError(f"{what} needs a torch module; this classifier wraps {kind}, {self.name}")
