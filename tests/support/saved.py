"""Everything that the package saves, small; by the name of its class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import small
import torch
import training_steps
from explainers import EXPLAINERS, Explainer

from cfwidgets.models.attgan_editor import AttGANEditor
from cfwidgets.models.translator_pair import TranslatorPair, made_discriminator, made_generator
from cfwidgets.networks import AttGAN, AttGANDiscriminator
from cfwidgets.training.biggan import BigGANTraining
from cfwidgets.training.translation import TranslationTraining

_TRANSLATION = TranslationTraining(
    updates=2, batch_size=2, warm_updates=1, width=8, full_width=4, levels=2, noise=4, discriminator_width=8
)
_BIGGAN = BigGANTraining(updates=1, batch_size=4, channels=2, latent_size=8, shared_size=4, report_every=1)


def _explained(explainer: Explainer) -> Callable[[], Any]:
    def make() -> Any:
        clf = small.classifier()
        return explainer.engine.explain(clf, *explainer.given(clf, 0), **explainer.keywords)

    return make


def _survey() -> Any:
    engine = next(one.engine for one in EXPLAINERS if one.name == "pareto")
    return engine.explain_many(small.classifier(), small.Tint(), [small.picture(0), small.picture(1)])


def _labelled(channels: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.rand(8, channels, 32, 32, generator=generator), torch.arange(8) % 2


def _editor() -> AttGANEditor:
    shape = {"size": 32, "attributes": 2, "dim": 4, "layers": 3}
    return AttGANEditor(AttGAN(**shape), ("Bald", "Young"), AttGANDiscriminator(**shape, hidden=8))


def _pair() -> TranslatorPair:
    made = asdict(_TRANSLATION)
    return TranslatorPair(made_generator(made), made_discriminator(made), ("good", "bad"), made, 16)


SAVED: dict[str, Callable[[], Any]] = {
    **{one.engine.result_type.__name__: _explained(one) for one in EXPLAINERS},
    "ParetoSurvey": _survey,
    "TrainedAttGAN": lambda: training_steps.FAST.train(
        training_steps.FACES, training_steps.HAS, training_steps.NAMES
    ),
    "TrainedBigGAN": lambda: _BIGGAN.train(*_labelled(1)),
    "TrainedTranslator": lambda: _TRANSLATION.train(*_labelled(3)),
    "AttGANEditor": _editor,
    "TranslatorPair": _pair,
}
"""One that is added to the package is tested by adding it here."""
