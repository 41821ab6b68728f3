"""Lines of Python that reproduce what the workbench shows: explorers, settings, what was clicked."""

from __future__ import annotations

import ast
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any, NamedTuple

from cfwidgets.engines.pareto.result import ParetoResult
from cfwidgets.engines.superpixels.elime import ELime
from cfwidgets.engines.superpixels.lime import Lime
from cfwidgets.engines.transitions.result import TransitionResult
from cfwidgets.text import cut
from cfwidgets.widgets.workbench.asking import EXPLAINERS
from cfwidgets.widgets.workbench.question import in_text

if TYPE_CHECKING:
    from cfwidgets.engines.base import ExplainerResult
    from cfwidgets.models.classifier import Classifier
    from cfwidgets.widgets.explorer import Explorer
    from cfwidgets.widgets.workbench.asking import Explainer, Given
    from cfwidgets.widgets.workbench.case_view import CaseView
    from cfwidgets.widgets.workbench.open_case import OpenCase
    from cfwidgets.widgets.workbench.pictures import Picture

__all__ = ["case_code"]

_SEARCHES = ("SMPSO", "NSGA2", "GDE3")
_LONG = 88  # characters of a call that stands on one line
_REGION = (
    "from cfwidgets.evaluation.hiding import fills, hidden",
    "from cfwidgets.regions import region_mask",
)


class _Call(NamedTuple):
    """A call, written on one line or on many."""

    name: str
    arguments: list[Any]

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(str, self.arguments))})"

    def lines(self, before: str = "", indent: str = "") -> str:
        """Write it after an assignment or a keyword, with its arguments below each other where it is long."""
        if len(indent) + len(before) + len(str(self)) <= _LONG:
            return f"{indent}{before}{self}"
        inner = [_argument(one, indent + "    ") for one in self.arguments]
        return "\n".join([f"{indent}{before}{self.name}(", *(f"{one}," for one in inner), f"{indent})"])


class _Named(NamedTuple):
    """An argument that is passed by its name."""

    name: str
    value: Any

    def __str__(self) -> str:
        return f"{self.name}={self.value}"


def case_code(opened: OpenCase, head: CaseView) -> str:
    """Write the lines that reproduce the open tab of a case, after those that they need.

    Parameters
    ----------
    opened, head
        The case, and its view.
    """
    given, picture = opened.given, opened.picture
    parts = [
        _explorer_code(kind, given, picture, opened.explorers[kind.name])
        for kind in EXPLAINERS
        if kind.tab == head.tab and kind.name in opened.explorers
    ]
    if head.region:
        parts.append(_region_code([list(ring) for ring in head.region], head.fill))
    lent = [name for name in ("second", "generator", "editor", "faces") if _has(given, name)]
    lines = [
        f"# {cut(in_text(head.question), 100)}",
        f"# {', '.join(['clf', 'data', *lent])}: as the workbench was given them",
        "import cfwidgets as cf",
        *(_REGION if head.region else ()),
    ]
    image = [f"image = {picture.code}"] if picture.code else []
    return "\n\n".join(["\n".join(lines), *image, *parts]) + "\n"


def _explorer_code(kind: Explainer, given: Given, picture: Picture, explorer: Explorer[Any]) -> str:
    """Write the lines that make an explorer again, with what was clicked; a comment before its answer."""
    result = explorer.result
    if result is None:
        return f"# {kind.title}: there is no answer yet"
    first = result[0] if isinstance(result, tuple) else result
    data = "data" if kind.data == "faces" and given.faces is None else kind.data
    arguments: list[Any] = ["clf", *kind.view.needs, data, _class(given.clf, first.target)]
    arguments += [_Named(name, text) for name, text in _asked(kind, given, picture, first).items()]
    arguments += [_Named(name, name) for name in kind.also if _has(given, name)]
    engine = _engine(kind, first)
    if engine is not None:
        arguments.append(_Named("engine", engine))
    lines = [
        _Call(f"cf.{kind.makes.__name__}", arguments).lines(f"{kind.name} = "),
        f"{kind.name}.run.result()  # waits for the end",
        *_clicked(kind, explorer, first),
        kind.name,
    ]
    return "\n".join(lines)


def _region_code(region: list[list[float]], fill: str) -> str:
    """Write the lines that ask the model about the picture without a region."""
    return "\n".join(
        [
            "seen = clf.view(image)",
            f"mask = region_mask({region!r}, *seen.shape[1:])",
            f"clf.top(hidden(seen, mask, {_value(fill)}, fills(seen)))",
        ]
    )


def _argument(one: Any, indent: str) -> str:
    value, before = (one.value, f"{one.name}=") if isinstance(one, _Named) else (one, "")
    return value.lines(before, indent) if isinstance(value, _Call) else f"{indent}{before}{value}"


def _has(given: Given, name: str) -> bool:
    return getattr(given, name) is not None


def _class(clf: Classifier, index: int) -> str:
    """Write a class by its label, or by its number where the label does not tell."""
    labels = clf.labels
    return str(index) if labels is None or labels.count(labels[index]) > 1 else _value(labels[index])


def _asked(kind: Explainer, given: Given, picture: Picture, result: Any) -> dict[str, str]:
    """Return the arguments besides the target that the answer depends on, as code."""
    if isinstance(result, TransitionResult):
        return {"wrong": _class(given.clf, result.wrong)}
    if isinstance(result, ParetoResult):
        attributes = kind.asks(given, picture).get("attributes")
        return {} if attributes is None else {"attributes": _value(attributes)}
    against = getattr(result, "against", None)
    return {} if against is None else {"against": _class(given.clf, against)}


def _engine(kind: Explainer, result: ExplainerResult) -> _Call | None:
    """Write the engine that made a result, with its unusual settings; None for the usual engine."""
    made: Any = kind.engine
    if kind.name == "superpixels":
        made = {one.method: one for one in (ELime, Lime)}[result.method]  # type: ignore[attr-defined]
    settings = []
    for field in fields(made):
        value = result.settings.get(field.name, MISSING)
        default = field.default if field.default_factory is MISSING else field.default_factory()
        if value is not MISSING and not _same(value, default):
            settings.append(_Named(field.name, _search(value) if field.name == "search" else _value(value)))
    # By itself the relevance explorer computes maps of layers too, and superpixels are found by E-LIME.
    usual = {"relevance": None, "superpixels": ELime}.get(kind.name, made)
    return _Call(f"cf.{made.__name__}", settings) if settings or made is not usual else None


def _same(value: Any, default: Any) -> bool:
    if isinstance(default, tuple | list) and isinstance(value, tuple | list):
        return list(value) == list(default)
    return bool(value == default) or (isinstance(value, str) and value == repr(default))


def _search(written: str) -> _Call:
    """Write a search, which a result keeps as its repr. It is read, not trusted: it may come from a file."""
    match ast.parse(written, mode="eval").body:
        case ast.Call(func=ast.Name(id=made), args=[], keywords=keywords) if made in _SEARCHES:
            pairs = [_Named(str(one.arg), _value(ast.literal_eval(one.value))) for one in keywords]
            return _Call(f"cf.search.{made}", pairs)
    raise ValueError(f"the settings name a search that is not known: {written!r:.60}")


def _value(value: Any) -> str:
    """Write a plain value, with the quotes that code here has."""
    if isinstance(value, str):
        text = repr(value)
        plain = text.startswith("'") and '"' not in text and "\\" not in text
        return f'"{text[1:-1]}"' if plain else text
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_value(key)}: {_value(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(_value, value)) + ("," if len(value) == 1 else "") + ")"
    return repr(value)


def _clicked(kind: Explainer, explorer: Explorer[Any], result: Any) -> list[str]:
    """Write what was clicked, where it is not as it is at first."""
    view, name = explorer.view, kind.name
    lines = []
    match name:
        case "relevance" if view.hiding:
            lines.append(f"{name}.hiding = {_value(dict(view.hiding))}")
        case "superpixels" if not view.following:
            lines.append(f"shown = {sorted(view.shown)}")
            lines.append(f"{name}.mask = [number in shown for number in range({result.count})]")
        case "transition":
            if not view.following and view.picked:
                lines.append(f"{name}.view.following, {name}.view.picked = False, {list(view.picked)}")
            lines += _set(f"{name}.phase", view.phase, 0)
        case "edits":
            lines += _set(f"{name}.chosen", view.chosen, -1)
            lines += _set(f"{name}.view.brushed", list(view.brushed), [])
            lines += _set(f"{name}.view.edit", list(view.edit), [])
        case "regions":
            lines += _set(f"{name}.chosen", view.chosen, "")
            lines += _set(f"{name}.view.quantity", view.quantity, "attention")
            lines += _set(f"{name}.view.group", view.group, 0)
    return lines


def _set(place: str, value: Any, usual: Any) -> list[str]:
    return [] if value == usual else [f"{place} = {_value(value)}"]
