"""Marks of a data set, by which it is known again, and by which a change during the survey is found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cfwidgets.engines.survey.source import Pictures, Source
from cfwidgets.models.fingerprint import fingerprint

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Marks", "mark_of"]

_SAMPLED = 8  # pictures whose pixels are read at the beginning, and again at the end
_NAMED = 3


class Marks:
    """Marks of a data set as it is now.

    Reading all pixels once more would take as long as the survey: all files are marked by their size and
    time, and a few pictures by their pixels.

    Parameters
    ----------
    source
        The pictures.
    paths
        Their files, each empty where it is not known.
    """

    def __init__(self, source: Source, paths: Sequence[str]) -> None:
        self._source, self._paths = source, paths
        self._count = len(source)
        last = self._count - 1
        self._numbers = sorted({last * part // (_SAMPLED - 1) for part in range(_SAMPLED)})
        self._pixels = self._read()
        self._files = [_file(path) for path in paths]

    def fingerprints(self, truth: Tensor | None) -> dict[str, str]:
        """Return what must be the same where a survey is resumed; a picture that cannot be read has none."""
        return {
            "data set": mark_of(self._count, self._paths),
            "labels": "" if truth is None else fingerprint({"truth": truth}),
            **{f"picture {number}": mark for number, mark in self._pixels.items()},
        }

    def changes(self) -> tuple[str, ...]:
        """Say in sentences what has changed since the marks were made."""
        if len(self._source) != self._count:
            now = len(self._source)
            return (f"The data set changed: it had {self._count:,} pictures at first, and has {now:,} now.",)
        files = [path for path, before in zip(self._paths, self._files, strict=True) if _file(path) != before]
        rows = []
        if files:
            more = f" and {len(files) - _NAMED:,} more" if len(files) > _NAMED else ""
            which = ", ".join(files[:_NAMED])
            rows.append(f"The data set changed: {which}{more} changed while the survey ran.")
        pixels = [number for number, mark in self._read().items() if mark != self._pixels[number]]
        if pixels and not files:
            rows.append(
                f"The data set changed: picture {pixels[0]} was read twice, with different pixels (is there "
                "a random transform?). The figures are of pictures that cannot be read again."
            )
        return tuple(rows)

    def _read(self) -> dict[int, str]:
        marks = {}
        for number in self._numbers:
            (part,) = self._source([number])
            marks[number] = fingerprint({"image": part.images}) if isinstance(part, Pictures) else ""
        return marks


def mark_of(count: int, paths: Sequence[str]) -> str:
    """Return the fingerprint of a data set by the number of its pictures and the names of their files."""
    names = "\n".join(path and Path(path).name for path in paths)  # a folder may have been moved
    return fingerprint({"count": count, "names": names})


def _file(path: str) -> tuple[int, int] | None:
    """Size and time of a file; None where there is none."""
    try:
        found = Path(path).stat() if path else None
    except (OSError, ValueError):
        return None
    return None if found is None else (found.st_size, found.st_mtime_ns)
