"""Move latent vectors towards an image: the search of Suzuki et al. 2021, for all starts at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from cfwidgets.attribution.layers import last_maps, named_layer
from cfwidgets.attribution.network import network_of
from cfwidgets.brief import brief
from cfwidgets.images import fit
from cfwidgets.models.backends.base import NotFiniteError, cpu_batch_size
from cfwidgets.models.classifier import Classifier, ClassifierError
from cfwidgets.models.generator import Generator, GeneratorError, generated, guarded

if TYPE_CHECKING:
    from torch import nn

__all__ = ["Features", "LatentSearch", "Walk"]

_EPSILON = 1e-8  # torch's RMSprop
_CPU_BATCH = 32  # a core's cache holds so many of small networks; all 96 at once take a quarter longer


class Features:
    """The activations of one layer of a network, as features of images.

    Parameters
    ----------
    clf
        A classifier that wraps a torch module.
    layer
        A name in ``dict(module.named_modules())``; None for the last layer with feature maps.
    image
        ``(1, 3, H, W)`` in [0, 1] of the classifier's size, passed through the network to find that layer.

    Raises
    ------
    ClassifierError
        There is no module, no such layer, or no layer whose output is a tensor.
    """

    def __init__(self, clf: Classifier, layer: str | None, image: Tensor) -> None:
        self._network = network_of(clf, "Transitions")
        self._size = clf.input_size
        self._pixels = (image.shape[2], image.shape[3])
        self.module: nn.Module = self._network.module
        self._alone = self._network.depends_on_company(image.cpu())
        self._only = self._network.only_batch(image)
        self.filled = self._network.filled
        with self.running():
            if layer is None:
                some = self.filled(image.to(self._network.device))
                layer = last_maps(self._network, some, "Transitions")
            self.layer = layer
            self._part = named_layer(self.module, self.layer, "Transitions")

    def running(self) -> AbstractContextManager[None]:
        """Return the context in which to call it: see `Network.running`."""
        return self._network.running()

    @property
    def most(self) -> int | None:
        """The most images that the network takes at once; None for any number."""
        return 1 if self._alone else self._only

    @property
    def batch_size(self) -> int | None:
        """Images that suit the network's device in one batch; None where only memory limits them."""
        if self._network.device.type != "cpu":
            return None
        return min(_CPU_BATCH, cpu_batch_size(*self._pixels))

    def __call__(self, images: Tensor) -> tuple[Tensor, Any]:
        """Return features ``(n, F)``, with gradients, of images ``(n, 3, H, W)`` in [0, 1], and the outputs.

        Call it inside `running`, with images that are `filled`.
        """
        found: list[Tensor] = []

        def keep(_part: nn.Module, _inputs: object, output: object) -> object:
            if not isinstance(output, Tensor) or output.ndim < 2:
                raise ClassifierError(
                    f"Transitions: the layer {self.layer!r} gives {type(output).__name__}, no features (n, …)"
                )
            found.append(output)
            return output.clone()  # a later layer may write into it: ReLU(inplace=True)

        with self._part.register_forward_hook(keep):
            outputs = self.module(self._network.inputs(fit(images.to(self._network.device), self._size)))
        if not found:
            raise ClassifierError(f"Transitions: the network does not call the layer {self.layer!r}")
        return found[-1].flatten(1).float(), outputs


@dataclass(frozen=True, eq=False)
class Walk:
    """State of the search after some updates: enough to resume it exactly.

    Attributes
    ----------
    update
        Updates so far; -1 before the first evaluation.
    latents, squares
        ``(n, L)``: the latent vectors to evaluate next, and RMSprop's means of their squared gradients.
    best, cosine, score
        ``(n, L)``, ``(n,)``, ``(n,)``: the latent vectors with the highest score so far, their cosine
        similarities, and that score.
    level, waited
        ``(n,)``: the score at the last gain of at least ``gain``, and the updates since.
    updates
        ``(n,)``: the number of the update at which each was last evaluated.
    invalid
        ``(n,)``: how often the model's answer or its gradient was not finite. Such a place has no score, and
        the walk goes back to its best one.
    course
        ``(update + 1, 2)``: mean and highest of the best scores, before the first update and after each.
    """

    __repr__ = brief

    schema: ClassVar[dict[str, str]] = {
        "update": "-1 inf",
        "latents": "float (n, L)",
        "squares": "float (n, L)",
        "best": "float (n, L)",
        "cosine": "float (n) nan",
        "score": "float (n) nan",
        "level": "float (n) nan",
        "waited": "(n)",
        "updates": "(n)",
        "invalid": "(n)",
        "course": "float (u, 2)",
    }

    update: int
    latents: Tensor
    squares: Tensor
    best: Tensor
    cosine: Tensor
    score: Tensor
    level: Tensor
    waited: Tensor
    updates: Tensor
    invalid: Tensor
    course: Tensor


@dataclass(frozen=True, eq=False)
class LatentSearch:
    """Maximise the cosine between the features of an image and of generated images (equation 1).

    Every start has a loss, a gradient and an optimiser state of its own: the loss is their sum, so all starts
    share one batch and none influences another.

    Parameters
    ----------
    generator
        Generates the images.
    features
        The layer whose activations are compared.
    wanted
        ``(F,)``: the features of the explained image.
    vectors
        ``(n, classes)``: the class vector of each start, which stays fixed.
    probabilities
        Function of the generated images and of the outputs of the network that gives the features; returns
        class probabilities ``(n, classes)``. With it, each walk keeps the place with the highest cosine times
        Σ √(class vector · probability): similar to the image, *and* predicted as its class vector asks. None:
        the place with the highest cosine.
    rate, decay
        RMSprop's learning rate and the decay of its mean of squared gradients.
    keep_length
        True to scale each latent vector back to its initial length after each update.
    patience, gain
        A walk ends after ``patience`` updates without a gain of ``gain`` in its score; None: none ends early.
    batch_size
        Largest number of starts in one batch; None: as many as suit a CPU, all on other devices. It is halved
        when memory runs out.
    """

    generator: Generator
    features: Features
    wanted: Tensor
    vectors: Tensor
    probabilities: Callable[[Tensor, Any], Tensor] | None
    rate: float
    decay: float
    keep_length: bool
    patience: int | None
    gain: float
    batch_size: int | None

    def start(self, latents: Tensor) -> Walk:
        """Return the state before the first evaluation, for latent vectors ``(n, L)``."""
        n = len(latents)
        never = torch.full((n,), -torch.inf)
        return Walk(
            update=-1,
            latents=latents.clone(),
            squares=torch.zeros_like(latents),
            best=latents.clone(),
            cosine=never,
            score=never,
            level=never,
            waited=torch.zeros(n, dtype=torch.int64),
            updates=torch.zeros(n, dtype=torch.int64),
            invalid=torch.zeros(n, dtype=torch.int64),
            course=torch.zeros(0, 2),
        )

    def walks(self, walk: Walk, updates: int) -> Iterator[Walk]:
        """Yield the state before the first update and after each; end after ``updates``, or if all ended."""
        features = self.features
        size = features.most or self.batch_size or features.batch_size or len(walk.latents)
        while walk.update < updates:
            active = torch.ones(len(walk.latents), dtype=torch.bool)
            if self.patience is not None:
                active = walk.waited < self.patience
            if not bool(active.any()):
                return
            evaluation, size = self._evaluate(walk.latents[active], self.vectors[active], size)
            walk = self._stepped(walk, active, evaluation)
            yield walk

    def _stepped(self, walk: Walk, active: Tensor, evaluation: _Evaluation) -> Walk:
        """Record the scores, and make a step; after the last evaluation too, so that a search can resume."""
        finite = evaluation.gradient.isfinite().all(dim=1) & evaluation.score.isfinite()
        score, cosine = torch.full_like(walk.score, -torch.inf), walk.cosine.clone()
        score[active], cosine[active] = evaluation.score.where(finite, -torch.inf), evaluation.cosine
        lost = active.clone()
        lost[active] = ~finite
        better = score > walk.score
        best_score = torch.where(better, score, walk.score)
        known = best_score[best_score.isfinite()]
        if not len(known):
            raise NotFiniteError(
                "the model's answer or the gradient of the search became NaN or infinite at every start"
            )
        gained = score > walk.level + self.gain
        best = torch.where(better[:, None], walk.latents, walk.best)
        # torch.optim.RMSprop, for the active rows
        latents, squares = walk.latents.clone(), walk.squares.clone()
        gradient = evaluation.gradient.masked_fill(~finite[:, None], 0)
        squares[active] = self.decay * squares[active] + (1 - self.decay) * gradient**2
        length = latents[active].norm(dim=1, keepdim=True)
        latents[active] -= self.rate * gradient / (squares[active].sqrt() + _EPSILON)
        if self.keep_length:
            latents[active] *= length / latents[active].norm(dim=1, keepdim=True).clamp_min(_EPSILON)
        latents = torch.where(lost[:, None], best, latents)
        point = torch.stack([known.mean(), known.max()])[None]
        return Walk(
            update=walk.update + 1,
            latents=latents,
            squares=squares,
            best=best,
            cosine=torch.where(better, cosine, walk.cosine),
            score=best_score,
            level=torch.where(gained, score, walk.level),
            waited=torch.where(gained, 0, walk.waited + active),
            updates=torch.where(active, walk.update + 1, walk.updates),
            invalid=walk.invalid + lost,
            course=torch.cat([walk.course, point]),
        )

    def _evaluate(self, latents: Tensor, vectors: Tensor, size: int) -> tuple[_Evaluation, int]:
        """Evaluate latent vectors in batches; return the batch size that fits into memory, too."""
        parts: list[_Evaluation] = []
        at = 0
        while at < len(latents):
            count = min(size, len(latents) - at)
            some = (self.features.filled(rows[at : at + count]) for rows in (latents, vectors))
            try:
                found = self._pass(*some)
            except torch.OutOfMemoryError as error:
                if size == 1:
                    raise ClassifierError("there is not enough memory for a single start") from error
                size = max(1, min(size, len(latents) - at) // 2)
                torch.cuda.empty_cache()
            else:
                parts.append(_Evaluation(*(values[:count] for values in found)))
                at += count
        return _Evaluation(*(torch.cat(values) for values in zip(*parts, strict=True))), size

    @torch.inference_mode(mode=False)
    def _pass(self, latents: Tensor, vectors: Tensor) -> _Evaluation:
        with guarded(self.generator), self.features.running(), torch.enable_grad():
            z = latents.detach().clone().requires_grad_()
            # Copies: autograd refuses tensors that were made under a caller's inference_mode.
            images = generated(self.generator, z, vectors.clone())
            if not images.requires_grad:
                raise GeneratorError(
                    "no gradient leads from the generator's images back to z: does generate use no_grad() or "
                    "detach()?"
                )
            features, outputs = self.features(images)
            if not features.requires_grad:
                raise ClassifierError(
                    f"no gradient leads from the layer {self.features.layer!r} back to the image: does the "
                    "network's forward use no_grad() or detach()?"
                )
            cosine = F.cosine_similarity(features, self.wanted.to(features.device, copy=True)[None], dim=1)
            # For z alone, autograd leaves the gradients of the weights out: a third of the work.
            gradient = torch.autograd.grad(-cosine.sum(), z)[0].cpu()
        cosine = cosine.detach().cpu()
        score = cosine
        if self.probabilities is not None:
            found = self.probabilities(images.detach(), outputs)
            together = (vectors * found).sqrt().sum(dim=1)
            # A negative cosine times a small probability would rank higher: the probability must not help.
            score = torch.where(cosine > 0, cosine * together, cosine)
        return _Evaluation(cosine, score, gradient)


class _Evaluation(NamedTuple):
    """Cosines ``(n,)``, scores ``(n,)``, and the gradients of minus the sum of the cosines ``(n, L)``."""

    cosine: Tensor
    score: Tensor
    gradient: Tensor
