"""The lists of explainers and of views. One that is added is tested by adding it here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import small
import training_steps
from torch import Tensor

import cfwidgets as cf
from cfwidgets.search import SMPSO
from cfwidgets.widgets.training.view import TrainingView
from cfwidgets.widgets.workbench.case_view import CaseView
from cfwidgets.widgets.workbench.notes_view import NotesView

Given = tuple[Any, ...]


@dataclass(frozen=True)
class Explainer:
    """An engine, small enough to end within a second or two, with what it is given.

    Attributes
    ----------
    engine
        With settings that make several steps.
    harmless
        Settings that are changed, and a result may yet be resumed.
    other
        A setting that is changed, and a result may not be resumed; empty where there is none.
    given
        From the classifier and a seed of the data to the arguments after the classifier: the generator or
        editor if any, the data, the class.
    view, explorer
        None for an engine that has none.
    data
        Which of these is the data.
    target
        False for an engine that does not explain one class: the last argument is then the labels of the data.
    keywords
        More for ``steps`` and for the view.
    placed
        Names of the maps that its answer has over the picture; none where it is of many, or nothing flips.
    """

    name: str
    engine: Any
    view: type[Any] | None
    explorer: type[Any] | None
    harmless: dict[str, Any]
    other: dict[str, Any]
    given: Callable[[cf.Classifier, int], Given]
    data: int = 0
    target: bool = True
    keywords: dict[str, Any] = field(default_factory=dict)
    placed: tuple[str, ...] = ()


def _picture(clf: cf.Classifier, seed: int) -> Given:
    return small.picture(seed), int(clf.probabilities(_one(seed)).argmax())


def _misread(clf: cf.Classifier, seed: int) -> Given:
    image = small.picture(seed)
    return small.Painter(), image, small.other_class(clf, image)


def _edited(clf: cf.Classifier, seed: int) -> Given:
    return small.Tint(), small.picture(seed), int(clf.probabilities(_one(seed)).argmax())


def _faces(_clf: cf.Classifier, seed: int) -> Given:
    return small.faces(seed=seed), small.LABELS[1]


def _pictures(_clf: cf.Classifier, seed: int) -> Given:
    pictures = [small.picture(100 * seed + number) for number in range(9)]
    return cf.Translator(small.Blotter().train(), noise=small.Blotter.noise), pictures, small.LABELS[1]


def _labelled(_clf: cf.Classifier, seed: int) -> Given:
    pictures = [small.picture(100 * seed + number) for number in range(14)]
    return pictures, [small.LABELS[number % 3 % 2] for number in range(14)]


def _one(seed: int) -> Tensor:
    return small.picture(seed)[None]


EXPLAINERS = [
    Explainer(
        name="superpixels",
        engine=cf.ELime(segments=9, population=8, generations=6, runs=2),
        view=cf.SuperpixelView,
        explorer=cf.SuperpixelExplorer,
        harmless={"generations": 9},
        other={"mutation_rate": 0.5},
        given=_picture,
        placed=("E-LIME",),
    ),
    Explainer(
        name="lime",
        engine=cf.Lime(segments=9, samples=250),
        view=cf.SuperpixelView,
        explorer=cf.SuperpixelExplorer,
        harmless={"trust": False},
        other={"fill": "grey"},
        given=_picture,
        placed=("LIME",),
    ),
    Explainer(
        name="transitions",
        engine=cf.Transitions(starts=3, updates=6, phases=20, rate=0.05),
        view=cf.TransitionView,
        explorer=cf.TransitionExplorer,
        harmless={"updates": 8},
        other={"rule": "quarter"},
        given=_misread,
        data=1,
        placed=("transition",),
    ),
    Explainer(
        name="facex",
        engine=cf.FaceX(patch=4, patches=3, probed=4, batch_size=3, sampled=4),
        view=cf.FaceXView,
        explorer=cf.FaceXExplorer,
        harmless={"batch_size": 2, "sampled": 6},
        other={"fill": "mean"},
        given=_faces,
    ),
    Explainer(
        name="pareto",
        engine=cf.PlausibleCounterfactuals(SMPSO(population=10, archive=10), evaluations=100),
        view=cf.ParetoView,
        explorer=cf.ParetoExplorer,
        harmless={"evaluations": 200},
        other={"reach": 0.5},
        given=_edited,
        data=1,
    ),
    Explainer(
        name="translation",
        engine=cf.CounterfactualTranslator(variants=2, batch_size=4, probed=6),
        view=cf.TranslationView,
        explorer=cf.TranslationExplorer,
        harmless={"batch_size": 3},
        other={"variants": 1},
        given=_pictures,
        data=1,
    ),
    Explainer(
        name="relevance",
        engine=cf.Relevance(
            ("rap", "grad_cam", "integrated_gradients", "lrp"),
            {"integrated_gradients": {"steps": 8}},
            layers=2,
            stages=3,
            cells=4,
        ),
        view=cf.RelevanceView,
        explorer=cf.RelevanceExplorer,
        harmless={"checked": ("rap",)},
        other={"fill": "grey"},
        given=_picture,
        placed=("rap", "grad_cam", "integrated_gradients", "lrp"),
    ),
    Explainer(
        name="survey",
        engine=cf.Survey(batch_size=4),
        view=cf.SurveyView,
        explorer=cf.SurveyExplorer,
        harmless={"batch_size": 3},
        other={},
        given=_labelled,
        target=False,
    ),
]


def _shown(explainer: Explainer) -> Callable[[], Any]:
    def make() -> Any:
        clf = small.classifier()
        given = explainer.given(clf, 0)
        result = explainer.engine.explain(clf, *given, **explainer.keywords)
        return explainer.view(clf, *given[: explainer.data], engine=explainer.engine, result=result)

    return make


def _trained() -> Any:
    view = TrainingView(training_steps.steps())
    view.run.result(timeout=120)
    return view


class _Commands:
    def take(self, *_given: Any) -> None:
        """Take a command of the page, as a workbench does."""


_COMMANDS = _Commands()


def views() -> dict[str, Callable[[], Any]]:
    """Every view, by name, with what makes one that has ended."""
    shown = [explainer for explainer in EXPLAINERS if explainer.view is not None]
    return {
        **{explainer.name: _shown(explainer) for explainer in shown},
        "training": _trained,
        "case": lambda: CaseView(small.classifier()),
        "notes": lambda: NotesView(_COMMANDS.take),
    }


def begun(name: str, *, alone: bool = False) -> Any:
    """An explorer whose run has begun; ``alone`` its view, without a chart."""
    if name == "training":
        return (TrainingView if alone else cf.TrainingProgress)(training_steps.steps())
    clf = small.classifier()
    explainer = next(one for one in EXPLAINERS if one.name == name)
    kind = explainer.view if alone else explainer.explorer
    assert kind is not None
    return kind(clf, *explainer.given(clf, 0), engine=explainer.engine, **explainer.keywords)
