"""The network of a classifier, ready to be run forwards and backwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import torch
from torch import Tensor, nn

from cfwidgets.models.backends.base import Normalise, NotFiniteError
from cfwidgets.models.classifier import Classifier, ClassifierError

__all__ = ["Explained", "Method", "Network", "network_of"]

Found = TypeVar("Found")


@dataclass(frozen=True)
class Explained:
    """Maps of a batch, as a method returns them.

    Parameters
    ----------
    maps
        ``(n, H, W)``.
    logits
        ``(n,)``: logits of the targets.
    convergence_delta
        ``(n,)``: sum of each map minus the sum that the method guarantees; None where it guarantees none.
    outputs
        ``(n, C)``: the module's outputs, where the method has run it on the unchanged images.
    extremes
        ``(n, 2)``: lowest and highest of each map before it was enlarged, where a method enlarges.
    """

    maps: Tensor
    logits: Tensor
    convergence_delta: Tensor | None = None
    outputs: Tensor | None = None
    extremes: Tensor | None = None


class Method(Protocol):
    """An attribution method with its settings, used inside `cfwidgets.models.guard.untouched`."""

    def explain(self, network: Network, images: Tensor, targets: Tensor) -> Explained:
        """Map images ``(n, 3, H, W)`` in [0, 1] for target classes ``(n,)``."""
        ...


@dataclass(frozen=True, eq=False)
class Network:
    """A classifier's module with its device, normalisation and batch size.

    Parameters
    ----------
    module
        The module itself.
    device, dtype
        Its device and the dtype of its inputs.
    normalise
        The classifier's normalisation; None where the module takes [0, 1].
    layout
        The memory format of images that suits the module, as far as known.
    images_at_once
        The most images of a given size in one pass.
    findings
        Facts about the module that a method keeps for the next batch: see `once`.
    """

    module: nn.Module
    device: torch.device
    dtype: torch.dtype
    normalise: Normalise | None
    layout: torch.memory_format = torch.contiguous_format
    images_at_once: int = 1
    findings: dict[str, Any] = field(default_factory=dict)

    def once(self, name: str, find: Callable[[], Found]) -> Found:
        """Compute a fact about the module for the first batch, and return the same for later ones."""
        if name not in self.findings:
            self.findings[name] = find()
        found: Found = self.findings[name]
        return found

    def inputs(self, images: Tensor) -> Tensor:
        """Normalise images in [0, 1] for the module; always a new tensor, since it may write into it."""
        normalised = images.clone() if self.normalise is None else self.normalise(images.float())
        return normalised.to(self.dtype)

    def logits(self, images: Tensor) -> Tensor:
        """Compute outputs ``(n, C)`` for images in [0, 1], with gradients where they are recorded."""
        rows = self.rows(self.module(self.inputs(images)), len(images))
        if images.requires_grad and torch.is_grad_enabled():
            self.require_gradient(rows)
        return rows

    def rows(self, outputs: object, count: int) -> Tensor:
        """Read what the module returned as ``(count, C)``.

        Raises
        ------
        ClassifierError
            Outputs of another shape, or NaN or infinite values.
        """
        rows = getattr(outputs, "logits", outputs)
        if isinstance(rows, Tensor) and rows.ndim == 1:
            rows = rows[:, None]
        if not isinstance(rows, Tensor) or rows.ndim != 2 or len(rows) != count:
            got = tuple(rows.shape) if isinstance(rows, Tensor) else type(rows).__name__
            raise ClassifierError(
                f"the model must return one row of classes for each image, ({count}, C); got {got}"
            )
        if not bool(rows.detach().isfinite().all()):
            raise NotFiniteError("the model returned NaN or infinite values")
        return rows

    def of_targets(self, rows: Tensor, targets: Tensor) -> Tensor:
        """Select the output ``(n,)`` of each image's target. A single unit z is -z for class 0 and z for 1.

        Raises
        ------
        ClassifierError
            The model has no such class.
        """
        classes = max(2, rows.shape[1])
        if int(targets.max()) >= classes:
            raise ClassifierError(f"classes are numbered from 0 to {classes - 1}; got {int(targets.max())}")
        if rows.shape[1] == 1:
            return rows[:, 0] * (2 * targets - 1)
        return rows.gather(1, targets[:, None])[:, 0]

    def require_gradient(self, rows: Tensor) -> None:
        """Refuse outputs that no gradient leads back from.

        Raises
        ------
        ClassifierError
            No gradient; the message names the usual reasons.
        """
        if not rows.requires_grad:
            raise ClassifierError(
                "no gradient leads from the model's answer back to the image: does its forward use "
                "torch.no_grad(), detach() or an argmax?"
            )


def network_of(clf: Classifier, method: str) -> Network:
    """Make the `Network` of a classifier.

    Raises
    ------
    ClassifierError
        The classifier wraps an ONNX file or a function.

    Examples
    --------
    >>> network_of(Classifier(nn.Flatten()), "saliency").logits(torch.ones(1, 3, 1, 1))
    tensor([[1., 1., 1.]])
    """
    backend = clf._torch_module(f"method={method!r}")  # noqa: SLF001  # the package's own
    normalise = None if backend.normalisation is None else Normalise(*backend.normalisation).to(clf.device)
    dtype = next((p.dtype for p in backend.module.parameters() if p.is_floating_point()), torch.float32)
    return Network(backend.module, clf.device, dtype, normalise, backend.layout)
