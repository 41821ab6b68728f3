"""A training to watch: the view, and beside it charts of the losses."""

from __future__ import annotations

from cfwidgets.widgets.explorer import Explorer, made_of
from cfwidgets.widgets.training.chart import LossCharts
from cfwidgets.widgets.training.view import TrainingView

__all__ = ["TrainingProgress"]


class TrainingProgress(Explorer[TrainingView]):
    """Run a training in the background, and watch it: samples and losses, and a button to stop and resume it.

    Parameters
    ----------
    steps, checkpoint
        See `TrainingView`.

    Attributes
    ----------
    result
        The networks as far as they are trained, to ``save(path)``.
    run
        The `Run` of the training: ``run.result()`` waits for its end.
    view, chart
        The `TrainingView`, and a box of bqplot figures, one a loss; empty before the first drawing.

    Methods
    -------
    stop, resume
        Stop the training, and keep what was learnt; resume it.
    close
        Stop, free everything, and take it off the page.

    Examples
    --------
    >>> import torch
    >>> from cfwidgets.training.attgan import AttGANTraining
    >>> faces, attributes = torch.rand(20, 3, 32, 32), torch.rand(20, 2) > 0.5
    >>> training = AttGANTraining(updates=2, batch_size=4, dim=4, layers=3, hidden=8, report_every=1)
    >>> progress = TrainingProgress(training.steps(faces, attributes, ("Bald", "Young")))
    >>> progress.run.result().step
    2
    >>> progress.close()
    """

    chart_type = LossCharts
    widest = "960px"
    flex = "1 1 720px"  # a sheet is wide

    __init__ = made_of(TrainingView)
