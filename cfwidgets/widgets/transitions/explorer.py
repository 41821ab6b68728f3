"""The explorer: the view, and beside it the chart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cfwidgets.engines.transitions.engine import Transitions
from cfwidgets.models.classifier import Classifier
from cfwidgets.widgets.explorer import Explorer
from cfwidgets.widgets.transitions.chart import TransitionChart
from cfwidgets.widgets.transitions.view import TransitionView

if TYPE_CHECKING:
    from cfwidgets.engines.transitions.result import TransitionResult
    from cfwidgets.images import ImageLike
    from cfwidgets.models.generator import Generator


class TransitionExplorer(Explorer):
    """Why was it misread? The transition view, and beside it the confidence of both classes.

    Parameters
    ----------
    clf, generator, image, wrong, correct, engine, feature_model, result
        See `TransitionView`.

    Attributes
    ----------
    view
        The `TransitionView`.
    chart
        The bqplot figure.

    Examples
    --------
    >>> from cfwidgets import zoo
    >>> from cfwidgets.data import digits
    >>> from cfwidgets.networks import BigGAN
    >>> clf = zoo.classifier("digits", device="cpu")
    >>> generator = BigGAN(size=32, classes=10, channels=2, latent_size=8).eval()
    >>> quick = Transitions(starts=2, updates=2, phases=5, trust=False)
    >>> explorer = TransitionExplorer(clf, generator, digits("test").images[473], correct="4", engine=quick)
    >>> explorer.run.result().wrong_label
    '9'
    >>> explorer.close()
    """

    def __init__(
        self,
        clf: Classifier,
        generator: Generator,
        image: ImageLike | None = None,
        wrong: int | str | None = None,
        correct: int | str | None = None,
        engine: Transitions | None = None,
        *,
        feature_model: Classifier | None = None,
        result: TransitionResult | None = None,
    ) -> None:
        view = TransitionView(
            clf, generator, image, wrong, correct, engine, feature_model=feature_model, result=result
        )
        super().__init__(view, TransitionChart(view), "760px")

    @property
    def phase(self) -> int:
        """The phase that is looked at, 0 to the last. It can be set."""
        phase: int = self.view.phase
        return phase

    @phase.setter
    def phase(self, phase: int) -> None:
        self.view.phase = phase

    @property
    def flip_phase(self) -> int | None:
        """The first phase at which the right class is likelier than the wrong one; None if there is none."""
        return self.view.flip_phase
