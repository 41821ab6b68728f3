"""The step of FaceX: attention by region in one batch of faces, on this machine or on another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from cfwidgets.attribution import Attributor
from cfwidgets.data.reading import Skipped
from cfwidgets.engines.facex.attention import Mode, region_attention
from cfwidgets.engines.facex.reading import ReadFace
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
    """Summarises batches of faces for one classifier.

    Parameters
    ----------
    clf
        The classifier; it must not change meanwhile.
    settings
        The engine's settings that a batch depends on.
    target
        Index of the explained class.
    regions
        Number of regions.
    """

    def __init__(self, clf: Classifier, settings: BatchSettings, target: int, regions: int) -> None:
        self._clf, self._settings, self._target, self._regions = clf, settings, target, regions
        self._attribute = Attributor(clf, settings.method, device=clf.device, **settings.options)

    def __call__(self, batch: Sequence[ReadFace | Skipped]) -> Part:
        """Summarise a batch.

        Where the model's output is not finite, its faces are evaluated one by one, and those at fault are
        skipped.
        """
        faces = [face for face in batch if isinstance(face, ReadFace)]
        skipped = [face for face in batch if isinstance(face, Skipped)]
        try:
            return self._part(faces, skipped)
        except NotFiniteError:
            finite = []
            for face in faces:
                try:
                    self._part([face], [])
                except NotFiniteError as error:
                    skipped.append(Skipped(face.number, str(error)))
                else:
                    finite.append(face)
            return self._part(finite, skipped)

    def _part(self, faces: Sequence[ReadFace], skipped: Sequence[Skipped]) -> Part:
        settings = self._settings
        if not faces:
            return Part(
                numbers=torch.zeros(0, dtype=torch.int64),
                names=(),
                ior=torch.zeros(0, self._regions),
                probability=torch.zeros(0),
                predicted_target=torch.zeros(0, dtype=torch.bool),
                groups=torch.zeros(0, dtype=torch.int64),
                patches=no_patches(self._regions, settings.patches, settings.patch),
                skipped=tuple(skipped),
            )
        images = torch.stack([face.image for face in faces])
        region_bits = torch.stack([face.region_bits for face in faces])
        found = self._attribute(images, self._target)
        if found.outputs is None:
            rows = self._clf.probabilities(images)
        else:
            rows = self._clf.read(found.outputs.cpu(), len(images))
        attention = region_attention(
            found.maps,
            region_bits.to(found.maps.device),
            self._regions,
            settings.patch,
            settings.mode,
            found.extremes,
        )
        numbers = [face.number for face in faces]
        predicted = rows.argmax(1) == self._target
        return Part(
            numbers=torch.tensor(numbers),
            names=tuple(face.name for face in faces),
            ior=attention.ior.cpu(),
            probability=rows[:, self._target],
            predicted_target=predicted,
            groups=torch.tensor(
                [self._group(face, hit) for face, hit in zip(faces, predicted.tolist(), strict=True)]
            ),
            patches=best_patches(
                attention.values, images, numbers, settings.patch, settings.patches, settings.per_image
            ),
            skipped=tuple(skipped),
            layer=found.layer,
            limits=found.caveats,
        )

    def _group(self, face: ReadFace, predicted_target: bool) -> int:
        """Return the index of a face's group; 0 without groups."""
        match self._settings.groups:
            case None:
                return 0
            case "prediction":
                return int(not predicted_target)
            case "right":
                return int(predicted_target != face.has_attribute)
            case _:
                return int(not face.has_attribute)
