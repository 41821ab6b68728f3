"""Everything that the package saves, small; by the name of its class."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import small
import torch
import training_steps
from explainers import EXPLAINERS, Explainer
from waiting import PATIENCE, until

from cfwidgets.models.attgan_editor import AttGANEditor
from cfwidgets.models.translator_pair import TranslatorPair, made_discriminator, made_generator
from cfwidgets.networks import AttGAN, AttGANDiscriminator
from cfwidgets.training.biggan import BigGANTraining
from cfwidgets.training.plain import PlainTraining
from cfwidgets.training.translation import TranslationTraining
from cfwidgets.widgets.saving import SavedExplorer

_TRANSLATION = TranslationTraining(
    updates=2, batch_size=2, warm_updates=1, width=8, full_width=4, levels=2, noise=4, discriminator_width=8
)
_BIGGAN = BigGANTraining(updates=1, batch_size=4, channels=2, latent_size=8, shared_size=4, report_every=1)


def _explained(explainer: Explainer) -> Callable[[], Any]:
    def make() -> Any:
        clf = small.classifier()
        return explainer.engine.explain(clf, *explainer.given(clf, 0), **explainer.keywords)

    return make


def played(explainer: Explainer) -> Any:
    """An explorer with an answer of the model."""
    clf = small.classifier()
    explorer = explainer.explorer(
        clf, *explainer.given(clf, 0), engine=explainer.engine, **explainer.keywords
    )
    explorer.run.result(PATIENCE)
    view = explorer.view
    until(lambda: view.state == "done")
    match explainer.name:
        case "facex":
            view.opened = 1
        case "pareto":
            view.edit = [0.5, 0.0, 0.0]
        case "translation":
            view.stressed = [0.125, 0.0]
    until(lambda: all(getattr(view, name) for name in ANSWERS.get(explainer.name, ())))
    return explorer


def _explorer() -> Any:
    explorer = played(EXPLAINERS[0])
    path = Path(tempfile.mkdtemp()) / "explorer"
    explorer.save(path)
    explorer.close()
    return SavedExplorer.load(path)


def _survey() -> Any:
    engine = next(one.engine for one in EXPLAINERS if one.name == "pareto")
    return engine.explain_many(small.classifier(), small.Tint(), [small.picture(0), small.picture(1)])


def _labelled(channels: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.rand(8, channels, 32, 32, generator=generator), torch.arange(8) % 2


def _plainly() -> Any:
    images, labels = _labelled(3)
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 32 * 32, 2))
    training = PlainTraining(updates=2, batch_size=4)
    *_, last = training.steps(network, images, labels, held_out={"all": (images, labels)})
    return last.partial


def _editor() -> AttGANEditor:
    shape = {"size": 32, "attributes": 2, "dim": 4, "layers": 3}
    return AttGANEditor(AttGAN(**shape), ("Bald", "Young"), AttGANDiscriminator(**shape, hidden=8))


def _pair() -> TranslatorPair:
    made = asdict(_TRANSLATION)
    return TranslatorPair(made_generator(made), made_discriminator(made), ("good", "bad"), made, 16)


ANSWERS = {
    "superpixels": ("answer",),
    "lime": ("answer",),
    "relevance": ("answer", "curves"),
    "facex": ("face",),
    "pareto": ("edited",),
    "translation": ("stress",),
    "survey": ("kept",),
}
"""Traits that are filled in a moment after the end of a run, or when something is asked."""

SAVED: dict[str, Callable[[], Any]] = {
    **{one.engine.result_type.__name__: _explained(one) for one in EXPLAINERS},
    "ParetoSurvey": _survey,
    "TrainedAttGAN": lambda: training_steps.FAST.train(
        training_steps.FACES, training_steps.HAS, training_steps.NAMES
    ),
    "TrainedBigGAN": lambda: _BIGGAN.train(*_labelled(1)),
    "TrainedPlainly": _plainly,
    "TrainedTranslator": lambda: _TRANSLATION.train(*_labelled(3)),
    "SavedExplorer": _explorer,
    "AttGANEditor": _editor,
    "TranslatorPair": _pair,
}
"""One that is added to the package is tested by adding it here."""
