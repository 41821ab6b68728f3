"""The superpixel view: an image whose superpixels one shows and hides, and the model's answer to it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
import torch
import traitlets as t

from cfwidgets.checkpoint import checkpoint_path
from cfwidgets.engines.superpixels.base import SuperpixelEngine
from cfwidgets.engines.superpixels.elime import ELime
from cfwidgets.engines.superpixels.lime import Lime
from cfwidgets.engines.superpixels.result import SuperpixelResult
from cfwidgets.evaluation.masking import MaskedPicture
from cfwidgets.images import as_image, encode, encode_labels, fit
from cfwidgets.models.classifier import Classifier, require_classifier
from cfwidgets.text import quoted
from cfwidgets.widgets.answers import Masked
from cfwidgets.widgets.checks import foreign, is_whole, require_kind, whole
from cfwidgets.widgets.lifetime import closed_on_failure
from cfwidgets.widgets.linking import LINKED, Linked
from cfwidgets.widgets.view import View, bundle
from cfwidgets.widgets.wire import likeliest

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from numpy.typing import ArrayLike
    from torch import Tensor

    from cfwidgets.engines.base import Update
    from cfwidgets.export.travel import Travel
    from cfwidgets.export.words import About
    from cfwidgets.images import ImageLike

_ENGINES: dict[str, type[SuperpixelEngine]] = {kind.method: kind for kind in (ELime, Lime)}
_TOP = 5
_WHOLE = 50  # classes whose probability on the whole picture the browser knows, to mark it beside the new one
_LIKELY = 0.5
_SHARPEST = 768  # pixels a side of the picture that the browser gets: twice the stage, for dense screens


class SuperpixelView(Linked, View[SuperpixelResult]):
    """The superpixels that carry a prediction: an image whose superpixels one shows and hides.

    It returns at once and fills in while the engine runs. It is complete by itself, with mouse and keyboard,
    wherever anywidgets work. Click superpixels to hide or show them and read the model's answer.

    Parameters
    ----------
    clf
        The classifier.
    image
        Anything that `images.as_image` accepts; None with ``result``.
    target
        The explained class, as an index or a label; None for the class that the model predicts, or that of
        ``result``.
    segments
        Superpixels of one's own: an integer map of the size of ``clf.view(image)``.
    engine
        `ELime` or `Lime`, with its settings; None for ``ELime()``, or for the engine that made ``result``.
    result
        A finished result to show instead of running.
    checkpoint
        A file that the run of the first class is written to, and resumed from where it exists.

    Attributes
    ----------
    shown
        The superpixels that are shown, ascending. Setting it evaluates the image.
    target
        The explained class. Setting it starts a run for that class, or shows its result found before.
    mask
        The same as ``(n,)`` bool. It can be set.
    probabilities
        The model's answer to the image that is shown: a table.
    result
        What is found so far, a `SuperpixelResult`.
    run
        The `Run` of the search: ``run.result()`` waits for its end.
    point, region
        The crosshair and the region that linked views share: see `Linked`.
    best, smallest, importance, order, whole, answer, history
        Data for the browser: see the comments on the traits.

    Methods
    -------
    stop, resume
        Stop the search, and keep what was found; resume it, or search on for as long again.
    export
        Write one HTML file that plays from disk, and answers where the network can travel in it.
    save
        Write a file that `cfwidgets.open` brings back, with what was clicked.
    close
        Stop, free everything, and take it off the page.

    Raises
    ------
    TypeError, ValueError, ImageError, ClassifierError
        Names the argument that was given, and what is accepted.

    Examples
    --------
    >>> from cfwidgets import Classifier, ELime
    >>> clf = Classifier(lambda x: torch.stack([1 - x.mean((1, 2, 3)), x.mean((1, 2, 3))], 1))
    >>> picture = torch.linspace(0, 1, 32).repeat(3, 32, 1)
    >>> view = SuperpixelView(clf, picture, 1, engine=ELime(segments=9, generations=2, trust=False))
    >>> result = view.run.result()
    >>> view.mask = np.ones(result.count, bool)
    >>> bool(view.probabilities["probability"][0] == result.prediction.max())
    True
    >>> view.close()
    """

    from_page = frozenset({"target", "following", "shown"})
    linked = LINKED | {"cursor"}
    clicked = ("following", "shown", *sorted(LINKED))
    # The picture: it may be sharper than that of the result, which is of the size that the model takes.
    answered: ClassVar[dict[str, type[Any]]] = {"answer": Masked, "picture": bytes}
    _holds_data = True

    _esm = bundle("superpixels.js")
    _css = bundle("superpixels.css")

    # In the browser's formats: the image, the content of hidden superpixels, and the superpixels.
    picture = t.Bytes().tag(sync=True)
    hidden_picture = t.Bytes().tag(sync=True)
    label_map = t.Bytes().tag(sync=True)
    size = t.List(t.Int(), [0, 0]).tag(sync=True)
    count = t.Int(0).tag(sync=True)
    labels = t.List(t.Unicode()).tag(sync=True)
    method = t.Unicode("E-LIME").tag(sync=True)
    objective = t.Unicode("sufficient").tag(sync=True)
    # Set by the user. No echo: a late one would undo later clicks. While `following`, the superpixels of
    # `smallest` are shown, and before there is one those of `best`, whatever it will be; an edit ends that.
    target = t.Int(-1).tag(sync=True, echo_update=False)
    following = t.Bool(default_value=True).tag(sync=True, echo_update=False)
    shown = t.List(t.Int(), maxlen=2**16).tag(sync=True, echo_update=False)
    # The finding.
    best = t.List(t.Int()).tag(sync=True)
    smallest = t.List(t.Int()).tag(sync=True)
    # For each superpixel from -1, against the class, to 1, for it; and the superpixels, most important first.
    importance = t.List(t.Float()).tag(sync=True)
    order = t.List(t.Int()).tag(sync=True)
    history_masks = t.Bytes().tag(sync=True)
    # For the chart beside the view, which is drawn in Python at each `history`, set last; the browser has the
    # same in `counts`.
    generation = t.Int(0)
    generations = t.Int(0)
    evaluations = t.Int(0)
    history = t.Dict()
    # The model's answer to the whole image, [[class, probability], …], and to the one that is shown.
    whole = t.List(t.List()).tag(sync=True)
    answer = t.Dict(default_value=None, allow_none=True).tag(sync=True)
    # The generation that the browser looks at, twice: for the line of a chart.
    cursor = t.List(t.Float(), [0.0, 0.0]).tag(sync=True, echo_update=False)

    @closed_on_failure
    def __init__(
        self,
        clf: Classifier,
        image: ImageLike | None = None,
        target: int | str | None = None,
        *,
        segments: Tensor | ArrayLike | None = None,
        engine: SuperpixelEngine | None = None,
        result: SuperpixelResult | None = None,
        checkpoint: str | Path | None = None,
    ) -> None:
        require_classifier("clf", clf)
        if result is not None:
            require_kind("result", result, SuperpixelResult, "a SuperpixelResult")
        if engine is None:
            engine = ELime() if result is None else _engine_of(result)
        require_kind("engine", engine, SuperpixelEngine, "ELime(…) or Lime(…)")
        if result is not None and segments is not None:
            raise ValueError("segments belong to an image to explain; a finished result has its own")
        self._first = None if target is None else clf.class_index(target)
        if result is not None and self._first not in (None, result.target):
            raise ValueError(f"target must be the class that the result explains, {result.label!r}")
        if image is not None and result is None:
            self._image, self._segments = as_image(image), segments
        elif result is not None and image is None:
            self._image, self._segments = result.image, result.segments
        else:
            raise ValueError("give either an image to explain or a finished result to show")
        self._clf = clf
        self._engine = engine
        self._checkpoint = None if checkpoint is None else checkpoint_path(checkpoint)
        self._foreign = "" if result is None else foreign(result, clf)
        self._found: dict[int, SuperpixelResult] = {}
        self._ended: set[int] = set()
        self._longer: dict[int, SuperpixelEngine] = {}
        self._masked: MaskedPicture | None = None
        self._prediction: Tensor | None = None
        self._evaluated: tuple[tuple[int, ...], Tensor] | None = None
        seen = clf.view(self._image)
        super().__init__()
        with self.together():
            self.picture = encode(_sharp(self._image, seen))
            self.size = list(seen.shape[1:])
            self.labels = [] if clf.labels is None else list(clf.labels)
            self.measures, self.method = engine.trust, engine.method
        if result is None:
            self.start(self._steps())
        else:
            self._ended.add(result.target)
            self.show(result)

    @property
    def mask(self) -> np.ndarray:
        """``(n,)`` bool: the superpixels that are shown. It can be set."""
        mask = np.zeros(self.count, bool)
        mask[self._now()] = True
        return mask

    @mask.setter
    def mask(self, mask: ArrayLike | Tensor) -> None:
        mask = np.asarray(mask)
        if mask.shape != (self.count,) or mask.dtype != bool:
            raise ValueError(f"mask must be {self.count} booleans, not {mask.dtype} of shape {mask.shape}")
        with self.together():
            self.following = False
            self.shown = np.flatnonzero(mask).tolist()

    @property
    def probabilities(self) -> pd.DataFrame:
        """The model's answer to the image that is shown, likeliest first: class, label, probability."""
        row = self._row(self._now())
        order = row.argsort(descending=True)
        labels = [self._clf.label(index) for index in order.tolist()]
        return pd.DataFrame({"class": order.numpy(), "label": labels, "probability": row[order].numpy()})

    def _resume(self) -> None:
        """See `View._resume`; continue a run that has ended for as long again."""
        if self.state == "done" and self._result is not None:
            self._longer[self.target] = self._engine.longer(self._result)
            self.start(self._steps())
        elif self.state == "stopped" and self.run is None:  # an interrupted result that was given
            self.start(self._steps())
        else:
            super()._resume()

    def account(self) -> About:
        """Say what the view shows, for an exported page."""
        from cfwidgets.export.words import account

        result = self._found_so_far
        verb = "carries" if result.objective == "sufficient" else "would lose"
        return account(
            f"What {verb} {quoted(result.label)}?",
            "Superpixel explorer",
            result,
            self,
            asks="new predictions, another class and a longer search need the notebook",
            lacks="another class and a longer search need the notebook",
        )

    def travel(self) -> Travel:
        """Return what an exported page needs to answer the view."""
        from cfwidgets.export.network import network_for
        from cfwidgets.export.travel import Travel

        result = self._found_so_far
        masks = [result.mask, ~result.mask, torch.ones_like(result.mask), torch.zeros_like(result.mask)]
        picture = MaskedPicture(self._clf, result.image, result.hidden, result.segments)
        return Travel(
            "superpixels",
            ("shown", "following"),
            functools.partial(network_for, self._clf.in_float32(), picture.compose(torch.stack(masks)).cpu()),
            {"image": result.image, "hidden": result.hidden},
            {"prediction": result.prediction.tolist()},
        )

    def _others(self) -> list[tuple[SuperpixelResult, bool]]:
        return [(one, one.target in self._ended) for one in self._found.values() if one is not self._result]

    def _take_over(self, others: Sequence[SuperpixelResult]) -> None:
        for one in others:
            self._found[one.target] = one
            if one.fraction == 1:
                self._ended.add(one.target)

    def _release(self) -> None:
        super()._release()
        self._found.clear()
        self._masked = self._evaluated = self._prediction = None

    def _steps(self) -> Generator[Update[SuperpixelResult], None, None]:
        target = self._first if self.target < 0 else self.target
        engine = self._engine if target is None else self._longer.get(target, self._engine)
        return engine.steps(
            self._clf,
            self._image,
            target,
            segments=self._segments,
            resume=None if target is None else self._found.get(target),
            checkpoint=self._checkpoint if target == self._first else None,
        )

    def _publish(self, partial: SuperpixelResult) -> None:
        self._found[partial.target] = partial
        if self._masked is None:
            exact = self._clf.in_float32()
            self._masked = MaskedPicture(exact, partial.image, partial.hidden, partial.segments)
            self.label_map = encode_labels(partial.segments)
            self.hidden_picture = encode(partial.hidden)
            self.count = partial.count
            self.method, self.objective = partial.method, partial.objective
            self._prediction = partial.prediction
            self.whole = likeliest(partial.prediction, _WHOLE)
            self._first = partial.target
        # before the class: as soon as both are known the model evaluates the image
        self.best = torch.nonzero(partial.shown).flatten().tolist()
        smallest = partial.shown_smallest
        self.smallest = [] if smallest is None else torch.nonzero(smallest).flatten().tolist()
        if self.target < 0:
            self.target = partial.target
        if self.run is not None and self.run.state == "done":
            self._ended.add(partial.target)
        self.evaluations = partial.evaluations
        self.importance = partial.importance.tolist()
        self.order = partial.order.tolist()
        self._judge(partial)
        self.counts = _counts(partial)
        self.notes = " ".join(filter(None, (self._foreign, *_notes(partial))))
        if partial.searches:
            search = partial.searches[partial.watched]
            masks = search.masks if partial.objective == "sufficient" else ~search.masks
            self.history_masks = np.packbits(masks.numpy(), axis=1).tobytes()
            self.generation, self.generations = search.generation, partial.settings["generations"]
            self.history = {"best": search.best.tolist(), "mean": search.mean.tolist()}
        else:
            self.history_masks, self.generation, self.generations, self.history = b"", 0, 0, {}

    def _checked(self, changed: dict[str, Any]) -> dict[str, Any]:
        shown = changed.get("shown", [])
        if not isinstance(shown, list) or len(shown) > self.count:
            raise ValueError(f"shown must be a list of at most {self.count} superpixels")
        for index in shown:
            if not is_whole(index, 0, self.count - 1):
                raise ValueError(f"shown must hold superpixels from 0 to {self.count - 1}, not {index!r:.40}")
        if len(set(shown)) < len(shown):
            raise ValueError("shown names a superpixel twice")
        if "target" in changed:
            whole("target", changed["target"], 0, self._classes - 1)
        return changed

    @property
    def _classes(self) -> int:
        return 0 if self._prediction is None else len(self._prediction)

    def _now(self) -> list[int]:
        return (self.smallest or self.best) if self.following else self.shown

    @t.observe("best", "smallest", "shown", "following")
    def _ask(self, _change: Any) -> None:
        self._answers.ask((tuple(self._now()), self.target))

    @t.validate("target")
    def _a_class(self, proposal: Any) -> int:
        index: int = proposal.value
        if self._prediction is not None and not is_whole(index, 0, self._classes - 1):
            raise t.TraitError(f"target must be from 0 to {self._classes - 1}, not {index}")
        return index

    @t.observe("target")
    def _retarget(self, change: Any) -> None:
        if change.old >= 0:
            with self.together():
                self.following = True
                self._result = self._found.get(change.new)
                if self._result is not None and change.new in self._ended:
                    self.show(self._result)
                else:
                    self.start(self._steps())
        self._ask(change)

    def _answer(self, question: tuple[tuple[int, ...], int]) -> None:
        shown, target = question
        if self._prediction is None or target < 0:
            return  # there are no superpixels yet: `best` will change
        known = self.answer or {}
        if (known.get("shown"), known.get("target")) == (list(shown), target):
            return
        row = self._row(shown)
        self.answer = {
            "shown": list(shown),
            "target": target,
            "top": likeliest(row, _TOP),
            "probability": float(row[target]),
            "whole": float(self._prediction[target]),
        }

    def _row(self, shown: Sequence[int]) -> Tensor:
        """Give the model's answer ``(C,)`` to the image with these superpixels."""
        if self._masked is None:
            raise ValueError("there are no superpixels yet: the run has just begun")
        key = tuple(shown)
        if self._evaluated is None or self._evaluated[0] != key:
            mask = torch.zeros(1, self.count, dtype=torch.bool)
            mask[0, list(key)] = True
            self._evaluated = (key, self._masked.probabilities(mask)[0])
        return self._evaluated[1]


def _engine_of(result: SuperpixelResult) -> SuperpixelEngine:
    """Make the engine that made a result."""
    require_kind("result", result, SuperpixelResult, "a SuperpixelResult")
    return _ENGINES[result.method].of(result)


def _counts(result: SuperpixelResult) -> str:
    counts = [f"{result.evaluations:,} pictures evaluated"]
    if result.searches:
        generation = result.searches[result.watched].generation
        counts.append(f"generation {generation} of {result.settings['generations']}")
    if result.sampled:
        counts.append(f"{result.sampled:,} of {result.settings['samples']:,} masks sampled")
    return " · ".join(counts)


def _notes(result: SuperpixelResult) -> list[str]:
    notes = []
    predicted = result.predicted
    if predicted != result.target and not result.hardly_predicted(result.target):  # else a caveat says it
        notes.append(
            f"For the whole picture the model predicts {result.labels[predicted]} "
            f"({float(result.prediction[predicted]):.2f}), not {result.label} ({result.whole:.2f})."
        )
    if not result.flat and result.tied and (result.interval is not None or result.weights is not None):
        notes.append(
            f"{result.tied} superpixels are as important as others: the order among equals is drawn by lot."
        )
    if result.blank > _LIKELY:
        notes.append(f"With every superpixel hidden {result.label} still has {result.blank:.2f}.")
    if result.invalid:
        notes.append(
            f"For {result.invalid:,} of {result.evaluations:,} pictures the model has no finite answer: they "
            "were left out."
        )
    if result.settings["trust"] and not result.fingerprints["model"]:
        notes.append("The model is a black box: without weights there is no randomised model to compare.")
    return notes


def _sharp(image: Tensor, seen: Tensor) -> Tensor:
    """Cut out the part that the model sees, as sharp as the image is and the stage can show."""
    height, width = image.shape[1:]
    aspect = seen.shape[2] / seen.shape[1]
    across, down = min(width, round(height * aspect)), min(height, round(width / aspect))
    shrink = min(1.0, _SHARPEST / max(down, across))
    return fit(image[None], (max(2, round(down * shrink)), max(2, round(across * shrink))))[0]
