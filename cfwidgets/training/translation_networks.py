"""The networks of a translator in training, with their running means and optimisers, and their state."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor, nn

from cfwidgets.models.translator_pair import made_discriminator, made_generator
from cfwidgets.networks.discriminators import centre_
from cfwidgets.training.seeded import seeded_step
from cfwidgets.training.state import adam_state, prefixed, set_adam_state, under
from cfwidgets.training.trained_translator import TrainedTranslator
from cfwidgets.training.translation_settings import TranslationSettings

__all__ = ["TranslationNetworks"]


class TranslationNetworks:
    """Generator and discriminator, and all that changes with their weights.

    Parameters
    ----------
    settings
        Of the training.
    device
        Where the networks are.

    Attributes
    ----------
    g, d
        Generator and discriminator.
    mean_g, mean_d
        The running means of their weights, in evaluation mode.
    adam_g, adam_d
        Their optimisers.
    apart
        Real and painted images have statistics of their own, as there is batch normalisation.
    """

    def __init__(self, settings: TranslationSettings, device: torch.device) -> None:
        self._settings, self._device = settings, device
        made = asdict(settings)
        with seeded_step(torch.device("cpu"), settings.seed, 0):
            generator, discriminator = made_generator(made), made_discriminator(made)
            centre_(discriminator)
        layout = torch.channels_last
        self.g: Any = generator.to(device).to(memory_format=layout)
        self.d: Any = discriminator.to(device).to(memory_format=layout)
        self.apart = any(isinstance(part, nn.BatchNorm2d) for part in self.d.modules())
        with torch.device("meta"):
            self.mean_g, self.mean_d = made_generator(made), made_discriminator(made)
        for mean, network in self._means():
            mean.load_state_dict({k: v.clone() for k, v in network.state_dict().items()}, assign=True)
            mean.eval().requires_grad_(requires_grad=False)
        self._optimise(warm=settings.warm_updates > 0)

    def begin_contest(self) -> None:
        """End the warm-up: no class is ahead, and what its optimisers know of steepness is wrong now."""
        centre_(self.d)
        centre_(self.mean_d)
        self._optimise(warm=False)

    def set_rate(self, rate: float) -> None:
        """Set the learning rate of both optimisers."""
        for adam in (self.adam_g, self.adam_d):
            for group in adam.param_groups:
                group["lr"] = rate

    def improve_g(self, loss: Tensor) -> None:
        """Make a step of the generator down its loss, the gradient clipped."""
        self.adam_g.zero_grad(set_to_none=True)
        loss.backward()
        if self._settings.clip:
            nn.utils.clip_grad_norm_(self.g.parameters(), self._settings.clip)
        self.adam_g.step()

    def improve_d(self, loss: Tensor) -> None:
        """Make a step of the discriminator down its loss."""
        self.adam_d.zero_grad(set_to_none=True)
        loss.backward()
        self.adam_d.step()

    @torch.no_grad()
    def follow(self, step: int) -> None:
        """Move the running means after an update, ``step`` being how many there were."""
        # Early on, and when the contest begins, the weights move too fast for a long mean.
        age = step - (self._settings.warm_updates if step > self._settings.warm_updates else 0)
        weight = max(1 - self._settings.mean_decay, 1 / (1 + age / 10))
        for mean, network in self._means():
            torch._foreach_lerp_(list(mean.parameters()), list(network.parameters()), weight)
            for kept, buffer in zip(mean.buffers(), network.buffers(), strict=True):
                kept.copy_(buffer)

    def state(self) -> dict[str, Tensor]:
        """Return what `restore` needs beside the running means: weights in training, optimisers."""
        return {
            **prefixed("generator", self.g.state_dict()),
            **prefixed("judge", self.d.state_dict()),
            **adam_state("adam_g", self.adam_g),
            **adam_state("adam_d", self.adam_d),
        }

    def restore(self, resume: TrainedTranslator) -> None:
        """Put everything as it was at a checkpoint."""
        self.g.load_state_dict(under("generator", resume.state))
        self.d.load_state_dict(under("judge", resume.state))
        self.mean_g.load_state_dict(resume.weights)
        self.mean_d.load_state_dict(resume.judge)
        self._optimise(warm=resume.step < self._settings.warm_updates)
        set_adam_state(self.adam_g, under("adam_g", resume.state))
        set_adam_state(self.adam_d, under("adam_d", resume.state))

    def _means(self) -> tuple[tuple[nn.Module, nn.Module], ...]:
        return (self.mean_g, self.g), (self.mean_d, self.d)

    def _optimise(self, *, warm: bool) -> None:
        s = self._settings
        rates = (s.warm_rate, s.warm_rate) if warm else (s.generator_rate, s.discriminator_rate)
        self.adam_g, self.adam_d = (
            torch.optim.Adam(
                network.parameters(),
                lr=rate,
                betas=(0.9 if warm else 0.5, 0.999),
                fused=self._device.type == "cuda",
            )
            for network, rate in zip((self.g, self.d), rates, strict=True)
        )
