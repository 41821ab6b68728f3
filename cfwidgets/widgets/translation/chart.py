"""The charts beside the view, in bqplot, linked in the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import bqplot as bq
import ipywidgets as w
import numpy as np

from cfwidgets.evaluation.segmentation import BINS, segmentation_curve
from cfwidgets.widgets.chart_parts import BLUE, GREY, ORANGE, close_figure, show
from cfwidgets.widgets.translation.frames import framed, name, names_of
from cfwidgets.widgets.translation.stress_chart import StressChart

if TYPE_CHECKING:
    from cfwidgets.widgets.translation.view import TranslationView

_EVERY = 4  # thresholds: a chart of 256 pixels shows no more
THRESHOLDS = np.arange(0, BINS, _EVERY) / BINS
"""Where the curves that the view draws are evaluated."""
_OUTSIDE = np.full(len(THRESHOLDS), -1.0)  # below the axes, where nothing is drawn


class TranslationChart:
    """The overlap of masks over the threshold, and below it, once measured, the models under stress.

    Parameters
    ----------
    view
        The view.
    """

    drawn_from: ClassVar[tuple[str, ...]] = ("entries", "measured", "curves")

    def __init__(self, view: TranslationView) -> None:
        self._view = view
        self._overlap, self._stress = OverlapChart(view), StressChart(view)
        self.figure = w.VBox([self._overlap.figure], layout=w.Layout(margin="44px 0 0 0"))

    def close(self) -> None:
        """Free the charts and their links."""
        self._overlap.close()
        self._stress.close()
        self.figure.layout.close()
        self.figure.close()

    def draw(self) -> None:
        """Draw the view as it is now."""
        self._overlap.draw()
        self._stress.draw()
        figures = [self._overlap.figure, *([self._stress.figure] if self._view.measured else [])]
        if len(figures) != len(self.figure.children):
            self.figure.children = figures


class OverlapChart:
    """Curves over the threshold of the mask: IoU of the image shown and mean of the set, and share of area.

    Parameters
    ----------
    view
        The view. Its ``cursor``, and of the image shown its ``curve`` and ``area``, move the chart's lines in
        the browser, without the kernel.
    """

    def __init__(self, view: TranslationView) -> None:
        self._view = view
        # Above 1 stand the names of the curves.
        across, up = bq.LinearScale(min=0, max=1), bq.LinearScale(min=0, max=1.3)
        scales = {"x": across, "y": up}
        self._mean = bq.Lines(x=THRESHOLDS, y=_OUTSIDE, scales=scales, colors=[ORANGE], stroke_width=2)
        self._mean.line_style = "dotted"
        own = bq.Lines(x=THRESHOLDS, y=_OUTSIDE, scales=scales, colors=[BLUE], stroke_width=2)
        area = bq.Lines(x=THRESHOLDS, y=_OUTSIDE, scales=scales, colors=[GREY], stroke_width=1.5)
        cursor = bq.Lines(x=list(view.cursor), y=[0.0, 1.0], scales=scales, colors=[GREY], stroke_width=1)
        self._names = names_of(scales)
        self.figure = framed([area, self._mean, own, cursor, self._names], across, up, "threshold", ".2f")
        links = (("cursor", cursor, "x"), ("curve", own, "y"), ("area", area, "y"))
        self._links = [w.jsdlink((view, name), (mark, axis)) for name, mark, axis in links]

    def close(self) -> None:
        """Free the chart and its links."""
        close_figure(self.figure, *self._links)

    def draw(self) -> None:
        """Draw the view as it is now."""
        result = self._view.result
        show(self.figure, bool(self._view.entries))
        if result is None or not self._view.entries:
            return
        names = ["", "", "share of the area of the image shown"]
        if result.true_masks is not None:
            truth = result.true_masks[: result.done]
            marked = truth.flatten(1).any(1)
            count = int(marked.sum())
            names[0] = "IoU of the image shown"
            if count:
                mean = segmentation_curve(result.masks[marked], truth[marked]).iou_of_images
                self._mean.y = mean.numpy()[::_EVERY]
                names[1] = f"mean IoU of {count:,} {'image' if count == 1 else 'images'} with a true mask"
        name(self._names, names)
