"""What a classifier looks at in one batch of faces: the step of FaceX, on this machine or on another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from cfwidgets.attribution import Attributor
from cfwidgets.engines.facex.attention import Mode, look
from cfwidgets.engines.facex.reading import ReadFace, Skipped
from cfwidgets.engines.facex.result import Part
from cfwidgets.engines.facex.top_patches import best_patches, no_patches
from cfwidgets.models.backends.base import NotFiniteError

if TYPE_CHECKING:
    from cfwidgets.models.classifier import Classifier

__all__ = ["BatchSettings", "Summariser"]


@dataclass(frozen=True)
class BatchSettings:
    """The settings of `FaceX` that one batch depends on: see there."""

    mode: Mode
    method: str
    options: dict[str, Any]
    patch: int
    patches: int
    per_image: int | None
    groups: str | None


class Summariser:
    """Sums up batches of faces for one classifier.

    Parameters
    ----------
    clf
        The classifier; it must stay as it is meanwhile.
    settings
        Those of the engine that a batch depends on.
    target
        The class, by its number.
    regions
        How many there are.
    """

    def __init__(self, clf: Classifier, settings: BatchSettings, target: int, regions: int) -> None:
        self._clf, self._settings, self._target, self._regions = clf, settings, target, regions
        self._attribute = Attributor(clf, settings.method, device=clf.device, **settings.options)

    def __call__(self, batch: Sequence[ReadFace | Skipped]) -> Part:
        """Sum a batch up.

        Where the model's answer is not finite, the faces are asked about one by one, and those at fault
        skipped.
        """
        faces = [face for face in batch if isinstance(face, ReadFace)]
        skipped = [face for face in batch if isinstance(face, Skipped)]
        try:
            return self._summed_up(faces, skipped)
        except NotFiniteError:
            fine = []
            for face in faces:
                try:
                    self._summed_up([face], [])
                except NotFiniteError as error:
                    skipped.append(Skipped(face.number, str(error)))
                else:
                    fine.append(face)
            return self._summed_up(fine, skipped)

    def _summed_up(self, faces: Sequence[ReadFace], skipped: Sequence[Skipped]) -> Part:
        settings = self._settings
        if not faces:
            return Part(
                numbers=torch.zeros(0, dtype=torch.int64),
                names=(),
                ior=torch.zeros(0, self._regions),
                probability=torch.zeros(0),
                called=torch.zeros(0, dtype=torch.bool),
                groups=torch.zeros(0, dtype=torch.int64),
                patches=no_patches(self._regions, settings.patches, settings.patch),
                skipped=tuple(skipped),
            )
        images = torch.stack([face.image for face in faces])
        words = torch.stack([face.words for face in faces])
        found = self._attribute(images, self._target)
        if found.outputs is None:
            rows = self._clf.probabilities(images)
        else:
            rows = self._clf.read(found.outputs.cpu(), len(images))
        seen = look(
            found.maps,
            words.to(found.maps.device),
            self._regions,
            settings.patch,
            settings.mode,
            found.extremes,
        )
        numbers = [face.number for face in faces]
        called = rows.argmax(1) == self._target
        return Part(
            numbers=torch.tensor(numbers),
            names=tuple(face.name for face in faces),
            ior=seen.ior.cpu(),
            probability=rows[:, self._target],
            called=called,
            groups=torch.tensor(
                [self._group(face, says) for face, says in zip(faces, called.tolist(), strict=True)]
            ),
            patches=best_patches(
                seen.values, images, numbers, settings.patch, settings.patches, settings.per_image
            ),
            skipped=tuple(skipped),
        )

    def _group(self, face: ReadFace, says: bool) -> int:
        """The place of a face's group among the names; 0 where nothing is split."""
        match self._settings.groups:
            case None:
                return 0
            case "prediction":
                return int(not says)
            case "right":
                return int(says != face.has)
            case _:
                return int(not face.has)
