"""Ask an image classifier what would have changed its mind, and play with the answer in a notebook.

The public names are imported when they are first used, so that ``import cfwidgets`` is quick and brings in
neither torch nor the widgets until something needs them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from cfwidgets._version import __version__

if TYPE_CHECKING:
    from cfwidgets import attribution, data, evaluation, images, networks, search, training, zoo
    from cfwidgets.attribution import attribute
    from cfwidgets.classifier import Classifier, ClassifierError
    from cfwidgets.editors import AttGANEditor, Editor, EditorError
    from cfwidgets.engines.facex import FaceX
    from cfwidgets.engines.facex_result import FaceXResult
    from cfwidgets.engines.lime import Lime
    from cfwidgets.engines.pareto import PlausibleCounterfactuals
    from cfwidgets.engines.pareto_result import ParetoResult
    from cfwidgets.engines.pareto_survey import ParetoSurvey
    from cfwidgets.engines.prototype import Prototype, PrototypeError
    from cfwidgets.engines.superpixel_result import SuperpixelResult
    from cfwidgets.engines.superpixels import ELime
    from cfwidgets.engines.transition_result import TransitionResult
    from cfwidgets.engines.transitions import Transitions
    from cfwidgets.generators import Generator, GeneratorError
    from cfwidgets.images import ImageError
    from cfwidgets.run import Run
    from cfwidgets.widgets.facex import FaceXExplorer, FaceXView
    from cfwidgets.widgets.pareto import ParetoExplorer, ParetoView
    from cfwidgets.widgets.superpixels import SuperpixelExplorer, SuperpixelView
    from cfwidgets.widgets.training import TrainingProgress
    from cfwidgets.widgets.transitions import TransitionExplorer, TransitionView

_HOME = {
    "AttGANEditor": "editors",
    "Classifier": "classifier",
    "ClassifierError": "classifier",
    "ELime": "engines.superpixels",
    "Editor": "editors",
    "EditorError": "editors",
    "FaceX": "engines.facex",
    "FaceXExplorer": "widgets.facex",
    "FaceXResult": "engines.facex_result",
    "FaceXView": "widgets.facex",
    "Generator": "generators",
    "GeneratorError": "generators",
    "ImageError": "images",
    "Lime": "engines.lime",
    "ParetoExplorer": "widgets.pareto",
    "ParetoResult": "engines.pareto_result",
    "ParetoSurvey": "engines.pareto_survey",
    "ParetoView": "widgets.pareto",
    "PlausibleCounterfactuals": "engines.pareto",
    "Prototype": "engines.prototype",
    "PrototypeError": "engines.prototype",
    "Run": "run",
    "SuperpixelExplorer": "widgets.superpixels",
    "SuperpixelResult": "engines.superpixel_result",
    "SuperpixelView": "widgets.superpixels",
    "TrainingProgress": "widgets.training",
    "TransitionExplorer": "widgets.transitions",
    "TransitionResult": "engines.transition_result",
    "TransitionView": "widgets.transitions",
    "Transitions": "engines.transitions",
    "attribute": "attribution",
}
_MODULES = ("attribution", "data", "evaluation", "images", "networks", "search", "training", "zoo")

__all__ = [
    "AttGANEditor",
    "Classifier",
    "ClassifierError",
    "ELime",
    "Editor",
    "EditorError",
    "FaceX",
    "FaceXExplorer",
    "FaceXResult",
    "FaceXView",
    "Generator",
    "GeneratorError",
    "ImageError",
    "Lime",
    "ParetoExplorer",
    "ParetoResult",
    "ParetoSurvey",
    "ParetoView",
    "PlausibleCounterfactuals",
    "Prototype",
    "PrototypeError",
    "Run",
    "SuperpixelExplorer",
    "SuperpixelResult",
    "SuperpixelView",
    "TrainingProgress",
    "TransitionExplorer",
    "TransitionResult",
    "TransitionView",
    "Transitions",
    "__version__",
    "attribute",
    "attribution",
    "data",
    "evaluation",
    "images",
    "networks",
    "search",
    "training",
    "zoo",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(import_module(f"cfwidgets.{_HOME[name]}"), name)
    elif name in _MODULES:
        value = import_module(f"cfwidgets.{name}")
    else:
        raise AttributeError(f"module 'cfwidgets' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
