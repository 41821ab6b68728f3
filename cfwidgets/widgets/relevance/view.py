"""The relevance view: maps of one image by several methods, and the prediction without what they mark."""

from __future__ import annotations

import functools
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, ClassVar

import torch
import traitlets as t

from cfwidgets.checkpoint import checkpoint_path
from cfwidgets.engines.relevance.engine import Relevance
from cfwidgets.engines.relevance.result import RelevanceResult
from cfwidgets.evaluation.hiding import FILLS, fills
from cfwidgets.images import as_bytes, as_image
from cfwidgets.models.classifier import Classifier, require_classifier
from cfwidgets.text import quoted
from cfwidgets.widgets.answers import Curves, Hidden
from cfwidgets.widgets.checks import foreign, is_whole, require_kind, whole
from cfwidgets.widgets.lifetime import closed_on_failure
from cfwidgets.widgets.linking import LINKED, Linked
from cfwidgets.widgets.relevance.entries import Encoded, entries, layers
from cfwidgets.widgets.relevance.hiding import Hiding, composed
from cfwidgets.widgets.relevance.levels import ranking
from cfwidgets.widgets.view import View, bundle
from cfwidgets.widgets.wire import encode_frames, likeliest, pack

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt
    from torch import Tensor

    from cfwidgets.engines.base import Update
    from cfwidgets.export.travel import Travel
    from cfwidgets.export.words import About
    from cfwidgets.images import ImageLike

_TOP = 5
_WHOLE = 50  # classes whose probability on the whole picture the browser knows
_LAYERS = 6  # of Grad-CAM, where no engine says how many
_FIRST = 10  # percent that are hidden at first
_BATCH = 4  # pictures of a curve at a time: a question waits for as many at most
_Classes = tuple[int | None, int | None]
_SAME = "against must be another class than the explained one, {!r}"
SHARES = range(0, 101, 5)
"""Percents hidden at which the curves of the chart are measured."""


class RelevanceView(Linked, View[RelevanceResult]):
    """Relevance maps of one image by several methods, small multiples over one picture.

    It returns at once and fills in while the engine runs. It is complete by itself, with mouse and keyboard,
    wherever anywidgets work. Point at a pixel and read the values of all maps there; hide what a map marks
    and read the model's answer; go through the layers, and through the randomisation check.

    Parameters
    ----------
    clf
        The classifier.
    image
        Anything that `images.as_image` accepts; None with ``result``.
    target
        The explained class, as an index or a label; None for the class that the model predicts.
    methods
        Names in `cfwidgets.attribution.METHODS`; None for those of ``engine``.
    against
        A second class: the maps speak for the target and against this class.
    engine
        `Relevance`, with its settings; None for ``Relevance(methods, layers=6)``, or for the engine that made
        ``result``.
    result
        A finished result to show instead of running.
    checkpoint
        A file that the run is written to, and resumed from where it exists.

    Attributes
    ----------
    target, against
        The explained class, and the one that the maps speak against, -1 for none. Setting one starts a run,
        or shows the result found before.
    hiding
        The pixels that are hidden: ``method``, ``percent``, ``least`` and ``fill``. Setting it evaluates the
        picture.
    point, region
        The pixel whose values are read, and the region whose share each map tells, as linked views share
        them: see `Linked`.
    result
        What is found so far, a `RelevanceResult`.
    run
        The `Run` of the engine: ``run.result()`` waits for its end.
    curves
        Probability of the class over the percent of the pixels hidden, the most and the least relevant first.
    entries, layers, maps, answer
        Data for the browser: see the comments on the traits.

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

    Raises
    ------
    TypeError, ValueError, ImageError, ClassifierError
        Names the argument that was given, and what is accepted.

    Examples
    --------
    >>> from torch import nn
    >>> net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2))
    >>> clf = Classifier(net, labels=["cat", "dog"])
    >>> quick = Relevance(("saliency", "rap"), trust=False)
    >>> view = RelevanceView(clf, torch.rand(3, 8, 8), "dog", engine=quick)
    >>> [found.method for found in view.run.result().maps]
    ['saliency', 'rap']
    >>> view.close()
    """

    from_page = frozenset({"target", "against", "hiding"})
    linked = LINKED | {"cursor"}
    clicked = ("hiding", *sorted(LINKED))
    answered: ClassVar[dict[str, type[Any]]] = {"answer": Hidden, "curves": Curves}

    _esm = bundle("relevance.js")
    _css = bundle("relevance.css")

    model = t.Unicode().tag(sync=True)
    labels = t.List(t.Unicode()).tag(sync=True)
    target = t.Int(-1).tag(sync=True, echo_update=False)
    against = t.Int(-1).tag(sync=True, echo_update=False)
    # The image as the model sees it, and its height and width; packed, what may stand for its pixels.
    picture = t.Bytes().tag(sync=True)
    size = t.List(t.Int(), [0, 0]).tag(sync=True)
    fills = t.Bytes().tag(sync=True)
    # A row for each method, and for each layer of Grad-CAM. Packed, the maps of the methods; of the layers;
    # and of the randomised stages, those of one method after those of the other: see `levels.deflated`.
    entries = t.List(t.Dict()).tag(sync=True)
    layers = t.List(t.Dict()).tag(sync=True)
    maps = t.Bytes().tag(sync=True)
    layer_maps = t.Bytes().tag(sync=True)
    stage_maps = t.Bytes().tag(sync=True)
    # The prediction for the whole picture, [[class, probability], …].
    whole = t.List(t.List()).tag(sync=True)
    # What the user hides; no echo: a late one would undo a newer choice. And the answer.
    hiding = t.Dict().tag(sync=True, echo_update=False)
    answer = t.Dict().tag(sync=True)
    # The percent hidden twice, for the chart.
    cursor = t.List(t.Float(), [0.0, 0.0]).tag(sync=True, echo_update=False)
    # For the chart, which is drawn in Python; and in an exported page by the models that have these ids.
    curves = t.Dict()
    drawn_in: Mapping[str, str | list[str]] | None = None

    @closed_on_failure
    def __init__(
        self,
        clf: Classifier,
        image: ImageLike | None = None,
        target: int | str | None = None,
        *,
        methods: Sequence[str] | None = None,
        against: int | str | None = None,
        engine: Relevance | None = None,
        result: RelevanceResult | None = None,
        checkpoint: str | Path | None = None,
    ) -> None:
        require_classifier("clf", clf)
        if result is not None:
            require_kind("result", result, RelevanceResult, "a RelevanceResult")
        if engine is None:
            engine = Relevance(layers=_LAYERS) if result is None else Relevance.of(result)
        require_kind("engine", engine, Relevance, "Relevance(…)")
        self._engine = engine if methods is None else replace(engine, methods=methods)
        self._clf = clf
        self._first = None if target is None else clf.class_index(target)
        self._rather = None if against is None else clf.class_index(against)
        if self._rather is not None and self._rather == self._first:
            raise ValueError(_SAME.format(clf.label(self._rather)))
        if image is not None and result is None:
            self._image: Tensor = as_image(image)
        elif result is not None and image is None:
            if self._first not in (None, result.target) or self._rather not in (None, result.against):
                raise ValueError("target and against must be the classes of the result")
            self._image, self._first, self._rather = result.image, result.target, result.against
        else:
            raise ValueError("give either an image to explain or a finished result to show")
        self._checkpoint = None if checkpoint is None else checkpoint_path(checkpoint)
        self._foreign = "" if result is None else foreign(result, clf)
        self._encoded = Encoded()
        self._found: dict[_Classes, RelevanceResult] = {}
        self._ended: set[_Classes] = set()
        self._fills: dict[str, Tensor] = {}
        self._ranks: dict[str, tuple[Tensor, npt.NDArray[np.int64]]] = {}
        self._curve: dict[Hiding, float] = {}
        seen = clf.view(self._image).cpu()
        super().__init__()
        with self.together():
            self.picture = encode_frames(as_bytes(seen)[None])[0]
            self.size = list(seen.shape[1:])
            self.model, self.measures = clf.name, self._engine.trust
            self.labels = [] if clf.labels is None else list(clf.labels)
            self.target = -1 if self._first is None else self._first
            self.against = -1 if self._rather is None else self._rather
        if result is None:
            self.start(self._steps())
        else:
            self._ended.add((result.target, result.against))
            self.show(result)

    @property
    def _classes(self) -> _Classes:
        """The explained class, None before it is known, and the one that the maps speak against."""
        target = self._first if self.target < 0 else self.target
        return target, None if self.against < 0 else self.against

    def _steps(self) -> Generator[Update[RelevanceResult], None, None]:
        target, against = now = self._classes
        return self._engine.steps(
            self._clf,
            self._image,
            target,
            against=against,
            resume=self._found.get(now),
            checkpoint=self._checkpoint if now == (self._first, self._rather) else None,
        )

    def account(self) -> About:
        """Say what the view shows, for an exported page."""
        from cfwidgets.export.words import account

        result = self._found_so_far
        rather = "" if result.against is None else f" rather than {quoted(result.labels[result.against])}"
        return account(
            f"What speaks for {quoted(result.label)}{rather}?",
            "Relevance explorer",
            result,
            self,
            asks="new predictions, other classes and pixels painted over need the notebook",
            lacks="other classes and pixels painted over need the notebook",
        )

    def travel(self) -> Travel:
        """Return what an exported page needs to answer the view."""
        from cfwidgets.export.network import network_for
        from cfwidgets.export.travel import Travel

        result = self._found_so_far
        contents = torch.stack(list(self._fills.values()))
        pictures = torch.cat((result.image[None], (result.image + contents) / 2))
        return Travel(
            "relevance",
            ("hiding",),
            functools.partial(network_for, self._clf.in_float32(), pictures),
            {"image": result.image, **self._fills},
            {"chart": self.drawn_in and {**self.drawn_in, "shares": list(SHARES), "points": self._points()}},
            still="relevance-still" if self.drawn_in else "",
        )

    def _points(self) -> list[tuple[str, int, bool, str, float]]:
        """Return what is known of the curves, with whose map, how many percent are hidden, and how."""
        known = list(self._curve.items())  # it may grow meanwhile
        return [(one.method, one.percent, one.least, one.fill, value) for one, value in known]

    def _others(self) -> list[tuple[RelevanceResult, bool]]:
        return [(one, at in self._ended) for at, one in self._found.items() if one is not self._result]

    def _take_over(self, others: Sequence[RelevanceResult]) -> None:
        for one in others:
            self._found[one.target, one.against] = one
            if one.fraction == 1:
                self._ended.add((one.target, one.against))

    def recover(
        self, others: Sequence[RelevanceResult], answered: Mapping[str, Any], clicked: Mapping[str, Any]
    ) -> None:
        """See `View.recover`."""
        super().recover(others, answered, clicked)
        of = self.curves
        for least, name in enumerate(("most", "least")):
            for percent, value in of.get(name, ()):
                self._curve[Hiding(of["method"], percent, bool(least), of["fill"])] = value

    def _release(self) -> None:
        super()._release()
        self._encoded = Encoded()
        self._found, self._fills = {}, {}
        self._ranks, self._curve = {}, {}

    def _publish(self, partial: RelevanceResult) -> None:
        now = partial.target, partial.against
        self._found[now] = partial
        if self.run is not None and self.run.state == "done":
            self._ended.add(now)
        if not self._fills:
            self.target = self._first = partial.target
            self.labels = list(partial.labels)
            self.whole = likeliest(partial.prediction, _WHOLE, self._always)
            made = fills(partial.image)
            self.fills = pack(encode_frames(as_bytes(torch.stack(list(made.values())))))
            self._fills = made
        encode = self._encoded.of
        rows = entries(partial)
        if rows != self.entries:
            self.maps = pack(encode(one.pixels for one in partial.maps))
            self.stage_maps = pack(encode(one.pixels for found in partial.maps for one in found.randomised))
            self.entries = rows
        rows = layers(partial)
        if rows != self.layers:
            self.layer_maps = pack(encode(one.pixels for one in partial.layers))
            self.layers = rows
        self._judge(partial)
        self.counts = _counts(partial, len(self._engine.methods))
        self.notes = self._foreign
        shown = self._ranked
        if shown and self.hiding.get("method") not in self._allowed:
            self.hiding = asdict(Hiding(shown[0], _FIRST, least=False, fill=FILLS[0]))
            self.cursor = [float(_FIRST)] * 2
        if not self.answer:
            self._answers.ask(None)

    @property
    def _always(self) -> list[int]:
        """The classes that every answer names."""
        return [index for index in (self.target, self.against) if index >= 0]

    def _checked(self, changed: dict[str, Any]) -> dict[str, Any]:
        for name, least in (("target", 0), ("against", -1)):
            if name in changed:
                whole(name, changed[name], least, len(self.labels) - 1)
        return changed

    @t.validate("target", "against")
    def _another_class(self, proposal: Any) -> int:
        name, index = proposal.trait.name, int(proposal.value)
        least = -1 if name == "against" or not self._fills else 0  # the model may yet choose the target
        most = len(self.labels) - 1
        if self.labels and not is_whole(index, least, most):
            raise t.TraitError(f"{name} must be from {least} to {most}, not {index}")
        if index >= 0 and index == (self.against if name == "target" else self.target):
            raise t.TraitError(_SAME.format(self._clf.label(index)))
        return index

    @t.validate("hiding")
    def _a_question(self, proposal: Any) -> dict[str, Any]:
        given: dict[str, Any] = proposal.value
        try:
            if given:
                Hiding.read(given, self._allowed)
        except ValueError as error:
            raise t.TraitError(str(error)) from None
        return given

    @property
    def _allowed(self) -> list[str]:
        """The methods that have a map, or may yet have one."""
        maps = () if self._result is None else self._result.maps
        waited = () if self.state == "done" else self._engine.methods
        none = {one.method for one in maps} - set(self._ranked)
        return [method for method in dict.fromkeys((*self._ranked, *waited)) if method not in none]

    @property
    def _ranked(self) -> list[str]:
        """The methods whose maps rank the pixels."""
        return [] if self._result is None else _ranked_in(self._result)

    @t.observe("target", "against")
    def _retarget(self, _change: Any) -> None:
        if not self._fills:
            return  # it is not the user who sets them
        with self.together():
            now = self._classes
            self._result = self._found.get(now)
            self._ranks, self._curve, self.answer, self.curves = {}, {}, {}, {}
            if self._result is not None and now in self._ended:
                self.show(self._result)
            else:
                self.start(self._steps())

    @t.observe("hiding", "state")
    def _ask(self, _change: Any) -> None:
        if self._open and self.hiding and self.state != "failed":
            self._answers.ask(None)

    def _answer(self, _question: None) -> None:
        """Give the prediction for the picture as it is hidden, then the curves that it lies on."""
        with self._wire:
            result, given, curve = self._result, dict(self.hiding), self._curve
        if result is None or given.get("method") not in _ranked_in(result):
            return  # there is no such map yet: it comes
        asked = Hiding(**given)
        if self.answer.get("hiding") != given:
            picture = self._hidden(result, asked)
            row = self._clf.probabilities(picture[None])[0].cpu()
            curve[asked] = float(row[result.target])
            own = encode_frames(as_bytes(picture)[None])[0] if asked.fill == "inpaint" else b""
            with self.together():
                if not self._is_of(result):
                    return  # closed, or another class is explained now
                self.answer = {
                    "hiding": given,
                    "target": result.target,
                    "against": -1 if result.against is None else result.against,
                    "top": likeliest(row, _TOP, self._always),
                    "probability": float(row[result.target]),
                    "picture": own,
                }
        if self.state != "running":
            self._measure(result, asked, curve)

    def _is_of(self, result: RelevanceResult) -> bool:
        """Tell if a result explains the classes that the view shows."""
        now = self._result
        return now is not None and (now.target, now.against) == (result.target, result.against)

    def _hidden(self, result: RelevanceResult, hiding: Hiding) -> Tensor:
        pixels = result.map_of(hiding.method).pixels
        assert pixels is not None  # noqa: S101 - `_ranked` has seen it
        known = self._ranks.get(hiding.method)
        if known is None or known[0] is not pixels:
            known = self._ranks[hiding.method] = (pixels, ranking(pixels))
        return composed(result.image, self._fills, known[1], hiding)

    def _measure(self, result: RelevanceResult, asked: Hiding, curve: dict[Hiding, float]) -> None:
        """Measure both curves, a few points after the other; a newer question comes first, they after it."""
        wanted = [replace(asked, percent=share, least=least) for least in (False, True) for share in SHARES]
        missing = [one for one in wanted if one not in curve]
        self._draw(result, asked, curve)
        for first in range(0, len(missing), _BATCH):
            if self._answers.superseded:
                return
            some = missing[first : first + _BATCH]
            pictures = torch.stack([self._hidden(result, one) for one in some])
            rows = self._clf.probabilities(pictures)[:, result.target].tolist()
            curve.update(zip(some, rows, strict=True))
            self._draw(result, asked, curve)

    def _draw(self, result: RelevanceResult, asked: Hiding, curve: dict[Hiding, float]) -> None:
        """Give the chart what is known of the curves of a map and a fill."""
        known = [
            (one.percent, value, one.least)
            for one, value in curve.items()
            if (one.method, one.fill) == (asked.method, asked.fill)
        ]
        curves = {
            name: sorted((percent, value) for percent, value, is_least in known if is_least == least)
            for name, least in (("most", False), ("least", True))
        }
        with self.together():
            if self._is_of(result):
                self.curves = {"method": asked.method, "fill": asked.fill, **curves}


def _ranked_in(result: RelevanceResult) -> list[str]:
    return [one.method for one in result.found if one.finite]


def _counts(result: RelevanceResult, methods: int) -> str:
    counts = [f"{len(result.maps)} of {max(methods, len(result.maps))} methods"]
    if result.layers:
        counts.append(f"{len(result.layers)} layers")
    if result.evaluations:
        counts.append(f"{result.evaluations:,} pictures evaluated")
    return " · ".join(counts)
