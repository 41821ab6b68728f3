"""The view of a front of believable edits, to walk through and edit by hand, and the explorer with charts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
import traitlets as t

from cfwidgets.engines.pareto.engine import PlausibleCounterfactuals
from cfwidgets.images import as_image, fit
from cfwidgets.models.classifier import Classifier
from cfwidgets.models.editor import criticised, painted, require_editor
from cfwidgets.widgets.view import View, bundle
from cfwidgets.widgets.wire import encode_frames, likeliest, pack

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    import pandas as pd
    from torch import Tensor

    from cfwidgets.engines.base import Update
    from cfwidgets.engines.pareto.result import ParetoResult
    from cfwidgets.images import ImageLike
    from cfwidgets.models.editor import Editor

_TOP = 3
_OBJECTIVES = ("plausibility", "success", "intensity")
# What the charts' brushes span: kept in the browser, for there alone it is read.
_SPANS = ("across_0", "up_0", "across_1", "up_1", "across_2", "up_2")
_OF_THE_CHARTS = {"cursor", *_SPANS}
_FROM_THE_BROWSER = {"chosen", "brushed", "edit"}


def _span() -> Any:
    return t.Any(default_value=None, allow_none=True).tag(sync=True, echo_update=False)


class ParetoView(View):
    """Counterfactuals of one image as a film strip, by the probability that they leave the original class.

    It returns at once and fills in while the engine runs. It is complete by itself, with mouse and keyboard,
    wherever anywidgets work; only to edit by hand needs the kernel.

    Parameters
    ----------
    clf
        The classifier.
    editor
        Paints the image with other attributes: see `cfwidgets.models.editor.Editor`.
    image
        What `cfwidgets.images.as_image` reads; scaled to the editor's size.
    attributes
        That the image has: see `PlausibleCounterfactuals.steps`. None: the editor recognises them.
    engine
        `PlausibleCounterfactuals`, with its settings.
    second
        Another classifier of the same classes: does it flip too?
    result
        A finished result of this image to look at, in the place of a run.

    Attributes
    ----------
    chosen
        The counterfactual that is shown, by its place in the front; -1 for the best pick, where probability
        and plausibility cross. If they do not, or not in a flip, that is the most believable flip, without a
        critic the smallest; where nothing flips, the closest. It can be set.
    brushed
        Those to which the strip is filtered; empty for all.
    """

    _esm = bundle("pareto.js")
    _css = bundle("pareto.css")

    original = t.Bytes().tag(sync=True)
    # Painted anew without a change, and what the model says to that.
    repainted = t.Bytes().tag(sync=True)
    repainted_p = t.Float(None, allow_none=True).tag(sync=True)
    repainted_label = t.Unicode().tag(sync=True)
    size = t.List(t.Int(), default_value=[0, 0]).tag(sync=True)
    # The front: one entry, one picture and one row of changes each, the original class's probability falling.
    tiles = t.Bytes().tag(sync=True)
    members = t.List(t.Dict()).tag(sync=True)
    deltas = t.Bytes().tag(sync=True)
    crossing = t.Int(-1).tag(sync=True)
    names = t.List(t.Unicode()).tag(sync=True)
    attributes = t.List(t.Float()).tag(sync=True)
    frozen = t.List(t.Unicode()).tag(sync=True)
    reach = t.Float(1.0).tag(sync=True)
    model = t.Unicode().tag(sync=True)
    labels = t.List(t.Unicode()).tag(sync=True)
    original_class = t.Int(-1).tag(sync=True)
    before = t.Float(None, allow_none=True).tag(sync=True)
    # What the user plays with. No echo: a late one would undo what was done since.
    chosen = t.Int(-1).tag(sync=True, echo_update=False)
    brushed = t.List(t.Int()).tag(sync=True, echo_update=False)
    edit = t.List(t.Float()).tag(sync=True, echo_update=False)
    edited = t.Dict().tag(sync=True)
    # Linked with the charts in the browser: the point that is marked, and what their brushes span.
    cursor = t.List(t.Int(), default_value=None, allow_none=True).tag(sync=True, echo_update=False)
    across_0, up_0 = _span(), _span()
    across_1, up_1 = _span(), _span()
    across_2, up_2 = _span(), _span()
    importance = t.List(t.Dict()).tag(sync=True)
    trust = t.List(t.Dict()).tag(sync=True)
    counts = t.Unicode().tag(sync=True)
    notes = t.Unicode().tag(sync=True)

    def __init__(
        self,
        clf: Classifier,
        editor: Editor,
        image: ImageLike,
        attributes: Mapping[str, float] | Sequence[float] | Tensor | None = None,
        *,
        engine: PlausibleCounterfactuals | None = None,
        second: Classifier | None = None,
        result: ParetoResult | None = None,
    ) -> None:
        for name, model in (("clf", clf), ("second", second)):
            if not isinstance(model, Classifier) and not (name == "second" and model is None):
                kind = type(model).__name__
                raise TypeError(f"{name} must be a Classifier, not {kind}: wrap it, `Classifier(model, …)`")
        engine = PlausibleCounterfactuals() if engine is None else engine
        if not isinstance(engine, PlausibleCounterfactuals):
            raise TypeError(f"engine must be PlausibleCounterfactuals(…), not {type(engine).__name__}")
        self._clf, self._second, self._engine = clf, second, engine
        self._editor = require_editor(editor)
        self._image = fit(as_image(image).cpu()[None], getattr(editor, "size", None))[0]
        self._attributes = attributes
        self._result: ParetoResult | None = None
        self._encoded: Any = None
        self._most = 0  # counterfactuals that a front had so far
        if result is not None:
            self._require_same(result)
        super().__init__()
        shown = (self._image * 255).round().to(torch.uint8)
        with self.together():
            self.original = encode_frames(shown[None])[0]
            self.size = list(shown.shape[1:])
            self.names = [str(name) for name in editor.attributes]
            self.frozen = list(engine.frozen)
            self.reach = float(engine.reach)
            self.model = clf.name
        if result is None:
            self.start(self._steps())
        else:
            with self.together():
                self._publish(result)
                self.state, self.progress = "done", 1.0

    @property
    def result(self) -> ParetoResult | None:
        """The front as it stands; None before the first step."""
        return self._result

    @property
    def selected(self) -> tuple[pd.DataFrame, Tensor]:
        """The brushed counterfactuals, or all: a row each, as in ``result.to_frame()``, and their pictures.

        Raises
        ------
        ValueError
            There are none yet.
        """
        result = self._result
        if result is None:
            raise ValueError("there are no counterfactuals yet: wait for the first, `explorer.run.result()`")
        places = [place for place in self.brushed if place < len(result.deltas)] or range(len(result.deltas))
        chosen = list(places)
        return result.to_frame().iloc[chosen], result.images[chosen]

    def proceed(self) -> None:
        """Go on where the run was stopped, or had come to when it failed."""
        if self.state == "failed":
            self.start(self._steps())
        else:
            super().proceed()

    def close(self) -> None:
        """Stop the run, free what it holds and found, and take the view off every page."""
        if self._open:
            super().close()
            self._result = self._encoded = None

    def _steps(self) -> Generator[Update[ParetoResult], None, None]:
        return self._engine.steps(
            self._clf,
            self._editor,
            self._image,
            self._attributes,
            second=self._second,
            resume=self._result,
        )

    def _require_same(self, result: ParetoResult) -> None:
        if tuple(result.names) != tuple(self._editor.attributes):
            raise ValueError(
                f"result: that search was of other attributes ({', '.join(result.names)}) than the editor's"
            )
        if not torch.equal(result.image, (self._image * 255).round().to(torch.uint8)):
            raise ValueError("result: that search was of another image")

    def _publish(self, partial: ParetoResult) -> None:
        earlier, self._result = self._result, partial
        self._most = max(self._most, len(partial.deltas))
        self.labels = list(partial.labels)
        self.original_class = partial.original
        self.before = float(partial.before[partial.original])
        self.repainted = encode_frames(partial.repainted[None])[0]
        self.repainted_p = float(partial.repainted_answer[partial.original])
        self.repainted_label = partial.labels[int(partial.repainted_answer.argmax())]
        self.attributes = partial.attributes.tolist()
        self.chosen = _again(self.chosen, earlier, partial)
        # Many fronts come while the search goes on, and without loss each takes five times as much.
        running = self.run is not None and self.run.state == "running"
        self.tiles = pack(encode_frames(partial.images, exact=not running))
        self.deltas = partial.deltas.float().numpy().astype("<f4").tobytes()
        # One that does not flip the model is no counterfactual: the page then picks a flip.
        pick = partial.crossing
        self.crossing = pick if pick is not None and bool(partial.flips[pick]) else -1
        self.members = _members(partial)
        self.brushed = []  # the page brushes the new front anew
        self.importance = [
            {
                "name": row.attribute,
                "success": float(row.success),
                "per_unit": float(row.per_unit),
                "change": float(row.change),
            }
            for row in partial.importance().rename(columns={"per unit": "per_unit"}).itertuples()
        ]
        self.trust = _trust(partial)
        flips = int(partial.flips.sum())
        self.counts = f"{flips} of {len(partial.deltas)} flip · {partial.evaluations:,} asked"
        self.notes = _notes(partial)

    def _checked(self, sync_data: dict[str, Any]) -> dict[str, Any]:
        sync_data = {name: value for name, value in sync_data.items() if name not in _OF_THE_CHARTS}
        foreign = sync_data.keys() - _FROM_THE_BROWSER
        if foreign:
            raise ValueError(f"the page may not set {', '.join(sorted(foreign))}")
        count = len(self.members)
        chosen = sync_data.get("chosen", -1)
        if not _is_place(chosen, -1, self._most):
            raise ValueError(f"chosen must be from -1 to {count - 1}, not {chosen!r:.40}")
        brushed = sync_data.get("brushed", [])
        if not isinstance(brushed, list) or not all(_is_place(place, 0, self._most) for place in brushed):
            raise ValueError(f"brushed must be a list of places from 0 to {count - 1}, not {brushed!r:.40}")
        # What is beyond the end was meant for a longer front, before this one: the page will say it anew.
        if chosen >= count:
            sync_data.pop("chosen")
        if brushed:
            sync_data["brushed"] = [place for place in brushed if place < count]
        edit = sync_data.get("edit", [])
        if not isinstance(edit, list) or len(edit) not in (0, len(self.names)):
            raise ValueError(f"edit must be a change for each of {len(self.names)} attributes, or empty")
        if not all(_is_change(change, self.reach) for change in edit):
            raise ValueError(f"a change is from {-self.reach:g} to {self.reach:g}, not as in {edit!r:.60}")
        return sync_data

    @t.validate("chosen")
    def _a_member(self, proposal: Any) -> int:
        # While a front is published, its members come after the choice.
        found = 0 if self._result is None else len(self._result.deltas)
        if not -1 <= proposal.value < max(found, 1):
            raise t.TraitError(f"chosen must be from -1 to {found - 1}, not {proposal.value}")
        chosen: int = proposal.value
        return chosen

    @t.observe("edit")
    def _ask(self, _change: Any) -> None:
        if self._open and self.edit:
            self._answers.ask(tuple(self.edit))

    def _answer(self, question: tuple[float, ...]) -> None:
        """Paint the image with changes made by hand, and ask the model about it."""
        result = self._result
        if result is None:
            return
        if self._encoded is None:
            self._encoded = self._editor.encode(self._image)
        wanted = result.attributes + torch.tensor(question)
        image = painted(self._editor, self._encoded, wanted[None])
        answer = self._clf.probabilities(image)[0]
        critic = criticised(self._editor, image)
        second = None if self._second is None else int(self._second.probabilities(image)[0].argmax())
        if self._answers.superseded or not self._open:
            return
        with self.together():
            self.edited = {
                "deltas": list(question),
                "top": [[result.labels[int(index)], p] for index, p in likeliest(answer, _TOP)],
                "p": float(answer[result.original]),
                "flips": int(answer.argmax()) != result.original,
                "critic": None if critic is None else float(critic[0]),
                "second": None if second is None else result.labels[second],
                "picture": encode_frames((image.cpu() * 255).round().to(torch.uint8))[0],
            }


def _is_place(value: Any, low: int, end: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value < max(end, low + 1)


def _is_change(value: Any, reach: float) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value) and abs(value) <= reach + 1e-6


def _again(chosen: int, earlier: ParetoResult | None, now: ParetoResult) -> int:
    """Where the chosen counterfactual, or the one that is most like it, is in a newer front."""
    if chosen < 0 or earlier is None or chosen >= len(earlier.deltas) or not len(now.deltas):
        return -1
    return int((now.deltas - earlier.deltas[chosen]).norm(dim=1).argmin())


def _members(result: ParetoResult) -> list[dict[str, Any]]:
    columns = {name: result.objectives[:, i].tolist() for i, name in enumerate(result.objective_names)}
    second = None if result.second_answers is None else result.second_answers.argmax(1).tolist()
    answers, kept, flips = result.answers.argmax(1).tolist(), result.kept.tolist(), result.flips.tolist()
    return [
        {
            "p": kept[i],
            "flips": flips[i],
            "label": result.labels[answers[i]],
            "second": None if second is None else result.labels[second[i]],
            **{name: _finite(columns[name][i]) if name in columns else None for name in _OBJECTIVES},
        }
        for i in range(len(result.deltas))
    ]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _figure(probability: float) -> str:
    """Two digits, without the leading zero, as the view writes probabilities."""
    return f"{probability:.2f}".removeprefix("0")


def _notes(result: ParetoResult) -> str:
    notes = []
    if len(result.deltas) and not result.flipped:
        found = "Nothing flips" if result.undone is not None else "So far nothing flips"
        original, lead = result.labels[result.original], _figure(result.distance)
        notes.append(f"{found} the model: in the closest, {original} still leads by {lead}.")
    if result.disagrees_with_itself:
        notes.append(
            "The model changes its mind on the plain repainting already, without any change: "
            "flips say less here."
        )
    return " ".join(notes)


def _trust(result: ParetoResult) -> list[dict[str, str]]:
    original = result.labels[result.original]
    before, anew = (float(answer[result.original]) for answer in (result.before, result.repainted_answer))
    rows = [
        {
            "name": "painted anew, unchanged",
            "value": _figure(anew),
            "note": f"the image itself {_figure(before)}",
            "help": f"The model's probability of {original} where the editor paints the image without any "
            "change: it should hardly differ from that for the image itself.",
        }
    ]
    if result.second_answers is None:
        rows.append(
            {
                "name": "a second model",
                "value": "–",
                "note": "none was given: second=…",
                "help": "Whether a model which had no part in the search flips, too, tells a change that "
                "matters from a trick that fools one model.",
            }
        )
    elif result.flipped:
        flips = result.flips
        too = result.second_answers[flips].argmax(1) != result.original
        rows.append(
            {
                "name": "a second model flips too",
                "value": f"{int(too.sum())} of {int(flips.sum())}",
                "note": "few: a trick, or a bias of its own",
                "help": "Of the counterfactuals that flip the model, those that flip a model which had no "
                "part in the search, too. What flips only the one it was made for is a trick on it, or shows "
                "a reason that the other does not have: look at what was changed.",
            }
        )
    if "plausibility" not in result.objective_names:
        rows.append(
            {
                "name": "critic missing",
                "value": "–",
                "note": "two objectives: how real they look was not asked",
                "help": "This editor has no critic: nothing kept the edits believable.",
            }
        )
    if result.invalid:
        rows.append(
            {
                "name": "answers not finite",
                "value": f"{result.invalid:,}",
                "note": f"of {result.evaluations:,}",
                "help": "For these candidates the model answered NaN or infinity; they were left out.",
            }
        )
    return rows
