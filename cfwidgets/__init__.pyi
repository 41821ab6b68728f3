from . import attribution, data, evaluation, images, networks, search, training, zoo
from ._version import __version__
from .attribution import attribute
from .data.faces.prototype import Prototype, PrototypeError
from .engines.facex.engine import FaceX
from .engines.facex.result import FaceXResult
from .engines.pareto.engine import PlausibleCounterfactuals
from .engines.pareto.result import ParetoResult
from .engines.pareto.survey import ParetoSurvey
from .engines.relevance.engine import Relevance
from .engines.relevance.result import RelevanceResult
from .engines.superpixels.elime import ELime
from .engines.superpixels.lime import Lime
from .engines.superpixels.result import SuperpixelResult
from .engines.survey.engine import Survey
from .engines.survey.result import SurveyResult
from .engines.transitions.engine import Transitions
from .engines.transitions.result import TransitionResult
from .engines.translation.engine import CounterfactualTranslator
from .engines.translation.result import TranslationResult
from .export.report import report
from .images import ImageError
from .models.attgan_editor import AttGANEditor
from .models.classifier import Classifier, ClassifierError
from .models.editor import Editor, EditorError
from .models.generator import Generator, GeneratorError
from .models.translator import Translator, TranslatorError
from .run import Run
from .widgets.facex.explorer import FaceXExplorer
from .widgets.facex.view import FaceXView
from .widgets.opening import open  # noqa: A004 - it is called cfwidgets.open
from .widgets.pareto.explorer import ParetoExplorer
from .widgets.pareto.view import ParetoView
from .widgets.relevance.explorer import RelevanceExplorer
from .widgets.relevance.view import RelevanceView
from .widgets.superpixels.explorer import SuperpixelExplorer
from .widgets.superpixels.view import SuperpixelView
from .widgets.survey.explorer import SurveyExplorer
from .widgets.survey.view import SurveyView
from .widgets.training.progress import TrainingProgress
from .widgets.training.view import TrainingView
from .widgets.transitions.explorer import TransitionExplorer
from .widgets.transitions.view import TransitionView
from .widgets.translation.explorer import TranslationExplorer
from .widgets.translation.view import TranslationView
from .widgets.workbench.workbench import Workbench

__all__ = [
    "AttGANEditor",
    "Classifier",
    "ClassifierError",
    "CounterfactualTranslator",
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
    "Relevance",
    "RelevanceExplorer",
    "RelevanceResult",
    "RelevanceView",
    "Run",
    "SuperpixelExplorer",
    "SuperpixelResult",
    "SuperpixelView",
    "Survey",
    "SurveyExplorer",
    "SurveyResult",
    "SurveyView",
    "TrainingProgress",
    "TrainingView",
    "TransitionExplorer",
    "TransitionResult",
    "TransitionView",
    "Transitions",
    "TranslationExplorer",
    "TranslationResult",
    "TranslationView",
    "Translator",
    "TranslatorError",
    "Workbench",
    "__version__",
    "attribute",
    "attribution",
    "data",
    "evaluation",
    "images",
    "networks",
    "open",
    "report",
    "search",
    "training",
    "zoo",
]
