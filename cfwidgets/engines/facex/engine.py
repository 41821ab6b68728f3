"""FaceX: the regions that a classifier attends to over a data set, their effect, and the best patches."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, fields, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from cfwidgets.attribution import METHODS
from cfwidgets.checks import choice, mapping, names_checked, positive_int
from cfwidgets.data.faces.regions import REGIONS
from cfwidgets.data.reading import Skipped, read_ahead
from cfwidgets.engines.base import Attempt, Engine, Update, to_the_end
from cfwidgets.engines.facex.attention import Mode
from cfwidgets.engines.facex.batch import BatchSettings, Summariser
from cfwidgets.engines.facex.effect import Effects, effects, sample
from cfwidgets.engines.facex.hiding import FILLS, Fill
from cfwidgets.engines.facex.reading import (
    FaceLike,
    FaceReader,
    Faces,
    ReadFace,
    region_bits_of,
    require_faces,
)
from cfwidgets.engines.facex.result import FaceXResult, Part
from cfwidgets.engines.facex.top_patches import no_patches
from cfwidgets.models.backends.base import NotFiniteError
from cfwidgets.models.classifier import Classifier, require_classifier
from cfwidgets.models.fingerprint import fingerprint
from cfwidgets.models.guard import held
from cfwidgets.text import did_you_mean

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["FaceX"]

_SHARE_RANDOMISED, _SHARE_EFFECT = 0.15, 0.4  # of the work, for the progress
_IN_A_ROW = 20  # unusable faces after which the data set, or the model, is at fault
_ATTENTION = "computing attention by region"
_EFFECT = "hiding each region of some faces"
_RANDOMISED = "computing attention of a randomised model"


@names_checked
@dataclass(frozen=True)
class FaceX(Engine[FaceXResult]):
    """Summarise by region where a classifier looks over a data set, with the patches of most attention.

    Sarridis et al. 2024, "FaceX", equations 1 to 7: a map of attention for each image (Grad-CAM), scaled to
    [0, 1]; its mean over each region; the mean of that over the images that have the region; and the patches
    with the most attention on a region. One pass over the data; memory does not grow with it, but for a row
    of numbers an image.

    Attention is not effect: the mean over a large region is diluted, and a map may be hot beside what the
    answer hangs on. So each region of some of the faces is hidden, and the change of the answer measured.

    Parameters
    ----------
    mode
        ``"paper"``, or ``"reference"`` for the arithmetic of the published tool; they rank differently: see
        `cfwidgets.engines.facex.attention.region_attention`.
    method, options
        The attribution method and its options, as `cfwidgets.attribute` takes them. Negative relevance counts
        as 0.
    sampled
        Faces, drawn by the seed, of which each region is hidden to measure its effect: see
        `cfwidgets.engines.facex.effect.effects`. 0 for attention alone.
    fill
        What stands in the place of a hidden region: ``"blur"``, ``"mean"`` or ``"around"``; see
        `cfwidgets.engines.facex.hiding.each_hidden`.
    patch
        Side of a patch in pixels of the model's input; it must divide both sides of the input.
    patches
        Patches to keep for each region.
    per_image
        Patches that one image may give to a region; None for any number, as equation 7 literally says.
    groups
        How to split the faces into two groups: the name of an attribute of the faces; ``"prediction"``, by
        whether the model predicts the target; or ``"right"``, by whether that prediction agrees with the
        attribute that has the target's name. None for no groups.
    trust
        True to repeat the analysis on a copy of the model with random weights.
    probed
        Faces on which the randomised model is evaluated.
    batch_size
        Faces evaluated at once.
    readers
        Threads that read the data set while the model is at work; 1 where only one thread may read it.
    seed
        Seed of the bootstrap intervals, of the sample, and of the randomised model.

    Examples
    --------
    >>> from torch import nn
    >>> from types import SimpleNamespace
    >>> net = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 64, 2))
    >>> faces = [SimpleNamespace(image=torch.rand(3, 8, 8), masks=torch.ones(8, 8).int()) for _ in range(4)]
    >>> engine = FaceX(patch=4, trust=False, sampled=2)
    >>> result = engine.explain(Classifier(net), faces, target=1, regions=("all", "none"))
    >>> result.to_frame()[["region", "count"]].values.tolist()
    [['all', 4], ['none', 0]]
    """

    result_type = FaceXResult
    harmless = frozenset({"batch_size", "readers", "sampled", "trust"})

    mode: Mode = "paper"
    method: str = "grad_cam"
    options: dict[str, Any] = field(default_factory=dict)
    sampled: int = 64
    fill: Fill = "blur"
    patch: int = 16
    patches: int = 20
    per_image: int | None = 1
    groups: str | None = None
    trust: bool = True
    probed: int = 200
    batch_size: int = 32
    readers: int = 4
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        choice("mode", self.mode, ("paper", "reference"))
        choice("method", self.method, tuple(METHODS))
        mapping("options", self.options)
        choice("fill", self.fill, FILLS)
        positive_int("sampled", self.sampled, minimum=0)
        for name in ("patch", "patches", "probed", "batch_size", "readers"):
            positive_int(name, getattr(self, name))
        if self.per_image is not None:
            positive_int("per_image", self.per_image)

    def steps(
        self,
        clf: Classifier,
        faces: Faces | Sequence[FaceLike],
        target: int | str,
        *,
        regions: Sequence[str] = REGIONS,
        client: Client | None = None,
        resume: FaceXResult | None = None,
        checkpoint: str | Path | None = None,
    ) -> Generator[Update[FaceXResult], None, None]:
        """Yield the result as it stands after each batch.

        A face that cannot be used (a damaged file, masks that are no region bits, an output of the model that
        is not finite) is skipped and named in the result.

        Parameters
        ----------
        clf
            A classifier that wraps a torch module.
        faces
            A data set: see `FaceLike`.
        target
            The class to explain in every image, as an index or a label.
        regions
            Names of the regions, in the order of the bits.
        client
            A client of a Dask cluster (`distributed.Client`), over whose workers the faces are spread; the
            effect and the randomised model are measured here. Needs the package's extra ``dask``.
        resume
            An earlier result of the same model, data and settings to resume. Skipped faces are tried again.
        checkpoint
            A file that the result is written to, twice a minute and at the end, whatever ends it. Where it
            exists at the beginning, and no ``resume`` is given, it is resumed.

        Raises
        ------
        ClassifierError, ImageError, ResultError, ValueError
            The argument that is refused, and what is accepted.
        RuntimeError
            20 faces in a row, or all of them, cannot be used.
        """
        began = time.perf_counter()
        require_classifier("clf", clf)
        clf.require_module()
        index = clf.class_index(target)
        require_faces(faces)
        if not len(faces):
            raise ValueError("there are no faces in the data set given")
        attribute, group_names = self._split(clf, faces, index)
        first, size, prediction = self._first(clf, faces, len(regions))
        fresh = FaceXResult(
            settings=self.settings_with(
                target=clf.label(index), regions=tuple(regions), faces=len(faces), size=size
            ),
            model=clf.name,
            labels=tuple(clf.label(number) for number in range(len(prediction))),
            prediction=prediction,
            fingerprints={
                "model": clf.fingerprint(),
                "data set": fingerprint({"image": first.image, "masks": first.masks}),
            },
            target=index,
            regions=tuple(regions),
            total=len(faces),
            numbers=torch.zeros(0, dtype=torch.int64),
            names=(),
            size=size,
            ior=torch.zeros(0, len(regions)),
            probability=torch.zeros(0),
            predicted_target=torch.zeros(0, dtype=torch.bool),
            groups=torch.zeros(0, dtype=torch.int64),
            group_names=group_names,
            patches=no_patches(len(regions), self.patches, self.patch),
        )
        reader = FaceReader(clf, faces, len(regions), size, attribute)
        work = partial(self._work, reader, client)
        yield from self.driven(
            fresh,
            work,
            clf=clf,
            image=clf.view(first.image),
            began=began,
            resume=resume,
            checkpoint=checkpoint,
        )

    explain = to_the_end(steps)

    def resumed(self, earlier: FaceXResult, fresh: FaceXResult) -> FaceXResult:
        """Give the earlier result without its skipped faces, which are tried again."""
        return replace(super().resumed(earlier, fresh), skipped=())

    def _work(
        self, reader: FaceReader, client: Client | None, result: FaceXResult
    ) -> Generator[Update[FaceXResult], None, None]:
        end = 1 - _SHARE_RANDOMISED * self.trust
        main = end - _SHARE_EFFECT * bool(self.sampled)
        pending = sorted(set(range(result.total)) - set(result.numbers.tolist()))
        if pending:
            yield Update(main * result.seen / result.total, result, _ATTENTION)
            with closing(self._parts(reader, result.target, self._batches(pending), client)) as parts:
                for part in _some_usable(parts):
                    result = self._joined(result, part)
                    if result.seen < result.total:
                        yield Update(main * result.seen / result.total, result, _ATTENTION)
            if not len(result.numbers):
                raise RuntimeError(f"none of the faces could be used; {_last(result.skipped)}")
        for done, measured in self._measured(reader, result):
            result = measured
            yield Update(main + (end - main) * done, result, _EFFECT)
        if self.trust and result.randomised is None:
            yield Update(end, result, _RANDOMISED)
            batches, rows = self._batches(result.numbers[: self.probed].tolist()), result.ior[:0]
            attempt = Attempt(self._of_randomised(reader, result, batches))
            with closing(iter(attempt)) as parts:
                for done, part in enumerate(parts, start=1):
                    rows = torch.cat([rows, part.ior])
                    if done < len(batches):
                        fraction = end + _SHARE_RANDOMISED * done / len(batches)
                        yield Update(fraction, result, _RANDOMISED)
            if attempt.error is None:
                result = replace(result, randomised=rows)
            else:
                result = result.without("randomised model", attempt.error)
        yield Update(1.0, result)

    def _of_randomised(
        self, reader: FaceReader, result: FaceXResult, batches: Sequence[Sequence[int]]
    ) -> Generator[Part, None, None]:
        """Yield the parts that a randomised copy of the model gives."""
        randomised = replace(reader, clf=reader.clf.randomised(self.seed, result.size))
        yield from self._parts(randomised, result.target, batches, None)

    def _measured(self, reader: FaceReader, result: FaceXResult) -> Iterator[tuple[float, FaceXResult]]:
        """Measure the effect on a sample of the faces; yield the part that is done, and the result so far."""
        if not self.sampled:
            return
        chosen = sample(result.numbers, result.total, self.sampled, self.seed)
        known = dict(result.effects())
        known = {number: known[number] for number in chosen if number in known}
        missing = [number for number in chosen if number not in known]
        batches = self._batches(missing)
        with closing(read_ahead(reader, batches, self.readers)) as read:
            for batch in chain([[]], read):
                with held(reader.clf.require_module()):  # a pass for each face, of a small network maybe
                    for face in batch:
                        known[face.number] = (
                            effects(reader.clf, face, result.target, reader.regions, self.fill)
                            if isinstance(face, ReadFace)
                            else Effects.none(reader.regions)
                        )
                measured = [number for number in chosen if number in known]
                result = result.with_effects(measured, [known[number] for number in measured])
                yield len(measured) / len(chosen), result

    def _joined(self, result: FaceXResult, part: Part) -> FaceXResult:
        """Add a part; the randomised model is evaluated again where its faces are now others."""
        joined = result.joined(part)
        if torch.equal(joined.numbers[: self.probed], result.numbers[: self.probed]):
            return joined
        return replace(joined, randomised=None)

    def _parts(
        self, reader: FaceReader, target: int, batches: Sequence[Sequence[int]], client: Client | None
    ) -> Generator[Part, None, None]:
        settings = BatchSettings(**{field.name: getattr(self, field.name) for field in fields(BatchSettings)})
        if client is not None:
            from cfwidgets.engines.facex.dask import on_cluster  # an optional extra

            yield from on_cluster(client, reader, settings, target, batches)
            return
        summarise = Summariser(reader.clf, settings, target, reader.regions)
        with closing(read_ahead(reader, batches, self.readers)) as read:
            for batch in read:
                yield summarise(batch)

    def _batches(self, numbers: Sequence[int]) -> list[Sequence[int]]:
        return [numbers[at : at + self.batch_size] for at in range(0, len(numbers), self.batch_size)]

    def _first(self, clf: Classifier, faces: Any, regions: int) -> tuple[FaceLike, tuple[int, int], Tensor]:
        """Return the first usable face, the height and width of the model's input, and the prediction."""
        failed: Exception | None = None
        for number in range(min(len(faces), _IN_A_ROW)):
            try:
                face: FaceLike = faces[number]
            except Exception as error:  # noqa: BLE001 - whatever a damaged file or a user's data set raises
                failed = failed or error
                continue
            region_bits_of(face, regions, number)
            view = clf.view(face.image)
            height, width = view.shape[1:]
            if height % self.patch or width % self.patch:
                raise ValueError(f"patch={self.patch} does not divide the model's input, {height} x {width}")
            try:
                return face, (height, width), clf.probabilities(view[None])[0]
            except NotFiniteError as error:
                failed = failed or error
        if isinstance(failed, NotFiniteError):
            raise failed
        raise RuntimeError(
            f"none of the first {min(len(faces), _IN_A_ROW)} faces can be read; the first error: {failed!r}"
        ) from failed

    def _split(self, clf: Classifier, faces: Any, target: int) -> tuple[str | None, tuple[str, ...]]:
        """Return the attribute that the faces are grouped by, and the names of the groups."""
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
                f"{did_you_mean(attribute, names)}"
            )
        return attribute, ("right", "wrong") if self.groups == "right" else (attribute, f"not {attribute}")


def _some_usable(parts: Iterable[Part]) -> Iterator[Part]:
    """Yield parts; raise after 20 unusable faces in a row."""
    unusable: list[Skipped] = []
    for part in parts:
        unusable = [*unusable, *part.skipped] if not len(part.numbers) else []
        if len(unusable) >= _IN_A_ROW:
            raise RuntimeError(f"{len(unusable)} faces in a row could not be used; {_last(unusable)}")
        yield part


def _last(unusable: Sequence[Skipped]) -> str:
    return f"face {unusable[-1].number}: {unusable[-1].why}"
