"""The explorer: the view, and beside it the chart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cfwidgets.engines.superpixels.base import SuperpixelEngine
from cfwidgets.models.classifier import Classifier
from cfwidgets.widgets.explorer import Explorer
from cfwidgets.widgets.superpixels.chart import SearchChart
from cfwidgets.widgets.superpixels.view import SuperpixelView

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from torch import Tensor

    from cfwidgets.engines.superpixels.result import SuperpixelResult
    from cfwidgets.images import ImageLike


class SuperpixelExplorer(Explorer):
    """Which superpixels carry the prediction? The superpixel view, and beside it a chart of the search.

    Parameters
    ----------
    clf, image, target, engine, segments, result
        See `SuperpixelView`.

    Attributes
    ----------
    view
        The `SuperpixelView`.
    chart
        The bqplot figure.

    Examples
    --------
    >>> import torch
    >>> from cfwidgets import Classifier
    >>> clf = Classifier(lambda x: torch.stack([1 - x.mean((1, 2, 3)), x.mean((1, 2, 3))], 1))
    >>> picture = torch.linspace(0, 1, 32).repeat(3, 32, 1)
    >>> explorer = SuperpixelExplorer(clf, picture, 1, ELime(segments=9, generations=2, trust=False))
    >>> explorer.run.result().label
    'class 1'
    >>> explorer.close()
    """

    def __init__(
        self,
        clf: Classifier,
        image: ImageLike | None = None,
        target: int | str | None = None,
        engine: SuperpixelEngine | None = None,
        *,
        segments: Tensor | ArrayLike | None = None,
        result: SuperpixelResult | None = None,
    ) -> None:
        view = SuperpixelView(clf, image, target, engine, segments=segments, result=result)
        super().__init__(view, SearchChart(view), "680px")

    @property
    def mask(self) -> np.ndarray:
        """``(n,)`` bool: the superpixels that are shown. It can be set."""
        return self.view.mask

    @mask.setter
    def mask(self, mask: ArrayLike | Tensor) -> None:
        self.view.mask = mask

    @property
    def probabilities(self) -> pd.DataFrame:
        """What the model says of the picture that is shown, likeliest first."""
        return self.view.probabilities
