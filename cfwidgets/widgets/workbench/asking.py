"""The explainers of a case: what each needs, how it is made, and why it may not be asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from cfwidgets.engines.base import Engine, ExplainerResult
from cfwidgets.engines.facex.engine import FaceX
from cfwidgets.engines.facex.result import FaceXResult
from cfwidgets.engines.pareto.engine import PlausibleCounterfactuals
from cfwidgets.engines.pareto.result import ParetoResult
from cfwidgets.engines.relevance.engine import Relevance
from cfwidgets.engines.relevance.result import RelevanceResult
from cfwidgets.engines.superpixels.base import SuperpixelEngine
from cfwidgets.engines.superpixels.result import SuperpixelResult
from cfwidgets.engines.survey.engine import Survey
from cfwidgets.engines.survey.truth import UNKNOWN
from cfwidgets.engines.transitions.engine import Transitions
from cfwidgets.engines.transitions.result import TransitionResult
from cfwidgets.widgets.checks import require_kind
from cfwidgets.widgets.explorer import Explorer
from cfwidgets.widgets.facex.explorer import FaceXExplorer
from cfwidgets.widgets.facex.view import FaceXView
from cfwidgets.widgets.pareto.explorer import ParetoExplorer
from cfwidgets.widgets.pareto.view import ParetoView
from cfwidgets.widgets.relevance.explorer import RelevanceExplorer
from cfwidgets.widgets.relevance.view import RelevanceView
from cfwidgets.widgets.superpixels.explorer import SuperpixelExplorer
from cfwidgets.widgets.superpixels.view import SuperpixelView
from cfwidgets.widgets.transitions.explorer import TransitionExplorer
from cfwidgets.widgets.transitions.view import TransitionView
from cfwidgets.widgets.view import View

if TYPE_CHECKING:
    from cfwidgets.models.classifier import Classifier
    from cfwidgets.models.editor import Editor
    from cfwidgets.models.generator import Generator
    from cfwidgets.widgets.workbench.pictures import Picture

__all__ = ["EXPLAINERS", "TABS", "Explainer", "Given", "Refusal", "require_engines"]

TABS = {"where": "Where?", "instead": "What instead?", "general": "In general?"}
"""The questions that a case is asked, by the name of the tab."""

_NETWORK = "clf = cf.Classifier(network, labels=…)  # the torch network itself"


class Refusal(NamedTuple):
    """A question that cannot be asked: ``why``, and ``how`` to make it possible, a line of code or empty."""

    why: str
    how: str = ""


@dataclass(frozen=True)
class Given:
    """All that questions are asked with, by the names of the arguments of `Workbench`."""

    clf: Classifier
    data: Any
    second: Classifier | None = None
    generator: Generator | None = None
    editor: Editor | None = None
    faces: Any = None
    engines: Mapping[str, Engine[Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Explainer:
    """One kind of explainer in the workbench.

    Attributes
    ----------
    name, tab, title
        Its name in ``engines``, in files and in code; its tab; what it is called on the page.
    makes, view, engine, result
        The classes of its explorer, its view, its engine and its result.
    data
        The field of `Given` that is explained; "image" for the picture.
    also
        Fields of `Given` that are passed by their names, where they are given.
    asks
        Returns the arguments that say what is asked: ``target`` and others.
    refuses
        Returns why it cannot be asked of a picture that is there; None where it can.
    """

    name: str
    tab: str
    title: str
    makes: Callable[..., Explorer[Any]]
    view: type[View[Any]]
    engine: type[Any]
    result: type[ExplainerResult]
    asks: Callable[[Given, Picture], dict[str, Any]]
    refuses: Callable[[Given, Picture], Refusal | None]
    data: str = "image"
    also: tuple[str, ...] = ()

    @property
    def clicked(self) -> tuple[str, ...]:
        """Traits of the view that hold what was clicked in it alone."""
        return tuple(name for name in self.view.clicked if name not in self.view.linked)

    def refusal(self, given: Given, picture: Picture, result: Any = None) -> Refusal | None:
        """Return why it cannot be asked of a picture, or why an earlier result cannot be shown."""
        if result is None and picture.image is None:
            return Refusal("The picture is gone: only what was kept of it can be shown.")
        return self.refuses(given, picture)

    def explorer(self, given: Given, picture: Picture, result: Any = None) -> Explorer[Any]:
        """Make the explorer, which begins at once; with a result it shows that and runs nothing."""
        arguments = [given.clf, *(getattr(given, name) for name in self.view.needs)]
        named = {name: getattr(given, name) for name in self.also}
        if result is not None:
            shown = {} if self.data == "image" else {self.data: self._explained(given, picture)}
            return self.makes(*arguments, result=result, **shown, **named)
        arguments.append(self._explained(given, picture))
        engine = given.engines.get(self.name)
        return self.makes(*arguments, engine=engine, **self.asks(given, picture), **named)

    def _explained(self, given: Given, picture: Picture) -> Any:
        return picture.image if self.data == "image" else faces_of(given)


def require_engines(engines: Any) -> dict[str, Engine[Any]]:
    """Return the engines given, by the names of explainers, or "survey"; refuse others.

    Raises
    ------
    TypeError, ValueError
        What was given, and what is accepted.
    """
    known: dict[str, type] = {**{one.name: one.engine for one in EXPLAINERS}, "survey": Survey}
    if engines is None:
        return {}
    if not isinstance(engines, Mapping):
        raise TypeError(
            f"engines must be a dictionary such as {{'superpixels': cf.Lime()}}, not {engines!r:.60}"
        )
    for name, engine in engines.items():
        if name not in known:
            raise ValueError(f"engines: there is no {name!r:.40}; there are {', '.join(map(repr, known))}")
        require_kind(f"engines[{name!r}]", engine, known[name], f"a {known[name].__name__}(…)")
    return dict(engines)


def faces_of(given: Given) -> Any:
    """Return the faces to ask in general: those given, or the data set where its pictures have masks."""
    return given.data if given.faces is None else given.faces


def _predicted(_given: Given, picture: Picture) -> dict[str, Any]:
    return {"target": picture.predicted}


def _turned(_given: Given, picture: Picture) -> dict[str, Any]:
    """Ask from the wrong class to the right one; where the model is right, from the next likely one."""
    first, second = picture.probabilities.topk(2).indices.tolist()
    if picture.truth == UNKNOWN:
        return {"target": second, "wrong": first}
    if picture.truth == first:
        return {"target": first, "wrong": second}
    return {"target": picture.truth, "wrong": first}


def _edited(given: Given, picture: Picture) -> dict[str, Any]:
    """Hand on the attributes of the picture, where the data set knows them and the editor may not."""
    names, rows = getattr(given.data, "names", ()), getattr(given.data, "attributes", None)
    wanted = () if given.editor is None else tuple(given.editor.attributes)
    if rows is None or not set(wanted) <= set(names):
        return {"target": picture.predicted}
    known = {name: float(rows[picture.number][list(names).index(name)]) for name in wanted}
    return {"target": picture.predicted, "attributes": known}


def _black_box(given: Given, what: str) -> Refusal | None:
    if given.clf.has_module:
        return None
    return Refusal(f"The model is a black box, and {what}.", _NETWORK)


def _no_gradients(given: Given, _picture: Picture) -> Refusal | None:
    return _black_box(given, "relevance maps follow gradients, which it has none of")


def _never(_given: Given, _picture: Picture) -> None:
    """Refuse nothing: whatever predicts can be asked."""


def _no_generator(given: Given, picture: Picture) -> Refusal | None:
    if given.generator is None:
        return Refusal(
            "No generator was given: a transition leads through pictures that one generates.",
            'cf.Workbench(clf, data, generator=cf.zoo.generator("digits"))',
        )
    if len(picture.probabilities) < 2:
        return Refusal("The model has one class: there is nothing to turn it into.")
    return _black_box(given, "the search for look-alikes follows gradients")


def _no_editor(given: Given, _picture: Picture) -> Refusal | None:
    if given.editor is None:
        return Refusal(
            "No editor was given: edits are painted by one.",
            'cf.Workbench(clf, data, editor=cf.zoo.attribute_editor("portraits"))',
        )
    return None


def _no_faces(given: Given, _picture: Picture) -> Refusal | None:
    if given.faces is None and not _has_masks(given.data):
        return Refusal(
            "No faces were given: regions are compared over a data set of pictures with masks.",
            "cf.Workbench(clf, data, faces=cf.data.portraits(200))",
        )
    return _black_box(given, "attention follows gradients, which it has none of")


def _has_masks(data: Any) -> bool:
    has = getattr(data, "has_masks", None)
    return bool(hasattr(data, "masks") or hasattr(data, "region_bits")) if has is None else bool(has)


EXPLAINERS = (
    Explainer(
        name="relevance",
        tab="where",
        title="Relevance maps",
        makes=RelevanceExplorer,
        view=RelevanceView,
        engine=Relevance,
        result=RelevanceResult,
        asks=_predicted,
        refuses=_no_gradients,
    ),
    Explainer(
        name="superpixels",
        tab="where",
        title="Superpixels",
        makes=SuperpixelExplorer,
        view=SuperpixelView,
        engine=SuperpixelEngine,
        result=SuperpixelResult,
        asks=_predicted,
        refuses=_never,
    ),
    Explainer(
        name="transition",
        tab="instead",
        title="A transition",
        makes=TransitionExplorer,
        view=TransitionView,
        engine=Transitions,
        result=TransitionResult,
        asks=_turned,
        refuses=_no_generator,
    ),
    Explainer(
        name="edits",
        tab="instead",
        title="Edits",
        makes=ParetoExplorer,
        view=ParetoView,
        engine=PlausibleCounterfactuals,
        result=ParetoResult,
        asks=_edited,
        refuses=_no_editor,
        also=("second",),
    ),
    Explainer(
        name="regions",
        tab="general",
        title="Regions over the faces",
        makes=FaceXExplorer,
        view=FaceXView,
        engine=FaceX,
        result=FaceXResult,
        asks=_predicted,
        refuses=_no_faces,
        data="faces",
        also=("second",),
    ),
)
"""In the order in which they stand in their tabs."""
