"""Entries of a relevance result: the map of a method, of a layer, of a randomised model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from cfwidgets.brief import brief
from cfwidgets.evaluation.deletion import Faithfulness

__all__ = ["LayerMap", "RandomisedMap", "RelevanceMap"]


@dataclass(frozen=True, eq=False)
class RandomisedMap:
    """The map of a copy of the model of which some layers have random weights (Adebayo et al. 2018).

    Attributes
    ----------
    layer
        The lowest of those layers, which are all from the last one on; empty where all weights are random.
    share
        Share of the layers with weights that are random, 0 to 1.
    pixels
        ``(H, W)`` float32: the map.
    correlation
        Spearman's rank correlation of its pixels with those of the trained model's map.
    """

    __repr__ = brief

    schema: ClassVar[dict[str, str]] = {
        "share": "0 1",
        "pixels": "float32 (H, W)",
        "correlation": "-1 1",
    }

    layer: str
    share: float
    pixels: Tensor
    correlation: float


@dataclass(frozen=True, eq=False)
class RelevanceMap:
    """The map of one method, or the reason why there is none.

    Attributes
    ----------
    method
        A name in `cfwidgets.attribution.METHODS`.
    pixels
        ``(H, W)`` float32, signed: above 0 speaks for the class, below against it, in logits (``saliency``:
        the size of the derivative; ``grad_cam``: at least 0). None where the method refuses the network.
    refusal
        The reason for that in words; empty where there is a map.
    layer
        The layer that Grad-CAM read; empty for the other methods.
    note
        A limit of the map in words; empty where there is none.
    exact
        False where a second class was given, and this is the difference of two maps and no map of the
        difference: the method is not linear in the output.
    convergence_delta
        Completeness error: the sum of the map minus the sum that the method promises; None where it promises
        none.
    faithfulness
        Deletion and insertion of the grid's cells, the most relevant first; None before they were measured,
        and for a constant map.
    randomised
        Maps of the randomisation check, from the last layer alone to the whole network; empty where the
        method is not checked.
    seconds
        Time that the map took.
    """

    __repr__ = brief

    schema: ClassVar[dict[str, str]] = {"pixels": "float32 (H, W)", "seconds": "0 inf"}

    method: str
    pixels: Tensor | None = None
    refusal: str = ""
    layer: str = ""
    note: str = ""
    exact: bool = True
    convergence_delta: float | None = None
    faithfulness: Faithfulness | None = None
    randomised: tuple[RandomisedMap, ...] = ()
    seconds: float = 0.0

    @property
    def finite(self) -> bool:
        """False where a value is NaN or infinite."""
        return self.pixels is None or bool(self.pixels.isfinite().all())

    @property
    def constant(self) -> bool:
        """True where all pixels have one value."""
        return self.pixels is not None and bool((self.pixels == self.pixels[0, 0]).all())

    @property
    def completeness_error(self) -> float | None:
        """Share of the promised sum by which the sum of the map differs from it; None where none is promised.

        A promised sum that is next to nothing beside the values is taken as a thousandth of their size.
        """
        if self.pixels is None or self.convergence_delta is None:
            return None
        promised = float(self.pixels.double().sum()) - self.convergence_delta
        least = 1e-3 * float(self.pixels.double().abs().sum())
        return abs(self.convergence_delta) / max(abs(promised), least, 1e-12)


@dataclass(frozen=True, eq=False)
class LayerMap:
    """The Grad-CAM of one layer.

    Attributes
    ----------
    layer
        The layer's name.
    after
        Share of the layers with weights that run after it, 0 to 1.
    pixels
        ``(H, W)`` float32; None where Grad-CAM refuses the layer.
    refusal
        The reason for that in words.
    """

    __repr__ = brief

    schema: ClassVar[dict[str, str]] = {"after": "0 1", "pixels": "float32 (H, W)"}

    layer: str
    after: float
    pixels: Tensor | None = None
    refusal: str = ""
