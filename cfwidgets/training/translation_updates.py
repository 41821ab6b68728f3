"""The updates of a translator's training: the warm-up, then generator and discriminator in turn."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from cfwidgets.networks.swin_unet import LearningTranslation
from cfwidgets.training.precision import arithmetic
from cfwidgets.training.seeded import seeded_step
from cfwidgets.training.state import copied
from cfwidgets.training.trained_translator import TrainedTranslator
from cfwidgets.training.translation_held_out import HeldOut
from cfwidgets.training.translation_losses import (
    adversarial_loss,
    applications,
    class_loss,
    discriminator_loss,
)
from cfwidgets.training.translation_networks import TranslationNetworks
from cfwidgets.training.translation_settings import TranslationSettings
from cfwidgets.training.variations import varied

__all__ = ["TranslationWork"]

_MOVED_EVERY = 50  # updates between two looks at whether the generator moves
_MOVED_AT = 0.6  # share of twins that the discriminator puts in the other class
_SHOWN = 8  # images kept for the sheet
_LOSSES = len(TrainedTranslator.loss_names)
_MEASURES = len(TrainedTranslator.measure_names)
_FLIPPED = TrainedTranslator.loss_names.index("flipped")
_OF_TWINS = ("adversarial", "difference", "flipped", "fakeness", "variety")


class TranslationWork:
    """The networks in training, the images that they learn from, and the record of their losses.

    Parameters
    ----------
    settings
        Of the training.
    pixels
        ``(N, 3, H, H)`` uint8.
    labels
        ``(N,)`` int64, 0 or 1.
    held_out
        To measure on.
    resume
        A checkpoint of these settings and images.

    Attributes
    ----------
    step
        Updates so far.
    """

    def __init__(
        self,
        settings: TranslationSettings,
        pixels: Tensor,
        labels: Tensor,
        held_out: HeldOut | None,
        resume: TrainedTranslator | None,
    ) -> None:
        self._settings = settings
        self._device = torch.device(settings.device)
        self._pixels = pixels.to(self._device)
        places = [(labels == label).nonzero()[:, 0] for label in (0, 1)]
        self._shown = torch.cat([some[: _SHOWN // 2] for some in places])
        self._all_labels = labels
        self._places = [some.to(self._device) for some in places]
        half = settings.batch_size // 2
        self._labels = torch.tensor([0] * half + [1] * half, device=self._device)
        self._held_out = held_out
        self._networks = TranslationNetworks(settings, self._device)
        self.step, self._seconds, self._moved = 0, 0.0, 0
        self._losses: list[Tensor] = []
        self._recent: list[Tensor] = []
        self._measured: list[list[float]] = []
        if resume is not None:
            self._resume(resume)

    def update(self) -> None:
        """Make one update: of the warm-up, or of the discriminator and, in its turn, the generator."""
        began = time.perf_counter()
        s = self._settings
        with seeded_step(self._device, s.seed, self.step + 1):
            row = self._warm() if self.step < s.warm_updates else self._compete()
        self.step += 1
        self._recent.append(row)
        self._networks.follow(self.step)
        if self.step == s.warm_updates:
            self._networks.begin_contest()
        if not self._moved and self.step > s.warm_updates and self.step % _MOVED_EVERY == 0:
            self._look()
        if self._held_out is not None and self.step % s.measure_every == 0:
            measured = self._held_out.measured(self._networks.mean_g, self._networks.mean_d)
            self._measured.append([self.step, *measured])
        self._seconds += time.perf_counter() - began

    def trained(self) -> TrainedTranslator:
        """Return copies of the networks as they stand, and of what resuming needs.

        Raises
        ------
        FloatingPointError
            A loss since the last copies, or a weight, is no longer a number.
        """
        self._take_losses()
        nets, state = self._networks, self._networks.state()
        self._require_numbers(state)
        return TrainedTranslator(
            training=asdict(self._settings),
            size=self._pixels.shape[2],
            step=self.step,
            weights=copied(nets.mean_g.state_dict()),
            judge=copied(nets.mean_d.state_dict()),
            state=copied(state),
            losses=torch.cat(self._losses) if self._losses else torch.zeros(0, _LOSSES),
            measured=torch.tensor(self._measured, dtype=torch.float64).view(-1, _MEASURES),
            moved=self._moved,
            images=self._pixels[self._shown.to(self._device)].cpu().clone(),
            labels=self._all_labels[self._shown].clone(),
            seconds=self._seconds,
        )

    def _resume(self, resume: TrainedTranslator) -> None:
        self._networks.restore(resume)
        self.step, self._seconds, self._moved = resume.step, resume.seconds, resume.moved
        self._losses = [resume.losses]
        self._measured = resume.measured.tolist()

    def _warm(self) -> Tensor:
        """Discriminator and class branch learn the classes of real images."""
        s = self._settings
        done = self.step / s.warm_updates
        rate = s.warm_rate * min((done + 0.01) / 0.2, 1.0, (1 - done) / 0.8 + 0.01)
        self._networks.set_rate(rate)
        real = self._drawn()
        with self._arithmetic():
            logits = self._networks.d(self._noisy(real)).float()
            made = self._networks.g(real)
        loss_d = class_loss(logits[:, :-1], self._labels)
        loss_b = class_loss(made.logits.float(), self._labels)
        self._networks.improve_d(loss_d)
        self._networks.improve_g(loss_b + _commitment([made]))
        right = (logits[:, :-1].argmax(1) == self._labels).float().mean()
        none = loss_d.new_full((), torch.nan)
        return torch.stack([loss_d, none, loss_b, none, none, none, right, none]).detach()

    def _compete(self) -> Tensor:
        s = self._settings
        real = self._drawn()
        turn = (self.step - s.warm_updates + 1) % s.discriminator_updates == 0
        if turn:
            twins, of_generator = self._painter_learns(real)
        else:
            with torch.no_grad(), self._arithmetic():
                twins = [self._networks.g(real, self._z(len(real))).twins]
            of_generator = torch.stack([twins[0].new_full((), torch.nan)] * 2)
        return self._judge_learns(real, twins, of_generator)

    def _painter_learns(self, real: Tensor) -> tuple[list[Tensor], Tensor]:
        s, g, d = self._settings, self._networks.g, self._networks.d
        d.requires_grad_(requires_grad=False)
        d.eval()
        made, seen, logits = [], real, []
        with self._arithmetic():
            for _ in range(applications(s.cycles)):
                made.append(g(seen, self._z(len(seen))))
                seen = made[-1].twins
                logits.append(d(self._noisy(seen)).float())
        wrong = adversarial_loss(logits, self._labels, form=s.form, cycle_weight=s.cycle_weight)
        of_branch = class_loss(made[0].logits.float(), self._labels)
        far = (made[0].twins - real).abs().mean()
        loss = s.adversarial * wrong + s.branch * of_branch + self._sparsity() * far
        self._networks.improve_g(loss + _commitment(made))
        d.train()
        d.requires_grad_(requires_grad=True)
        return [each.twins.detach() for each in made], torch.stack([wrong, of_branch]).detach()

    def _judge_learns(self, real: Tensor, twins: list[Tensor], of_generator: Tensor) -> Tensor:
        s, g, d = self._settings, self._networks.g, self._networks.d
        painted = twins[0]
        if s.second_fakes:
            # Every other image of each class.
            if len(twins) > 1:
                second = twins[1][1::2]
            else:
                with torch.no_grad(), self._arithmetic():
                    second = g(painted[1::2], self._z(len(painted[1::2]))).twins
            painted = painted.clone()
            painted[1::2] = second
        with self._arithmetic():
            if self._networks.apart:
                on_real, on_painted = d(self._noisy(real)), d(self._noisy(painted))
            else:
                on_real, on_painted = d(self._noisy(torch.cat([real, painted]))).chunk(2)
        on_real, on_painted = on_real.float(), on_painted.float()
        loss = discriminator_loss(on_real, self._labels, on_painted)
        self._networks.improve_d(loss)
        with torch.no_grad():
            first = slice(0, None, 2) if s.second_fakes else slice(None)
            chances = on_painted[first].softmax(1)
            flipped = chances[:, :2].argmax(1) != self._labels[first]
            right = on_real[:, :2].argmax(1) == self._labels
            far = (twins[0] - real).abs().mean()
            variety = twins[0].std(0).mean() / real.std(0).mean().clamp(min=1e-6)
            rest = [far, flipped.float().mean(), chances[:, 2].mean(), right.float().mean(), variety]
            return torch.cat([loss.detach()[None], of_generator, torch.stack(rest)])

    def _sparsity(self) -> float:
        s = self._settings
        done = min(1.0, (self.step - self._moved) / s.ramp) if self._moved else 0.0
        return s.sparsity + (s.sparsity_moved - s.sparsity) * done

    def _look(self) -> None:
        flipped = torch.stack(self._recent[-_MOVED_EVERY:])[:, _FLIPPED].mean()
        if float(flipped) > _MOVED_AT:
            self._moved = self.step

    def _take_losses(self) -> None:
        if self._recent:
            self._losses.append(torch.stack(self._recent).cpu())
            self._recent = []

    def _require_numbers(self, state: dict[str, Tensor]) -> None:
        s, recent = self._settings, self._losses[-1]
        update = torch.arange(self.step - len(recent), self.step) + 1
        warm = update <= s.warm_updates
        for name, values in zip(TrainedTranslator.loss_names, recent.T, strict=True):
            # There are no twins in the warm-up, and where only the discriminator learned, the generator has
            # no loss.
            without = warm if name in _OF_TWINS else torch.zeros_like(warm)
            if name in ("adversarial", "branch") and s.discriminator_updates > 1:
                without = without | ~warm
            wrong = torch.where(without, values.isinf(), ~values.isfinite())
            if bool(wrong.any()):
                first = int(update[wrong][0])
                raise FloatingPointError(
                    f"the loss {name!r} is no longer a number at update {first:,}; a smaller learning rate "
                    "may help"
                )
        weights = [value for value in state.values() if value.is_floating_point()]
        if not bool(torch.stack([value.isfinite().all() for value in weights]).all()):
            raise FloatingPointError(f"a weight is no longer a number at update {self.step:,}")

    def _arithmetic(self) -> torch.autocast:
        return arithmetic(self._device, self._settings.precision)

    def _drawn(self) -> Tensor:
        s = self._settings
        half = s.batch_size // 2
        places = torch.cat(
            [some[torch.randint(len(some), (half,), device=self._device)] for some in self._places]
        )
        images = self._pixels[places].float() / 255
        images = varied(images, turned=s.turned, light=s.light, tint=s.tint, blur=s.blur)
        if s.halved and float(torch.rand(())) < s.halved:
            images = F.avg_pool2d(images, 2)
        return images.contiguous(memory_format=torch.channels_last)

    def _z(self, n: int) -> Tensor:
        return torch.randn(n, self._settings.noise, device=self._device)

    def _noisy(self, images: Tensor) -> Tensor:
        deviation = self._settings.instance_noise
        return images + deviation * torch.randn_like(images) if deviation else images


def _commitment(made: list[Any]) -> Tensor | float:
    """The mean of the codes' losses of what a generator made; 0 of one without codes."""
    losses = [each.commitment for each in made if isinstance(each, LearningTranslation)]
    return torch.stack(losses).mean() if losses else 0.0
