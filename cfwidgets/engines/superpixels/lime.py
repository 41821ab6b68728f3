"""LIME, the baseline for E-LIME: a linear model of the contribution of each superpixel."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch

from cfwidgets.checks import names_checked, positive_int
from cfwidgets.engines.superpixels.base import SuperpixelEngine
from cfwidgets.engines.superpixels.importance import flat, inert, scaled
from cfwidgets.environment import restored

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cfwidgets.engines.superpixels.result import SuperpixelResult
    from cfwidgets.search.memo import Memo

_CHUNK = 100
_ALL = 100_000  # LIME's default number of features, which makes it fit all of them at once


@names_checked
@dataclass(frozen=True)
class Lime(SuperpixelEngine):
    """Explain an image by a weighted linear model of random masks (LIME), with the ``lime`` package's fit.

    Needs the optional extra ``cfwidgets[lime]``. The masks are those that ``lime.lime_image`` draws from the
    same seed and the fit is its own (cosine distance, exponential kernel of width 0.25, ridge regression);
    images are composed on the device and evaluated in batches, which makes it several times faster than the
    package. With the same superpixels, fill and seed the weights are the package's (Ribeiro et al. 2016).

    Parameters
    ----------
    segments, compactness, sigma, fill, trust, seed
        See `SuperpixelEngine`. (LIME itself cuts by quickshift and fills with each superpixel's mean.)
    samples
        Masks to evaluate in all, LIME's default: a resumed run continues up to this number.
    shown
        Number of superpixels to select, those of the largest weights; None for all of positive weight.

    Examples
    --------
    >>> from cfwidgets import Classifier
    >>> def left_is_bright(images):
    ...     p = images[..., : images.shape[-1] // 2].mean((1, 2, 3))
    ...     return torch.stack([1 - p, p], 1)
    >>> clf = Classifier(left_is_bright, labels=["dark", "bright"])
    >>> picture = torch.linspace(0.2, 1, 32).repeat(3, 32, 1)
    >>> result = Lime(segments=16, samples=200, shown=4, trust=False).explain(clf, picture, "bright")
    >>> bool(result.mask[result.segments[16, 12]])
    True
    """

    samples: int = 1000
    shown: int | None = None

    method, activity = "LIME", "sampling"
    harmless = frozenset({"samples", "trust"})

    def __post_init__(self) -> None:
        super().__post_init__()
        positive_int("samples", self.samples, minimum=2)
        if self.shown is not None:
            positive_int("shown", self.shown)

    @property
    def work(self) -> int:
        """Hundreds of masks."""
        return -(-self.samples // _CHUNK)

    def done(self, result: SuperpixelResult) -> int:
        """Count the hundreds that a result holds."""
        return -(-result.sampled // _CHUNK)

    def reaching(self, result: SuperpixelResult) -> Self:
        """Give the same engine, with at least the samples of a result."""
        return replace(self, samples=max(self.samples, result.sampled))

    def longer(self, result: SuperpixelResult) -> Self:
        """Give the engine that evaluates as many masks again as this one was to evaluate."""
        return replace(self, samples=self.reaching(result).samples + self.samples)

    def find(
        self, score: Memo, exact: Memo, result: SuperpixelResult
    ) -> Iterator[tuple[SuperpixelResult, str]]:
        """Yield after each further hundred masks, and fit the weights to all of them."""
        if result.weights is not None and result.sampled >= self.samples:
            return
        explainer = _explainer(self.seed)
        # The draws of fewer samples are the first of those of more.
        drawn = explainer.random_state.randint(0, 2, self.samples * result.count)
        data = drawn.reshape(self.samples, result.count)
        data[0] = 1
        masks = torch.from_numpy(data.astype(bool))
        probabilities: list[float] = []
        for chunk in masks.split(_CHUNK):
            probabilities += score(chunk).tolist()  # a resumed run knows the first ones
            if result.sampled < len(probabilities) < self.samples:
                result = replace(result, sampled=len(probabilities), weights=None, fit=None)
                yield result, self.activity
        answers = np.array(probabilities)
        known = np.isfinite(answers)  # the first, of the whole picture, always is
        data, answers = data[known], answers[known]
        # LIME's distance, scipy's cosine, is 1 - sqrt(shown / n) for a mask of zeros and ones
        distances = 1 - np.sqrt(data.mean(1))
        _, pairs, fit, _ = explainer.base.explain_instance_with_data(
            data, answers[:, None], distances, 0, _ALL, explainer.feature_selection
        )
        weights = torch.zeros(result.count, dtype=torch.float64)
        for superpixel, weight in pairs:
            weights[superpixel] = weight
        mask = weights > 0
        if self.shown is not None:
            least = weights.topk(min(self.shown, result.count)).values[-1]
            mask = weights >= least
        still = inert(result.image, result.hidden, result.segments)
        if flat(torch.tensor(probabilities, dtype=torch.float64)):
            still[:] = True
        yield (
            replace(
                result,
                mask=mask,
                probability=float(exact(mask[None])[0]),
                importance=scaled(weights.masked_fill(still, 0)),
                sampled=self.samples,
                weights=weights,
                fit=float(fit),
            ),
            "fitting",
        )


def _explainer(seed: int) -> Any:
    try:
        with restored("KMP_DUPLICATE_LIB_OK", "KMP_INIT_AT_FORK"):  # scikit-learn sets them for OpenMP
            from lime.lime_image import LimeImageExplainer
    except ImportError as error:
        raise ImportError('Lime needs the lime package: pip install "cfwidgets[lime]"') from error
    return LimeImageExplainer(random_state=seed)
