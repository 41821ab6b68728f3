"""The transition between two candidates: latent and class vector are interpolated, phase by phase."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from cfwidgets.attribution import attribute
from cfwidgets.brief import brief
from cfwidgets.checks import positive_int
from cfwidgets.images import as_bytes, fit
from cfwidgets.models.backends.base import NotFiniteError
from cfwidgets.models.classifier import Classifier
from cfwidgets.models.finite import finite_or_nan
from cfwidgets.models.generator import Generator, generated, guarded

__all__ = ["Ends", "Interpolation", "Path", "PathMaker", "interpolated", "require_phases"]

Interpolation = Literal["linear", "spherical"]

_MOST_BYTES = 2**29
_COARSE = 33  # phases of the first path that is shown
_AT_ONCE = 64  # phases between two updates, where a run can stop
_PAINTED_AT_ONCE = 32  # images in one batch of the generator
_STRIP = 7


@dataclass(frozen=True, eq=False)
class Ends:
    """The ends of a transition, the wrong class first: latent vectors ``(L,)``, class vectors ``(K,)``."""

    z: tuple[Tensor, Tensor]
    c: tuple[Tensor, Tensor]


def interpolated(ends: Ends, along: Tensor, interpolation: Interpolation) -> tuple[Tensor, Tensor]:
    """Interpolate latent vectors ``(n, L)`` and class vectors ``(n, K)``.

    Parameters
    ----------
    ends
        The two ends.
    along
        ``(n,)`` in [0, 1]: 0 is the end of the wrong class, 1 that of the target; both are met exactly.
    interpolation
        ``"linear"`` (the paper), or ``"spherical"`` (Shoemake 1985; the length changes linearly), which keeps
        the length that normal vectors have, for the latent vectors. Class vectors are interpolated linearly
        and stay on the simplex.

    Examples
    --------
    >>> x, y = torch.eye(2)
    >>> interpolated(Ends((x, y), (x, y)), torch.tensor([0.0, 0.5]), "spherical")[0]
    tensor([[1.0000, 0.0000],
            [0.7071, 0.7071]])
    """
    t = along[:, None]
    c = ends.c[0] + t * (ends.c[1] - ends.c[0])
    start, end = ends.z
    length = torch.stack([start.norm(), end.norm()])
    angle = _angle(start, end) if interpolation == "spherical" and bool(length.min() > 0) else 0.0
    if math.sin(angle) < 1e-4:  # no angle, or opposite: no arc, or no one arc
        z = start + t * (end - start)
    else:
        arc = torch.sin((1 - t) * angle) * start / length[0] + torch.sin(t * angle) * end / length[1]
        z = arc / math.sin(angle) * (length[0] + t * (length[1] - length[0]))
    for at, place in ((0, along == 0), (1, along == 1)):  # without rounding
        z[place], c[place] = ends.z[at], ends.c[at]
    return z, c


def _angle(a: Tensor, b: Tensor) -> float:
    return math.acos(max(-1.0, min(1.0, float(a @ b / (a.norm() * b.norm())))))


def require_phases(phases: int, height: int, width: int) -> None:
    """Refuse fewer than two phases, and more than memory should hold.

    Raises
    ------
    ValueError
        With the memory that they would take.
    """
    positive_int("phases", phases, minimum=2)
    taken = phases * height * width * (3 + 2 * 2)
    if taken > _MOST_BYTES:
        most = _MOST_BYTES // (height * width * 7)
        raise ValueError(
            f"{phases:,} phases of {height} x {width} pixels with their maps would take "
            f"{taken / 2**30:.1f} GiB; at most {most:,} are accepted at this size"
        )


@dataclass(frozen=True, eq=False)
class Path:
    """A transition as far as it has been generated.

    Attributes
    ----------
    ends
        Numbers of the candidates at the end of the wrong class and at the end of the target.
    phases
        Number of phases, both ends included; phase 0 is the end of the wrong class.
    at
        ``(n,)`` int64, ascending: the phases generated so far, always with both ends; without those at which
        the model has no finite answer.
    frames
        ``(n, 3, h, w)`` uint8: the images as the model sees them.
    wrong, target
        ``(n,)``: probabilities of the two classes.
    predicted
        ``(n,)`` int64: the predicted class.
    maps
        ``(n, 2, h, w)`` float16: relevance for the wrong class and for the target; None without maps.
    invalid
        How many phases were left out.
    """

    __repr__ = brief

    schema: ClassVar[dict[str, str]] = {
        "phases": "2 inf",
        "at": "int64 (n) 0 inf",
        "frames": "uint8 (n, 3, h, w)",
        "wrong": "float (n) 0 1",
        "target": "float (n) 0 1",
        "predicted": "int64 (n) 0 inf",
        "maps": "float16 (n, 2, h, w)",
        "invalid": "0 inf",
    }

    ends: tuple[int, int]
    phases: int
    at: Tensor
    frames: Tensor
    wrong: Tensor
    target: Tensor
    predicted: Tensor
    maps: Tensor | None
    invalid: int = 0

    @property
    def flip(self) -> int | None:
        """The first phase at which the target is likelier than the wrong class; None if it never is."""
        places = (self.target > self.wrong).nonzero()
        return int(self.at[places[0, 0]]) if len(places) else None

    @property
    def flips(self) -> int:
        """Number of changes of the likelier of the two classes."""
        return int((self.target > self.wrong).diff().sum())

    @property
    def strip(self) -> list[int]:
        """Typical phases, at most seven: the ends, and between them steps of equal change and length."""
        if len(self.at) <= _STRIP:
            return self.at.tolist()
        happens = (self.target - self.wrong).diff().abs()
        happens = happens / happens.sum().clamp_min(1e-9) + self.at.diff() / (self.phases - 1)
        passed = torch.cat([torch.zeros(1), happens.cumsum(0)])
        wanted = torch.linspace(0, float(passed[-1]), _STRIP)
        places = torch.searchsorted(passed, wanted).clamp_max(len(passed) - 1)
        return sorted({int(self.at[place]) for place in places})

    @property
    def complete(self) -> bool:
        """True once every phase is generated, or left out."""
        return len(self.at) + self.invalid == self.phases


@dataclass(frozen=True, eq=False)
class PathMaker:
    """Generate, classify and explain the phases of a transition, coarsely at first.

    Parameters
    ----------
    clf, generator
        The explained classifier, and the generator of the images.
    wrong, target
        The two classes, by number.
    method
        Name of the relevance maps' method (`cfwidgets.attribution.METHODS`); None for no maps.
    interpolation
        See `interpolated`.
    options
        Settings of the method.
    """

    clf: Classifier
    generator: Generator
    wrong: int
    target: int
    method: str | None
    interpolation: Interpolation = "linear"
    options: dict[str, Any] = field(default_factory=dict)

    def paint(self, z: Tensor, c: Tensor) -> Tensor:
        """Generate images ``(n, 3, h, w)`` on the CPU, as the model sees them."""
        parts: list[Tensor] = []
        for some, weights in zip(z.split(_PAINTED_AT_ONCE), c.split(_PAINTED_AT_ONCE), strict=True):
            with guarded(self.generator), torch.no_grad():
                parts.append(fit(generated(self.generator, some, weights).cpu(), self.clf.input_size))
        return torch.cat(parts)

    def maps(self, images: Tensor, targets: list[int]) -> Tensor | None:
        """Compute relevance maps ``(n, h, w)`` float16, one class an image; None without a method.

        A map that is not finite is left empty.
        """
        if self.method is None:
            return None
        try:
            return attribute(self.clf, images, targets, self.method, **self.options).maps.half()
        except NotFiniteError:
            if len(images) == 1:
                return torch.zeros(1, *images.shape[2:], dtype=torch.float16)
            middle = len(images) // 2
            halves = (slice(middle), slice(middle, None))
            parts = [self.maps(images[half], targets[half]) for half in halves]
            return torch.cat([part for part in parts if part is not None])

    def paths(self, ends: Ends, numbers: tuple[int, int], phases: int) -> Iterator[tuple[float, Path | None]]:
        """Yield the share of the work done, with the path where there is a new one: coarse, then whole."""
        order = _coarse_first(phases)
        parts: list[Path] = []
        done = 0
        for level in (order[:_COARSE], order[_COARSE:]):
            for some in level.split(_AT_ONCE) if len(level) else ():
                parts.append(self._painted(ends, numbers, phases, some))
                done += len(some)
                yield done / phases, None
            parts = [_merged(parts)]
            yield done / phases, parts[0]

    def _painted(self, ends: Ends, numbers: tuple[int, int], phases: int, at: Tensor) -> Path:
        z, c = interpolated(ends, at / (phases - 1), self.interpolation)
        images = self.paint(z, c)
        rows = finite_or_nan(self.clf, images)
        known = rows.isfinite().all(dim=1)
        if not bool(known[(at == 0) | (at == phases - 1)].all()):
            raise NotFiniteError("the model returned NaN or infinite values at an end of the transition")
        at, images, rows = at[known], images[known], rows[known]
        maps = None
        if self.method is not None:
            both = [self.maps(images, [target] * len(images)) for target in (self.wrong, self.target)]
            maps = torch.stack([one for one in both if one is not None], dim=1)
        return Path(
            ends=numbers,
            phases=phases,
            at=at,
            frames=as_bytes(images),
            wrong=rows[:, self.wrong],
            target=rows[:, self.target],
            predicted=rows.argmax(dim=1),
            maps=maps,
            invalid=int((~known).sum()),
        )


def _coarse_first(phases: int) -> Tensor:
    """Order the phases: first some evenly spread with both ends, then the others, ascending."""
    coarse = torch.linspace(0, phases - 1, min(_COARSE, phases), dtype=torch.float64).round().long()
    rest = torch.ones(phases, dtype=torch.bool)
    rest[coarse] = False
    return torch.cat([coarse, rest.nonzero()[:, 0]])


def _merged(parts: list[Path]) -> Path:
    order = torch.cat([part.at for part in parts]).argsort()

    def all_of(name: str) -> Tensor:
        return torch.cat([getattr(part, name) for part in parts])[order]

    return replace(
        parts[0],
        at=all_of("at"),
        frames=all_of("frames"),
        wrong=all_of("wrong"),
        target=all_of("target"),
        predicted=all_of("predicted"),
        maps=None if parts[0].maps is None else all_of("maps"),
        invalid=sum(part.invalid for part in parts),
    )
