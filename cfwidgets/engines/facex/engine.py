"""Which regions a classifier looks at over a whole data set, and what it sees there."""

from __future__ import annotations

import time
from collections.abc import Generator as Steps
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from cfwidgets.attribution import METHODS
from cfwidgets.checkpoint import Checkpoint
from cfwidgets.checks import choice, positive_int
from cfwidgets.data.faces.regions import REGIONS
from cfwidgets.engines.base import Update, run_to_end
from cfwidgets.engines.facex.attention import Mode
from cfwidgets.engines.facex.batch import BatchSettings, Summariser
from cfwidgets.engines.facex.reading import Face, FaceReader, Faces, Skipped, masks_of, read_ahead
from cfwidgets.engines.facex.result import FaceXResult, Part
from cfwidgets.engines.facex.top_patches import no_patches
from cfwidgets.models.classifier import Classifier
from cfwidgets.models.fingerprint import fingerprint

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["FaceX"]

_PROBED = 0.15  # the share of the work that random weights take, for the progress
_SAVED_EVERY = 30.0  # seconds between two checkpoints
_IN_A_ROW = 20  # unusable faces after which it is the data set, or the model
_HARMLESS = frozenset({"batch_size", "readers"})  # a result may be gone on with by other ones
_LOOKING, _ASKING_RANDOM = "looking at the faces", "the same on random weights"


@dataclass(frozen=True)
class FaceX:
    """Summarise where a classifier looks by region, over a data set, with the patches that move it most.

    Sarridis et al. 2024, "FaceX", equations 1 to 7: a map of attention for each image (Grad-CAM), scaled to
    [0, 1]; its mean over each region; the mean of that over the images that have the region; and the patches
    with the most attention on a region. One pass over the data; memory does not grow with it, but for a row
    of numbers an image.

    Parameters
    ----------
    mode
        ``"paper"``, or ``"reference"`` for what the published tool computes; they rank differently: see
        `cfwidgets.engines.facex.attention.look`.
    method, options
        Of the maps, as `cfwidgets.attribute` takes them. What speaks against the class counts as 0.
    patch
        Side of a patch in pixels of what the model sees, by which both sides can be divided.
    patches
        How many are kept for each region.
    per_image
        How many one image may give to a region; None for any number, as equation 7 literally says.
    groups
        Split the data: the name of an attribute of the faces, ``"prediction"`` (what the model says), or
        ``"right"`` (whether that is what the attribute named as ``target`` says).
    probed
        Faces on which a copy of the network with random weights is asked the same; 0 for none.
    batch_size
        Faces at once.
    readers
        Threads that read the data set while the model is at work; 1 for one that only one thread may read.
    seed
        For the intervals and the random weights.

    Examples
    --------
    >>> from torch import nn
    >>> from types import SimpleNamespace
    >>> net = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 64, 2))
    >>> faces = [SimpleNamespace(image=torch.rand(3, 8, 8), masks=torch.ones(8, 8).int()) for _ in range(4)]
    >>> result = FaceX(patch=4, probed=0).explain(Classifier(net), faces, target=1, regions=("all", "none"))
    >>> result.to_frame()[["region", "count"]].values.tolist()
    [['all', 4], ['none', 0]]
    """

    mode: Mode = "paper"
    method: str = "grad_cam"
    options: dict[str, Any] = field(default_factory=dict)
    patch: int = 16
    patches: int = 20
    per_image: int | None = 1
    groups: str | None = None
    probed: int = 200
    batch_size: int = 32
    readers: int = 4
    seed: int = 0

    def __post_init__(self) -> None:
        choice("mode", self.mode, ("paper", "reference"))
        choice("method", self.method, tuple(METHODS))
        for name in ("patch", "patches", "batch_size", "readers"):
            positive_int(name, getattr(self, name))
        for name in ("probed", "seed"):
            positive_int(name, getattr(self, name), minimum=0)
        if self.per_image is not None:
            positive_int("per_image", self.per_image)

    def explain(
        self,
        clf: Classifier,
        faces: Faces | Sequence[Face],
        target: int | str,
        *,
        regions: Sequence[str] = REGIONS,
        resume: FaceXResult | None = None,
        checkpoint: str | Path | None = None,
        client: Client | None = None,
    ) -> FaceXResult:
        """Run to the end and return the result: see `steps`."""
        return run_to_end(
            self.steps(
                clf, faces, target, regions=regions, resume=resume, checkpoint=checkpoint, client=client
            )
        )

    def steps(
        self,
        clf: Classifier,
        faces: Faces | Sequence[Face],
        target: int | str,
        *,
        regions: Sequence[str] = REGIONS,
        resume: FaceXResult | None = None,
        checkpoint: str | Path | None = None,
        client: Client | None = None,
    ) -> Steps[Update[FaceXResult], None, None]:
        """Yield the result as it stands after each batch.

        A face that cannot be used (a damaged file, masks that are none, an answer of the model that is not
        finite) is skipped and named in the result; the first one that can be read has to be as it should.

        Parameters
        ----------
        clf
            A classifier that wraps a torch module.
        faces
            A data set: see `Face`.
        target
            The class that is explained in every image, as an index or a label.
        regions
            Their names, in the order of the bits.
        resume
            An earlier result of the same model, data and settings to go on from. What was skipped is tried
            again.
        checkpoint
            A file that the result is written to, twice a minute and at the end, whatever ends it. If it is
            there at the beginning, and no ``resume`` is given, it is gone on from.
        client
            Of a Dask cluster (`distributed.Client`), over whose workers the faces are spread; random weights
            are asked here. Needs the package's extra ``dask``.

        Raises
        ------
        ClassifierError, ImageError, ResultError, ValueError
            What was given, and what is accepted.
        RuntimeError
            Twenty faces, or as many as there are, could not be used one after the other.
        """
        started = time.perf_counter()
        weights = fingerprint(clf.require_module().state_dict())
        index = clf.class_index(target)
        if not len(faces):
            raise ValueError("there are no faces in the data set given")
        attribute, group_names = self._split(clf, faces, index)
        first, size = self._first(clf, faces, len(regions))
        clf.probabilities(clf.view(first.image)[None])  # says at once what the model does not take
        result = FaceXResult(
            settings=asdict(self),
            model=clf.name,
            weights=weights,
            target=index,
            label=clf.label(index),
            regions=tuple(regions),
            total=len(faces),
            sample=fingerprint({"image": first.image, "masks": first.masks}),
            numbers=torch.zeros(0, dtype=torch.int64),
            names=(),
            size=size,
            ior=torch.zeros(0, len(regions)),
            probability=torch.zeros(0),
            called=torch.zeros(0, dtype=torch.bool),
            groups=torch.zeros(0, dtype=torch.int64),
            group_names=group_names,
            patches=no_patches(len(regions), self.patches, self.patch),
        )
        kept = None if checkpoint is None else Checkpoint(FaceXResult, checkpoint, _SAVED_EVERY)
        if resume is not None:
            result = _continued(resume, result, "resume: the result given")
        elif kept is not None and (before := kept.load()) is not None:
            result = _continued(before, result, f"checkpoint: the result in {kept.path}")
        spent = result.seconds

        def timed(now: FaceXResult) -> FaceXResult:
            return replace(now, seconds=spent + time.perf_counter() - started)

        reader = FaceReader(clf, faces, len(regions), size, attribute)
        try:
            for fraction, activity, result in self._work(reader, result, client):  # noqa: B020 - it grows
                if kept is not None:
                    kept.offer(timed(result))
                yield Update(min(1.0, fraction), timed(result), activity)
        finally:
            if kept is not None:
                kept.save(timed(result))

    def _work(
        self, reader: FaceReader, result: FaceXResult, client: Client | None
    ) -> Steps[tuple[float, str, FaceXResult], None, None]:
        """How far it is, what comes next, and the result as it stands."""
        probed = min(self.probed, result.total)
        main = 1 - _PROBED * bool(probed)
        pending = sorted(set(range(result.total)) - set(result.numbers.tolist()))
        if pending:
            result = replace(result, null=None)
            yield main * result.seen / result.total, _LOOKING, result
            with closing(self._parts(reader, result.target, self._batches(pending), client)) as parts:
                for part in _some_usable(parts):
                    result = result.joined(part)
                    if result.seen < result.total:
                        yield main * result.seen / result.total, _LOOKING, result
        if probed and result.null is None:
            yield main, _ASKING_RANDOM, result
            twin = replace(reader, clf=reader.clf.randomised(self.seed, result.size))
            batches, rows = self._batches(result.numbers[:probed].tolist()), result.ior[:0]
            with closing(self._parts(twin, result.target, batches, None)) as parts:
                for done, part in enumerate(parts, start=1):
                    rows = torch.cat([rows, part.ior])
                    if done < len(batches):
                        yield main + _PROBED * done / len(batches), _ASKING_RANDOM, result
            result = replace(result, null=rows)
        yield 1.0, "", result

    def _parts(
        self, reader: FaceReader, target: int, batches: Sequence[Sequence[int]], client: Client | None
    ) -> Steps[Part, None, None]:
        settings = BatchSettings(**{field.name: getattr(self, field.name) for field in fields(BatchSettings)})
        if client is not None:
            from cfwidgets.engines.facex.dask import on_cluster  # an optional extra

            yield from on_cluster(client, reader, settings, target, batches)
            return
        sum_up = Summariser(reader.clf, settings, target, reader.regions)
        with closing(read_ahead(reader, batches, self.readers)) as read:
            for batch in read:
                yield sum_up(batch)

    def _batches(self, numbers: Sequence[int]) -> list[Sequence[int]]:
        return [numbers[at : at + self.batch_size] for at in range(0, len(numbers), self.batch_size)]

    def _first(self, clf: Classifier, faces: Any, regions: int) -> tuple[Face, tuple[int, int]]:
        """The first face that can be read, and the size at which the model sees it."""
        failed: Exception | None = None
        for number in range(min(len(faces), _IN_A_ROW)):
            try:
                face: Face = faces[number]
            except Exception as error:  # noqa: BLE001 - whatever a damaged file or a user's data set raises
                failed = failed or error
                continue
            masks_of(face, regions, number)
            height, width = clf.view(face.image).shape[1:]
            if height % self.patch or width % self.patch:
                raise ValueError(
                    f"patch={self.patch} does not divide the {height} x {width} pixels that the model sees"
                )
            return face, (height, width)
        raise RuntimeError(
            f"none of the first {min(len(faces), _IN_A_ROW)} faces can be read; the first one: {failed!r}"
        ) from failed

    def _split(self, clf: Classifier, faces: Any, target: int) -> tuple[str | None, tuple[str, ...]]:
        """The attribute that the faces are split by, and the names of the groups."""
        if self.groups is None:
            return None, ()
        label = clf.label(target)
        if self.groups == "prediction":
            return None, (label, f"not {label}")
        attribute = label if self.groups == "right" else self.groups
        names = tuple(getattr(faces, "names", ()))
        if attribute not in names:
            raise ValueError(
                f"groups: the faces have no attribute {attribute!r}; they have: {', '.join(names) or 'none'}"
            )
        return attribute, ("right", "wrong") if self.groups == "right" else (attribute, f"not {attribute}")


def _some_usable(parts: Iterable[Part]) -> Iterator[Part]:
    """The parts, until it is clear that it is not single faces that cannot be used."""
    unusable: list[Skipped] = []
    for part in parts:
        unusable = [*unusable, *part.skipped] if not len(part.numbers) else []
        if len(unusable) >= _IN_A_ROW:
            raise RuntimeError(
                f"{len(unusable)} faces could not be used one after the other; face {unusable[-1].number}: "
                f"{unusable[-1].why}"
            )
        yield part


def _continued(before: FaceXResult, fresh: FaceXResult, which: str) -> FaceXResult:
    """An earlier result to go on from, if it is of the same; what was skipped is tried again."""
    for name in ("settings", "target", "regions", "total", "size"):
        there, here = (
            {key: value for key, value in getattr(one, name).items() if key not in _HARMLESS}
            if name == "settings"
            else getattr(one, name)
            for one in (before, fresh)
        )
        if there != here:
            raise ValueError(f"{which} has {name} {there!r}; asked for is {here!r}")
    if before.weights != fresh.weights:
        raise ValueError(f"{which} is of another model, or of other weights: {before.model}")
    if before.sample != fresh.sample:
        raise ValueError(f"{which} is of another data set: its first face is another one")
    return replace(before, settings=fresh.settings, skipped=())
