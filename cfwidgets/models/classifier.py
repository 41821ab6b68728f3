"""`Classifier`: one interface to any image classifier."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

import torch
from torch import Tensor

from cfwidgets.checks import choice, positive_int
from cfwidgets.images import ImageLike, as_image
from cfwidgets.models.backends.base import ClassifierError, Interface
from cfwidgets.models.backends.opening import Model
from cfwidgets.models.backends.outputs import (
    Activation,
    are_probabilities,
    as_rows,
    to_logits,
    to_probabilities,
)
from cfwidgets.models.backends.torch_module import Precision
from cfwidgets.models.classifier_arguments import (
    ImagesLike,
    batch_of,
    checked_labels,
    checked_normalisation,
    checked_size,
    class_of,
)
from cfwidgets.models.wrapped_model import WrappedModel
from cfwidgets.text import LINE, cut, made_by_name
from cfwidgets.warn import warn_user

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Classifier", "ClassifierError", "ImagesLike", "Model", "require_classifier"]


class Classifier(WrappedModel):
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
        choice("channels", channels, (3, 1))
        if activation is not None:
            choice("activation", activation, get_args(Activation))
        choice("precision", precision, get_args(Precision))
        if batch_size is None:
            batch_size = "auto"
        if batch_size != "auto":
            positive_int("batch_size", batch_size)
        self.labels = checked_labels(labels)
        self.classes = None if self.labels is None else len(self.labels)
        self._answered = False
        super().__init__(
            model,
            Interface(checked_normalisation(mean, std), channels, output, self.classes),
            input_size=checked_size(input_size),
            activation=activation,
            device=device,
            precision=precision,
            batch_size=batch_size,
        )

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
        >>> from torch import nn
        >>> clf = Classifier(nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()))
        >>> clf.probabilities(torch.ones(2, 3, 8, 8)).shape
        torch.Size([2, 3])
        """
        return self.evaluate_checked(batch_of(images))

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
        >>> from torch import nn
        >>> clf = Classifier(nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()))
        >>> clf.logits(torch.ones(1, 3, 8, 8))
        tensor([[1., 1., 1.]])
        """
        return self.evaluate_checked(batch_of(images), to_logits)

    def evaluate_checked(
        self, images: Tensor, meaning: Callable[[Tensor, Activation], Tensor] = to_probabilities
    ) -> Tensor:
        """Compute probabilities as `probabilities` does, of images that need not be checked again.

        For engines, which compose thousands of pictures of a few that were checked, or paint them by what
        checks its own: to read all pixels for NaN and their range takes as long as some passes of a small
        network. The model's answer is checked all the same.

        Parameters
        ----------
        images
            ``(N, 3, H, W)`` float32, N at least 1, of at least 2 pixels a side, without NaN, in [0, 1].
        meaning
            The function from raw outputs to the answer: ``to_probabilities`` or ``to_logits`` of
            `cfwidgets.models.backends.outputs`.

        Returns
        -------
        Tensor
            ``(N, C)`` float32 on the CPU.

        Raises
        ------
        ClassifierError, Exception
            As in `probabilities`.

        Examples
        --------
        >>> from torch import nn
        >>> clf = Classifier(nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()))
        >>> clf.evaluate_checked(torch.ones(1, 3, 8, 8), to_logits)
        tensor([[1., 1., 1.]])
        """
        parts = []
        for rows in self._batches.rows(images, self.input_size, self.name):
            self._check_classes(rows)
            parts.append(rows)
        return meaning(torch.cat(parts), self._activation)

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
        >>> from torch import nn
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
        >>> from torch import nn
        >>> Classifier(nn.Flatten(), labels=["cat", "dog"]).class_index("dog")
        1
        """
        return class_of(target, self.labels, self.classes)

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
        >>> from torch import nn
        >>> Classifier(nn.Flatten()).label(7)
        'class 7'
        """
        index = self.class_index(index)
        return f"class {index}" if self.labels is None else self.labels[index]

    def _check_classes(self, rows: Tensor) -> None:
        classes = max(2, rows.shape[1])
        if self.classes is None:
            self.classes = classes
        if classes != self.classes:
            if self.labels is None or self._answered:
                raise ClassifierError(f"the model returned {classes} classes, and {self.classes} before")
            raise ClassifierError(f"the model has {classes} classes; got {self.classes} labels")
        if not self._answered and self._activation == "softmax" and are_probabilities(rows):
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
