"""The file of a workbench: a zip archive of JSON and of the results' own files, never of pickles."""

from __future__ import annotations

import json
import os
import re
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from cfwidgets.engines.base import ExplainerResult
from cfwidgets.engines.survey.result import SurveyResult
from cfwidgets.results import ResultError
from cfwidgets.scratch import replacing
from cfwidgets.widgets.workbench.asking import EXPLAINERS
from cfwidgets.widgets.workbench.kept import Case, Found, Kept

__all__ = ["Archive", "read", "write"]

R = TypeVar("R", bound=ExplainerResult)

FORMAT = 1
_TEXT = "workbench.json"
_SURVEY = "survey.safetensors"
_NAME = re.compile(r"cases/(\d{1,6})/([a-z]+)(-2)?\.safetensors")
_MOST = 10_000  # cases
_LARGEST = 64 * 2**20  # bytes of the text
_RESULTS = {one.name: one.result for one in EXPLAINERS}


@dataclass(frozen=True)
class Archive:
    """The contents of a file of a workbench.

    Attributes
    ----------
    of
        What it belongs to: the model's name, its labels and fingerprint, and the mark of the data set.
    cases
        The kept cases.
    survey
        The survey, where it had ended.
    filters
        What its gallery shows.
    """

    of: Mapping[str, Any]
    cases: tuple[Kept, ...]
    survey: SurveyResult | None
    filters: Mapping[str, Any]


def write(path: Path, archive: Archive) -> None:
    """Write the file; an earlier one is replaced only once all is written.

    Raises
    ------
    OSError
        The disk is full, the folder is not there, or the like; it names ``path``.
    """
    try:
        _write(path, archive)
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, os.strerror(error.errno), str(path)) from error  # not the scratch file


def _write(path: Path, archive: Archive) -> None:
    text = {
        "format": FORMAT,
        "of": dict(archive.of),
        "filters": dict(archive.filters),
        "cases": [{**asdict(one.case), "results": list(one.results)} for one in archive.cases],
    }
    with (
        replacing(path) as scratch,
        tempfile.TemporaryDirectory() as folder,
        # Stored, not deflated: a file cannot become larger than it is while it is read.
        zipfile.ZipFile(scratch, "w", zipfile.ZIP_STORED) as file,
    ):
        file.writestr(_TEXT, json.dumps(text, allow_nan=False))
        part = Path(folder) / "part"
        for name, result in _members(archive):
            result.save(part)
            file.write(part, name)


def read(path: Path) -> Archive:
    """Read a file that `write` wrote.

    Raises
    ------
    ResultError
        It is no such file, is damaged, is of another version, or holds what is none of a workbench.
    OSError
        It is not there, or cannot be read.
    """
    try:
        with zipfile.ZipFile(path) as file:
            return _read(file, path)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise ResultError(f"{path} is no saved workbench, or is damaged: {error}") from error


def _members(archive: Archive) -> Iterator[tuple[str, ExplainerResult]]:
    if archive.survey is not None:
        yield _SURVEY, archive.survey
    for place, one in enumerate(archive.cases):
        for name, found in one.results.items():
            for number, result in enumerate(_each(found)):
                yield _member(place, name, number), result


def _member(place: int, name: str, number: int) -> str:
    return f"cases/{place}/{name}{'-2' if number else ''}.safetensors"


def _each(found: Found) -> tuple[ExplainerResult, ...]:
    return found if isinstance(found, tuple) else (found,)


def _read(file: zipfile.ZipFile, path: Path) -> Archive:
    members = _checked(file, path)
    if _TEXT not in members:
        raise ResultError(f"{path} is a zip file, but not one that a workbench wrote")
    if members[_TEXT].file_size > _LARGEST:
        raise ResultError(f"{path} does not fit a workbench: its text has {members[_TEXT].file_size:,} bytes")
    try:
        text = json.loads(file.read(_TEXT))
        version = text["format"]
    except (ValueError, RecursionError, TypeError, KeyError) as error:
        raise ResultError(f"{path} is damaged: its text cannot be read ({error})") from error
    if version != FORMAT:
        raise ResultError(f"{path} has format {version!r:.40}; this version of cfwidgets reads {FORMAT}")
    with _whole(path):
        entries = text["cases"]
        if not isinstance(text["of"], dict) or not isinstance(text["filters"], dict):
            raise ValueError("it must have what it is of, and the filters")  # noqa: TRY004 - as below
        if not isinstance(entries, list) or len(entries) > _MOST:
            raise ValueError(f"it must have a list of at most {_MOST:,} cases")
        cases = [Case.read({key: value for key, value in one.items() if key != "results"}) for one in entries]
        names = [_named(one["results"]) for one in entries]
    survey = None
    if _SURVEY in members:
        survey = _loaded(file, _SURVEY, SurveyResult, path)
    kept = [
        Kept(case, {name: _found(file, members, place, name, path) for name in found})
        for place, (case, found) in enumerate(zip(cases, names, strict=True))
    ]
    return Archive(text["of"], tuple(kept), survey, text["filters"])


def _checked(file: zipfile.ZipFile, path: Path) -> dict[str, zipfile.ZipInfo]:
    """Return the members by their names; refuse names, sizes and kinds that a workbench does not write."""
    members = {}
    total = 0
    for info in file.infolist():
        name = info.filename
        found = _NAME.fullmatch(name)
        known = name in (_TEXT, _SURVEY) or (found is not None and found[2] in _RESULTS)
        if not known or name in members:
            raise ResultError(f"{path} does not fit a workbench: it holds {name!r:.80}")
        total += info.file_size
        plain = info.compress_type == zipfile.ZIP_STORED and info.file_size == info.compress_size
        if not plain or total > path.stat().st_size:
            raise ResultError(f"{path} does not fit a workbench: {name} is packed, or larger than the file")
        members[name] = info
    return members


def _named(names: Any) -> list[str]:
    if not isinstance(names, list) or any(name not in _RESULTS for name in names):
        raise ValueError(f"the results are of {names!r:.80}; there are {', '.join(_RESULTS)}")
    return names


def _found(file: zipfile.ZipFile, members: Mapping[str, Any], place: int, name: str, path: Path) -> Found:
    results = []
    for number in (0, 1):
        member = _member(place, name, number)
        if member in members:
            results.append(_loaded(file, member, _RESULTS[name], path))
    if not results:
        raise ResultError(f"{path} is damaged: it lacks the answer of {name} to case {place}")
    return tuple(results) if len(results) == 2 else results[0]


def _loaded(file: zipfile.ZipFile, member: str, kind: type[R], path: Path) -> R:
    with _unpacked(file, member) as part:
        try:
            return kind.load(part)
        except ResultError as error:
            said = str(error).replace(str(part), member)  # not the scratch file
            raise ResultError(f"{path} is damaged: {said}") from error


@contextmanager
def _unpacked(file: zipfile.ZipFile, member: str) -> Iterator[Path]:
    """Write a member to a file of its own for a while, under a name that the archive has no say in."""
    with tempfile.TemporaryDirectory() as folder:
        part = Path(folder) / "part"
        with file.open(member) as source, part.open("wb") as target:
            while block := source.read(2**20):
                target.write(block)
        yield part


@contextmanager
def _whole(path: Path) -> Iterator[None]:
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise ResultError(f"{path} does not fit a workbench: {error}") from error
