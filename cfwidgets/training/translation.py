"""Train a counterfactual translator on images of two classes, and watch it learn.

Anonymous 2024, "Counterfactual Image Generation for Adversarially Robust and Interpretable Classifiers": a
generator paints the twin of the other class, and a discriminator tells both classes of real images and what
is painted. What is printed there is repaired as `cfwidgets.training.translation_losses` says.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cfwidgets.checks import choice, names_checked, non_negative, positive_int, share
from cfwidgets.engines.base import Update, to_the_end
from cfwidgets.evaluation.doubt import flip_rates
from cfwidgets.evaluation.segmentation import saliency, segmentation_curve
from cfwidgets.models.translator_pair import TranslatorPair, fill, made_discriminator, made_generator
from cfwidgets.networks.discriminators import KINDS, centre_
from cfwidgets.networks.swin_unet import LearningTranslation
from cfwidgets.results import Result
from cfwidgets.training.checks import labels_for, masks_for, square_images
from cfwidgets.training.seeded import seeded_step
from cfwidgets.training.state import adam_state, set_adam_state, under
from cfwidgets.training.steps import require_same, training_steps
from cfwidgets.training.trained import SAMPLED
from cfwidgets.training.translation_losses import (
    FORMS,
    adversarial_loss,
    applications,
    class_loss,
    discriminator_loss,
)
from cfwidgets.training.variations import varied

__all__ = ["TrainedTranslator", "TranslationTraining"]

_SAVED_EVERY = 500  # updates
_MOVED_EVERY = 50  # updates between two looks at whether the generator moves
_MOVED_AT = 0.6  # share of twins that the discriminator puts in the other class
_RECENT = 100  # updates over which a collapse is told
_PATIENCE = 500  # updates after the warm-up before which none is told
_SHOWN = 8  # images kept for the sheet
_BATCH = 64


@dataclass(frozen=True, eq=False, repr=False)
class TrainedTranslator(Result):
    """A translator as far as it is trained; also the checkpoint that training resumes from.

    Attributes
    ----------
    training
        The settings by which it is trained: a `TranslationTraining` as a dictionary.
    size
        Side of the images in pixels.
    step
        Updates so far, those of the warm-up included.
    weights, judge
        Of the generator and the discriminator: the running means over their updates.
    state
        What resuming needs: the weights that are trained, the optimisers'.
    losses
        ``(step, 8)``, by ``loss_names``: the losses of the discriminator and the generator, of its class
        branch, the mean absolute difference of twins; the share of twins that the discriminator puts in the
        other class; its mean probability that they are painted; the share of real images that it puts in
        their class; and how much twins vary within a batch, in terms of the images. NaN is what is of twins
        in the warm-up, and what is of the generator where only the discriminator learned.
    measured
        ``(m, 5)``, by ``measure_names``, on images held out: the update; how many twins the discriminator
        puts in the other class, from class 0 and from class 1; the best IoU over thresholds of the difference
        with the masks, NaN without masks; accuracy of the class branch.
    moved
        The update at which the generator was first seen to move; 0 before.
    images, labels
        Of the sheet: ``(m, 3, H, H)`` uint8 and ``(m,)``.
    seconds
        That the updates took so far; the time between a stop and resuming is none of it.
    """

    schema: ClassVar[dict[str, str]] = {
        "losses": "float (u, l) nan",  # in the warm-up there are no twins
        "measured": "float (m, k) nan",  # without masks there is no IoU
        "images": "uint8 (s, 3, H, H)",
        "labels": "int64 (s) 0 1",
        "step": "0 inf",
    }
    loss_names: ClassVar[tuple[str, ...]] = (
        "discriminator",
        "adversarial",
        "branch",
        "difference",
        "flipped",
        "fakeness",
        "accuracy",
        "variety",
    )
    measure_names: ClassVar[tuple[str, ...]] = (
        "update",
        "flipped from 0",
        "flipped from 1",
        "IoU",
        "branch accuracy",
    )
    sheet_columns: ClassVar[tuple[str, ...]] = ("image", "twin", "difference", "twin of the twin")
    sheet_note: ClassVar[str] = SAMPLED

    training: dict[str, Any]
    size: int
    step: int
    weights: dict[str, Tensor]
    judge: dict[str, Tensor]
    state: dict[str, Tensor]
    losses: Tensor
    measured: Tensor
    moved: int
    images: Tensor
    labels: Tensor
    seconds: float

    def pair(self, labels: tuple[str, str] = ("0", "1")) -> TranslatorPair:
        """Both networks, in evaluation mode on the CPU, with names for the classes."""
        networks = []
        for make, weights in ((made_generator, self.weights), (made_discriminator, self.judge)):
            with torch.device("meta"):  # no first weights, and no numbers drawn for them
                network = make(self.training)
            fill(network, {name: value.clone() for name, value in weights.items()}, "this result")
            networks.append(network.eval())
        return TranslatorPair(networks[0], networks[1], labels, self.training, self.size)

    @torch.inference_mode()
    def sheet(self) -> Tensor:
        """Some images, a row each: image, twin, the difference between them, and the twin of the twin.

        Returns
        -------
        Tensor
            ``(m, 4, 3, H, H)`` in [0, 1].
        """
        generator = self.pair().generator
        images = self.images.float() / 255
        twins = generator(images).twins
        difference = saliency(images, twins)[:, None].expand_as(images)
        return torch.stack([images, twins, difference, generator(twins).twins], dim=1).clone()

    def collapse(self) -> str:
        """Say how the training has failed; empty while it has not."""
        warm = self.training["warm_updates"]
        recent = self.losses[-_RECENT:].mean(0).tolist() if len(self.losses) else []
        if self.step < warm + _PATIENCE:
            return ""
        now = dict(zip(self.loss_names, recent, strict=True))
        if now["variety"] < 0.05:
            return "collapsed: all twins look alike"
        if now["difference"] < 5e-4:
            return "stuck: the twins do not differ from their images (a smaller sparsity may help)"
        if now["fakeness"] > 0.97:
            return "stuck: the discriminator is always sure that twins are painted"
        return ""

    def __repr__(self) -> str:
        return f"<TrainedTranslator: update {self.step:,} of {self.training['updates']:,}>"


@names_checked
@dataclass(frozen=True)
class TranslationTraining:
    """Train a generator of twins and a discriminator against each other.

    First, for ``warm_updates``, the discriminator and the generator's class branch learn the classes of real
    images alone. Then, in each update, the discriminator learns to tell both classes and twins; in each
    ``discriminator_updates``-th, before it, the generator learns to paint twins that pass for real images of
    the other class, close to the images.

    Parameters
    ----------
    updates
        Of the discriminator, the warm-up included. Nothing else depends on it.
    batch_size
        Images an update, as many of each class.
    warm_updates
        See above; 0 for none.
    cycles
        0: the generator is applied once. 1: twice, there and back, and so on: see `applications`.
    cycle_weight
        λc.
    discriminator_updates
        For each of the generator.
    form
        Of the adversarial loss: see `adversarial_loss`.
    adversarial, branch
        λ1 and λ2.
    sparsity, sparsity_moved, ramp
        λ3 at first, and from when the generator moves, reached in a line within so many updates. A large one
        from the first on keeps it where it is; a small one to the end lets it repaint everything. It moves
        when the discriminator puts more than 60 % of the twins in the other class.
    second_fakes
        Half of the twins that the discriminator sees are twins of twins.
    instance_noise
        Deviation of the noise that is added to all that the discriminator sees.
    generator_rate, discriminator_rate, warm_rate
        Learning rates of Adam; the last is the largest of a cycle.
    clip
        Largest norm of the generator's gradient.
    mean_decay
        Of the running means of both networks' weights.
    turned, light, tint, blur
        How images are varied: see `cfwidgets.training.variations.varied`.
    halved
        Share of the updates in which images are half as large, so that the networks know both sizes.
    generator
        ``"unet"``: `cfwidgets.networks.unet.UNet`, or ``"swin"``: `cfwidgets.networks.swin_unet.SwinUNet`,
        of which the loss of the codes is added to the generator's, as it is.
    width, full_width, levels, noise, noise_channels, dropout
        Of the generator; the width of a Swin U-Net is a multiple of 3, and it has 3 levels or more.
    widest, up
        Of a CNN U-Net.
    codes, encoder
        Of a Swin U-Net.
    discriminator, discriminator_width
        See `cfwidgets.networks.discriminators.discriminator`; a width of None is the paper's.
    precision
        ``"bfloat16"`` for the networks' arithmetic (weights and sums stay float32): faster where the machine
        has it.
    measure_every
        Updates between two measurements on images held out.
    report_every
        Updates between two of what `steps` yields; only there can a run be stopped.
    device
        Where to train; all images are kept there.
    seed
        Same seed, same machine, same threads, same weights on a CPU, also when stopped and resumed.

    Examples
    --------
    >>> images, labels = torch.rand(20, 3, 16, 16), torch.arange(20) % 2
    >>> training = TranslationTraining(
    ...     updates=2, batch_size=4, warm_updates=1, width=8, full_width=4, levels=2, discriminator_width=8
    ... )
    >>> trained = training.train(images, labels)
    >>> trained.sheet().shape
    torch.Size([8, 4, 3, 16, 16])
    """

    updates: int = 3000
    batch_size: int = 8
    warm_updates: int = 1200
    cycles: int = 0
    cycle_weight: float = 1.0
    discriminator_updates: int = 1
    form: Literal["opposite", "bounded", "printed"] = "opposite"
    adversarial: float = 1.0
    branch: float = 1.0
    sparsity: float = 10.0
    sparsity_moved: float = 40.0
    ramp: int = 300
    second_fakes: bool = True
    instance_noise: float = 0.03
    generator_rate: float = 1e-3
    discriminator_rate: float = 5e-4
    warm_rate: float = 2e-3
    clip: float = 5.0
    mean_decay: float = 0.998
    turned: bool = True
    light: float = 0.1
    tint: float = 0.03
    blur: float = 0.0
    halved: float = 0.0
    generator: Literal["unet", "swin"] = "unet"
    width: int = 24
    full_width: int = 16
    levels: int = 3
    widest: int = 128
    noise: int = 16
    noise_channels: int = 2
    dropout: float = 0.0
    up: Literal["transposed", "nearest"] = "nearest"
    codes: int = 256
    encoder: Literal["scratch", "imagenet"] = "scratch"
    discriminator: Literal["resnet3", "resnet18", "resnet50", "swin-small", "hybrid"] = "resnet3"
    discriminator_width: int | None = 32
    precision: Literal["float32", "bfloat16"] = "float32"
    measure_every: int = 500
    report_every: int = 25
    device: str = "cpu"
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("updates", "discriminator_updates", "ramp", "measure_every", "report_every"):
            positive_int(name, getattr(self, name))
        positive_int("batch_size", self.batch_size, minimum=2)
        if self.batch_size % 2:
            raise ValueError(f"batch_size must be even, half for each class; got {self.batch_size}")
        for name in ("seed", "warm_updates", "cycles"):
            positive_int(name, getattr(self, name), minimum=0)
        for name in (
            "adversarial", "branch", "sparsity", "sparsity_moved", "instance_noise", "generator_rate",
            "discriminator_rate", "warm_rate", "clip",
        ):  # fmt: skip
            non_negative(name, getattr(self, name))
        for name in ("cycle_weight", "mean_decay", "light", "tint", "blur", "halved", "dropout"):
            share(name, getattr(self, name))
        choice("form", self.form, FORMS)
        choice("generator", self.generator, ("unet", "swin"))
        choice("up", self.up, ("transposed", "nearest"))
        choice("discriminator", self.discriminator, KINDS)
        choice("precision", self.precision, ("float32", "bfloat16"))

    def steps(
        self,
        images: Tensor,
        labels: Tensor,
        *,
        held_out: Any = None,
        resume: TrainedTranslator | None = None,
        checkpoint: str | Path | None = None,
    ) -> Generator[Update[TrainedTranslator], None, None]:
        """Train, and yield the networks as they stand. A `cfwidgets.Run` watches, stops and continues it.

        Parameters
        ----------
        images
            ``(N, 3, H, H)``, uint8 or floats in [0, 1]; H is a multiple of ``2 ** levels``.
        labels
            ``(N,)`` int64, 0 or 1; at least two images of each.
        held_out
            A data set with ``images``, ``labels`` and maybe ``masks`` (``(n, H, H)`` bool) to measure on; not
            learned from.
        resume
            A checkpoint of the same settings and images to resume from (``updates`` may be more).
        checkpoint
            A file to save to at each 500th update, at the end, and when the generator that this gives is
            closed or fails: then what it yielded last. ``TrainedTranslator.load`` reads it.

        Raises
        ------
        ValueError
            Images, labels and masks that do not fit, of those held out too; a checkpoint of another training.
        FloatingPointError
            A loss or a weight is no longer a number. What was yielded last is whole.
        """
        stride = 1 << self.levels
        pixels = square_images(images, 2 * stride if self.halved else stride)
        labels = labels_for(len(pixels), labels)
        _require_both(labels)
        held_out = _held(held_out, stride, torch.device(self.device))
        if resume is not None:
            require_same(
                {**asdict(self), "size": pixels.shape[2]},
                # A setting that a checkpoint does not name is newer than it.
                {**asdict(TranslationTraining()), **resume.training, "size": resume.size},
                free=("updates", "report_every", "device"),
            )
        work = _Work(self, pixels, labels, held_out, resume)
        yield from training_steps(
            work,
            self.updates,
            report_every=self.report_every,
            save_every=_SAVED_EVERY,
            checkpoint=checkpoint,
            remark=TrainedTranslator.collapse,
        )

    train = to_the_end(steps, "train")


class _Work:
    """The networks in training and all that changes with them."""

    def __init__(
        self,
        settings: TranslationTraining,
        pixels: Tensor,
        labels: Tensor,
        held_out: tuple[Tensor, Tensor, Tensor | None] | None,
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
        made = asdict(settings)
        with seeded_step(torch.device("cpu"), settings.seed, 0):
            generator, judge = made_generator(made), made_discriminator(made)
            centre_(judge)
        layout = torch.channels_last
        self._g: Any = generator.to(self._device).to(memory_format=layout)
        self._d: Any = judge.to(self._device).to(memory_format=layout)
        # Where batch normalisation is, real and painted images have statistics of their own.
        self._apart = any(isinstance(part, nn.BatchNorm2d) for part in judge.modules())
        with torch.device("meta"):
            self._mean_g, self._mean_d = made_generator(made), made_discriminator(made)
        for mean, network in ((self._mean_g, self._g), (self._mean_d, self._d)):
            mean.load_state_dict({k: v.clone() for k, v in network.state_dict().items()}, assign=True)
            mean.eval().requires_grad_(requires_grad=False)
        self.step, self._seconds, self._moved = 0, 0.0, 0
        self._losses: list[Tensor] = []
        self._recent: list[Tensor] = []
        self._measured: list[list[float]] = []
        self._optimise()
        if resume is not None:
            self._go_on(resume)

    def update(self) -> None:
        """Make one update: of the warm-up, or of the discriminator and, in its turn, the generator."""
        began = time.perf_counter()
        s = self._settings
        with seeded_step(self._device, s.seed, self.step + 1):
            row = self._warm() if self.step < s.warm_updates else self._compete()
        self.step += 1
        self._recent.append(row)
        self._follow()
        if self.step == s.warm_updates:
            centre_(self._d)
            centre_(self._mean_d)
            self._optimise()
        if not self._moved and self.step > s.warm_updates and self.step % _MOVED_EVERY == 0:
            self._look()
        if self._held_out is not None and self.step % s.measure_every == 0:
            self._measure()
        self._seconds += time.perf_counter() - began

    def trained(self) -> TrainedTranslator:
        self._take_losses()
        state = {
            **{f"generator.{name}": value for name, value in self._g.state_dict().items()},
            **{f"judge.{name}": value for name, value in self._d.state_dict().items()},
            **adam_state("adam_g", self._adam_g),
            **adam_state("adam_d", self._adam_d),
        }
        self._require_numbers(state)
        return TrainedTranslator(
            training=asdict(self._settings),
            size=self._pixels.shape[2],
            step=self.step,
            weights={name: value.cpu().clone() for name, value in self._mean_g.state_dict().items()},
            judge={name: value.cpu().clone() for name, value in self._mean_d.state_dict().items()},
            state={name: value.cpu().clone() for name, value in state.items()},
            losses=torch.cat(self._losses) if self._losses else torch.zeros(0, _LOSSES),
            measured=torch.tensor(self._measured, dtype=torch.float64).view(-1, _MEASURES),
            moved=self._moved,
            images=self._pixels[self._shown.to(self._device)].cpu().clone(),
            labels=self._all_labels[self._shown].clone(),
            seconds=self._seconds,
        )

    def _go_on(self, resume: TrainedTranslator) -> None:
        self._g.load_state_dict(under("generator", resume.state))
        self._d.load_state_dict(under("judge", resume.state))
        self._mean_g.load_state_dict(resume.weights)
        self._mean_d.load_state_dict(resume.judge)
        self.step, self._seconds, self._moved = resume.step, resume.seconds, resume.moved
        self._optimise()
        set_adam_state(self._adam_g, under("adam_g", resume.state))
        set_adam_state(self._adam_d, under("adam_d", resume.state))
        self._losses = [resume.losses]
        self._measured = resume.measured.tolist()

    def _optimise(self) -> None:
        """Start optimisers again: what the warm-up's know of steepness is wrong for the contest."""
        s = self._settings
        warm = self.step < s.warm_updates
        rates = (s.warm_rate, s.warm_rate) if warm else (s.generator_rate, s.discriminator_rate)
        self._adam_g, self._adam_d = (
            torch.optim.Adam(
                network.parameters(),
                lr=rate,
                betas=(0.9 if warm else 0.5, 0.999),
                fused=self._device.type == "cuda",
            )
            for network, rate in zip((self._g, self._d), rates, strict=True)
        )

    def _warm(self) -> Tensor:
        """Discriminator and class branch learn the classes of real images."""
        s = self._settings
        done = self.step / s.warm_updates
        rate = s.warm_rate * min((done + 0.01) / 0.2, 1.0, (1 - done) / 0.8 + 0.01)
        self._rate(self._adam_g, rate)
        self._rate(self._adam_d, rate)
        real = self._drawn()
        with self._autocast():
            logits = self._d(self._noisy(real)).float()
            made = self._g(real)
        loss_d = class_loss(logits[:, :-1], self._labels)
        loss_b = class_loss(made.logits.float(), self._labels)
        self._step(self._adam_d, loss_d)
        self._step(self._adam_g, loss_b + _commitment([made]), self._g)
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
            with torch.no_grad(), self._autocast():
                twins = [self._g(real, self._z(len(real))).twins]
            of_generator = torch.stack([twins[0].new_full((), torch.nan)] * 2)
        return self._judge_learns(real, twins, of_generator)

    def _painter_learns(self, real: Tensor) -> tuple[list[Tensor], Tensor]:
        s = self._settings
        self._d.requires_grad_(requires_grad=False)
        self._d.eval()
        made, seen, logits = [], real, []
        with self._autocast():
            for _ in range(applications(s.cycles)):
                made.append(self._g(seen, self._z(len(seen))))
                seen = made[-1].twins
                logits.append(self._d(self._noisy(seen)).float())
        wrong = adversarial_loss(logits, self._labels, form=s.form, cycle_weight=s.cycle_weight)
        of_branch = class_loss(made[0].logits.float(), self._labels)
        far = (made[0].twins - real).abs().mean()
        loss = s.adversarial * wrong + s.branch * of_branch + self._sparsity() * far
        self._step(self._adam_g, loss + _commitment(made), self._g)
        self._d.train()
        self._d.requires_grad_(requires_grad=True)
        return [each.twins.detach() for each in made], torch.stack([wrong, of_branch]).detach()

    def _judge_learns(self, real: Tensor, twins: list[Tensor], of_generator: Tensor) -> Tensor:
        s = self._settings
        painted = twins[0]
        if s.second_fakes:
            # Every other image of each class.
            if len(twins) > 1:
                second = twins[1][1::2]
            else:
                with torch.no_grad(), self._autocast():
                    second = self._g(painted[1::2], self._z(len(painted[1::2]))).twins
            painted = painted.clone()
            painted[1::2] = second
        with self._autocast():
            if self._apart:
                on_real, on_painted = self._d(self._noisy(real)), self._d(self._noisy(painted))
            else:
                on_real, on_painted = self._d(self._noisy(torch.cat([real, painted]))).chunk(2)
        on_real, on_painted = on_real.float(), on_painted.float()
        loss = discriminator_loss(on_real, self._labels, on_painted)
        self._step(self._adam_d, loss)
        with torch.no_grad():
            first = slice(0, None, 2) if s.second_fakes else slice(None)
            chances = on_painted[first].softmax(1)
            flipped = chances[:, :2].argmax(1) != self._labels[first]
            right = on_real[:, :2].argmax(1) == self._labels
            far = (twins[0] - real).abs().mean()
            variety = twins[0].std(0).mean() / real.std(0).mean().clamp(min=1e-6)
            rest = [far, flipped.float().mean(), chances[:, 2].mean(), right.float().mean(), variety]
            return torch.cat([loss.detach()[None], of_generator, torch.stack(rest)])

    def _step(self, adam: torch.optim.Adam, loss: Tensor, clipped: nn.Module | None = None) -> None:
        adam.zero_grad(set_to_none=True)
        loss.backward()
        if clipped is not None and self._settings.clip:
            nn.utils.clip_grad_norm_(clipped.parameters(), self._settings.clip)
        adam.step()

    def _rate(self, adam: torch.optim.Adam, rate: float) -> None:
        for group in adam.param_groups:
            group["lr"] = rate

    def _sparsity(self) -> float:
        s = self._settings
        done = min(1.0, (self.step - self._moved) / s.ramp) if self._moved else 0.0
        return s.sparsity + (s.sparsity_moved - s.sparsity) * done

    def _look(self) -> None:
        flipped = torch.stack(self._recent[-_MOVED_EVERY:])[:, _FLIPPED].mean()
        if float(flipped) > _MOVED_AT:
            self._moved = self.step

    @torch.no_grad()
    def _measure(self) -> None:
        assert self._held_out is not None  # noqa: S101 - see `update`
        images, labels, masks = self._held_out
        twins, told, after = [], [], []
        for some in images.split(_BATCH):
            made = self._mean_g(some.float() / 255)
            twins.append(made.twins)
            told.append(made.logits.argmax(1))
            after.append(self._mean_d(made.twins)[:, :2].argmax(1))
        iou = float("nan")
        if masks is not None:
            maps = saliency(images.float() / 255, torch.cat(twins))
            marked = masks.flatten(1).any(1)
            iou = float(segmentation_curve(maps[marked], masks[marked]).iou.max())
        right = (torch.cat(told) == labels).double().mean()
        self._measured.append([self.step, *flip_rates(labels, torch.cat(after)), iou, float(right)])

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

    def _autocast(self) -> torch.autocast:
        bfloat16 = self._settings.precision == "bfloat16"
        return torch.autocast(self._device.type, torch.bfloat16, enabled=bfloat16)

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

    @torch.no_grad()
    def _follow(self) -> None:
        # Early on, and when the contest begins, the weights move too fast for a long mean.
        age = self.step - (self._settings.warm_updates if self.step > self._settings.warm_updates else 0)
        weight = max(1 - self._settings.mean_decay, 1 / (1 + age / 10))
        for mean, network in ((self._mean_g, self._g), (self._mean_d, self._d)):
            torch._foreach_lerp_(list(mean.parameters()), list(network.parameters()), weight)
            for kept, buffer in zip(mean.buffers(), network.buffers(), strict=True):
                kept.copy_(buffer)


_LOSSES = len(TrainedTranslator.loss_names)
_MEASURES = len(TrainedTranslator.measure_names)
_FLIPPED = TrainedTranslator.loss_names.index("flipped")
_OF_TWINS = ("adversarial", "difference", "flipped", "fakeness", "variety")


def _commitment(made: list[Any]) -> Tensor | float:
    """The mean of the codes' losses of what a generator made; 0 of one without codes."""
    losses = [each.commitment for each in made if isinstance(each, LearningTranslation)]
    return torch.stack(losses).mean() if losses else 0.0


def _require_both(labels: Tensor) -> None:
    each = [int((labels == label).sum()) for label in (0, 1)]
    if min(each) < 2:
        raise ValueError(f"a translator needs at least two images of each class; got {each[0]} and {each[1]}")


def _held(held_out: Any, stride: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor | None] | None:
    """Images, labels and masks to measure on: refused at once, and not at the first measurement."""
    if held_out is None:
        return None
    images = square_images(held_out.images, stride, "images held out")
    labels = labels_for(len(images), held_out.labels, "labels held out")
    masks = getattr(held_out, "masks", None)
    if masks is not None:
        masks = masks_for(images, masks, "masks held out").to(device)
    return images.to(device), labels.to(device), masks
