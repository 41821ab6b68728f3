"""The explorer of the counterfactual translator: the view, and beside it curves over the threshold."""

from __future__ import annotations

from cfwidgets.widgets.explorer import Explorer, made_of
from cfwidgets.widgets.translation.chart import TranslationChart
from cfwidgets.widgets.translation.view import TranslationView


class TranslationExplorer(Explorer[TranslationView]):
    """Twins of images on the other side of a decision: the view, and beside it curves over the threshold.

    As the last line of a cell it shows itself, and fills in while the twins are painted. Wipe between an
    image and its twin; drag the threshold of the mask of what differs, in the view or in the chart; sort the
    images and walk through them; put noise or an attack on one.

    Parameters
    ----------
    clf, translator, images, target, truth, masks, engine, second, result, checkpoint
        See `TranslationView`.

    Attributes
    ----------
    chosen, threshold
        Place of the image that is shown, and the threshold of the mask. They can be set.
    result
        What is found so far, a `TranslationResult`, to ``plot()``, ``save(path)`` and ``trust()``.
    run
        The `Run` over the images: ``run.result()`` waits for its end.
    view, chart
        The `TranslationView`, and the bqplot figure.

    Methods
    -------
    stop, resume
        Stop the run, and keep what was found; resume it.
    export
        Write one HTML file that plays from disk, and answers where the network can travel in it.
    save
        Write a file that `cfwidgets.open` brings back, with what was clicked.
    close
        Stop, free everything, and take it off the page.

    Examples
    --------
    >>> import cfwidgets as cf
    >>> quick = cf.CounterfactualTranslator(variants=0, trust=False)
    >>> pair = cf.zoo.translator("concrete", device="cpu")
    >>> explorer = TranslationExplorer(*pair, cf.data.concrete(2, size=128), engine=quick)
    >>> explorer.run.result().done
    2
    >>> explorer.close()
    """

    chart_type = TranslationChart
    widest = "960px"

    __init__ = made_of(TranslationView)

    @property
    def chosen(self) -> int:
        """Place of the image that is shown, from 0. It can be set."""
        return self.view.chosen

    @chosen.setter
    def chosen(self, chosen: int) -> None:
        self.view.chosen = chosen

    @property
    def threshold(self) -> float:
        """Threshold of the difference mask, 0 to 255/256. It can be set."""
        return self.view.threshold

    @threshold.setter
    def threshold(self, threshold: float) -> None:
        self.view.threshold = threshold
