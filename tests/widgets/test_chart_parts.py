"""The marks of charts."""

from __future__ import annotations

import bqplot as bq
import numpy as np
import pytest

from cfwidgets.widgets.chart_parts import Bars, Points, close_figure


@pytest.mark.parametrize("kind", [Bars, Points])
def test_the_kernel_sends_no_selection_back(kind, monkeypatch):
    # It would come late, and the page would take it for a click.
    marks = kind(scales={"x": bq.LinearScale(), "y": bq.LinearScale()}, x=[0, 1], y=[0, 1])
    sent = []
    monkeypatch.setattr(marks, "_send", lambda message, buffers=None: sent.append(message))
    marks.set_state(
        {"selected": {"value": memoryview(np.array([1], np.uint32)), "dtype": "uint32", "shape": [1]}}
    )
    assert sent == []
    marks.set_state({"colors": ["red"]})
    assert [message["state"] for message in sent] == [{"colors": ["red"]}]
    close_figure(bq.Figure(marks=[marks], scale_x=bq.LinearScale(), scale_y=bq.LinearScale()))
    for scale in marks.scales.values():
        scale.close()
