"""Which regions a classifier looks at over a whole data set, and what it sees there."""

from __future__ import annotations

import time
from collections.abc import Generator as Steps
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Protocol

import torch
from torch import Tensor

from cfwidgets.attribution import METHODS, attribute
from cfwidgets.checks import choice, positive_int
from cfwidgets.classifier import Classifier
from cfwidgets.data.faces.regions import REGIONS
from cfwidgets.engines.attention import Mode, look
from cfwidgets.engines.engine import Update, run_to_end
from cfwidgets.engines.facex_result import FaceXResult
from cfwidgets.engines.top_patches import merged, no_patches
from cfwidgets.images import fit_labels

__all__ = ["Face", "FaceX", "Faces"]

_PROBED = 0.15  # the share of the work that random weights take, for the progress


class Face(Protocol):
    """One face: its picture and its regions.

    It may also have a ``name``, and ``attributes``: ``(A,)`` bool in the order of the data set's ``names``.
    """

    image: Tensor
    """``(3, h, w)`` in [0, 1]."""
    masks: Tensor
    """``(h, w)`` int: bit r says whether a pixel belongs to region r."""


class Faces(Protocol):
    """A data set of faces: those of `cfwidgets.data`, or anything with a length and items."""

    def __len__(self) -> int:
        """How many."""
        ...

    def __getitem__(self, index: int, /) -> Any:
        """One `Face`."""
        ...


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
        `cfwidgets.engines.attention.look`.
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
    seed: int = 0

    def __post_init__(self) -> None:
        choice("mode", self.mode, ("paper", "reference"))
        choice("method", self.method, tuple(METHODS))
        for name in ("patch", "patches", "batch_size"):
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
    ) -> FaceXResult:
        """Run to the end and return the result: see `steps`."""
        return run_to_end(self.steps(clf, faces, target, regions=regions, resume=resume))

    def steps(
        self,
        clf: Classifier,
        faces: Faces | Sequence[Face],
        target: int | str,
        *,
        regions: Sequence[str] = REGIONS,
        resume: FaceXResult | None = None,
    ) -> Steps[Update[FaceXResult], None, None]:
        """Yield the result as it stands after each batch.

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
            An earlier result of the same data and settings to go on from.

        Raises
        ------
        ClassifierError, ImageError, ValueError
            What was given, and what is accepted.
        """
        started = time.perf_counter()
        index = clf.class_index(target)
        total = len(faces)
        if not total:
            raise ValueError("there are no faces in the data set given")
        size = self._size(clf, faces[0], len(regions))
        result = FaceXResult(
            settings=asdict(self),
            model=clf.name,
            target=index,
            label=clf.label(index),
            regions=tuple(regions),
            total=total,
            names=(),
            size=size,
            ior=torch.zeros(0, len(regions)),
            probability=torch.zeros(0),
            groups=torch.zeros(0, dtype=torch.int64),
            group_names=self._group_names(clf, index),
            patches=no_patches(len(regions), self.patches, self.patch),
        )
        if resume is not None:
            _require_same(resume, result)
            result = replace(resume, null=None)
        spent = result.seconds

        def update(fraction: float, now: FaceXResult, activity: str) -> Update[FaceXResult]:
            seconds = spent + time.perf_counter() - started
            return Update(min(1.0, fraction), replace(now, seconds=seconds), activity)

        probed = min(self.probed, total)
        main = 1 - _PROBED * bool(probed)
        while len(result.ior) < total:
            yield update(main * len(result.ior) / total, result, "looking at the faces")
            result = self._seen(clf, faces, result)
        if probed:
            blank = replace(result, ior=result.ior[:0], names=(), probability=result.probability[:0])
            twin, null = clf.randomised(self.seed, result.size), replace(blank, groups=result.groups[:0])
            while len(null.ior) < probed:
                yield update(main + _PROBED * len(null.ior) / probed, result, "the same on random weights")
                null = self._seen(twin, faces, null, until=probed)
            result = replace(result, null=null.ior)
        yield update(1.0, result, "")

    def _seen(
        self, clf: Classifier, faces: Any, result: FaceXResult, until: int | None = None
    ) -> FaceXResult:
        """The result with one batch more."""
        first = len(result.ior)
        last = min(first + self.batch_size, result.total if until is None else until)
        batch = [faces[number] for number in range(first, last)]
        images = torch.stack(
            [_view(clf, face, number, result.size) for number, face in enumerate(batch, first)]
        )
        count = len(result.regions)
        words = torch.stack(
            [fit_labels(_words(face, count, number), result.size) for number, face in enumerate(batch, first)]
        )
        found = attribute(clf, images, result.target, self.method, **self.options)
        probability = clf.probabilities(images)
        seen = look(found.maps, words, count, self.patch, self.mode)
        named = [str(getattr(face, "name", number)) for number, face in enumerate(batch, first)]
        groups = [
            self._group(faces, face, row, result.target, clf)
            for face, row in zip(batch, probability, strict=True)
        ]
        return replace(
            result,
            names=(*result.names, *named),
            ior=torch.cat([result.ior, seen.ior]),
            probability=torch.cat([result.probability, probability[:, result.target]]),
            groups=torch.cat([result.groups, torch.tensor(groups, dtype=torch.int64)]),
            patches=merged(result.patches, seen.values, images, first, self.per_image),
        )

    def _size(self, clf: Classifier, face: Any, regions: int) -> tuple[int, int]:
        if not hasattr(face, "image") or not hasattr(face, "masks"):
            raise ValueError(
                "faces must give items with .image (3, h, w) and .masks (h, w), a word of bits a pixel; got "
                f"{type(face).__name__}"
            )
        _words(face, regions, 0)
        height, width = clf.view(face.image).shape[1:]
        if height % self.patch or width % self.patch:
            raise ValueError(
                f"patch={self.patch} does not divide the {height} x {width} pixels that the model sees"
            )
        return height, width

    def _group_names(self, clf: Classifier, target: int) -> tuple[str, ...]:
        if self.groups is None:
            return ()
        if self.groups == "right":
            return ("right", "wrong")
        name = clf.label(target) if self.groups == "prediction" else self.groups
        return (name, f"not {name}")

    def _group(self, faces: Any, face: Any, row: Tensor, target: int, clf: Classifier) -> int:
        """The place of a face's group among the names; 0 where nothing is split."""
        if self.groups is None:
            return 0
        says = int(row.argmax()) == target
        if self.groups == "prediction":
            return int(not says)
        attribute_name = clf.label(target) if self.groups == "right" else self.groups
        has = _attribute(faces, face, attribute_name)
        return int(says != has) if self.groups == "right" else int(not has)


def _view(clf: Classifier, face: Any, number: int, size: tuple[int, int]) -> Tensor:
    """What the model sees of a face."""
    image = clf.view(face.image).cpu()
    height, width = image.shape[1:]
    if (height, width) != size:
        raise ValueError(
            f"face {number} is {height} x {width} and the first {size[0]} x {size[1]}: give the classifier "
            "an input_size, to which all are scaled"
        )
    return image


def _words(face: Any, regions: int, number: int) -> Tensor:
    words: Any = face.masks
    if not isinstance(words, Tensor) or words.ndim != 2 or words.is_floating_point():
        got = tuple(words.shape) if isinstance(words, Tensor) else type(words).__name__
        raise ValueError(
            f"the masks of face {number} must be (h, w) whole numbers, a bit a region; got {got}"
        )
    if words.shape != face.image.shape[1:]:
        raise ValueError(
            f"face {number}: its masks are {tuple(words.shape)} and its image {tuple(face.image.shape[1:])}"
        )
    if int(words.min()) < 0 or int(words.max()) >= 2**regions:
        raise ValueError(f"the masks of face {number} name a region beyond the {regions} given")
    return words.long()


def _attribute(faces: Any, face: Any, name: str) -> bool:
    names = tuple(getattr(faces, "names", ()))
    if name not in names:
        raise ValueError(
            f"groups: the faces have no attribute {name!r}; they have: {', '.join(names) or 'none'}"
        )
    return bool(face.attributes[names.index(name)])


def _require_same(resume: FaceXResult, fresh: FaceXResult) -> None:
    for name in ("settings", "model", "target", "regions", "total", "size"):
        there, here = getattr(resume, name), getattr(fresh, name)
        if there != here:
            raise ValueError(f"resume: the result given has {name} {there!r}; asked for is {here!r}")
