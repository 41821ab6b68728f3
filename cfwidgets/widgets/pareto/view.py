"""The view of a front of plausible counterfactuals, to walk through and to edit by hand."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
import traitlets as t

from cfwidgets.checkpoint import checkpoint_path
from cfwidgets.engines.pareto.edit_task import of_second
from cfwidgets.engines.pareto.engine import PlausibleCounterfactuals
from cfwidgets.engines.pareto.result import ParetoResult
from cfwidgets.images import ImageLike, as_bytes, as_image, fit
from cfwidgets.models.classifier import Classifier, require_classifier
from cfwidgets.models.editor import criticised, painted, require_editor
from cfwidgets.text import quoted
from cfwidgets.widgets.answers import Edited
from cfwidgets.widgets.checks import foreign, is_whole, require_kind
from cfwidgets.widgets.lifetime import closed_on_failure
from cfwidgets.widgets.linking import LINKED, Linked
from cfwidgets.widgets.view import View, bundle
from cfwidgets.widgets.wire import encode_frames, likeliest, pack

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from pathlib import Path

    import pandas as pd
    from torch import Tensor

    from cfwidgets.engines.base import Update
    from cfwidgets.export.travel import Travel
    from cfwidgets.export.words import About
    from cfwidgets.models.editor import Editor

_COMPARED = 6  # counterfactuals on which a network in a page is compared
_TOP = 3
_OBJECTIVES = {"plausibility": "plausibility", "log-probability": "success", "intensity": "intensity"}
"""Names of the objectives in a result, and in the page."""
# Spans of the charts' brushes: they stay in the browser, where alone they are read.
_SPANS = ("across_0", "up_0", "across_1", "up_1", "across_2", "up_2")


def _span() -> Any:
    return t.List(t.Float(), None, allow_none=True, maxlen=2).tag(sync=True, echo_update=False)


class ParetoView(Linked, View[ParetoResult]):
    """Counterfactuals of one image as a film strip, by the probability that they leave to its class.

    It returns at once and fills in while the engine runs. It is complete by itself, with mouse and keyboard,
    wherever anywidgets work; only editing by hand needs the kernel. Walk along the strip, and drag the bars
    of the attributes to edit.

    Parameters
    ----------
    clf
        The classifier.
    editor
        The editor that paints the image with other attributes: see `cfwidgets.models.editor.Editor`.
    image
        Anything that `cfwidgets.images.as_image` reads; scaled to the editor's size. None with ``result``.
    target
        The class that the edits are to leave: see `PlausibleCounterfactuals.steps`. None for the predicted
        class.
    attributes
        Attributes of the image: see `PlausibleCounterfactuals.steps`. None: the editor recognises them.
    engine
        `PlausibleCounterfactuals`, with its settings.
    second
        Another classifier of the same classes, which predicts the counterfactuals too.
    result
        An earlier result to show, in the place of a run.
    checkpoint
        A file that the result is written to now and then, and resumed from where it is there.

    Attributes
    ----------
    chosen
        The counterfactual that is shown, by its place in the front; the place after the last is that of the
        simplest flip. -1 for the simplest; before the end of the run for the best pick, where probability and
        plausibility cross. If they do not, or not in a flip, that is the most plausible flip (the smallest
        without a critic); where nothing flips, the closest. It can be set.
    brushed
        Places to which the strip is filtered, that of the simplest among them; empty for all.
    selected
        The counterfactuals that are brushed, or all: a table and their images.
    point, region
        The crosshair and the region that linked views share: see `Linked`.
    result
        What is found so far, a `ParetoResult`.
    run
        The `Run` of the search: ``run.result()`` waits for its end.

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
    >>> import cfwidgets as cf
    >>> clf = cf.zoo.classifier("portraits/male-blond", device="cpu")
    >>> editor = cf.zoo.attribute_editor("portraits", device="cpu")
    >>> face = cf.data.portraits(1, size=64)[0].image
    >>> view = ParetoView(clf, editor, face, engine=PlausibleCounterfactuals(evaluations=100, trust=False))
    >>> len(view.run.result().deltas) > 0
    True
    >>> view.chosen = 0
    >>> view.close()
    """

    _esm = bundle("pareto.js")
    _css = bundle("pareto.css")

    from_page = frozenset({"chosen", "brushed", "edit"})
    linked = LINKED | {"cursor", *_SPANS}
    needs = ("editor",)
    also = ("second",)
    clicked = ("chosen", "brushed", "edit", *sorted(LINKED), *_SPANS)
    answered: ClassVar[dict[str, type[Any]]] = {"edited": Edited}

    original = t.Bytes().tag(sync=True)
    # The reconstruction, without any change, and the model's prediction for it.
    repainted = t.Bytes().tag(sync=True)
    repainted_p = t.Float(None, allow_none=True).tag(sync=True)
    repainted_label = t.Unicode().tag(sync=True)
    size = t.List(t.Int(), default_value=[0, 0]).tag(sync=True)
    # The front, one entry, picture and row of changes each; the probability of the original class falls. The
    # simplest comes last, where there is one.
    tiles = t.Bytes().tag(sync=True)
    members = t.List(t.Dict()).tag(sync=True)
    deltas = t.Bytes().tag(sync=True)
    crossing = t.Int(-1).tag(sync=True)
    simplest = t.Int(-1).tag(sync=True)
    names = t.List(t.Unicode()).tag(sync=True)
    attributes = t.List(t.Float()).tag(sync=True)
    # Places of the attributes that exclude each other, for changes by hand.
    groups = t.List(t.List(t.Int())).tag(sync=True)
    frozen = t.List(t.Unicode()).tag(sync=True)
    reach = t.Float(1.0).tag(sync=True)
    model = t.Unicode().tag(sync=True)
    labels = t.List(t.Unicode()).tag(sync=True)
    original_class = t.Int(-1).tag(sync=True)
    before = t.Float(None, allow_none=True).tag(sync=True)
    # Set by the page. No echo: a late one would undo a newer change.
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

    @closed_on_failure
    def __init__(
        self,
        clf: Classifier,
        editor: Editor,
        image: ImageLike | None = None,
        target: int | str | None = None,
        *,
        attributes: Mapping[str, float] | Sequence[float] | Tensor | None = None,
        engine: PlausibleCounterfactuals | None = None,
        second: Classifier | None = None,
        result: ParetoResult | None = None,
        checkpoint: str | Path | None = None,
    ) -> None:
        require_classifier("clf", clf)
        if second is not None:
            require_classifier("second", second)
        if engine is None:
            engine = PlausibleCounterfactuals() if result is None else PlausibleCounterfactuals.of(result)
        require_kind("engine", engine, PlausibleCounterfactuals, "PlausibleCounterfactuals(…)")
        self._clf, self._second, self._engine = clf, second, engine
        self._editor = require_editor(editor)
        self._image = _image(editor, image, result)
        self._foreign = "" if result is None else foreign(result, clf)
        if target is not None:
            clf.class_index(target)
        self._target, self._attributes = target, attributes
        self._checkpoint = None if checkpoint is None else checkpoint_path(checkpoint)
        self._shown: ParetoResult | None = None
        self._encoded: tuple[Tensor, Any] | None = None  # for edits by hand: an image, and what it became
        self._most = 0  # counterfactuals in the longest front so far
        super().__init__()
        self.measures = engine.trust
        if result is not None:
            self.show(result)
            return
        with self.together():
            self._show_image(self._image)
            self.names = [str(name) for name in editor.attributes]
            self.groups = self._groups()
            self.frozen, self.reach, self.model = list(engine.frozen), float(engine.reach), clf.name
        self.start(self._steps())

    @property
    def selected(self) -> tuple[pd.DataFrame, Tensor]:
        """The brushed counterfactuals, or all with the simplest: rows of ``result.to_frame()``, and images.

        Raises
        ------
        ValueError
            There are none yet.
        """
        result = self._result
        if result is None:
            raise ValueError("there are no counterfactuals yet: wait for the first, `explorer.run.result()`")
        images = _with_simplest(result, result.images, "image")
        chosen = [place for place in self.brushed if place < len(images)] or list(range(len(images)))
        return result.to_frame().iloc[chosen], images[chosen]

    def _groups(self) -> list[list[int]]:
        names = list(self._editor.attributes)
        return [[names.index(name) for name in group] for group in self._engine.groups(self._editor)]

    def _steps(self) -> Generator[Update[ParetoResult], None, None]:
        return self._engine.steps(
            self._clf,
            self._editor,
            self._image,
            self._target,
            attributes=self._attributes,
            second=self._second,
            resume=self._result,
            checkpoint=self._checkpoint,
        )

    def clicks(self) -> dict[str, Any]:
        """See `View.clicks`; a brush tells its span as the bytes of two numbers."""
        told = self._linked_in_page
        for name in _SPANS:
            value = told.get(name)
            if isinstance(value, memoryview) and value.nbytes == 2 * 8:
                told[name] = np.frombuffer(value, "<f8").tolist()
        return super().clicks()

    def account(self) -> About:
        """Say what the view shows, for an exported page."""
        from cfwidgets.export.words import account

        result = self._found_so_far
        return account(
            f"{result.model} predicts {quoted(result.labels[result.target])}. What would change that?",
            "Explorer of plausible counterfactuals",
            result,
            self,
            asks="edits by hand and a longer search need the notebook",
            lacks="a longer search needs the notebook",
        )

    def travel(self) -> Travel:
        """Return what an exported page needs to answer the view."""
        from cfwidgets.export.edited import edited_network
        from cfwidgets.export.refusal import CannotTravelError
        from cfwidgets.export.travel import Travel

        result = self._found_so_far
        if self._second is not None:
            raise CannotTravelError("the prediction of a second model does not travel")
        changes = torch.cat((torch.zeros(2, len(result.attributes)), _changes(result)[:_COMPARED]))
        rows = result.attributes + changes
        return Travel(
            "pareto",
            ("edit",),
            functools.partial(edited_network, self._editor, self._clf.in_float32(), result.image, rows),
            values={"attributes": result.attributes.tolist(), "size": list(result.image.shape[1:])},
        )

    def _release(self) -> None:
        super()._release()
        self._shown = self._encoded = None

    def _publish(self, partial: ParetoResult) -> None:
        earlier, self._shown = self._shown, partial
        images = _with_simplest(partial, partial.images, "image")
        self._most = max(self._most, len(images))
        self._show_image(partial.image)
        self.names, self.model, self.groups = list(partial.names), partial.model, self._groups()
        self.frozen, self.reach = list(partial.settings["frozen"]), float(partial.settings["reach"])
        self.labels = list(partial.labels)
        self.original_class = partial.target
        self.before = float(partial.prediction[partial.target])
        self.repainted = encode_frames(as_bytes(partial.reconstruction[None]))[0]
        self.repainted_p = float(partial.reconstruction_prediction[partial.target])
        self.repainted_label = partial.labels[int(partial.reconstruction_prediction.argmax())]
        self.attributes = partial.attributes.tolist()
        self.chosen = _again(self.chosen, earlier, partial)
        # While the search runs many fronts come, and encoding without loss takes five times as long.
        running = self.run is not None and self.run.state == "running"
        self.tiles = pack(encode_frames(images, exact=not running))
        deltas = _changes(partial)
        self.deltas = deltas.float().numpy().astype("<f4").tobytes()
        # A member that does not flip the model is no counterfactual: the page then picks a flip.
        pick = partial.crossing
        self.crossing = pick if pick is not None and bool(partial.flips[pick]) else -1
        self.simplest = -1 if partial.simplest is None else len(partial.deltas)
        self.members = _members(partial)
        self.brushed = []  # the page filters the new front by the regions that are brushed
        self.importance = [
            {"name": name, "success": lost, "per_unit": per_unit, "change": change}
            for name, lost, per_unit, change in partial.importance().itertuples(index=False, name=None)
        ]
        self._judge(partial)
        flips = int(partial.flips.sum())
        self.counts = f"{flips} of {len(partial.deltas)} flip · {partial.evaluations:,} evaluated"
        self.notes = " ".join(filter(None, (self._foreign, _notes(partial))))

    def _show_image(self, image: Tensor) -> None:
        self.original = encode_frames(as_bytes(image[None]))[0]
        self.size = list(image.shape[1:])

    def _checked(self, changed: dict[str, Any]) -> dict[str, Any]:
        count, last = len(self.members), max(self._most - 1, 0)
        chosen = changed.get("chosen", -1)
        if not is_whole(chosen, -1, last):
            raise ValueError(f"chosen must be from -1 to {count - 1}, not {chosen!r:.40}")
        brushed = changed.get("brushed", [])
        if not isinstance(brushed, list) or not all(is_whole(place, 0, last) for place in brushed):
            raise ValueError(f"brushed must be a list of places from 0 to {count - 1}, not {brushed!r:.40}")
        # Places beyond the end were chosen in a longer front, before this one: the page sends them again.
        if chosen >= count:
            changed.pop("chosen")
        if brushed:
            changed["brushed"] = [place for place in brushed if place < count]
        edit = changed.get("edit", [])
        if not isinstance(edit, list) or len(edit) not in (0, len(self.names)):
            raise ValueError(f"edit must be a change for each of {len(self.names)} attributes, or empty")
        if not all(_is_change(change, self.reach) for change in edit):
            raise ValueError(f"a change is from {-self.reach:g} to {self.reach:g}, not as in {edit!r:.60}")
        return changed

    @t.validate("chosen")
    def _a_member(self, proposal: Any) -> int:
        # While a front is published, its members come after the choice.
        found = 0 if self._result is None else len(_changes(self._result))
        if not -1 <= proposal.value < max(found, 1):
            raise t.TraitError(f"chosen must be from -1 to {found - 1}, not {proposal.value}")
        chosen: int = proposal.value
        return chosen

    @t.observe("edit")
    def _ask(self, _change: Any) -> None:
        if self._open and self.edit:
            self._answers.ask(tuple(self.edit))

    def _answer(self, question: tuple[float, ...]) -> None:
        """Paint the image with changes made by hand, and evaluate it."""
        result = self._result
        if result is None or self.edited.get("deltas") == list(question):
            return
        if self._encoded is None or self._encoded[0] is not result.image:
            self._encoded = (result.image, self._editor.encode(result.image))
        wanted = result.attributes + torch.tensor(question)
        image = painted(self._editor, self._encoded[1], wanted[None])
        prediction = self._clf.probabilities(image)[0]
        critic = criticised(self._editor, image)
        second = None if self._second is None else int(of_second(self._second, image[0]).argmax())
        if self._answers.superseded or not self._open:
            return
        with self.together():
            self.edited = {
                "deltas": list(question),
                "top": [[result.labels[int(index)], p] for index, p in likeliest(prediction, _TOP)],
                "p": float(prediction[result.target]),
                "flips": int(prediction.argmax()) != result.target,
                "critic": None if critic is None else float(critic[0]),
                "second": None if second is None else result.labels[second],
                "picture": encode_frames(as_bytes(image.cpu()))[0],
            }


def _image(editor: Editor, image: ImageLike | None, result: ParetoResult | None) -> Tensor:
    """Give the image to explain, or that of a result of the same attributes."""
    if result is not None and image is None:
        require_kind("result", result, ParetoResult, "a ParetoResult")
        if tuple(result.names) != tuple(editor.attributes):
            raise ValueError(f"result has the attributes {', '.join(result.names)}, not those of the editor")
        return result.image
    if image is not None and result is None:
        return fit(as_image(image).cpu()[None], getattr(editor, "size", None))[0]
    raise ValueError("give either an image to explain or a finished result to show")


def _is_change(value: Any, reach: float) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value) and abs(value) <= reach + 1e-6


def _again(chosen: int, earlier: ParetoResult | None, now: ParetoResult) -> int:
    """Find the chosen counterfactual, or the one most like it, in a newer front."""
    if earlier is None or not len(now.deltas):
        return -1
    there, here = _changes(earlier), _changes(now)
    if not 0 <= chosen < len(there):
        return -1
    return int((here - there[chosen]).norm(dim=1).argmin())


def _with_simplest(result: ParetoResult, rows: Tensor, name: str) -> Tensor:
    """Append to the rows of the front that of the simplest, where there is one."""
    return rows if result.simplest is None else torch.cat([rows, getattr(result.simplest, name)[None]])


def _changes(result: ParetoResult) -> Tensor:
    return _with_simplest(result, result.deltas, "deltas")


def _members(result: ParetoResult) -> list[dict[str, Any]]:
    objectives = _with_simplest(result, result.objectives, "objectives")
    columns = {name: objectives[:, i].tolist() for i, name in enumerate(result.objective_names)}
    predictions = _with_simplest(result, result.predictions, "prediction")
    predicted, probability = predictions.argmax(1).tolist(), predictions[:, result.target].tolist()
    second = _second(result)
    return [
        {
            "p": probability[i],
            "flips": predicted[i] != result.target,
            "label": result.labels[predicted[i]],
            "second": second[i],
            **{
                key: _finite(columns[name][i]) if name in columns else None
                for name, key in _OBJECTIVES.items()
            },
        }
        for i in range(len(predictions))
    ]


def _second(result: ParetoResult) -> list[str | None]:
    """Labels that a second model predicts for the front and the simplest; None where it was not asked."""
    rows = result.second_predictions
    labels: list[str | None] = [None] * len(result.deltas)
    if rows is not None:
        labels = [result.labels[place] for place in rows.argmax(1).tolist()]
    if result.simplest is None:
        return labels
    one = result.simplest.second_prediction
    return [*labels, None if one is None else result.labels[int(one.argmax())]]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _notes(result: ParetoResult) -> str:
    notes = []
    if len(result.deltas) and not result.flipped:
        found = "Nothing flips" if result.ablation is not None else "So far nothing flips"
        lead = f"{result.distance:.2f}".removeprefix("0")
        notes.append(f"{found} the model: in the closest, {result.label} still leads by {lead}.")
    if result.reconstruction_flips:
        notes.append(
            "The editor's reconstruction alone, without any change, flips the model: flips mean less here."
        )
    if "plausibility" not in result.objective_names:
        notes.append("This editor has no critic: nothing keeps the edits plausible.")
    return " ".join(notes)
