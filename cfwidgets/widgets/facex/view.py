"""The view of the regions that a classifier attends to over a data set of faces."""

from __future__ import annotations

import base64
import math
from contextlib import ExitStack, closing
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import traitlets as t

from cfwidgets.attribution import attribute
from cfwidgets.checkpoint import checkpoint_path
from cfwidgets.data.faces.prototype import Prototype
from cfwidgets.data.faces.regions import REGIONS
from cfwidgets.engines.base import Update
from cfwidgets.engines.facex.engine import FaceX
from cfwidgets.engines.facex.reading import require_faces
from cfwidgets.engines.facex.region_sums import regions_of
from cfwidgets.engines.facex.result import FaceXResult
from cfwidgets.images import as_bytes, fit_labels
from cfwidgets.models.classifier import Classifier, require_classifier
from cfwidgets.text import did_you_mean, quoted
from cfwidgets.widgets.answers import Face
from cfwidgets.widgets.checks import foreign, require_kind, whole
from cfwidgets.widgets.facex.drawing import drawing
from cfwidgets.widgets.lifetime import closed_on_failure
from cfwidgets.widgets.view import View, bundle
from cfwidgets.widgets.wire import encode_frames, encode_grey, likeliest, pack, trust_rows

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from distributed import Client

    from cfwidgets.engines.facex.reading import FaceLike, Faces
    from cfwidgets.export.travel import Travel
    from cfwidgets.export.words import About

_TOP = 4
_FLOATS = {"rank": "float", "effect_rank": "float"}  # None is NaN there
_FACES, _TRAVELLING = 40, 6_000_000  # faces that an exported page opens, and bytes of them
_LISTED = 50  # unusable faces that the view lists

OneOrTwo: TypeAlias = FaceXResult | tuple[FaceXResult, FaceXResult]
"""A result; with a second classifier a pair."""


class FaceXView(View[OneOrTwo]):
    """Shows the regions that a classifier attends to over a data set of faces, and patches of them.

    It returns at once and fills in while the engine runs. It works by itself, with mouse and keyboard,
    wherever anywidgets work; only opening a face needs the kernel. Point at a region to see its patches of
    most attention, and open a patch to see the whole face with its map.

    Parameters
    ----------
    clf
        The classifier.
    faces
        A data set: see `cfwidgets.engines.facex.reading.FaceLike`. With ``result`` it is needed only to open
        faces.
    target
        The class to explain in every face, as an index or a label. With ``result`` it is the result's.
    regions
        Names of the regions, in the order of the bits. With ``result`` they are the result's.
    prototype
        The drawing of the regions; None for the face.
    client
        A client of a Dask cluster, over whose workers the faces are spread: see `FaceX.steps`.
    engine
        `FaceX`, with its settings.
    second
        A second classifier, shown beside the first: before and after a mitigation, for example.
    result
        A finished result to show instead of a run; with ``second`` a pair of results.
    checkpoint
        A file that the run is written to and resumed from: see `FaceX.steps`. The second classifier's is
        beside it, with ``-second`` added to its stem.

    Attributes
    ----------
    chosen
        Name of the pinned region; empty for none. It can be set.
    quantity
        ``"attention"`` or ``"effect"``: the values that colour the face. It can be set.
    result
        What is found so far, a `FaceXResult`; with a second classifier a pair.
    run
        The `Run` over the faces: ``run.result()`` waits for its end.

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
    ClassifierError, PrototypeError, TypeError, ValueError
        The argument that is refused, and what is accepted.

    Examples
    --------
    >>> import cfwidgets as cf
    >>> faces = cf.data.portraits(4, size=32)
    >>> clf = cf.zoo.classifier("portraits/male-biased", device="cpu")
    >>> view = FaceXView(clf, faces, "Male", engine=cf.FaceX(trust=False, sampled=0))
    >>> len(view.run.result().numbers)
    4
    >>> view.chosen = "u_lip"
    >>> view.close()
    """

    from_page = frozenset({"chosen", "opened", "opened_by", "group", "pointed", "quantity"})
    linked = frozenset({"cursor"})
    also = ("second",)
    data = ("faces",)
    clicked = ("group", "quantity", "pointed", "chosen", "opened_by", "opened")
    answered: ClassVar[dict[str, type[Any]]] = {"face": Face}

    _esm = bundle("facex.js")
    _css = bundle("facex.css")

    prototype = t.Dict().tag(sync=True)
    regions = t.List(t.Dict()).tag(sync=True)
    other = t.List(t.Dict()).tag(sync=True)
    models = t.List(t.Unicode()).tag(sync=True)
    target = t.Unicode().tag(sync=True)
    groups = t.List(t.Unicode()).tag(sync=True)
    grouped = t.List(t.List(t.Dict())).tag(sync=True)
    # The patches by region, and their pixels.
    patches = t.Dict().tag(sync=True)
    patch_tiles = t.Bytes().tag(sync=True)
    other_patches = t.Dict().tag(sync=True)
    other_tiles = t.Bytes().tag(sync=True)
    # What the user changes. No echo: a late one would undo newer changes.
    chosen = t.Unicode().tag(sync=True, echo_update=False)
    opened = t.Int(-1).tag(sync=True, echo_update=False)
    opened_by = t.Int(0).tag(sync=True, echo_update=False)  # the model whose map is laid over the face
    group = t.Int(0).tag(sync=True, echo_update=False)
    quantity = t.Enum(["attention", "effect"], "attention").tag(sync=True, echo_update=False)
    # The region under the pointer; and the index in `regions` of that or the pinned one, linked with a chart.
    pointed = t.Unicode().tag(sync=True, echo_update=False)
    cursor = t.List(t.Int(), default_value=None, allow_none=True).tag(sync=True, echo_update=False)
    face = t.Dict().tag(sync=True)
    # The unusable faces: their number, and index and reason of the first of them.
    skipped = t.Dict().tag(sync=True)

    @closed_on_failure
    def __init__(
        self,
        clf: Classifier,
        faces: Faces | Sequence[FaceLike] | None = None,
        target: int | str | None = None,
        *,
        regions: Sequence[str] = REGIONS,
        prototype: Prototype | None = None,
        client: Client | None = None,
        engine: FaceX | None = None,
        second: Classifier | None = None,
        result: OneOrTwo | None = None,
        checkpoint: str | Path | None = None,
    ) -> None:
        require_classifier("clf", clf)
        if second is not None:
            require_classifier("second", second)
        shown = None if result is None else _matching(result, 1 if second is None else 2)
        if engine is None:
            engine = FaceX() if shown is None else FaceX.of(shown)
        require_kind("engine", engine, FaceX, "FaceX(…)")
        self._clf, self._second = clf, second
        self._models = [clf] if second is None else [clf, second]
        self._faces, self._engine, self._client = faces, engine, client
        self._checkpoints = _checkpoints(checkpoint)
        self._foreign: list[str] = []
        if result is not None and shown is not None:
            self._foreign = [foreign(*pair) for pair in zip(_each(result), self._models, strict=True)]
            self._names, self._target = shown.regions, shown.target
        elif faces is None or target is None:
            raise ValueError("give faces and the class to explain, target=…; or a finished result to show")
        else:
            self._names, self._target = tuple(regions), clf.class_index(target)
        if faces is not None:
            require_faces(faces)
        prototype = Prototype.face() if prototype is None else prototype
        prototype.require(self._names)
        self._drawn = prototype
        drawn = drawing(prototype)
        super().__init__()
        with self.together():
            self.prototype = drawn
            self.target = clf.label(self._target)
            self.models = [model.name for model in self._models]
            self.measures = engine.trust
        if result is None:
            self.start(self._steps())
        else:
            self.show(result)

    def _steps(self) -> Generator[Update[OneOrTwo], None, None]:
        """Run the engine on one model after the other, each resuming its earlier result."""
        if self._faces is None:
            raise ValueError("a run needs the data set: pass faces=")
        earlier = [None] * len(self._models) if self._result is None else [*_each(self._result)]
        with ExitStack() as stack:
            runs = [
                stack.enter_context(
                    closing(
                        self._engine.steps(
                            model,
                            self._faces,
                            self._target,
                            regions=self._names,
                            client=self._client,
                            resume=before,
                            checkpoint=checkpoint,
                        )
                    )
                )
                for model, before, checkpoint in zip(self._models, earlier, self._checkpoints, strict=False)
            ]
            first = [
                next(run) for run in runs
            ]  # also refuses what a second model cannot do before the first runs
            found = [update.partial for update in first]
            for place, run in enumerate(runs):
                for update in chain([first[place]], run):
                    found[place] = update.partial
                    named = len(runs) > 1 and update.activity
                    activity = f"{self._models[place].name}: {update.activity}" if named else update.activity
                    partial = found[0] if len(found) == 1 else (found[0], found[1])
                    yield Update((place + update.fraction) / len(runs), partial, activity)

    def _publish(self, partial: OneOrTwo) -> None:
        results = _each(partial)
        first = results[0]
        seen = " and ".join(dict.fromkeys(f"{one.seen:,}" for one in results))
        self.counts = f"{seen} of {first.total:,} faces"
        self.notes = " ".join(filter(None, (*self._foreign, *map(_notes, results))))
        self.regions = _rows(first)
        self.patches, self.patch_tiles = _patches(first)
        if len(results) > 1:
            self.other = _rows(results[1])
            self.other_patches, self.other_tiles = _patches(results[1])
        split = first.group_names if len(results) == 1 else ()
        self.groups = ["all", *split] if split else []
        self.grouped = [self.regions, *(_rows(first, name) for name in split)] if split else []
        self._judge(first)
        if len(results) > 1:
            named = list(zip(self.models, results, strict=True))
            self.caveats = [f"{name}: {caveat}" for name, one in named for caveat in one.caveats]
            self.trust = [
                {**row, "name": f"{name}: {row['name']}"}
                for name, one in named
                for row in trust_rows(one.trust())
            ]
        self.skipped = _skipped(results)

    def _checked(self, changed: dict[str, Any]) -> dict[str, Any]:
        chosen = changed.get("chosen", "")
        if chosen != "" and chosen not in self._names:
            raise ValueError(f"chosen must be a region or empty, not {chosen!r:.40}")
        for name, low, high in (
            ("opened", -1, _each(self._result)[0].total - 1 if self._result is not None else -1),
            ("opened_by", 0, len(self._models) - 1),
            ("group", 0, max(0, len(self.groups) - 1)),
        ):
            whole(name, changed.get(name, low), low, high)
        return changed

    @t.validate("chosen")
    def _a_region(self, proposal: Any) -> str:
        if proposal.value and proposal.value not in self._names:
            raise t.TraitError(
                f"there is no region {proposal.value!r}; the regions are {', '.join(self._names)}"
                f"{did_you_mean(proposal.value, self._names)}"
            )
        chosen: str = proposal.value
        return chosen

    @t.observe("opened", "opened_by", "chosen")
    def _ask(self, _change: Any) -> None:
        if self._open and self.opened >= 0:
            self._answers.ask((self.opened, self.opened_by, self.chosen or self.pointed))

    def _answer(self, question: tuple[int, int, str]) -> None:
        """Open a face: its image, the model's attention in it, and the region's outline."""
        known = tuple(self.face.get(name) for name in ("image", "model", "region"))
        if self._result is not None and known != question:
            self.face = self._closeup(*question)

    def _closeup(self, number: int, model: int, region: str) -> dict[str, Any]:
        if self._faces is None:
            raise ValueError("opening a face needs the data set: pass faces= beside result=")
        assert self._result is not None  # noqa: S101 - the question names one of its regions
        clf, result = self._models[model], _each(self._result)[model]
        face = self._faces[number]
        view = clf.view(face.image).cpu()
        found = attribute(clf, view[None], self._target, self._engine.method, **self._engine.options)
        attention = found.maps[0].clamp_min(0)
        region_bits = fit_labels(face.masks.long(), result.size)
        place = self._names.index(region) if region in self._names else 0
        box = next(
            (
                [*result.patches.places[place, k].tolist(), self._engine.patch]
                for k, image in enumerate(result.patches.images[place].tolist())
                if image == number
            ),
            [],
        )
        return {
            "image": number,
            "model": model,
            "name": str(getattr(face, "name", number)),
            "size": list(result.size),
            "box": box,
            "region": region,
            "answer": [
                [clf.label(int(index)), p] for index, p in likeliest(clf.probabilities(view[None])[0], _TOP)
            ],
            "picture": encode_frames(as_bytes(view)[None])[0],
            "map": encode_grey(attention / attention.max().clamp_min(1e-30)),
            "region_mask": encode_grey(regions_of(region_bits, len(self._names))[..., place].float()),
        }

    def account(self) -> About:
        """Say what the view shows, for an exported page."""
        from cfwidgets.export.words import account

        results = _each(self._found_so_far)
        names, verb = " and ".join(one.model for one in results), "do" if len(results) > 1 else "does"
        return account(
            f"Where {verb} {names} look for {quoted(self.target)}?",
            "FaceX explorer",
            results[0],
            self,
            asks="whole faces, and a longer run, need the notebook",
            lacks="faces beyond those of the patches shown, and a longer run, need the notebook",
        )

    def travel(self) -> Travel:
        """Return what an exported page needs to answer the view: the faces that the patches are of."""
        from cfwidgets.export.refusal import CannotTravelError
        from cfwidgets.export.travel import Travel

        if self._faces is None:
            raise CannotTravelError("opening a face needs the data set, and there is none beside the result")
        asked = [  # the best patches of each region first
            (images[place], model, region)
            for place in range(self._engine.patches)
            for model, result in enumerate(_each(self._found_so_far))
            for region, images in zip(result.regions, result.patches.images.tolist(), strict=True)
            if place < len(images) and images[place] >= 0
        ]
        return Travel(
            "facex",
            ("opened", "chosen", "opened_by"),
            None,
            values={"faces": self._travelling(asked[:_FACES])},
        )

    def _travelling(self, asked: list[tuple[int, int, str]]) -> list[dict[str, Any]]:
        """Return what is shown of faces, as long as there is room for them in a page."""
        faces: list[dict[str, Any]] = []
        total = 0
        for question in asked:
            try:
                face = self._closeup(*question)
            except Exception:  # noqa: BLE001, S112 - whatever it is, the others travel
                continue
            blobs = {name: value for name, value in face.items() if isinstance(value, bytes)}
            total += sum(map(len, blobs.values()))
            if total > _TRAVELLING:
                break
            texts = {name: base64.b64encode(value).decode("ascii") for name, value in blobs.items()}
            faces.append({**face, **texts})
        return faces

    def _release(self) -> None:
        super()._release()
        self._faces = None


def _each(result: OneOrTwo) -> tuple[FaceXResult, ...]:
    """Return the results of the classifiers, in their order."""
    return result if isinstance(result, tuple) else (result,)


def _matching(result: Any, models: int) -> FaceXResult:
    """Return the first result; refuse results that do not fit the classifiers or each other.

    Raises
    ------
    TypeError, ValueError
        The results given, and those that are accepted.
    """
    accepted = "a FaceXResult" if models == 1 else "a pair of FaceXResults, one for each classifier"
    results = (result,) if models == 1 else result
    require_kind("result", results, tuple, accepted)
    if len(results) != models:
        raise ValueError(f"result must be {accepted}, not {len(results)} of them")
    for one in results:
        require_kind("result", one, FaceXResult, accepted)
    first, last = results[0], results[-1]
    for name in ("label", "regions", "total"):
        if getattr(first, name) != getattr(last, name):
            raise ValueError(
                f"result: the two differ in {name}, {getattr(first, name)!r} and {getattr(last, name)!r}"
            )
    return results[0]


def _checkpoints(path: str | Path | None) -> list[Path | None]:
    """Return the files of the first classifier and of the second."""
    if path is None:
        return [None, None]
    first = checkpoint_path(path)
    return [first, first.with_name(f"{first.stem}-second{first.suffix}")]


def _notes(result: FaceXResult) -> str:
    """Say, once all faces are summarised, that the class is never predicted."""
    complete = len(result.numbers) and result.seen == result.total
    if complete and not bool(result.predicted_target.any()):
        return f"{result.model} predicts {result.label} for none of these faces."
    return ""


def _skipped(results: Sequence[FaceXResult]) -> dict[str, Any]:
    """Return the unusable faces of all results; empty where there are none."""
    reasons = {face.number: face.why for one in results for face in one.skipped}
    if not reasons:
        return {}
    return {
        "count": len(reasons),
        "total": results[0].total,
        "faces": [[number, reasons[number]] for number in sorted(reasons)[:_LISTED]],
    }


def _rows(result: FaceXResult, group: str | None = None) -> list[dict[str, Any]]:
    return [
        {
            "name": row.Index,
            "label": row.region,
            "ior": _known(row.attention),
            "low": _known(row.low),
            "high": _known(row.high),
            "count": int(row.count),
            "rank": _rank(row.rank),
            "null": _known(row.randomised),
            "effect": _known(row.effect),
            "effect_low": _known(row.effect_low),
            "effect_high": _known(row.effect_high),
            "effect_count": int(row.effect_count),
            "effect_rank": _rank(row.effect_rank),
            "push": _known(row.push),
        }
        for row in result.to_frame(group).astype(_FLOATS).itertuples(name="Row")
    ]


def _rank(value: float) -> int | None:
    return None if math.isnan(value) else int(value)


def _known(value: float) -> float | None:
    return None if math.isnan(value) else round(float(value), 5)


def _patches(result: FaceXResult) -> tuple[dict[str, list[dict[str, Any]]], bytes]:
    """Return the patches by region, and their pixels."""
    found: dict[str, list[dict[str, Any]]] = {}
    taken = result.patches.images >= 0
    tile = 0
    for place, name in enumerate(result.regions):
        rows = []
        for k, image in enumerate(result.patches.images[place][taken[place]].tolist()):
            value = float(result.patches.values[place, k])
            rows.append(
                {"tile": tile, "image": image, "name": result.name_of(image), "value": round(value, 4)}
            )
            tile += 1
        found[name] = rows
    return found, pack(encode_frames(result.patches.pixels[taken])) if tile else b""
