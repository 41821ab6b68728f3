"""`Classifier`: one interface to any image classifier."""

from __future__ import annotations

import copy
import operator
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import torch
from torch import Tensor, nn

from cfwidgets.checks import choice, positive_int
from cfwidgets.images import ImageLike, as_image, fit
from cfwidgets.models.backends import cache
from cfwidgets.models.backends.accelerated import Accelerated
from cfwidgets.models.backends.base import Backend, ClassifierError, Interface
from cfwidgets.models.backends.copies import copied
from cfwidgets.models.backends.export import FromImages, export
from cfwidgets.models.backends.function import Function
from cfwidgets.models.backends.onnx_file import OnnxFile
from cfwidgets.models.backends.outputs import Activation, as_rows, to_logits, to_probabilities
from cfwidgets.models.backends.randomise import randomised
from cfwidgets.models.backends.script import is_script, load_script
from cfwidgets.models.backends.torch_module import Precision, TorchModule, named_device, place
from cfwidgets.models.classifier_arguments import (
    ImagesLike,
    batch_of,
    checked_labels,
    checked_normalisation,
    checked_size,
    class_of_label,
    require_callable,
)
from cfwidgets.models.fingerprint import fingerprint
from cfwidgets.models.parts import state_of, uncompiled
from cfwidgets.text import LINE, cut, is_address, made_by_name
from cfwidgets.warn import warn_user

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Classifier", "ClassifierError", "ImagesLike", "Model", "require_classifier"]

Model: TypeAlias = nn.Module | str | os.PathLike[str] | Callable[[Tensor], Any]
"""A model that `Classifier` wraps."""


class Classifier:
    """An image classifier with its labels, input size and normalisation, in any framework.

    Parameters
    ----------
    model
        One of

        - a torch module from ``(N, 3, H, W)`` to ``(N, C)``, also a compiled or a scripted one;
        - a path to an ONNX file with one such input, also in the order ``(N, H, W, 3)``, or to a script that
          `torch.jit.save` wrote;
        - any other callable: it gets a float32 tensor ``(n, 3, H, W)`` and returns ``(n, C)``, or ``(n,)``
          for a single unit, as a tensor, an array or nested lists.

        Of several outputs, in a tuple, a mapping or a file, the one named ``logits`` is used, or the only
        one that may be the classes.
    labels
        Names of the classes, in the model's order, or by their numbers, ``{0: "cat", …}``, such as
        ``model.config.id2label``. With one name for a model with a single unit the classes
        are "not <name>" and "<name>". None leaves classes without a name.
    input_size
        Height and width that the model takes, or one number for both. Images of another size are scaled to
        cover it, and cut (see `view`). None: the ONNX file's, else images of any size.
    mean, std
        Of the red, green and blue channel, for images in [0, 1]: the model gets ``(image - mean) / std``. One
        number stands for all three. None for a model that takes [0, 1].
    activation
        The function from outputs to probabilities: ``"softmax"``; ``"sigmoid"``, for a single unit (which
        becomes two classes, no and yes) or for independent classes; or ``"none"`` where they are
        probabilities. None is ``"softmax"`` for modules and ONNX files, unless the name of the file's output
        says that it holds probabilities, and ``"none"`` for callables.
    device
        A torch device, or ``"auto"``: where the module is; the CPU for everything else. A module on another
        device than the one named is copied there and stays where it is itself.
    precision
        ``"float32"``, ``"bfloat16"`` (autocast), or ``"auto"``: bfloat16 on CUDA where it leaves the top
        classes of the first batch as they are. In bfloat16 a search over superpixels ranks masks in half
        precision; the probability of the mask that it finds is computed in float32 (see `in_float32`).
    batch_size
        Images in one forward pass, or ``"auto"`` (as None): on a CPU by the image size, on CUDA as many as
        fit into half of the free memory. Halved when memory runs out. A model that takes batches of one size
        only gets the last one filled with copies; with ``"auto"`` that size is looked for when the first
        batch fails, among the powers of two up to 256.
    channels
        3, or 1 for a model that takes grey images: pictures are turned grey.
    output
        The output that holds the classes, by its place or name, where the model has several.

    Attributes
    ----------
    labels : tuple of str, or None
        Names of the classes.
    input_size : tuple of int, or None
        Height and width.
    classes : int or None
        Number of classes; None before the first evaluation of a model without labels.
    name : str
        A short text for reprs and titles; may be set.

    Raises
    ------
    ClassifierError
        A model, labels, a normalisation, sizes or a device that cannot be right; the message names what is
        accepted.
    ValueError
        An unknown activation or precision, a number of channels that is neither 3 nor 1, or a batch size
        that is not a positive whole number.
    ImportError
        An ONNX file without ONNX Runtime.

    Notes
    -----
    The model is never changed: see `cfwidgets.models.guard.untouched`. A classifier may be used by several
    threads at once, which are served in order, batch by batch.

    Examples
    --------
    >>> def brightness(images):
    ...     return images.mean(dim=(1, 2, 3))
    >>> clf = Classifier(brightness, labels=["bright"])
    >>> clf.probabilities(torch.full((1, 3, 8, 8), 0.75))
    tensor([[0.2500, 0.7500]])
    >>> clf.labels
    ('not bright', 'bright')
    """

    def __init__(
        self,
        model: Model,
        labels: Sequence[str] | Mapping[int, str] | None = None,
        input_size: int | tuple[int, int] | None = None,
        mean: float | Sequence[float] | None = None,
        std: float | Sequence[float] | None = None,
        activation: Activation | None = None,
        device: str | torch.device = "auto",
        precision: Precision = "auto",
        batch_size: int | Literal["auto"] | None = "auto",
        channels: Literal[1, 3] = 3,
        output: int | str | None = None,
    ) -> None:
        by_name = activation is None
        if activation is None:
            activation = "softmax" if isinstance(model, nn.Module | str | os.PathLike) else "none"
        choice("channels", channels, (3, 1))
        choice("activation", activation, get_args(Activation))
        choice("precision", precision, get_args(Precision))
        if batch_size is None:
            batch_size = "auto"
        if batch_size != "auto":
            positive_int("batch_size", batch_size)
        self.labels = checked_labels(labels)
        self.input_size = checked_size(input_size)
        self.classes = None if self.labels is None else len(self.labels)
        self._activation: Activation = activation
        self._precision: Precision = precision
        self._batch_size: int | Literal["auto"] = batch_size
        self._fits: int | None = None  # the batch size that memory was found to hold
        self._answered = False
        # whether the model takes batches of one size only; None before another one was tried
        self._pads: bool | None = None
        self._passed: int | None = None  # the size of a batch that has passed, with batch_size="auto"
        self._interface = Interface(checked_normalisation(mean, std), channels, output, self.classes)
        self._backend: Backend
        name = None
        if not isinstance(model, nn.Module) and isinstance(model, str | os.PathLike):
            if is_address(model):
                raise ClassifierError(f"{model!r:.200} is an address: download the file, and give its path")
            path = Path(model)
            if is_script(path):
                model, name = load_script(path), path.name
        if isinstance(model, nn.Module):
            module, found = place(model, device)
            self._backend = TorchModule(module, found, self._interface, activation, precision)
        elif isinstance(model, str | os.PathLike):
            self._backend = self._open(Path(model), device, by_name=by_name)
        else:
            require_callable(model)
            found = named_device("cpu" if device == "auto" else device)
            self._backend = Function(model, found, self._interface)
        self.name = name or self._backend.name

    @property
    def device(self) -> torch.device:
        """The device on which the model runs."""
        return self._backend.device

    def __repr__(self) -> str:
        size = None if self.input_size is None else f"{self.input_size[0]} x {self.input_size[1]}"
        classes = None if self.classes is None else f"{self.classes} classes"
        known = ", ".join(filter(None, (classes, size, str(self.device))))
        return f"<Classifier {cut(self.name, LINE - len(known) - 15)}: {known}>"

    def probabilities(self, images: ImagesLike) -> Tensor:
        """Compute the probability of each class.

        Parameters
        ----------
        images
            A batch ``(N, 3, H, W)`` in [0, 1], or anything else that `cfwidgets.images.as_images` reads.
            Images of another size than `input_size` are fitted by `view`.

        Returns
        -------
        Tensor
            ``(N, C)`` float32 on the CPU, each in [0, 1]. Rows sum to 1, except with independent classes
            (several sigmoid units).

        Raises
        ------
        ClassifierError
            Outputs that cannot be used: NaN, no probabilities, another number of rows or of classes than
            expected; or not enough memory for one image.
        ImageError
            Values that are not images.
        Exception
            An exception of the model passes through, with a note of the images in the batch.

        Examples
        --------
        >>> clf = Classifier(nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()))
        >>> clf.probabilities(torch.ones(2, 3, 8, 8)).shape
        torch.Size([2, 3])
        """
        return self._ask(images, to_probabilities)

    def logits(self, images: ImagesLike) -> Tensor:
        """Compute the logit of each class: the outputs before softmax or sigmoid.

        Parameters
        ----------
        images
            As in `probabilities`.

        Returns
        -------
        Tensor
            ``(N, C)`` float32 on the CPU. Where the model returns probabilities, their logarithms; where it
            has a single unit z, ``(0, z)``.

        Raises
        ------
        ClassifierError, ImageError, Exception
            As in `probabilities`.

        Examples
        --------
        >>> clf = Classifier(nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()))
        >>> clf.logits(torch.ones(1, 3, 8, 8))
        tensor([[1., 1., 1.]])
        """
        return self._ask(images, to_logits)

    def read(self, outputs: Any, count: int) -> Tensor:
        """Turn the model's outputs into probabilities, as `probabilities` does.

        For code that runs the module itself, for its gradients or layers, and needs the probabilities too.

        Parameters
        ----------
        outputs
            ``(N, C)``, or the model's outputs in another accepted form.
        count
            N, the number of images.

        Returns
        -------
        Tensor
            ``(N, C)`` float32 on the CPU.

        Raises
        ------
        ClassifierError
            As in `probabilities`.

        Examples
        --------
        >>> Classifier(nn.Flatten()).read(torch.zeros(1, 4), 1)
        tensor([[0.2500, 0.2500, 0.2500, 0.2500]])
        """
        rows = as_rows(outputs, count, self._interface)
        self._check_classes(rows)
        return to_probabilities(rows, self._activation)

    def top(self, image: ImageLike, k: int = 5) -> pd.DataFrame:
        """List the most probable classes of one image.

        Parameters
        ----------
        image
            Anything that `cfwidgets.images.as_image` reads.
        k
            The number of classes; all, if there are fewer.

        Returns
        -------
        pandas.DataFrame
            Columns ``class`` (its number), ``label`` and ``probability``, the most probable first.

        Raises
        ------
        ValueError
            `k` is not a positive whole number.
        ClassifierError, ImageError, Exception
            As in `probabilities`.

        Examples
        --------
        >>> clf = Classifier(lambda images: images.mean(dim=(1, 2, 3)), labels=["bright"])
        >>> list(clf.top(torch.full((3, 8, 8), 0.75))["label"])
        ['bright', 'not bright']
        """
        import pandas as pd

        positive_int("k", k)
        values, classes = self.probabilities(as_image(image)[None])[0].sort(descending=True, stable=True)
        best = classes[:k].tolist()
        return pd.DataFrame(
            {
                "class": best,
                "label": [self.label(index) for index in best],
                "probability": values[:k].tolist(),
            }
        )

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
        >>> clf = Classifier(nn.Flatten(), input_size=(4, 4))
        >>> clf.view(torch.rand(3, 8, 12)).shape
        torch.Size([3, 4, 4])
        """
        return fit(as_image(image)[None], self.input_size)[0]

    def class_index(self, target: int | str) -> int:
        """Find a class by its number or label.

        Parameters
        ----------
        target
            A class's number from 0, or its label.

        Returns
        -------
        int
            Its number.

        Raises
        ------
        ClassifierError
            No such class, or several of that label (in many lists of ImageNet's, two are labelled crane).

        Examples
        --------
        >>> Classifier(nn.Flatten(), labels=["cat", "dog"]).class_index("dog")
        1
        """
        if isinstance(target, str):
            return class_of_label(target, self.labels)
        try:
            index = operator.index(target)
        except TypeError:
            index = None
        if index is None or isinstance(target, bool):
            raise ClassifierError(f"a class is named by its number or its label; got {target!r:.80}")
        if index < 0 or (self.classes is not None and index >= self.classes):
            limit = "" if self.classes is None else f" to {self.classes - 1}"
            raise ClassifierError(f"classes are numbered from 0{limit}; got {index}")
        return index

    def label(self, index: int) -> str:
        """Name a class.

        Parameters
        ----------
        index
            Its number from 0.

        Returns
        -------
        str
            Its label, or ``"class 7"`` where the classifier has none.

        Raises
        ------
        ClassifierError
            No such class.

        Examples
        --------
        >>> Classifier(nn.Flatten()).label(7)
        'class 7'
        """
        index = self.class_index(index)
        return f"class {index}" if self.labels is None else self.labels[index]

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
        >>> net = nn.Flatten()
        >>> Classifier(net).require_module() is net
        True
        """
        return uncompiled(self._torch_module("this").module)

    @property
    def has_module(self) -> bool:
        """True if there is a torch module, and so gradients, layers and weights: see `require_module`."""
        return isinstance(self._original, TorchModule) and not self._original.scripted

    def fixed_batch(self, images: Tensor) -> int | None:
        """Return the size of the only batches that the model takes; None for one that takes smaller ones.

        Parameters
        ----------
        images
            ``(N, 3, H, W)`` in [0, 1], N at least 1: where nothing is known yet, the first is passed alone.
            With ``"auto"`` it is known once a batch of another size was evaluated.

        Examples
        --------
        >>> four = Classifier(lambda images: images.mean((2, 3)).view(4, 3).softmax(1), batch_size=4)
        >>> four.fixed_batch(torch.rand(1, 3, 8, 8))
        4
        """
        size = self._batch_size
        if size == "auto":
            return None
        if self._pads is None:
            self._filled(fit(images[:1], self.input_size))
        return size if self._pads else None

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
        >>> four = Classifier(lambda images: images.mean((2, 3)).view(4, 3).softmax(1))
        >>> four.fixed_batch(torch.rand(1, 3, 8, 8)), four.find_fixed_batch(torch.rand(1, 3, 8, 8))
        (None, 4)
        """
        image = fit(images[:1], self.input_size)
        for count in (1, 2):
            if self._batch_size == "auto" and self._pads is None and count != self._passed:
                self._filled(image.expand(count, -1, -1, -1))
        return self.fixed_batch(images)

    def fingerprint(self) -> str:
        """Hash the model's weights to 32 hexadecimal digits; empty for a black box."""
        return fingerprint(state_of(self.require_module())) if self.has_module else ""

    def accelerated(self, *, progress: bool | None = None) -> Classifier:
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

    @property
    def activation(self) -> Activation:
        """The function that makes probabilities of the model's outputs; ``"none"`` where they are such."""
        return self._activation

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

    def in_float32(self) -> Classifier:
        """Return a classifier of the same network in float32; this one, where it does not round.

        Examples
        --------
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
    ) -> Classifier:
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

    def _open(self, path: Path, device: str | torch.device, *, by_name: bool) -> OnnxFile:
        if not path.is_file():
            raise ClassifierError(f"there is no file {str(path)!r}")
        if path.suffix in _TORCH_SUFFIXES:
            raise ClassifierError(
                f"{str(path)!r} holds weights of torch: load them into their module and pass that"
            )
        if str(device) not in ("auto", "cpu"):
            raise ClassifierError(f"ONNX files run on the CPU; got device={str(device)!r}")
        if self._precision == "bfloat16":
            raise ClassifierError(
                "precision='bfloat16' needs a torch module; an ONNX file has a precision of its own"
            )
        file = OnnxFile(path, self._interface, path.name)
        if file.input_size is not None and self.input_size not in (None, file.input_size):
            raise ClassifierError(
                f"{path.name} takes images of {file.input_size}; got input_size={self.input_size}"
            )
        self.input_size = file.input_size or self.input_size
        if by_name and file.gives_probabilities:
            self._activation = "none"
        return file

    def _with(self, backend: Backend, name: str) -> Classifier:
        other = copy.copy(self)
        vars(other).update(_backend=backend, name=name, _fits=None, _answered=False)
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

    def _ask(self, images: ImagesLike, meaning: Callable[[Tensor, Activation], Tensor]) -> Tensor:
        batch = batch_of(images)
        count, _, height, width = batch.shape
        height, width = self.input_size or (height, width)
        parts = []
        start = 0
        while start < count:
            chunk = batch[start : start + self._next_size(height, width)]
            rows = self._rows(chunk, start, count)
            if rows is None:
                self._fits = len(chunk) // 2
                if self.device.type == "cuda":
                    torch.cuda.empty_cache()
                continue
            parts.append(rows)
            start += len(chunk)
        return meaning(torch.cat(parts), self._activation)

    def _next_size(self, height: int, width: int) -> int:
        size = self._backend.batch_size(height, width) if self._batch_size == "auto" else self._batch_size
        return size if self._fits is None else min(size, self._fits)

    def _rows(self, chunk: Tensor, start: int, count: int) -> Tensor | None:
        """Compute raw outputs of some of the images; None where memory has run out and fewer may fit."""
        try:
            rows = self._filled(fit(chunk, self.input_size))
        except torch.OutOfMemoryError as error:
            if len(chunk) > 1:
                return None
            raise ClassifierError(
                f"{self.name} runs out of memory on {self.device} with a single image"
            ) from error
        except ClassifierError:
            raise
        except Exception as error:
            error.add_note(
                f"raised by the classifier {self.name}, evaluating {_span(start, len(chunk), count)}"
            )
            raise
        self._check_classes(rows)
        return rows

    def _filled(self, images: Tensor) -> Tensor:
        """Compute raw outputs; a batch too small for a model of one batch size is filled with copies."""
        size = self._batch_size
        if size == "auto":
            return self._backend(images) if self._pads is False else self._in_any_size(images)
        missing = size - len(images)
        if missing <= 0:
            return self._backend(images)

        def filled() -> Tensor:
            return self._backend(_filled_up(images, size))[: len(images)]

        if self._pads:
            return filled()
        try:
            rows = self._backend(images)
        except torch.OutOfMemoryError:
            raise
        except (RuntimeError, ValueError) as error:  # torch's for shapes that do not fit, and ours
            try:
                rows = filled()
            except Exception:  # noqa: BLE001 (the first error says more)
                raise error from None
            self._pads = self._fails_again(images)
        else:
            self._pads = False
        return rows

    def _fails_again(self, images: Tensor) -> bool | None:
        """Pass a batch that has failed once more: True, or None for a model that was broken for a moment."""
        try:
            self._backend(images)
        except (RuntimeError, ValueError):
            return True
        return None

    def _in_any_size(self, images: Tensor) -> Tensor:
        """Compute raw outputs; where a first batch fails, find the one batch size that the model takes."""
        try:
            rows = self._backend(images)
        except (torch.OutOfMemoryError, ClassifierError):
            raise
        except (RuntimeError, ValueError) as error:  # for shapes that do not fit
            for size in _BATCH_SIZES:
                try:
                    # All of them: a model that breaks now and then is none of a fixed batch.
                    rows = torch.cat(
                        [self._backend(_filled_up(some, size))[: len(some)] for some in images.split(size)]
                    )
                except Exception:  # noqa: BLE001, S112 (the first error says more)
                    continue
                if self._fails_again(images):
                    self._batch_size, self._pads = size, True
                return rows
            raise error from None
        if self._passed not in (None, len(images)):
            self._pads = False  # batches of two sizes have passed
        self._passed = len(images)
        return rows

    def _check_classes(self, rows: Tensor) -> None:
        classes = max(2, rows.shape[1])
        if self.classes is None:
            self.classes = classes
        if classes != self.classes:
            if self.labels is None or self._answered:
                raise ClassifierError(f"the model returned {classes} classes, and {self.classes} before")
            raise ClassifierError(f"the model has {classes} classes; got {self.classes} labels")
        if not self._answered and self._activation == "softmax" and _are_probabilities(rows):
            warn_user(
                f"{self.name} returns rows that sum to 1, as probabilities do: if it ends with a softmax, "
                "pass activation='none'"
            )
        self._answered = True


def require_classifier(name: str, given: object) -> None:
    """Refuse what is no classifier, such as a bare network.

    Raises
    ------
    TypeError
        With the line to write.
    """
    if not isinstance(given, Classifier):
        raise TypeError(
            f"{name} must be a Classifier, not {type(given).__name__}: wrap it, `Classifier(model, …)`"
            f"{made_by_name(given, 'classifier')}"
        )


_TORCH_SUFFIXES = frozenset({".pt", ".pth", ".safetensors", ".ckpt", ".bin"})
_USUAL_SIZE = (224, 224)
_BATCH_SIZES = tuple(2**power for power in range(9))


def _filled_up(images: Tensor, size: int) -> Tensor:
    """Fill a batch with copies of its last image."""
    return torch.cat((images, images[-1:].expand(size - len(images), -1, -1, -1)))


def _span(start: int, length: int, count: int) -> str:
    return (
        f"image {start} of {count}" if length == 1 else f"images {start} to {start + length - 1} of {count}"
    )


def _are_probabilities(rows: Tensor) -> bool:
    return (
        rows.shape[1] > 1
        and bool((rows >= 0).all())
        and bool(torch.allclose(rows.sum(dim=1), torch.ones(len(rows)), rtol=0, atol=1e-5))
    )
