"""The explorer of transitions: the view, and beside it a chart of both probabilities."""

from __future__ import annotations

from cfwidgets.widgets.explorer import Explorer, made_of
from cfwidgets.widgets.transitions.chart import TransitionChart
from cfwidgets.widgets.transitions.view import TransitionView


class TransitionExplorer(Explorer[TransitionView]):
    """Why was it misclassified? The transition view, and beside it the probabilities of both classes.

    As the last line of a cell it shows itself, and fills in while the search runs. Scrub through the
    transition from the wrong class to the right one; click two of the generated look-alikes to make them its
    ends; choose another class as the right one.

    Parameters
    ----------
    clf, generator, image, target, wrong, feature_model, engine, result, checkpoint
        See `TransitionView`.

    Attributes
    ----------
    target, phase
        The class that the image really has, and the phase of the transition that is shown. They can be set.
    flip_phase
        The first phase at which the right class is the likelier one.
    result
        What is found so far, a `TransitionResult`, to ``plot()``, ``save(path)`` and ``trust()``.
    run
        The `Run` of the search: ``run.result()`` waits for its end.
    view, chart
        The `TransitionView`, and the bqplot figure.

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
    >>> from cfwidgets import Transitions, zoo
    >>> from cfwidgets.data import digits
    >>> from cfwidgets.networks import BigGAN
    >>> clf = zoo.classifier("digits", device="cpu")
    >>> generator = BigGAN(size=32, classes=10, channels=2, latent_size=8).eval()
    >>> quick = Transitions(starts=2, updates=2, phases=5, trust=False)
    >>> explorer = TransitionExplorer(clf, generator, digits("test").images[473], "4", engine=quick)
    >>> explorer.run.result().wrong_label
    '9'
    >>> explorer.close()
    """

    chart_type = TransitionChart
    widest = "760px"

    __init__ = made_of(TransitionView)

    @property
    def target(self) -> int:
        """The class that the image really has; it can be set, to an index or a label."""
        return self.view.target

    @target.setter
    def target(self, target: int | str) -> None:
        self.view.target = target

    @property
    def phase(self) -> int:
        """The phase shown, 0 (the end of the wrong class) to the last. It can be set."""
        return self.view.phase

    @phase.setter
    def phase(self, phase: int) -> None:
        self.view.phase = phase

    @property
    def flip_phase(self) -> int | None:
        """The first phase at which the target is likelier than the wrong class; None if there is none."""
        return self.view.flip_phase
