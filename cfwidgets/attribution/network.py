"""The network of a classifier, ready to be run forwards and backwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar

import torch
from torch import Tensor, nn

from cfwidgets.models.backends.base import Interface, NotFiniteError
from cfwidgets.models.backends.company import meet
from cfwidgets.models.backends.copies import copied
from cfwidgets.models.backends.outputs import rows_of
from cfwidgets.models.backends.selection import chosen_output
from cfwidgets.models.backends.torch_module import TorchModule
from cfwidgets.models.classifier import Classifier, ClassifierError
from cfwidgets.models.finite import all_finite
from cfwidgets.models.guard import untouched
from cfwidgets.models.parts import is_compiled, uncompiled

__all__ = ["Explained", "Method", "Network", "network_of"]

Found = TypeVar("Found")
_HALF = (torch.float16, torch.bfloat16)


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
    """An attribution method with its settings, used inside `Network.running`."""

    def explain(self, network: Network, images: Tensor, targets: Tensor) -> Explained:
        """Map images ``(n, 3, H, W)`` in [0, 1] for target classes ``(n,)``."""
        ...


@dataclass(frozen=True, eq=False)
class Network:
    """A classifier's module with its device, interface and batch size.

    Parameters
    ----------
    module
        The module itself.
    device, dtype
        Its device and the dtype of its inputs.
    interface
        Form of its input and its outputs.
    prepare
        Turns images in [0, 1] into its input; None where it takes those.
    backend
        The classifier's, which knows if the answer to an image depends on the others in its batch.
    fixed_batch
        The classifier's function from images to the size of the only batches that the module takes, or None.
    find_fixed_batch
        The same, for a module that has failed: it is looked for where it is not known.
    layout
        The memory format of images that suits the module, as far as known.
    images_at_once
        The most images of a given size in one pass.
    findings
        Facts about the module that a method keeps for the next batch: see `once`.
    compiled
        True where parts of the module are compiled: see `running`.
    against
        A class whose output is subtracted from that of each target; None for none.
    """

    module: nn.Module
    device: torch.device
    dtype: torch.dtype
    interface: Interface
    prepare: nn.Module | None
    backend: TorchModule
    fixed_batch: Callable[[Tensor], int | None]
    find_fixed_batch: Callable[[Tensor], int | None]
    layout: torch.memory_format = torch.contiguous_format
    images_at_once: int = 1
    findings: dict[str, Any] = field(default_factory=dict)
    compiled: bool = False
    against: int | None = None

    def depends_on_company(self, images: Tensor) -> bool:
        """Tell by images ``(n, 3, H, W)`` if the answer to one depends on the others in its batch."""
        backend = self.backend
        if not backend.company_known:
            pair = images[:2] if len(images) > 1 else torch.cat((images, 1 - images))

            def ask(some: Tensor) -> Tensor:
                inputs = self.filled(some.to(self.device, self.dtype, copy=True))
                with self.running(), torch.no_grad():
                    rows = rows_of(self.module(self.inputs(inputs)), len(inputs), self.interface)
                return rows[: len(some)].float().cpu()

            try:
                rows = ask(pair)
            except (RuntimeError, ValueError):  # the pass that follows says it better
                return False
            backend.met(meet(ask, pair, rows, exact=backend.exact))
        return backend.alone

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run the module in this context: see `untouched`. Compiled parts run as written, for hooks."""
        stance = torch.compiler.set_stance("force_eager") if self.compiled else nullcontext()
        with untouched(self.module), stance:
            yield

    def once(self, name: str, find: Callable[[], Found]) -> Found:
        """Compute a fact about the module for the first batch, and return the same for later ones."""
        if name not in self.findings:
            self.findings[name] = find()
        found: Found = self.findings[name]
        return found

    def filled(self, images: Tensor) -> Tensor:
        """Fill a batch ``(n, …)`` with copies of the last row, for a module of one batch size."""
        size = self.only_batch(images)
        missing = 0 if size is None else -len(images) % size
        if not missing:
            return images
        return torch.cat((images, images[-1:].detach().expand(missing, *images.shape[1:])))

    def only_batch(self, images: Tensor) -> int | None:
        """Return the size of the only batches that the module takes, found by images; None for any size."""
        return self.once("batch", lambda: self.fixed_batch(images.detach()))

    def found_only_batch(self, images: Tensor) -> bool:
        """Look for the size of the only batches that a module that failed takes; tell if there is one."""
        try:
            self.findings["batch"] = self.find_fixed_batch(images)
        except (RuntimeError, ValueError):  # the error that it has failed with says more
            return False
        return self.findings["batch"] is not None

    def inputs(self, images: Tensor) -> Tensor:
        """Prepare images in [0, 1] for the module; always a new tensor, since it may write into it."""
        prepared = images.clone() if self.prepare is None else self.prepare(images.float())
        return prepared.to(self.dtype)

    def logits(self, images: Tensor) -> Tensor:
        """Compute outputs ``(n, C)`` for images in [0, 1], with gradients where they are recorded."""
        filled = self.filled(images)
        parts = filled.split(self.only_batch(images) or len(filled))
        found = [self.rows(self.module(self.inputs(part)), len(part)) for part in parts]
        rows = found[0] if len(found) == 1 else torch.cat(found)
        rows = rows if filled is images else rows[: len(images)]
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
        rows = rows_of(outputs, count, self.interface)
        classes = self.interface.classes
        if classes is not None and max(2, rows.shape[1]) != classes:
            raise ClassifierError(f"the model returned {max(2, rows.shape[1])} classes, and {classes} before")
        if not all_finite(rows.detach()):
            raise NotFiniteError("the model returned NaN or infinite values")
        return rows

    def answer(self, outputs: object, count: int) -> Any:
        """Choose among what the module returned the output that holds the classes."""
        return chosen_output(outputs, count, self.interface)

    def of_targets(self, rows: Tensor, targets: Tensor) -> Tensor:
        """Select the output ``(n,)`` of each image's target, less that of ``against`` where there is one.

        A single unit z is -z for class 0 and z for 1.

        Raises
        ------
        ClassifierError
            The model has no such class.
        """
        chosen = self._of(rows, targets)
        if self.against is None:
            return chosen
        return chosen - self._of(rows, torch.full_like(targets, self.against))

    def _of(self, rows: Tensor, targets: Tensor) -> Tensor:
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
        The classifier wraps an ONNX file, a script or a function; or its weights are of half precision and it
        cannot be copied.

    Examples
    --------
    >>> network_of(Classifier(nn.Flatten()), "saliency").logits(torch.ones(1, 3, 1, 1))
    tensor([[1., 1., 1.]])
    """
    backend = clf._torch_module(f"method={method!r}")  # noqa: SLF001  # the package's own
    module = uncompiled(backend.module)
    dtypes = [p.dtype for p in module.parameters() if p.is_floating_point()]
    if any(dtype in _HALF for dtype in dtypes):
        # Shares and products of gradients leave the range of half precision.
        module, dtypes = copied(module).float(), [torch.float32]
    preparation = backend.interface.preparation()
    return Network(
        module,
        clf.device,
        dtypes[0] if dtypes else torch.float32,
        replace(backend.interface, classes=clf.classes),
        None if preparation is None else preparation.to(clf.device),
        backend,
        clf.fixed_batch,
        clf.find_fixed_batch,
        backend.layout,
        compiled=is_compiled(module),
    )
