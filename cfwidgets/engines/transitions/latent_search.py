"""Walk latent vectors towards an image: the search of Suzuki et al. 2021, for all starts at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from cfwidgets.attribution.layers import last_maps, named_layer
from cfwidgets.attribution.network import network_of
from cfwidgets.images import fit
from cfwidgets.models.backends.base import cpu_batch_size
from cfwidgets.models.classifier import Classifier, ClassifierError
from cfwidgets.models.generator import Generator, GeneratorError, generated, guarded
from cfwidgets.models.guard import untouched

if TYPE_CHECKING:
    from torch import nn

__all__ = ["Features", "LatentSearch", "Walk"]

_EPSILON = 1e-8  # torch's RMSprop
_CPU_BATCH = 32  # what a core's cache holds of small networks; all 96 at once take a quarter longer


class Features:
    """What one layer of a network makes of images.

    Parameters
    ----------
    clf
        A classifier that wraps a torch module.
    layer
        A name in ``dict(module.named_modules())``; None for the last one with feature maps.
    image
        ``(1, 3, H, W)`` in [0, 1] of the classifier's size, to find that layer with.

    Raises
    ------
    ClassifierError
        No module, no such layer, or none that gives a tensor.
    """

    def __init__(self, clf: Classifier, layer: str | None, image: Tensor) -> None:
        self._network = network_of(clf, "Transitions")
        self._size = clf.input_size
        self._pixels = (image.shape[2], image.shape[3])
        self.module: nn.Module = self._network.module
        with untouched(self.module):
            if layer is None:
                layer = last_maps(self._network, image.to(self._network.device), "Transitions")
            self.layer = layer
            self._part = named_layer(self.module, self.layer, "Transitions")

    @property
    def batch_size(self) -> int | None:
        """How many images suit the network's device; None for all, where only memory limits them."""
        if self._network.device.type != "cpu":
            return None
        return min(_CPU_BATCH, cpu_batch_size(*self._pixels))

    def __call__(self, images: Tensor) -> tuple[Tensor, Any]:
        """Features ``(n, F)``, with gradients, of images ``(n, 3, H, W)`` in [0, 1], and the outputs.

        Call it inside `untouched`.
        """
        found: list[Tensor] = []

        def keep(_part: nn.Module, _inputs: object, output: object) -> object:
            if not isinstance(output, Tensor) or output.ndim < 2:
                raise ClassifierError(
                    f"Transitions: the layer {self.layer!r} gives {type(output).__name__}, no features (n, …)"
                )
            found.append(output)
            return output.clone()  # what follows may write into it: ReLU(inplace=True)

        with self._part.register_forward_hook(keep):
            outputs = self.module(self._network.inputs(fit(images.to(self._network.device), self._size)))
        if not found:
            raise ClassifierError(f"Transitions: the network does not call the layer {self.layer!r}")
        return found[-1].flatten(1).float(), outputs


@dataclass(frozen=True, eq=False)
class Walk:
    """Where the walks are after some updates, all that going on needs.

    Attributes
    ----------
    update
        Updates so far.
    latents, squares
        ``(n, L)``: the latent vectors to look at next, and RMSprop's means of their squared gradients.
    best, cosine, score
        ``(n, L)``, ``(n,)``, ``(n,)``: the latent vectors with the highest score so far, their cosines, and
        that score.
    level, waited
        ``(n,)``: the score of the last gain that counted, and the updates since.
    updates
        ``(n,)``: how many updates each had when it was last looked at.
    course
        ``(update + 1, 2)``: mean and highest of the best scores, before the first update and after each.
    """

    update: int
    latents: Tensor
    squares: Tensor
    best: Tensor
    cosine: Tensor
    score: Tensor
    level: Tensor
    waited: Tensor
    updates: Tensor
    course: Tensor


@dataclass(frozen=True, eq=False)
class LatentSearch:
    """Maximise the cosine between the features of an image and of what a generator paints (equation 1).

    Every start has a loss, a gradient and an optimiser's state of its own: the loss is their sum, and so all
    go as one batch and arrive where they would have arrived alone.

    Parameters
    ----------
    generator
        Paints.
    features
        See.
    wanted
        ``(F,)``: the features of the explained image.
    vectors
        ``(n, classes)``: the class vector of each start, which stays.
    called
        From the images painted and the outputs of the network whose features are compared to the
        probabilities of the classes ``(n, classes)``: of the places that a walk comes to, the one is kept
        that is alike *and* called what it was asked to be, by cosine times Σ √(class vector · probability).
        None: the one with the highest cosine.
    rate, decay
        RMSprop's learning rate and the decay of its mean of squared gradients.
    keep_length
        Scale each latent vector back to the length it began with, after each update.
    patience, gain
        A walk ends after ``patience`` updates in which its score gained no ``gain``; None: none ends early.
    batch_size
        How many go through the networks together at most; None: what suits a CPU, elsewhere all. Fewer where
        memory turns out not to hold them.
    """

    generator: Generator
    features: Features
    wanted: Tensor
    vectors: Tensor
    called: Callable[[Tensor, Any], Tensor] | None
    rate: float
    decay: float
    keep_length: bool
    patience: int | None
    gain: float
    batch_size: int | None

    def start(self, latents: Tensor) -> Walk:
        """The walks before their first step, from latent vectors ``(n, L)``."""
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
            course=torch.zeros(0, 2),
        )

    def walks(self, walk: Walk, updates: int) -> Iterator[Walk]:
        """Yield where the walks are after each update, the first time before any; end when all have ended."""
        size = self.batch_size or self.features.batch_size or len(walk.latents)
        while walk.update < updates:
            going = torch.ones(len(walk.latents), dtype=torch.bool)
            if self.patience is not None:
                going = walk.waited < self.patience
            if not bool(going.any()):
                return
            seen, size = self._seen(walk.latents[going], self.vectors[going], size)
            walk = self._stepped(walk, going, seen)
            yield walk

    def _stepped(self, walk: Walk, going: Tensor, seen: _Seen) -> Walk:
        """Note how good the walks are where they are, and step on; after the last look too, to go on from."""
        score, cosine = torch.full_like(walk.score, -torch.inf), walk.cosine.clone()
        score[going], cosine[going] = seen.score, seen.cosine
        better = score > walk.score
        best_score = torch.where(better, score, walk.score)
        gained = score > walk.level + self.gain
        best = torch.where(better[:, None], walk.latents, walk.best)
        # torch.optim.RMSprop, for the rows that still walk
        latents, squares = walk.latents.clone(), walk.squares.clone()
        squares[going] = self.decay * squares[going] + (1 - self.decay) * seen.gradient**2
        length = latents[going].norm(dim=1, keepdim=True)
        latents[going] -= self.rate * seen.gradient / (squares[going].sqrt() + _EPSILON)
        if self.keep_length:
            latents[going] *= length / latents[going].norm(dim=1, keepdim=True).clamp_min(_EPSILON)
        point = torch.stack([best_score.mean(), best_score.max()])[None]
        return Walk(
            update=walk.update + 1,
            latents=latents,
            squares=squares,
            best=best,
            cosine=torch.where(better, cosine, walk.cosine),
            score=best_score,
            level=torch.where(gained, score, walk.level),
            waited=torch.where(gained, 0, walk.waited + going),
            updates=torch.where(going, walk.update + 1, walk.updates),
            course=torch.cat([walk.course, point]),
        )

    def _seen(self, latents: Tensor, vectors: Tensor, size: int) -> tuple[_Seen, int]:
        """What is seen of latent vectors, and the batch size that memory turned out to hold."""
        parts: list[_Seen] = []
        at = 0
        while at < len(latents):
            chunk = slice(at, at + size)
            try:
                parts.append(self._pass(latents[chunk], vectors[chunk]))
            except torch.OutOfMemoryError as error:
                if size == 1:
                    raise ClassifierError("memory does not suffice for a single start") from error
                size = max(1, min(size, len(latents) - at) // 2)
                torch.cuda.empty_cache()
            else:
                at += size
        return _Seen(*(torch.cat(values) for values in zip(*parts, strict=True))), size

    @torch.inference_mode(mode=False)
    def _pass(self, latents: Tensor, vectors: Tensor) -> _Seen:
        with guarded(self.generator), untouched(self.features.module), torch.enable_grad():
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
            # Asked for z alone, autograd leaves the gradients of the weights out: a third of the work.
            gradient = torch.autograd.grad(-cosine.sum(), z)[0].cpu()
        if not bool(gradient.isfinite().all()):
            raise ClassifierError("the gradient of the search became NaN or infinite")
        cosine = cosine.detach().cpu()
        score = cosine
        if self.called is not None:
            probabilities = self.called(images.detach(), outputs)
            together = (vectors * probabilities).sqrt().sum(dim=1)
            # What is not alike at all is no better for not being called as asked.
            score = torch.where(cosine > 0, cosine * together, cosine)
        return _Seen(cosine, score, gradient)


class _Seen(NamedTuple):
    """Cosines ``(n,)``, scores ``(n,)``, and the gradients of minus the sum of the cosines ``(n, L)``."""

    cosine: Tensor
    score: Tensor
    gradient: Tensor
