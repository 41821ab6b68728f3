"""Open saved explorers and workbenches in a new process: nothing is run again."""

from __future__ import annotations

import errno
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cfwidgets.models.absent import AbsentClassifier, AbsentEditor, AbsentGenerator, absent_translator
from cfwidgets.models.classifier import Classifier, require_classifier
from cfwidgets.models.editor import require_editor
from cfwidgets.models.generator import require_generator
from cfwidgets.models.translator import require_translator
from cfwidgets.results import ResultError
from cfwidgets.widgets.explorer import Explorer
from cfwidgets.widgets.facex.explorer import FaceXExplorer
from cfwidgets.widgets.facex.view import FaceXView
from cfwidgets.widgets.latest import held
from cfwidgets.widgets.matching import require_model
from cfwidgets.widgets.pareto.explorer import ParetoExplorer
from cfwidgets.widgets.pareto.view import ParetoView
from cfwidgets.widgets.relevance.explorer import RelevanceExplorer
from cfwidgets.widgets.relevance.view import RelevanceView
from cfwidgets.widgets.saving import SavedExplorer, fingerprint_of
from cfwidgets.widgets.superpixels.explorer import SuperpixelExplorer
from cfwidgets.widgets.superpixels.view import SuperpixelView
from cfwidgets.widgets.survey.explorer import SurveyExplorer
from cfwidgets.widgets.survey.view import SurveyView
from cfwidgets.widgets.transitions.explorer import TransitionExplorer
from cfwidgets.widgets.transitions.view import TransitionView
from cfwidgets.widgets.translation.explorer import TranslationExplorer
from cfwidgets.widgets.translation.view import TranslationView
from cfwidgets.widgets.view import View, in_words
from cfwidgets.widgets.workbench.workbench import Workbench

if TYPE_CHECKING:
    from cfwidgets.engines.base import Engine
    from cfwidgets.models.editor import Editor
    from cfwidgets.models.generator import Generator
    from cfwidgets.models.translator import Translator

__all__ = ["EXPLORERS", "open"]

EXPLORERS: dict[type[Explorer[Any]], type[View[Any]]] = {
    SuperpixelExplorer: SuperpixelView,
    RelevanceExplorer: RelevanceView,
    TransitionExplorer: TransitionView,
    ParetoExplorer: ParetoView,
    TranslationExplorer: TranslationView,
    FaceXExplorer: FaceXView,
    SurveyExplorer: SurveyView,
}
"""All that can be opened: each explorer with its view."""

_CLASSIFIERS = ("clf", "second", "feature_model")
_REQUIRED = {"editor": require_editor, "translator": require_translator}


def open(  # noqa: A001 - it is called cfwidgets.open
    path: str | os.PathLike[str],
    clf: Classifier | None = None,
    *,
    data: Any = None,
    labels: Any = None,
    faces: Any = None,
    generator: Generator | None = None,
    editor: Editor | None = None,
    translator: Translator | None = None,
    second: Classifier | None = None,
    feature_model: Classifier | None = None,
    engines: Mapping[str, Engine[Any]] | None = None,
) -> Any:
    """Open what ``explorer.save(path)`` or ``workbench.save(path)`` wrote; nothing is run again.

    The models are not in the file. An explorer opened without any plays all the same: what was found and
    clicked is there, and the page says that nothing new can be asked. With its models it goes on as before.

    Parameters
    ----------
    path
        The file.
    clf
        The classifier; None to look only.
    data, labels
        Of a survey, for thumbnails beyond those saved; of a workbench, which needs data.
    faces
        Of `FaceXExplorer`, to open whole faces; of a workbench.
    generator, editor, translator, second, feature_model
        The other models that the explorer was made with.
    engines
        Of a workbench: see `Workbench`.

    Returns
    -------
    Explorer, View or Workbench
        What was saved: an explorer, a view that was saved by itself, or a workbench with its kept cases.

    Raises
    ------
    OSError
        There is no such file, it is a folder, or it cannot be read.
    ResultError
        The file is none of these, is damaged, is of another version, or of another model.
    TypeError, ValueError
        An argument that is missing, or that what was saved does not take.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import torch
    >>> import cfwidgets as cf
    >>> def bright(images):
    ...     return torch.stack([1 - images.mean((1, 2, 3)), images.mean((1, 2, 3))], 1)
    >>> clf = cf.Classifier(bright, labels=["dark", "bright"])
    >>> quick = cf.ELime(segments=9, generations=2, trust=False)
    >>> explorer = cf.SuperpixelExplorer(clf, torch.rand(3, 32, 32), "bright", engine=quick)
    >>> result = explorer.run.result()
    >>> path = Path(tempfile.mkdtemp()) / "bright.safetensors"
    >>> explorer.save(path)
    >>> explorer.close()
    >>> again = cf.open(path, clf)
    >>> again.result.label, again.run
    ('bright', None)
    >>> again.close()
    """
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"path must be the path of a saved file, not {type(path).__name__}")
    file = Path(path)
    if file.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(file))
    given = {
        "clf": clf,
        "data": data,
        "labels": labels,
        "faces": faces,
        "generator": generator,
        "editor": editor,
        "translator": translator,
        "second": second,
        "feature_model": feature_model,
        "engines": engines,
    }
    given = {name: value for name, value in given.items() if value is not None}
    if zipfile.is_zipfile(file):
        return _workbench(file, given)
    return _explorer(file, SavedExplorer.load(file), given)


def _workbench(file: Path, given: dict[str, Any]) -> Workbench:
    missing = [name for name in ("clf", "data") if name not in given]
    if missing:
        raise ValueError(f"{file} holds the cases of a workbench: give {' and '.join(missing)} too")
    return Workbench.load(file, given.pop("clf"), given.pop("data"), **given)


def _explorer(file: Path, saved: SavedExplorer, given: dict[str, Any]) -> Explorer[Any] | View[Any]:
    view, _ = _classes(saved)
    accepted = {"clf", *view.needs, *view.also}
    if not {"clf", *view.needs} <= saved.of.keys() <= accepted:
        raise ResultError(
            f"{file} does not fit {saved.shows}: it must be of {', '.join(sorted(accepted))}, "
            f"not of {', '.join(saved.of)!s:.80}"
        )
    models = ("clf", *view.needs, *(name for name in view.also if name in saved.of))
    _require_arguments(file, saved, models, (*models, *view.data), given)
    there = any(name in given for name in models)
    if there:
        _require_same(file, saved, {name: given[name] for name in models})
    try:
        parts = given if there else {**given, **_absent(saved, models)}
        widget = _made(saved, parts)
    except Exception as error:  # a file may hold anything
        raise ResultError(f"{file} does not fit {saved.shows}: {in_words(error)}") from error
    shown = widget.view if isinstance(widget, Explorer) else widget
    if not there:
        shown.opens_with = _call(models)
    shown.release()
    return widget


def _classes(saved: SavedExplorer) -> tuple[type[View[Any]], type[Explorer[Any]] | None]:
    """Return the class of the view, and of the explorer around it, None where it was saved by itself."""
    for explorer, view in EXPLORERS.items():
        if saved.shows in (explorer.__name__, view.__name__):
            return view, explorer if saved.shows == explorer.__name__ else None
    raise KeyError(saved.shows)


def _require_arguments(
    file: Path, saved: SavedExplorer, models: tuple[str, ...], known: tuple[str, ...], given: dict[str, Any]
) -> None:
    """Refuse arguments that an explorer does not take, and some of its models without the others."""
    unknown = [name for name in given if name not in known]
    if unknown:
        raise ValueError(f"{file} holds a {saved.shows}, which was saved without {unknown[0]}")
    missing = [name for name in models if name not in given]
    if missing and len(missing) < len(models):
        raise ValueError(
            f"{file} holds a {saved.shows}: give {' and '.join(missing)} too, as in {_call(models)}; "
            "without any model it is opened to be looked at"
        )
    for name in models:
        if name not in given:
            continue
        if name in _CLASSIFIERS:
            require_classifier(name, given[name])
        elif name == "generator":
            require_generator(given[name], given["clf"].classes)
        else:
            _REQUIRED[name](given[name])


def _require_same(file: Path, saved: SavedExplorer, models: Mapping[str, Any]) -> None:
    """Refuse other models than those that a file says."""
    for name, model in models.items():
        of = saved.of[name]
        if name in _CLASSIFIERS:
            require_model(file, of.name, of.labels, of.weights, model)
            continue
        now = fingerprint_of(name, model)
        if of.weights and now and of.weights != now:
            raise ResultError(f"{file} is of another {name}, or of one with other weights")


def _call(models: tuple[str, ...]) -> str:
    """Write the call that opens a file with its models."""
    return f"cf.open(path, {', '.join(name if name == 'clf' else f'{name}=…' for name in models)})"


def _absent(saved: SavedExplorer, models: tuple[str, ...]) -> dict[str, Any]:
    """Make stand-ins for all models."""
    first: Any = saved.found[-1][0]
    made: dict[str, Any] = {}
    for name in models:
        of = saved.of[name]
        match name:
            case "generator":
                made[name] = AbsentGenerator(len(first.labels))
            case "editor":
                made[name] = AbsentEditor(first.names)
            case "translator":
                made[name] = absent_translator()
            case _:
                made[name] = AbsentClassifier(of.name, of.labels)
    return made


def _made(saved: SavedExplorer, parts: dict[str, Any]) -> Explorer[Any] | View[Any]:
    """Make the explorer or view, which asks nothing yet, and close it again where the file does not fit."""
    view, explorer = _classes(saved)
    kind: Any = explorer or view
    *others, result = (one if len(one) > 1 else one[0] for one in saved.found)
    named = {name: value for name, value in parts.items() if name not in ("clf", *view.needs)}
    if saved.prototype is not None:
        named["prototype"] = saved.prototype
    with held():
        widget = kind(parts["clf"], *(parts[name] for name in view.needs), result=result, **named)
    try:
        shown = widget.view if isinstance(widget, Explorer) else widget
        shown.recover(others, saved.answers, saved.clicked)
    except BaseException:
        widget.close()
        raise
    return widget
