"""The chart of models under noise or attack, in bqplot, linked in the browser: the paper's figure 3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bqplot as bq
import ipywidgets as w
import numpy as np

from cfwidgets.widgets.chart_parts import BLUE, GREY, ORANGE, close_figure
from cfwidgets.widgets.translation.frames import framed, name, names_of
from cfwidgets.widgets.translation.strongest import STRONGEST

if TYPE_CHECKING:
    from cfwidgets.widgets.translation.view import TranslationView

_WORDS = {"noise": "deviation of the noise", "pgd": "step of the attack"}


class StressChart:
    """Accuracy of classifier and second classifier, and the mean doubt, over the strength of a disturbance.

    Parameters
    ----------
    view
        The view, whose result has the curves. Its ``strength`` moves the chart's line in the browser.
    """

    def __init__(self, view: TranslationView) -> None:
        self._view = view
        self._across, up = bq.LinearScale(min=0, max=1), bq.LinearScale(min=0, max=1.3)
        scales = {"x": self._across, "y": up}
        nothing: dict[str, Any] = {"x": [0.0], "y": [-1.0], "scales": scales}
        self._lines = [
            bq.Lines(**nothing, colors=[BLUE], stroke_width=2),
            bq.Lines(**nothing, colors=[ORANGE], stroke_width=2, line_style="dotted"),
            bq.Lines(**nothing, colors=[GREY], stroke_width=2, line_style="dashed"),
        ]
        cursor = bq.Lines(x=[0.0, 0.0], y=[0.0, 1.0], scales=scales, colors=[GREY], stroke_width=1)
        self._names = names_of(scales)
        self.figure = framed([*self._lines, cursor, self._names], self._across, up, "", ".2f")
        self._link = w.jsdlink((view, "strength"), (cursor, "x"))

    def close(self) -> None:
        """Free the chart and its link."""
        close_figure(self.figure, self._link)

    def draw(self) -> None:
        """Draw the view as it is now."""
        result = self._view.result
        kinds = [self._view.curves, *self._view.measured]
        kind = next((one for one in kinds if one in self._view.measured), None)
        if result is None or kind is None:
            return
        curve = result.stress[kind]
        levels = curve.levels.numpy()
        second = curve.judges.index("second") if "second" in curve.judges else None
        values = (
            curve.accuracy[:, 0],
            None if second is None else curve.accuracy[:, second],
            None if curve.fakeness is None else curve.fakeness.mean(1),
        )
        for line, value in zip(self._lines, values, strict=True):
            with line.hold_sync():
                line.x = levels
                line.y = np.full(len(levels), -1.0) if value is None else value.numpy()
        self._across.max = STRONGEST[kind]
        below = self.figure.axes[0]
        below.label, below.tick_values = _WORDS[kind], np.linspace(0, STRONGEST[kind], 6)
        shown = [
            f"accuracy of {result.model}, {len(curve.places):,} images",
            "" if second is None else f"accuracy of {result.second}",
            "" if curve.fakeness is None else "mean doubt",
        ]
        name(self._names, shown)
