"""The explorer of superpixels: the view, and beside it a chart of the search."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cfwidgets.widgets.explorer import Explorer, made_of
from cfwidgets.widgets.superpixels.chart import SearchChart
from cfwidgets.widgets.superpixels.view import SuperpixelView

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import ArrayLike
    from torch import Tensor


class SuperpixelExplorer(Explorer[SuperpixelView]):
    """The superpixels that carry a prediction: the superpixel view, and beside it a chart of the search.

    As the last line of a cell it shows itself, and fills in while the search runs. Click superpixels to hide
    or show them and read the model's answer; choose another class to explain; walk through the generations of
    the search, in the view or in the chart.

    Parameters
    ----------
    clf, image, target, segments, engine, result, checkpoint
        See `SuperpixelView`.

    Attributes
    ----------
    mask
        The superpixels that are shown. It can be set.
    probabilities
        The model's answer to the image that is shown: a table.
    result
        What is found so far, a `SuperpixelResult`, to ``plot()``, ``save(path)`` and ``trust()``.
    run
        The `Run` of the search: ``run.result()`` waits for its end.
    view, chart
        The `SuperpixelView`, and the bqplot figure.

    Methods
    -------
    stop, resume
        Stop the search, and keep what was found; resume it.
    export
        Write one HTML file that plays from disk, and answers where the network can travel in it.
    save
        Write a file that `cfwidgets.open` brings back, with what was clicked.
    close
        Stop, free everything, and take it off the page.

    Examples
    --------
    >>> import torch
    >>> from cfwidgets import Classifier, ELime
    >>> clf = Classifier(lambda x: torch.stack([1 - x.mean((1, 2, 3)), x.mean((1, 2, 3))], 1))
    >>> picture = torch.linspace(0, 1, 32).repeat(3, 32, 1)
    >>> engine = ELime(segments=9, generations=2, trust=False)
    >>> explorer = SuperpixelExplorer(clf, picture, 1, engine=engine)
    >>> explorer.run.result().label
    'class 1'
    >>> explorer.close()
    """

    chart_type = SearchChart
    widest = "680px"

    __init__ = made_of(SuperpixelView)

    @property
    def mask(self) -> np.ndarray:
        """``(n,)`` bool: the superpixels that are shown. It can be set."""
        return self.view.mask

    @mask.setter
    def mask(self, mask: ArrayLike | Tensor) -> None:
        self.view.mask = mask

    @property
    def probabilities(self) -> pd.DataFrame:
        """The model's answer to the image that is shown, likeliest class first."""
        return self.view.probabilities
