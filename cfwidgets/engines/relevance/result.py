"""Relevance maps of one image by several methods, and how far to trust each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from cfwidgets.attribution import attribute
from cfwidgets.engines.base import ExplainerResult, Measure
from cfwidgets.engines.relevance.cells import cell_means, grid
from cfwidgets.engines.relevance.figure import drawn
from cfwidgets.engines.relevance.maps import LayerMap, RandomisedMap, RelevanceMap
from cfwidgets.engines.relevance.trust import caveats, measures
from cfwidgets.evaluation.deletion import Curve, Faithfulness, RandomCurve
from cfwidgets.evaluation.placed import PlacedMap, resampled
from cfwidgets.models.backends.base import ClassifierError
from cfwidgets.search.operators import seeded
from cfwidgets.text import cut

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from cfwidgets.models.classifier import Classifier

__all__ = ["RelevanceResult"]

_UNSIGNED = frozenset({"saliency"})  # methods that map the size of a derivative


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class RelevanceResult(ExplainerResult):
    """Relevance maps of one image by several methods.

    Attributes
    ----------
    settings, model, labels, prediction, fingerprints, seconds
        See `ExplainerResult`.
    image
        ``(3, H, W)`` float32 in [0, 1]: the image as the model sees it.
    target
        The explained class.
    against
        The class that the maps speak against, where they are of the difference of two outputs; else None.
    maps
        One a method, in the order of the settings; also of methods that refuse the network.
    layers
        Grad-CAM of several layers, from the image to the answer.
    evaluated
        Masks of the cells shown whose pictures the model evaluated, and their answers, NaN where it has none
        that is finite, as `cfwidgets.search.memo.Memo.state` gives them, for a run that resumes this one;
        None before the first.
    """

    schema: ClassVar[dict[str, str]] = {
        "image": "float32 (3, H, W) 0 1",
        "target": "0 inf",
        "against": "0 inf",
        "evaluated": "nan",
    }

    parts: ClassVar[tuple[type, ...]] = (
        RelevanceMap,
        RandomisedMap,
        LayerMap,
        Faithfulness,
        Curve,
        RandomCurve,
    )

    image: Tensor
    target: int
    against: int | None = None
    maps: tuple[RelevanceMap, ...] = ()
    layers: tuple[LayerMap, ...] = ()
    evaluated: dict[str, Tensor] | None = None

    def require_sound(self) -> None:
        """Raise ValueError where fields contradict each other."""
        super().require_sound()
        if self.against is not None and (self.against >= len(self.labels) or self.against == self.target):
            raise ValueError(f"against is class {self.against}, of {len(self.labels)} and beside the target")
        pixels = [found.pixels for found in self.maps]
        pixels += [one.pixels for one in self.layers]
        pixels += [one.pixels for found in self.maps for one in found.randomised]
        if any(one is not None and one.shape != self.image.shape[1:] for one in pixels):
            raise ValueError("a map is not of the size of the image")

    @property
    def label(self) -> str:
        """The name of the explained class."""
        return self.labels[self.target]

    @property
    def cells(self) -> Tensor:
        """``(H, W)`` int32: the cells of the grid that deletion and insertion hide, 0 to n - 1."""
        return grid(self.image.shape[1], self.image.shape[2], int(self.settings["cells"]))

    @property
    def evaluations(self) -> int:
        """Number of pictures with hidden cells that the model evaluated."""
        return 0 if self.evaluated is None else len(self.evaluated["scores"])

    @property
    def invalid(self) -> int:
        """Number of these to which it has no finite answer."""
        return 0 if self.evaluated is None else int(self.evaluated["scores"].isnan().sum())

    @property
    def found(self) -> tuple[RelevanceMap, ...]:
        """The entries of ``maps`` that have a map."""
        return tuple(one for one in self.maps if one.pixels is not None)

    @property
    def explained(self) -> Tensor:
        """See `ExplainerResult.explained`."""
        return self.image

    @property
    def about(self) -> tuple[int, ...]:
        """See `ExplainerResult.about`."""
        return (self.target,) if self.against is None else (self.target, self.against)

    def placed(self, size: tuple[int, int]) -> dict[str, PlacedMap]:
        """See `ExplainerResult.placed`: the map of each method, under its name, if it is finite."""
        return {
            found.method: PlacedMap(
                resampled(found.pixels, size),
                signed=found.method not in _UNSIGNED,
                randomised=tuple(resampled(one.pixels, size) for one in found.randomised if one.share == 1),
            )
            for found in self.maps
            if found.pixels is not None and found.finite
        }

    def randomised_maps(self, copy: Classifier, size: tuple[int, int]) -> dict[str, Tensor]:
        """See `ExplainerResult.randomised_maps`: the maps of the same methods."""
        found = {}
        for method in self.placed(size):
            options = self.settings["options"].get(method, {})
            try:
                maps = attribute(
                    copy, self.image[None], self.target, method, against=self.against, **options
                ).maps
            except ClassifierError:
                continue
            found[method] = resampled(maps[0], size)
        return found

    def map_of(self, method: str) -> RelevanceMap:
        """Return the entry of a method.

        Raises
        ------
        ValueError
            There is none.
        """
        for one in self.maps:
            if one.method == method:
                return one
        there = ", ".join(repr(one.method) for one in self.maps)
        raise ValueError(f"there is no map by {method!r}; there are {there or 'none yet'}")

    def order(self, method: str) -> Tensor:
        """``(n,)`` int64: the cells by the mean of a method's map, the most relevant first, equals by lot.

        The lot is drawn with the seed: the place among equals means nothing.

        Raises
        ------
        ValueError
            The method has no map.
        """
        found = self.map_of(method)
        if found.pixels is None:
            raise ValueError(f"{method} has no map: {found.refusal}")
        means = cell_means(found.pixels, self.cells)
        lot = torch.randperm(len(means), generator=seeded(int(self.settings["seed"])))
        return torch.from_numpy(np.lexsort((lot.numpy(), -means.numpy())))

    def to_frame(self, segments: ArrayLike | Tensor | None = None) -> pd.DataFrame:
        """Average the maps over parts of the image: one row a part.

        Columns: ``part``, ``row`` and ``column`` (its centre, in pixels), ``share`` (of the image's area),
        and for each method that has a map the mean relevance of its pixels, under the method's name.

        Parameters
        ----------
        segments
            ``(H, W)`` integers: superpixels, such as the ``segments`` of a `SuperpixelResult`, which are
            numbered in the order of their labels. None: the cells of the grid.

        Raises
        ------
        ValueError
            Segments of another size, or that are no integers.
        """
        labels = self.cells if segments is None else _numbered(segments, self.image.shape[1:])
        rows, columns = torch.meshgrid(*(torch.arange(side) for side in labels.shape), indexing="ij")
        means = {
            found.method: cell_means(found.pixels, labels).numpy()
            for found in self.maps
            if found.pixels is not None
        }
        share = torch.bincount(labels.flatten().long()).double() / labels.numel()
        return pd.DataFrame(
            {
                "part": np.arange(len(share)),
                "row": cell_means(rows, labels).numpy(),
                "column": cell_means(columns, labels).numpy(),
                "share": share.numpy(),
                **means,
            }
        )

    def summary(self) -> str:
        """Say the finding in one sentence of plain text."""
        rather = "" if self.against is None else f" rather than {self.labels[self.against]}"
        subject = f"{self.label}{rather} (probability {float(self.prediction[self.target]):.3f})"
        if not self.maps:
            return f"{subject}: no relevance map yet, for {self.model}."
        refused = [one.method for one in self.maps if one.refusal]
        parts = []
        if self.found:
            parts.append(f"relevance by {_listed([one.method for one in self.found])}")
        if refused:
            parts.append(f"{_listed(refused)} refuse{'s' if len(refused) == 1 else ''} the network")
        return f"{subject}: {'; '.join(parts)} ({self.seconds:.1f} s)."

    def plot(self) -> Figure:
        """Draw the image and the map of each method, each with a colour scale of its own.

        Raises
        ------
        ValueError
            There is no map yet.
        """
        rather = "" if self.against is None else f" rather than {cut(self.labels[self.against], 24)}"
        title = f"{cut(self.model, 36)}: {cut(self.label, 24)}{rather}"
        return drawn(title, self.image, float(self.prediction[self.target]), self.maps)

    def measures(self) -> list[Measure]:
        """See `ExplainerResult.measures`."""
        rows = [row for found in self.found for row in measures(found)]
        return rows + self.unanswered(self.invalid, self.evaluations)

    @property
    def own_caveats(self) -> tuple[str, ...]:
        """See `ExplainerResult.own_caveats`."""
        rows = list(self.hardly_predicted(self.target))
        if self.maps and not self.found:
            rows.append("No method explains this network: each gives its reason in `maps`.")
        return (*rows, *(row for found in self.found for row in caveats(found)))


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _numbered(segments: ArrayLike | Tensor, size: tuple[int, ...]) -> Tensor:
    labels = np.asarray(segments)
    if labels.shape != tuple(size) or labels.dtype.kind not in "iu":
        raise ValueError(
            f"segments must be whole numbers of shape {tuple(size)}, the image's; got {labels.dtype} of "
            f"shape {labels.shape}"
        )
    return torch.from_numpy(np.unique(labels, return_inverse=True)[1].reshape(labels.shape))
