"""The view of where a classifier looks over a data set of faces, and the explorer with a chart beside it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import traitlets as t

from cfwidgets.attribution import attribute
from cfwidgets.data.faces.regions import REGIONS
from cfwidgets.engines.base import Update
from cfwidgets.engines.facex.engine import FaceX
from cfwidgets.engines.facex.region_sums import regions_of
from cfwidgets.images import fit_labels
from cfwidgets.models.classifier import Classifier
from cfwidgets.data.faces.prototype import Prototype
from cfwidgets.widgets.view import View, bundle
from cfwidgets.widgets.wire import encode_frames, encode_grey, likeliest, pack, trust_rows

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from distributed import Client

    from cfwidgets.engines.facex.reading import Face, Faces
    from cfwidgets.engines.facex.result import FaceXResult

_TOP = 4
_LISTED = 50  # faces that could not be used, of which the view tells
_FROM_THE_BROWSER = {"chosen", "opened", "opened_by", "group", "pointed"}
_WORDS = {
    "eye_g": "glasses",
    "l_eye": "left eye",
    "r_eye": "right eye",
    "l_brow": "left brow",
    "r_brow": "right brow",
    "l_ear": "left ear",
    "r_ear": "right ear",
    "mouth": "mouth (inside)",
    "u_lip": "upper lip",
    "l_lip": "lower lip",
    "ear_r": "earring",
    "neck_l": "necklace",
    "cloth": "clothing",
}


class FaceXView(View):
    """Where a classifier looks over a data set of faces, and what it sees there.

    It returns at once and fills in while the engine runs. It is complete by itself, with mouse and keyboard,
    wherever anywidgets work; only to open a face needs the kernel.

    Parameters
    ----------
    clf
        The classifier.
    faces
        A data set: see `cfwidgets.engines.facex.reading.Face`. None with ``results``, unless faces are to be
        opened.
    target
        The class that is explained in every face.
    other
        A second classifier, to be looked at beside the first: before and after a mitigation, for one.
    engine
        `FaceX`, with its settings.
    prototype
        The drawing; None for the face.
    regions
        Names of the regions, in the order of the bits.
    results
        One or two finished results to look at, in the place of a run.
    checkpoint
        A file in which the run is kept, to go on from after a crash: see `FaceX.steps`. With two classifiers
        a pair of files.
    client
        A Dask client, over whose cluster the data is split: see `FaceX.steps`.

    Attributes
    ----------
    chosen
        The region that is pinned, by its name; empty where none is. It can be set.
    """

    _esm = bundle("facex.js")
    _css = bundle("facex.css")

    prototype = t.Dict().tag(sync=True)
    regions = t.List(t.Dict()).tag(sync=True)
    other = t.List(t.Dict()).tag(sync=True)
    models = t.List(t.Unicode()).tag(sync=True)
    target = t.Unicode().tag(sync=True)
    groups = t.List(t.Unicode()).tag(sync=True)
    grouped = t.List(t.List(t.Dict())).tag(sync=True)
    # The patches: which, and their pixels.
    patches = t.Dict().tag(sync=True)
    patch_tiles = t.Bytes().tag(sync=True)
    other_patches = t.Dict().tag(sync=True)
    other_tiles = t.Bytes().tag(sync=True)
    # What the user plays with. No echo: a late one would undo what was done since.
    chosen = t.Unicode().tag(sync=True, echo_update=False)
    opened = t.Int(-1).tag(sync=True, echo_update=False)
    opened_by = t.Int(0).tag(sync=True, echo_update=False)  # the model whose map is laid over the face
    group = t.Int(0).tag(sync=True, echo_update=False)
    # The region under the pointer, and the place in `regions` of that or the pinned one, which is linked with
    # a chart in the browser.
    pointed = t.Unicode().tag(sync=True, echo_update=False)
    cursor = t.List(t.Int(), default_value=None, allow_none=True).tag(sync=True, echo_update=False)
    face = t.Dict().tag(sync=True)
    trust = t.List(t.Dict()).tag(sync=True)
    measures = t.Bool(default_value=True).tag(sync=True)
    counts = t.Unicode().tag(sync=True)
    notes = t.Unicode().tag(sync=True)
    # The faces that could not be used: how many, and of the first of them which and why.
    skipped = t.Dict().tag(sync=True)

    def __init__(
        self,
        clf: Classifier,
        faces: Faces | Sequence[Face] | None = None,
        target: int | str | None = None,
        *,
        other: Classifier | None = None,
        engine: FaceX | None = None,
        prototype: Prototype | None = None,
        regions: Sequence[str] = REGIONS,
        results: Sequence[FaceXResult] | None = None,
        checkpoint: str | Path | Sequence[str | Path] | None = None,
        client: Client | None = None,
    ) -> None:
        models = [clf] if other is None else [clf, other]
        for model in models:
            if not isinstance(model, Classifier):
                raise TypeError(
                    f"clf must be a Classifier, not {type(model).__name__}: wrap it, `Classifier(model, …)`"
                )
        engine = FaceX() if engine is None else engine
        if not isinstance(engine, FaceX):
            raise TypeError(f"engine must be FaceX(…), not {type(engine).__name__}")
        self._models = models
        self._faces, self._engine, self._client = faces, engine, client
        self._checkpoints = _one_each(checkpoint, len(models))
        self._names = tuple(regions) if results is None else results[0].regions
        self._results: list[FaceXResult] = []
        drawn = Prototype.face() if prototype is None else prototype
        drawn.require(self._names)
        if results is not None:
            if len(results) != len(self._models):
                raise ValueError(
                    f"give a result for each classifier: {len(self._models)}, not {len(results)}"
                )
            self._label = results[0].label
            self._target = results[0].target
        elif faces is None or target is None:
            raise ValueError("give faces and the class to explain, target=…; or finished results to look at")
        else:
            self._target = clf.class_index(target)
            self._label = clf.label(self._target)
        super().__init__()
        with self.together():
            self.prototype = {
                "box": list(drawn.box),
                "regions": [
                    {"name": region.name, "paths": list(region.paths), "panel": region.panel}
                    for region in drawn.regions
                ],
            }
            self.target = self._label
            self.models = [model.name for model in self._models]
            self.measures = engine.probed > 0
        if results is None:
            self.start(self._steps())
        else:
            with self.together():
                self._publish(list(results))
                self.state, self.progress = "done", 1.0

    @property
    def result(self) -> FaceXResult | None:
        """What was found for the (first) classifier, as it stands; None before the first step."""
        return self._results[0] if self._results else None

    @property
    def results(self) -> list[FaceXResult]:
        """What was found for each classifier, as it stands."""
        return list(self._results)

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
            self._results = []
            self._faces = None

    def _steps(self) -> Generator[Update[list[FaceXResult]], None, None]:
        """One model after the other, each going on from what it had found."""
        found = list(self._results)
        count = len(self._models)
        if self._faces is None:
            raise ValueError("there are no faces to look at")
        for place, model in enumerate(self._models):
            before = found[place] if place < len(found) else None
            for update in self._engine.steps(
                model,
                self._faces,
                self._target,
                regions=self._names,
                resume=before,
                checkpoint=self._checkpoints[place],
                client=self._client,
            ):
                found = [*found[:place], update.partial, *found[place + 1 :]]
                activity = update.activity if count == 1 else f"{model.name}: {update.activity}"
                yield Update((place + update.fraction) / count, list(found), activity)

    def _publish(self, partial: list[FaceXResult]) -> None:
        self._results = partial
        counts = [f"{one.seen:,} of {one.total:,} faces" for one in partial]
        self.counts = " · ".join(dict.fromkeys(counts))
        first = partial[0]
        self.regions = _rows(first)
        self.patches, self.patch_tiles = _patches(first)
        if len(partial) > 1:
            self.other = _rows(partial[1])
            self.other_patches, self.other_tiles = _patches(partial[1])
        split = first.group_names if len(self._models) == 1 else ()
        self.groups = ["all", *split] if split else []
        self.grouped = [self.regions, *(_rows(first, name) for name in split)] if split else []
        self.trust = trust_rows(first.trust())
        self.skipped = _skipped(partial)

    def _checked(self, sync_data: dict[str, Any]) -> dict[str, Any]:
        sync_data = {name: value for name, value in sync_data.items() if name != "cursor"}
        foreign = sync_data.keys() - _FROM_THE_BROWSER
        if foreign:
            raise ValueError(f"the page may not set {', '.join(sorted(foreign))}")
        chosen = sync_data.get("chosen", "")
        if chosen != "" and chosen not in self._names:
            raise ValueError(f"chosen must be a region or empty, not {chosen!r:.40}")
        for name, low, high in (
            ("opened", -1, self._results[0].total - 1 if self._results else -1),
            ("opened_by", 0, len(self._models) - 1),
            ("group", 0, max(0, len(self.groups) - 1)),
        ):
            value = sync_data.get(name, low)
            if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
                raise ValueError(f"{name} must be from {low} to {high}, not {value!r:.40}")
        return sync_data

    @t.validate("chosen")
    def _a_region(self, proposal: Any) -> str:
        if proposal.value and proposal.value not in self._names:
            raise t.TraitError(f"no region is called {proposal.value!r}; there are {', '.join(self._names)}")
        chosen: str = proposal.value
        return chosen

    @t.observe("opened", "opened_by", "chosen")
    def _ask(self, _change: Any) -> None:
        if self._open and self.opened >= 0:
            self._answers.ask((self.opened, self.opened_by, self.chosen or self.pointed))

    def _answer(self, question: tuple[int, int, str]) -> None:
        """Show a face whole: the picture, where a model looks in it, and the region's outline."""
        number, model, region = question
        if model >= len(self._results):
            return
        if self._faces is None:
            raise ValueError("to open a face, the data set is needed: pass faces= beside the results")
        clf, result = self._models[model], self._results[model]
        face = self._faces[number]
        view = clf.view(face.image).cpu()
        found = attribute(clf, view[None], self._target, self._engine.method, **self._engine.options)
        attention = found.maps[0].clamp_min(0)
        words = fit_labels(face.masks.long(), result.size)
        place = self._names.index(region) if region in self._names else 0
        box = next(
            (
                [*result.patches.places[place, k].tolist(), self._engine.patch]
                for k, image in enumerate(result.patches.images[place].tolist())
                if image == number
            ),
            [],
        )
        self.face = {
            "image": number,
            "model": model,
            "name": str(getattr(face, "name", number)),
            "size": list(result.size),
            "box": box,
            "region": region,
            "answer": [
                [clf.label(int(index)), p] for index, p in likeliest(clf.probabilities(view[None])[0], _TOP)
            ],
            "picture": encode_frames((view * 255).round().to(torch.uint8)[None])[0],
            "map": encode_grey(attention / attention.max().clamp_min(1e-30)),
            "region_mask": encode_grey(regions_of(words, len(self._names))[..., place].float()),
        }


def _one_each(checkpoint: str | Path | Sequence[str | Path] | None, models: int) -> list[str | Path | None]:
    """A file for each model."""
    if checkpoint is None:
        return [None] * models
    files = [checkpoint] if isinstance(checkpoint, str | Path) else list(checkpoint)
    if len(files) != models or len({Path(file) for file in files}) != models:
        raise ValueError(f"checkpoint: give a file of its own for each of the {models} classifiers")
    return [*files]


def _skipped(results: list[FaceXResult]) -> dict[str, Any]:
    """The faces that could not be used, of all results; empty where there are none."""
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
            "name": row.region,
            "label": _WORDS.get(row.region, row.region),
            "ior": _known(row.ior),
            "low": _known(row.low),
            "high": _known(row.high),
            "count": int(row.count),
            "rank": None if math.isnan(row.rank) else int(row.rank),
            "null": _known(row.null),
        }
        for row in result.to_frame(group).astype({"rank": "float"}).itertuples(index=False, name="Row")
    ]


def _known(value: float) -> float | None:
    return None if math.isnan(value) else round(float(value), 5)


def _patches(result: FaceXResult) -> tuple[dict[str, list[dict[str, Any]]], bytes]:
    """Which patches there are, and their pixels."""
    found: dict[str, list[dict[str, Any]]] = {}
    taken = result.patches.images >= 0
    tile = 0
    for place, name in enumerate(result.regions):
        rows = []
        for k, image in enumerate(result.patches.images[place][taken[place]].tolist()):
            value = float(result.patches.values[place, k])
            name_of_it = result.name_of(image)
            rows.append({"tile": tile, "image": image, "name": name_of_it, "value": round(value, 4)})
            tile += 1
        found[name] = rows
    return found, pack(encode_frames(result.patches.pixels[taken])) if tile else b""
