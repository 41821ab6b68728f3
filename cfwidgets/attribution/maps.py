"""One call for all methods that map relevance to pixels."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self, TypeAlias

import torch
from torch import Tensor

from cfwidgets.attribution.captum_methods import (
    LRP,
    DeepLift,
    InputXGradient,
    IntegratedGradients,
    Occlusion,
    Saliency,
)
from cfwidgets.attribution.grad_cam import GradCam
from cfwidgets.attribution.layers import Layer
from cfwidgets.attribution.network import Explained, Method, Network, network_of
from cfwidgets.attribution.rap import Rap
from cfwidgets.brief import brief
from cfwidgets.checks import choice, positive_int
from cfwidgets.images import as_images
from cfwidgets.models.backends.base import LARGEST_BATCH, ClassifierError, NotFiniteError, cpu_batch_size
from cfwidgets.models.classifier import Classifier, ImagesLike, require_classifier
from cfwidgets.models.finite import all_finite
from cfwidgets.text import did_you_mean

__all__ = ["METHODS", "Attribution", "Attributor", "Targets", "attribute", "method_of"]

Targets: TypeAlias = int | str | Sequence[int | str] | Tensor
"""One class for all images, or one for each, as numbers or labels."""

METHODS: dict[str, type[Any]] = {
    "rap": Rap,
    "grad_cam": GradCam,
    "integrated_gradients": IntegratedGradients,
    "saliency": Saliency,
    "input_x_gradient": InputXGradient,
    "deep_lift": DeepLift,
    "occlusion": Occlusion,
    "lrp": LRP,
}
"""The methods by name; the settings of each are its options."""


@dataclass(frozen=True, eq=False)
class Attribution:
    """Relevance maps of a batch of images.

    Parameters
    ----------
    maps
        ``(N, H, W)`` float32, of the size that the model sees. Signed relevance summed over
        the colours, in logits, for all methods but these: ``saliency`` (greatest absolute derivative),
        ``grad_cam`` (at least 0) and ``occlusion`` (the fall of the logit).
    logits
        ``(N,)`` float32: the model's output for each target, before softmax or sigmoid (for a model that
        returns probabilities, those). A single unit z is -z for class 0 and z for class 1.
    targets
        ``(N,)`` int64: the class explained in each image.
    method
        The name of the method.
    convergence_delta
        ``(N,)`` float32, the completeness error: the sum of each map minus the sum that the method
        guarantees, which is the logit (``rap``, ``lrp``), or its difference to the plain picture's
        (``integrated_gradients``, ``deep_lift``). None for the other methods.
    outputs
        ``(N, C)`` float32: what the model returned, for `Classifier.read`; None from all
        methods but ``grad_cam``, which do not run it on the unchanged images.
    extremes
        ``(N, 2)`` float32: lowest and highest of each map before it was enlarged to the image; None from the
        methods that do not enlarge.
    layer
        Name of the layer that ``grad_cam`` read; empty from the other methods.
    caveats
        Limits of the maps in words: a layer far from the output.
    against
        The class whose output was subtracted; None where there is none.
    exact
        False where the maps are the difference of two maps, and no maps of the difference: see `attribute`.
    """

    __repr__ = brief

    maps: Tensor
    logits: Tensor
    targets: Tensor
    method: str
    convergence_delta: Tensor | None
    outputs: Tensor | None = None
    extremes: Tensor | None = None
    layer: str = ""
    caveats: tuple[str, ...] = ()
    against: int | None = None
    exact: bool = True


class Attributor:
    """`attribute` for many batches: the method inspects the network only once.

    Make a new one when the network has changed.

    Parameters
    ----------
    clf, method, batch_size, **options
        As `attribute` takes them.
    device
        The device of the maps. None: the CPU.

    Raises
    ------
    ClassifierError
        The classifier wraps no torch module.
    ValueError
        An unknown method, option or value.

    Examples
    --------
    >>> from torch import nn
    >>> net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2))
    >>> saliency = Attributor(Classifier(net), "saliency")
    >>> [saliency(batch, 1).maps.shape[0] for batch in torch.rand(5, 3, 8, 8).split(2)]
    [2, 2, 1]
    """

    @torch.inference_mode(mode=False)  # tensors made in inference mode can never be differentiated
    def __init__(
        self,
        clf: Classifier,
        method: str = "rap",
        *,
        batch_size: int | None = None,
        device: torch.device | None = None,
        **options: Any,
    ) -> None:
        require_classifier("clf", clf)
        self._explain = method_of(method, options)
        if batch_size is not None:
            positive_int("batch_size", batch_size)
        self._clf, self._name, self._batch_size = clf, method, batch_size
        self._device = torch.device("cpu") if device is None else device
        self._network = network_of(clf, method)

    @torch.inference_mode(mode=False)
    def __call__(self, images: ImagesLike, target: Targets, against: int | str | None = None) -> Attribution:
        """Compute one map for each image: see `attribute`."""
        batch = as_images(images)
        if against is None:
            return self._maps(batch, target, self._network)
        index = self._clf.class_index(against)
        if index in _targets(self._clf, target, len(batch)):
            raise ValueError(f"against must be another class than the target; got {against!r} for both")
        if isinstance(self._explain, _OF_ONE_NUMBER):
            found = self._maps(batch, target, replace(self._network, against=index))
            return replace(found, against=index)
        first = self._maps(batch, target, self._network)
        second = self._maps(batch, index, self._network)
        deltas = first.convergence_delta, second.convergence_delta
        return replace(
            first,
            maps=first.maps - second.maps,
            logits=first.logits - second.logits,
            convergence_delta=None if deltas[0] is None or deltas[1] is None else deltas[0] - deltas[1],
            extremes=None,
            against=index,
            exact=isinstance(self._explain, _LINEAR),
        )

    def _maps(self, batch: Tensor, target: Targets, network: Network) -> Attribution:
        clf = self._clf
        if clf.input_size is not None and tuple(batch.shape[2:]) != clf.input_size:
            batch = torch.stack([clf.view(image) for image in batch])
        targets = _targets(clf, target, len(batch))
        try:
            return self._in_batches(batch, targets, network)
        except (torch.OutOfMemoryError, ClassifierError):
            raise
        except (RuntimeError, ValueError):  # torch's for shapes that do not fit
            if network.only_batch(batch) is not None or not network.found_only_batch(batch):
                raise
        return self._in_batches(batch, targets, network)

    def _in_batches(self, batch: Tensor, targets: Tensor, network: Network) -> Attribution:
        clf = self._clf
        only = network.only_batch(batch)
        if only is not None and isinstance(self._explain, DeepLift):
            raise ClassifierError(
                f"DeepLIFT passes each image together with a plain one, and {clf.name} takes batches of "
                f"{only} images only"
            )
        size = 1 if self._one_by_one(batch) else only or self._batch_size
        chunks = _in_chunks(self._explain, network, batch, targets, size)
        parts = [_each(part, lambda value: value.detach().to(self._device, torch.float32)) for part in chunks]
        columns: dict[str, Any] = {}
        for field in fields(Explained):
            column = [getattr(part, field.name) for part in parts]
            columns[field.name] = None if column[0] is None else torch.cat(column)
        layer: Layer | None = self._network.findings.get("layer")
        caveat = "" if layer is None else layer.caveat(self._name)
        return Attribution(
            targets=targets,
            method=self._name,
            **columns,
            layer="" if layer is None else layer.name,
            caveats=(caveat,) if caveat else (),
        )

    def _one_by_one(self, images: Tensor) -> bool:
        """Tell if each image must be passed alone, so that its map does not depend on the others."""
        together = min(len(images), self._batch_size or len(images)) > 1
        if not together and not isinstance(self._explain, _SEVERAL_EACH):
            return False
        if not self._network.depends_on_company(images):
            return False
        if isinstance(self._explain, DeepLift):
            raise ClassifierError(
                "DeepLIFT passes an image together with a plain one, and the answer of "
                f"{type(self._network.module).__name__} depends on the other images in its batch"
            )
        return True


_SEVERAL_EACH = (IntegratedGradients, Occlusion, DeepLift)
"""Methods that pass several images in a batch to explain one."""

_OF_ONE_NUMBER = (IntegratedGradients, InputXGradient, Occlusion)
"""Methods that are linear in the output, and explain whatever number is made of the outputs."""

_LINEAR = (*_OF_ONE_NUMBER, DeepLift, LRP)
"""Methods whose map of a difference of outputs is the difference of the maps."""


def attribute(
    clf: Classifier,
    images: ImagesLike,
    target: Targets,
    method: str = "rap",
    *,
    against: int | str | None = None,
    batch_size: int | None = None,
    **options: Any,
) -> Attribution:
    """Map the evidence for a class, and against it, to the pixels of images.

    Parameters
    ----------
    clf
        A classifier that wraps a torch module.
    images
        Anything that `cfwidgets.images.as_images` reads; fitted to the model by `Classifier.view`.
    target
        The class to explain: its number or label; or a sequence of them, one for each image.
    method
        A name in `METHODS`.
    against
        A second class: the maps are of the difference of the two outputs, for the target and against this
        class. By methods that are linear in the output that is exact: in one pass by
        ``integrated_gradients``, ``input_x_gradient`` and ``occlusion``, as the difference of two maps by
        ``deep_lift`` and ``lrp``. By the others it is the difference of two maps, and not the map of the
        difference (`Attribution.exact`).
    batch_size
        The most images in one pass. None: as many as suit the memory.
    **options
        The settings of the method: see `Rap`, `GradCam`, `IntegratedGradients`, `Saliency`,
        `InputXGradient`, `DeepLift`, `Occlusion` and `LRP`.

    Returns
    -------
    Attribution
        One map for each image. It does not depend on the other images of the batch.

    Raises
    ------
    ClassifierError
        The classifier wraps no torch module, has no such class, or is of a kind that the method cannot
        explain (the message names the part of it); or memory does not suffice for a single image; or a map
        is not finite.
    ImageError
        Values that are not images.
    ValueError
        An unknown method, option or value; not one target for each image; a target that is ``against``.

    Notes
    -----
    The network is left as it was (see `cfwidgets.models.guard.untouched`), also after an error, and others
    may use it between batches. It runs in its own precision, but in float32 where
    that is half. Where an answer depends on the other images in a batch, images are passed one by one. A
    layer far from the output, chosen because none later has places, is warned of. Nothing is random.

    Examples
    --------
    >>> from torch import nn
    >>> net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2))
    >>> clf = Classifier(net, labels=["cat", "dog"])
    >>> found = attribute(clf, torch.rand(2, 3, 8, 8), target=["cat", "dog"])
    >>> found.maps.shape, found.targets.tolist()
    (torch.Size([2, 8, 8]), [0, 1])
    """
    found = Attributor(clf, method, batch_size=batch_size, **options)(images, target, against)
    if "layer" not in options:  # who names a layer knows where it is
        for caveat in found.caveats:
            warnings.warn(caveat, UserWarning, stacklevel=2)
    return found


def method_of(name: str, options: Mapping[str, Any]) -> Method:
    """Make a method of its name and settings.

    Raises
    ------
    ValueError
        An unknown method, option or value; the message says what is accepted.
    """
    choice("method", name, tuple(METHODS))
    kind = METHODS[name]
    accepted = [field.name for field in fields(kind)]
    unknown = [option for option in options if option not in accepted]
    if unknown:
        hint = did_you_mean(unknown[0], accepted)
        takes = f"it takes {', '.join(accepted)}" if accepted else "it takes none"
        raise ValueError(f"method {name!r} has no option {unknown[0]!r}: {takes}{hint}")
    made: Method = kind(**options)
    return made


def _targets(clf: Classifier, target: Targets, count: int) -> Tensor:
    given: Any = target.tolist() if hasattr(target, "tolist") else target
    if not isinstance(given, list | tuple):
        return torch.full((count,), clf.class_index(given))
    if len(given) != count:
        raise ValueError(f"target must be one class, or one for each of {count} images; got {len(given)}")
    return torch.tensor([clf.class_index(one) for one in given])


def _in_chunks(
    method: Method, network: Network, images: Tensor, targets: Tensor, batch_size: int | None
) -> Iterator[Explained]:
    # What an earlier batch was found to leave room for; else each would begin with a few.
    name = f"{images.shape[2]} x {images.shape[3]} pixels, at once"
    size, largest = batch_size or network.findings.get(name) or _suits(images), LARGEST_BATCH
    start = 0
    while start < len(images):
        chunk = slice(start, start + size)
        sized = replace(network, images_at_once=size)
        try:
            with _Memory(network.device) as memory:
                part = _explained(method, sized, images[chunk], targets[chunk])
        except torch.OutOfMemoryError as error:
            if size == 1 or network.only_batch(images) is not None:
                raise ClassifierError(
                    f"{type(network.module).__name__} runs out of memory on {network.device} with "
                    f"{'one image' if size == 1 else 'its batch'}"
                ) from error
            size = max(1, min(size, len(images) - start) // 2)
            largest = size
            torch.cuda.empty_cache()
        else:
            start += size
            if batch_size is None:
                size = min(largest, memory.images(len(part.maps)) or size)
                network.findings[name] = size
            yield part


def _suits(images: Tensor) -> int:
    """Choose a batch size: half of that of a plain forward pass, as more tensors stay in memory."""
    return min(LARGEST_BATCH, max(1, cpu_batch_size(images.shape[2], images.shape[3]) // 2))


class _Memory:
    """Measures the memory that a batch takes on CUDA."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._taken = 0

    def images(self, count: int) -> int | None:
        """Estimate how many images half of the free memory holds, if `count` took the amount measured."""
        if not self._taken:
            return None
        cached = torch.cuda.memory_reserved(self._device) - torch.cuda.memory_allocated(self._device)
        free = torch.cuda.mem_get_info(self._device)[0] + cached
        return max(1, free * count // (2 * self._taken))

    def __enter__(self) -> Self:
        if self._device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self._device)
            self._before = torch.cuda.memory_allocated(self._device)
        return self

    def __exit__(self, *_: object) -> None:
        if self._device.type == "cuda":
            self._taken = torch.cuda.max_memory_allocated(self._device) - self._before


def _explained(method: Method, network: Network, images: Tensor, targets: Tensor) -> Explained:
    count = len(images)
    images, targets = (network.filled(one) for one in (images, targets))
    with network.running(), torch.enable_grad():
        explained = method.explain(
            network, images.to(network.device, network.dtype, copy=True), targets.to(network.device)
        )
    if len(images) > count:  # it was filled with copies
        explained = _each(explained, lambda value: value[:count])
    _require_finite(explained.maps)
    return explained


def _require_finite(maps: Tensor) -> None:
    if not all_finite(maps):
        broken = int((~maps.flatten(1).isfinite().all(dim=1)).sum())
        raise NotFiniteError(
            f"{broken} of {len(maps)} relevance maps have NaN or infinite values: has the model overflowed?"
        )


def _each(explained: Explained, change: Callable[[Tensor], Tensor]) -> Explained:
    """Change each of the tensors."""
    changed: dict[str, Any] = {}
    for field in fields(explained):
        value = getattr(explained, field.name)
        changed[field.name] = None if value is None else change(value)
    return Explained(**changed)
