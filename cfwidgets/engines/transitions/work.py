"""One run of the engine: the search, the transition, and the measures of trust."""

from __future__ import annotations

from collections.abc import Generator as Steps
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from cfwidgets.engines.base import Attempt, Update
from cfwidgets.engines.transitions.latent_search import LatentSearch, Walk
from cfwidgets.engines.transitions.path import PathMaker, interpolated
from cfwidgets.engines.transitions.path_attribution import attribute_path
from cfwidgets.engines.transitions.result import Agreement, RandomisedModel, TransitionResult
from cfwidgets.evaluation.overlap import rank_correlation
from cfwidgets.images import as_bytes
from cfwidgets.models.finite import finite_or_nan

if TYPE_CHECKING:
    from cfwidgets.models.classifier import Classifier

__all__ = ["PAINTING", "Work", "without_path"]

PAINTING = "painting the transition"
_THIRDS = 3
_SUM = 129  # phases that the attribution is summed over
_SHOWN_FIRST = (0, 1, 3, 6, 12, 25)  # updates after which the candidates are shown; then every fiftieth
_SHOWN_EVERY = 50
_ROW = 12  # candidates of each class whose maps are drawn during the search
# Shares of the work, for the progress, nothing else.
_SEARCHED, _PAINTED = 0.8, 0.95


def without_path(result: TransitionResult) -> TransitionResult:
    """Drop the transition, and everything that was measured on it."""
    return replace(result, path=None, attribution=None, agreement=None, randomised_model=None, missing={})


@dataclass(frozen=True, eq=False)
class Work:
    """The three parts of a run. Each begins with a result, and does only what that lacks.

    Parameters
    ----------
    clf
        The explained classifier.
    maker
        Generates and explains images.
    phases
        Number of phases of the transition.
    """

    clf: Classifier
    maker: PathMaker
    phases: int

    def updates(
        self, result: TransitionResult, *, search: LatentSearch, total: int, trust: bool, seed: int
    ) -> Steps[Update[TransitionResult], None, None]:
        """Yield the result after each piece of work, and at last the whole.

        Parameters
        ----------
        result
            The result to begin with.
        search, total
            The search, and its largest number of updates.
        trust, seed
            True to take the measures of trust, and the seed of the randomised model.
        """
        found = self._with_image_maps(result)
        for searched, fraction in self._searched(found, search, total):
            found = searched
            yield Update(_SEARCHED * fraction, found, "searching")
        if found.path is None:
            for painted, fraction in self.painted(found, found.best_ends):
                found = painted
                yield Update(_SEARCHED + (_PAINTED - _SEARCHED) * fraction, found, PAINTING)
        found = self._attributed(found)
        if trust and found.attribution is not None:
            for measure, steps_of in _MEASURES.items():
                attempt = Attempt(steps_of(self, found, seed))
                for measured in attempt:
                    found = measured
                    yield Update(_PAINTED, found, "measuring how far to trust it")
                if attempt.error is not None:
                    found = found.without(measure, attempt.error)
        yield Update(1.0, found, "")

    def painted(
        self, result: TransitionResult, ends: tuple[int, int]
    ) -> Iterator[tuple[TransitionResult, float]]:
        """Yield the result with its transition, coarse at first, and the share of it that is done."""
        for fraction, path in self.maker.paths(result.candidates.ends(*ends), ends, self.phases):
            result = result if path is None else replace(result, path=path)
            yield result, fraction
            result = self._attributed(result)  # takes longer than the coarse path, which is shown before it

    def _searched(
        self, result: TransitionResult, search: LatentSearch, total: int
    ) -> Iterator[tuple[TransitionResult, float]]:
        """Yield the candidates during the search, and the share of it that is done."""
        for walk in search.walks(result.walk, total):
            if walk.update == 0:
                result = replace(result, first=walk.cosine)
            result = replace(without_path(result), walk=walk, searched=False)
            if walk.update in _SHOWN_FIRST or walk.update % _SHOWN_EVERY == 0:
                result = self._look(result)
            yield result, _fraction(walk, total, search.patience)
        if not result.searched:
            yield self._look_at_all(result), 1.0

    def _look(self, result: TransitionResult) -> TransitionResult:
        """Generate, classify and explain the candidates that improved; explain only those that are shown."""
        found, walk = result.candidates, result.walk
        changed = (walk.best != found.latents).any(dim=1) | (found.probabilities.sum(dim=1) == 0)
        result = self._classified(result, changed)
        maps = result.candidates.maps
        if maps is None:
            return result
        rows = (result.row(index)[:_ROW] for index in (result.wrong, result.target))
        shown = torch.zeros(len(maps), dtype=torch.bool)
        shown[[place for row in (*rows, result.best_ends) for place in row]] = True
        return self._explained(result, shown & (maps == 0).flatten(1).all(dim=1))

    def _look_at_all(self, result: TransitionResult) -> TransitionResult:
        """Generate, classify and explain every candidate, whatever was there before.

        The last digits of a network's output depend on what else is in the batch. All candidates in their
        order therefore give the same numbers whether or not, and where, the search was interrupted.
        """
        every = torch.ones(len(result.walk.best), dtype=torch.bool)
        return replace(self._explained(self._classified(result, every), every), searched=True)

    def _classified(self, result: TransitionResult, which: Tensor) -> TransitionResult:
        found, walk = result.candidates, result.walk
        images, probabilities = found.images.clone(), found.probabilities.clone()
        maps = None if found.maps is None else found.maps.masked_fill(which[:, None, None], 0)
        if bool(which.any()):
            painted = self.maker.paint(walk.best[which], found.vectors[which])
            images[which] = as_bytes(painted)
            probabilities[which] = finite_or_nan(self.clf, painted).nan_to_num(0)
        now = replace(
            found,
            latents=walk.best,
            cosine=walk.cosine.clamp_min(-1),  # -inf where no place had an answer
            updates=walk.updates,
            images=images,
            probabilities=probabilities,
            maps=maps,
        )
        return replace(result, candidates=now)

    def _explained(self, result: TransitionResult, which: Tensor) -> TransitionResult:
        found = result.candidates
        which = which & (found.predicted >= 0)
        if found.maps is None or not bool(which.any()):
            return result
        new = self.maker.maps(found.images[which].float() / 255, found.predicted[which].tolist())
        assert new is not None  # noqa: S101 - there are maps
        maps = found.maps.clone()
        maps[which] = new
        return replace(result, candidates=replace(found, maps=maps))

    def _with_image_maps(self, result: TransitionResult) -> TransitionResult:
        if self.maker.method is None or result.image_maps is not None:
            return result
        image = result.image[None].expand(2, -1, -1, -1)
        return replace(result, image_maps=self.maker.maps(image, [result.wrong, result.target]))

    def _attributed(self, result: TransitionResult) -> TransitionResult:
        if result.path is None or result.attribution is not None or not self.clf.has_module:
            return result
        images = self._along(result, result.path.ends)
        return replace(result, attribution=attribute_path(self.clf, images, result.wrong, result.target))

    def _agreeing(self, result: TransitionResult, seed: int) -> Iterator[TransitionResult]:  # noqa: ARG002
        """Yield the result during and after the comparison of thirds of the starts, if not made yet."""
        starts = int(result.candidates.start.max()) + 1
        if result.agreement is None and starts >= _THIRDS:
            thirds = [range(third, starts, _THIRDS) for third in range(_THIRDS)]
            ends = tuple(result.ends_among(third) for third in thirds)
            shares = []
            for pair in ends:
                shares.append(self._share(self.clf, result, pair))
                yield result
            pairs = [rank_correlation(a.flatten(), b.flatten()) for a, b in combinations(shares, 2)]
            agreement = Agreement(ends, torch.stack(shares), float(np.mean(pairs)))
            yield replace(result, agreement=agreement)

    def _of_randomised(self, result: TransitionResult, seed: int) -> Iterator[TransitionResult]:
        """Yield the result with the attribution of a randomised copy of the model, if not made yet."""
        attribution, path = result.attribution, result.path
        if result.randomised_model is None and attribution is not None and path is not None:
            height, width = result.image.shape[1:]
            randomised = self.clf.randomised(seed, (height, width))
            share = self._share(randomised, result, path.ends)
            correlation = rank_correlation(attribution.share.flatten(), share.flatten())
            yield replace(result, randomised_model=RandomisedModel(share, correlation))

    def _share(self, clf: Classifier, result: TransitionResult, ends: tuple[int, int]) -> Tensor:
        return attribute_path(clf, self._along(result, ends), result.wrong, result.target).share

    def _along(self, result: TransitionResult, ends: tuple[int, int]) -> Tensor:
        """Generate the transition as images ``(n, 3, h, w)``, as many as the attribution is summed over."""
        along = torch.linspace(0, 1, _SUM)
        return self.maker.paint(*interpolated(result.candidates.ends(*ends), along, self.maker.interpolation))


_MEASURES = {"agreement of the starts": Work._agreeing, "randomised model": Work._of_randomised}  # noqa: SLF001


def _fraction(walk: Walk, total: int, patience: int | None) -> float:
    """Share of the search that is done; with patience, at least the share of candidates that ended."""
    ended = 0.0 if patience is None else float((walk.waited >= patience).float().mean())
    return min(1.0, max(walk.update / total, ended))
