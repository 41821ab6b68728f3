"""Train a BigGAN on images of one's own, and watch it learn."""

from __future__ import annotations

import base64
import html
import time
from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any, ClassVar, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cfwidgets.checks import choice, names_checked, non_negative, positive_int, share
from cfwidgets.engines.base import Update, to_the_end
from cfwidgets.images import encode
from cfwidgets.models.fingerprint import fingerprint
from cfwidgets.networks.biggan import BigGAN, BigGANDiscriminator
from cfwidgets.results import Result
from cfwidgets.training.augment import augmented
from cfwidgets.training.precision import arithmetic
from cfwidgets.training.state import adam_state, copied, prefixed, set_adam_state, under
from cfwidgets.training.steps import require_same, training_steps
from cfwidgets.training.trained import Unmeasured

__all__ = ["BigGANTraining", "TrainedBigGAN"]

_STANDING = 32  # batches for the final statistics of the batch normalisations
_SAVED_EVERY = 1000  # updates
_RECENT = 100  # updates whose mean loss is shown
_CLASSES_SHOWN = 10


@dataclass(frozen=True, eq=False, repr=False)
class TrainedBigGAN(Unmeasured, Result):
    """A BigGAN in training or trained; also the checkpoint from which training resumes.

    In a notebook it is shown as a sheet of samples, a row for each class.

    Parameters
    ----------
    training
        The training settings: a `BigGANTraining` as a dictionary.
    shape
        Arguments of `BigGAN`.
    step
        Updates of the generator so far.
    weights
        Weights of the generator: the running mean over its updates.
    state
        Named tensors to resume from: the weights in training, the optimisers' state, the random state.
    generator_loss, discriminator_loss
        ``(step,)`` each: the loss in every update.
    seconds
        Time that the updates took so far, without pauses.
    data
        Fingerprint of the images and labels; empty in files of an earlier version.
    """

    loss_names: ClassVar[tuple[str, ...]] = ("generator", "discriminator")
    sheet_columns: ClassVar[tuple[str, ...]] = ()  # columns have no titles

    training: dict[str, Any]
    shape: dict[str, Any]
    step: int
    weights: dict[str, Tensor]
    state: dict[str, Tensor]
    generator_loss: Tensor
    discriminator_loss: Tensor
    seconds: float
    data: str = ""

    def network(self) -> BigGAN:
        """The generator, in evaluation mode on the CPU."""
        with torch.device("meta"):  # no initial weights, and no random numbers drawn for them
            network = BigGAN(**self.shape)
        network.load_state_dict({name: value.clone() for name, value in self.weights.items()}, assign=True)
        return network.eval()

    def samples(self, each: int = 8, seed: int = 0, *, classes: Sequence[int] | None = None) -> Tensor:
        """Generate images of classes: ``(classes, each, 3, H, W)`` in [0, 1].

        Parameters
        ----------
        each
            Images of each class.
        seed
            Seed of the latent vectors.
        classes
            The classes; None for all.
        """
        positive_int("each", each)
        network = self.network()
        chosen = torch.eye(network.classes)
        if classes is not None:
            chosen = chosen[list(classes)]
        c = chosen.repeat_interleave(each, dim=0)
        with torch.inference_mode():
            images = network.generate(network.sample(len(c), seed), c)
        return images.unflatten(0, (len(chosen), each)).clone()

    @property
    def losses(self) -> Tensor:
        """``(step, 2)``: losses of the generator and of the discriminator, named in ``loss_names``."""
        return torch.stack([self.generator_loss, self.discriminator_loss], dim=1)

    def sheet(self) -> Tensor:
        """Make a sheet of samples, a row for each of the first classes: ``(m, 8, 3, H, W)`` in [0, 1]."""
        return self.samples(classes=range(min(self.shape["classes"], _CLASSES_SHOWN)))

    def __repr__(self) -> str:
        return f"<TrainedBigGAN: update {self.step:,} of {self.training['updates']:,}>"

    def _repr_html_(self) -> str:
        samples = self.sheet()
        rows, each, _, height, width = samples.shape
        sheet = samples.permute(2, 0, 3, 1, 4).reshape(3, rows * height, each * width)
        text = html.escape(
            f"update {self.step:,} of {self.training['updates']:,} in {self.seconds:,.0f} s; loss of the "
            f"generator {self.generator_loss[-_RECENT:].mean():.3f}, of the discriminator "
            f"{self.discriminator_loss[-_RECENT:].mean():.3f} (mean of the last "
            f"{len(self.generator_loss[-_RECENT:])} updates)"
        )
        data = base64.b64encode(encode(sheet, "png")).decode()
        return f'<p>{text}</p><img alt="samples: {text}" src="data:image/png;base64,{data}">'


@names_checked
@dataclass(frozen=True)
class BigGANTraining:
    """Train a class-conditional BigGAN: hinge loss, Adam, a running mean of the weights.

    Brock et al. 2019 with differentiable augmentation (`cfwidgets.training.augment`), which a data set of
    a few thousand images needs. `cfwidgets.zoo.recipes.digit_generator` trains the zoo's generator of digits
    with it.

    Parameters
    ----------
    updates
        Updates of the generator in total.
    batch_size
        Images an update.
    critic_updates
        Updates of the discriminator for each of the generator.
    channels, latent_size, shared_size
        Settings of the generator: see `BigGAN`.
    critic_channels
        Channels of the discriminator; None for as many as the generator. Of 64 pixels and more, the
        discriminator is the cheaper of the two by far, and may be wider.
    generator_rate, discriminator_rate
        Learning rates of Adam with β = (0, 0.999).
    mean_decay
        Decay of the running mean of the generator's weights.
    mean_from
        The update at which the mean begins; before it, the latest weights are taken.
    shift, cutout
        Settings of the augmentation; 0 for none.
    precision
        ``"bfloat16"`` for the networks' arithmetic (weights and sums stay float32): faster where the machine
        has it.
    report_every
        Updates between two yields of `steps`; a run can be stopped only there.
    device
        The device to train on.
    seed
        Same seed, same machine, same threads, same weights, also when stopped and resumed in between.

    Examples
    --------
    >>> images, labels = torch.rand(20, 1, 32, 32), torch.arange(20) % 2
    >>> training = BigGANTraining(updates=2, batch_size=4, channels=2, latent_size=8, report_every=1)
    >>> trained = training.train(images, labels)
    >>> trained.samples(each=3).shape
    torch.Size([2, 3, 3, 32, 32])

    In a notebook, with live samples and losses, and a button to stop and to resume::

        file = "mine.safetensors"
        cfwidgets.TrainingProgress(training.steps(images, labels, checkpoint=file), checkpoint=file)

    After a restart of the kernel, resume from the checkpoint that ``TrainedBigGAN.load`` reads:

    >>> longer = BigGANTraining(updates=3, batch_size=4, channels=2, latent_size=8)
    >>> longer.train(images, labels, resume=trained).step
    3
    """

    updates: int = 20_000
    batch_size: int = 64
    critic_updates: int = 1
    channels: int = 16
    latent_size: int = 80
    shared_size: int = 32
    critic_channels: int | None = None
    generator_rate: float = 2e-4
    discriminator_rate: float = 4e-4
    mean_decay: float = 0.999
    mean_from: int = 500
    shift: float = 1 / 8
    cutout: float = 1 / 2
    precision: Literal["float32", "bfloat16"] = "float32"
    report_every: int = 10
    device: str = "cpu"
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("updates", "batch_size", "critic_updates", "report_every"):
            positive_int(name, getattr(self, name))
        if self.critic_channels is not None:
            positive_int("critic_channels", self.critic_channels)
        positive_int("seed", self.seed, minimum=0)
        positive_int("mean_from", self.mean_from, minimum=0)
        for name in ("generator_rate", "discriminator_rate"):
            non_negative(name, getattr(self, name))
        for name in ("mean_decay", "shift", "cutout"):
            share(name, getattr(self, name))
        choice("precision", self.precision, ("float32", "bfloat16"))

    def steps(
        self,
        images: Tensor,
        labels: Tensor,
        *,
        resume: TrainedBigGAN | None = None,
        checkpoint: str | Path | None = None,
    ) -> Generator[Update[TrainedBigGAN], None, None]:
        """Train, and yield the generator as it stands. A `cfwidgets.Run` drives, stops and resumes it.

        Parameters
        ----------
        images
            ``(N, C, H, W)`` float32 in [0, 1]; C is 1 or 3, H = W is 32, 64 or 128.
        labels
            ``(N,)`` int64, from 0; the number of classes is the largest plus 1.
        resume
            A checkpoint of the same settings and images to resume (``updates`` may be more).
        checkpoint
            A file that the generator last yielded is saved to every 1,000 updates, at the end, and when the
            steps are closed or fail. ``TrainedBigGAN.load`` reads it.

        Raises
        ------
        ValueError
            Images and labels that do not fit; a checkpoint of another training.
        """
        shape = self._shape(images, labels)
        if resume is not None:
            require_same(
                {**asdict(self), **shape},
                {**resume.training, **resume.shape},
                free=("updates", "report_every", "device"),
            )
        yield from training_steps(
            _Work(self, shape, images, labels, resume),
            self.updates,
            report_every=self.report_every,
            save_every=_SAVED_EVERY,
            checkpoint=checkpoint,
        )

    train = to_the_end(steps, "train")

    def _shape(self, images: Tensor, labels: Tensor) -> dict[str, Any]:
        if images.ndim != 4 or images.shape[2] != images.shape[3] or labels.shape != images.shape[:1]:
            raise ValueError(
                f"images are (N, C, H, H) and labels (N,); got {tuple(images.shape)} and "
                f"{tuple(labels.shape)}"
            )
        if not len(images) or not images.is_floating_point():
            raise ValueError(f"images must be at least one, of floats; got {len(images)} of {images.dtype}")
        low, high = images.aminmax()
        if not bool((low >= 0) & (high <= 1)):  # NaN is neither
            raise ValueError(f"images must be in [0, 1]; got {float(low):.3g} to {float(high):.3g}")
        if labels.dtype != torch.int64 or int(labels.min()) < 0:
            raise ValueError(
                f"labels must be int64 and at least 0; got {labels.dtype} from {int(labels.min())}"
            )
        return {
            "size": images.shape[2],
            "classes": int(labels.max()) + 1,
            "channels": self.channels,
            "latent_size": self.latent_size,
            "shared_size": self.shared_size,
            "colours": images.shape[1],
        }


class _Work:
    """The networks in training, with their optimisers and random state."""

    def __init__(
        self,
        settings: BigGANTraining,
        shape: dict[str, Any],
        images: Tensor,
        labels: Tensor,
        resume: TrainedBigGAN | None,
    ) -> None:
        self._settings, self._shape = settings, shape
        self._data = fingerprint({"images": images, "labels": labels})
        self._device = torch.device(settings.device)
        self._images = (images.float() * 2 - 1).to(self._device)
        self._labels = labels.to(self._device)
        self._random = torch.Generator().manual_seed(settings.seed)
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(settings.seed)
            self._g = BigGAN(**shape, spectral=True).to(self._device)
            judged = {name: shape[name] for name in ("size", "classes", "colours")}
            width = settings.critic_channels or shape["channels"]
            self._d = BigGANDiscriminator(**judged, channels=width).to(self._device)
            self._mean = BigGAN(**shape).to(self._device)
        for network in (self._g, self._d):
            network.to(memory_format=torch.channels_last)  # one and a half times as fast in bfloat16
        self._mean.eval().requires_grad_(requires_grad=False)
        betas = (0.0, 0.999)
        self._adam_g = torch.optim.Adam(self._g.parameters(), lr=settings.generator_rate, betas=betas)
        self._adam_d = torch.optim.Adam(self._d.parameters(), lr=settings.discriminator_rate, betas=betas)
        self.step, self._seconds = 0, 0.0
        self._losses_g: list[float] = []
        self._losses_d: list[float] = []
        if resume is not None:
            self._resume(resume)

    def update(self) -> None:
        """Update the discriminator ``critic_updates`` times, then the generator once."""
        began = time.perf_counter()
        for _ in range(self._settings.critic_updates):
            real, c = self._drawn()
            with torch.no_grad():
                fake, fake_c = self._fakes()
            with self._arithmetic():
                # One pass for both: the discriminator has no batch normalisation, by which it could tell them
                # apart.
                seen = augmented(torch.cat([real, fake.float()]), self._random, **self._augmentation)
                on_real, on_fake = self._d(seen, torch.cat([c, fake_c])).float().chunk(2)
            loss_d = F.relu(1 - on_real).mean() + F.relu(1 + on_fake).mean()
            self._adam_d.zero_grad(set_to_none=True)
            loss_d.backward()
            self._adam_d.step()
        self._d.requires_grad_(requires_grad=False)
        fake, c = self._fakes()
        with self._arithmetic():
            on_fake = self._d(augmented(fake.float(), self._random, **self._augmentation), c).float()
        loss_g = -on_fake.mean()
        self._adam_g.zero_grad(set_to_none=True)
        loss_g.backward()
        self._adam_g.step()
        self._d.requires_grad_(requires_grad=True)
        self.step += 1
        self._follow()
        self._losses_g.append(loss_g.item())
        self._losses_d.append(loss_d.item())
        if self.step == self._settings.updates:
            self._measure_norms()
        self._seconds += time.perf_counter() - began

    @torch.no_grad()
    def _measure_norms(self) -> None:
        """Measure the statistics of the mean generator's batch normalisations ("standing statistics")."""
        norms = [part for part in self._mean.modules() if isinstance(part, nn.BatchNorm2d)]
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # in torch, None is the plain mean over all batches
        # Separate random numbers, so that resumed training is the same as uninterrupted training.
        random = torch.Generator()
        random.set_state(self._random.get_state())
        self._mean.train()
        for _ in range(_STANDING):
            self._mean(*self._latent(random))
        self._mean.eval()

    def trained(self) -> TrainedBigGAN:
        state = {
            **prefixed("generator", self._g.state_dict()),
            **prefixed("discriminator", self._d.state_dict()),
            **adam_state("adam_g", self._adam_g),
            **adam_state("adam_d", self._adam_d),
            "random": self._random.get_state(),
        }
        return TrainedBigGAN(
            training=asdict(self._settings),
            shape=self._shape,
            step=self.step,
            weights=copied(self._mean.state_dict()),
            state=copied(state),
            generator_loss=torch.tensor(self._losses_g),
            discriminator_loss=torch.tensor(self._losses_d),
            seconds=self._seconds,
            data=self._data,
        )

    def _resume(self, resume: TrainedBigGAN) -> None:
        if resume.data and resume.data != self._data:
            raise ValueError("resume: that checkpoint was trained on other images or labels")
        self._g.load_state_dict(under("generator", resume.state))
        self._d.load_state_dict(under("discriminator", resume.state))
        self._mean.load_state_dict(resume.weights)
        set_adam_state(self._adam_g, under("adam_g", resume.state))
        set_adam_state(self._adam_d, under("adam_d", resume.state))
        self._random.set_state(resume.state["random"])
        self.step, self._seconds = resume.step, resume.seconds
        self._losses_g = resume.generator_loss.tolist()
        self._losses_d = resume.discriminator_loss.tolist()

    @property
    def _augmentation(self) -> dict[str, float]:
        return {"shift": self._settings.shift, "cutout": self._settings.cutout}

    def _arithmetic(self) -> torch.autocast:
        return arithmetic(self._device, self._settings.precision)

    def _drawn(self) -> tuple[Tensor, Tensor]:
        places = torch.randint(len(self._images), (self._settings.batch_size,), generator=self._random)
        places = places.to(self._device)
        return self._images[places], self._one_hot(self._labels[places])

    def _latent(self, random: torch.Generator) -> tuple[Tensor, Tensor]:
        n = self._settings.batch_size
        z = torch.randn(n, self._shape["latent_size"], generator=random)
        labels = torch.randint(self._shape["classes"], (n,), generator=random)
        return z.to(self._device), self._one_hot(labels.to(self._device))

    def _fakes(self) -> tuple[Tensor, Tensor]:
        z, c = self._latent(self._random)
        with self._arithmetic():
            return self._g(z, c), c

    def _one_hot(self, labels: Tensor) -> Tensor:
        return F.one_hot(labels, self._shape["classes"]).float()

    @torch.no_grad()
    def _follow(self) -> None:
        """Update the mean generator by the weights after spectral normalisation."""
        weight = 1.0 if self.step <= self._settings.mean_from else 1 - self._settings.mean_decay
        self._g.eval()  # in training mode, reading a weight would change the estimate of its norm
        for name, mean in self._mean.named_parameters():
            mean.lerp_(attrgetter(name)(self._g), weight)
        for name, statistic in self._mean.named_buffers():
            value = attrgetter(name)(self._g)
            statistic.lerp_(value, weight) if statistic.is_floating_point() else statistic.copy_(value)
        self._g.train()
