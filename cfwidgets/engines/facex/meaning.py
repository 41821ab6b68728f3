"""Signs that a classifier goes by the surface of faces and not by what they show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from cfwidgets.engines.base import Measure
from cfwidgets.evaluation.overlap import rank_correlation
from cfwidgets.evaluation.superficial import colour_share, unsteadiness

__all__ = ["Meaning"]

# See tests/benchmarks/null_zoo.py for the networks that these were chosen on.
_FEWEST = 8  # faces of which a spread, or regions of which a correlation, says something
_OFTEN = 3  # faces that a region needs
_COLOUR = 0.3
_UNSTEADY = 1.0
_BY_SIZE = 0.9

_BY_COLOUR = (
    "Share of the variance of the log-odds that the mean colour of the faces predicts. Where it is large, "
    "the model tells bright or red pictures from others, and not faces."
)
_CHANGING = (
    "Change of the log-odds where faces are mirrored and where they have a little noise, as a part of their "
    "spread over the faces. Where it is large, the model does not go by what the faces show."
)
_BY_PIXELS = (
    "Rank correlation of the regions' effects with how much hiding them changes the pixels. Near 1, a region "
    "counts by how large and bright it is, and none by what it shows."
)


@dataclass(frozen=True, eq=False)
class Meaning:
    """Measurements of the sampled faces: see `cfwidgets.engines.facex.effect.Effects`.

    Attributes
    ----------
    effect, repainted
        ``(k, R)``.
    odds, colours
        ``(k, 3)`` each.
    """

    effect: Tensor
    repainted: Tensor
    odds: Tensor
    colours: Tensor

    @property
    def by_colour(self) -> float:
        """Share of the answers that the faces' mean colour predicts; NaN where there are too few."""
        there = self.odds.isfinite().all(1)
        return colour_share(self.colours[there], self.odds[there, 0])

    @property
    def unsteady(self) -> float:
        """Change of the answers to mirrored and noisy faces; NaN where there are too few."""
        odds = self.odds[self.odds.isfinite().all(1)]
        return np.nan if len(odds) < _FEWEST else unsteadiness(odds[:, 0], odds[:, 1:])

    @property
    def by_size(self) -> float:
        """Rank correlation of effects and changed pixels; NaN where too few regions were hidden."""
        often = (~self.effect.isnan()).sum(0) >= _OFTEN
        if int(often.sum()) < _FEWEST:
            return np.nan
        return rank_correlation(self.effect[:, often].abs().nanmean(0), self.repainted[:, often].nanmean(0))

    def measures(self) -> list[Measure]:
        """Return the measures that could be taken, a row each."""
        rows = (
            ("answers by colour", self.by_colour, "should be near 0", _BY_COLOUR, _COLOUR),
            ("change by mirror and noise", self.unsteady, "should be near 0", _CHANGING, _UNSTEADY),
            ("effects by pixels changed", self.by_size, "should not be near 1", _BY_PIXELS, _BY_SIZE),
        )
        return [
            Measure(name, value, against, np.nan, meaning, value < limit)
            for name, value, against, meaning, limit in rows
            if not np.isnan(value)
        ]

    def caveats(self) -> list[str]:
        """Say which of the signs are there. A comparison with NaN is false."""
        rows = []
        if self.by_colour >= _COLOUR:
            rows.append(
                f"The mean colour of a face predicts {100 * self.by_colour:.0f} % of the answers: the model "
                "goes by colour more than by what the faces show."
            )
        if self.unsteady >= _UNSTEADY:
            rows.append(
                "Where faces are mirrored, or have a little noise, the answers change as much as from face "
                "to face: the model does not go by what the faces show."
            )
        if self.by_size >= _BY_SIZE:
            rows.append(
                "The regions count by how much hiding them changes the pixels: none counts by what it shows."
            )
        return rows
