"""Train an AttGAN on faces of one's own, and watch it learn."""

from __future__ import annotations

import base64
import html
import time
from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cfwidgets.checks import choice, names_checked, non_negative, positive_int, share
from cfwidgets.engines.base import Update, to_the_end
from cfwidgets.images import as_bytes, encode
from cfwidgets.models.attgan_editor import AttGANEditor
from cfwidgets.networks.attgan import AttGAN, AttGANDiscriminator
from cfwidgets.results import Result
from cfwidgets.training.precision import arithmetic
from cfwidgets.training.state import adam_state, copied, prefixed, set_adam_state, under
from cfwidgets.training.steps import require_same, training_steps
from cfwidgets.training.trained import Unmeasured

__all__ = ["AttGANTraining", "TrainedAttGAN"]

_SAVED_EVERY = 250  # updates
_RECENT = 100  # updates whose mean losses are shown
_SHOWN = 4  # faces on the sheet


@dataclass(frozen=True, eq=False, repr=False)
class TrainedAttGAN(Unmeasured, Result):
    """An AttGAN in training or trained; also the checkpoint from which training resumes.

    In a notebook it is shown as a sheet: some faces, and each of them with every attribute changed.

    Parameters
    ----------
    training
        The training settings: an `AttGANTraining` as a dictionary.
    shape
        Size and number of attributes.
    names
        Names of the attributes.
    step
        Updates of the generator so far.
    weights
        Weights of the generator: the running mean over its updates.
    judge
        Weights of the discriminator.
    state
        Named tensors to resume from: the weights in training, the optimisers' state, the random state.
    losses
        ``(step, 6)``: reconstruction, attributes, realness (of the generator); critic, penalty, classifier
        (of the discriminator), before they are weighted. ``loss_names`` has these names.
    faces, attributes
        Faces of the sheet, ``(m, 3, H, W)`` uint8, and their attributes, ``(m, A)``.
    seconds
        Time that the updates took so far, without pauses.
    """

    loss_names: ClassVar[tuple[str, ...]] = (
        "reconstruction",
        "attributes",
        "realness",
        "critic",
        "penalty",
        "classifier",
    )

    training: dict[str, Any]
    shape: dict[str, int]
    names: tuple[str, ...]
    step: int
    weights: dict[str, Tensor]
    judge: dict[str, Tensor]
    state: dict[str, Tensor]
    losses: Tensor
    faces: Tensor
    attributes: Tensor
    seconds: float

    def generator(self) -> AttGAN:
        """The generator, in evaluation mode on the CPU."""
        return _filled(AttGAN, _generator_shape(self.shape, self.training), self.weights)

    def discriminator(self) -> AttGANDiscriminator:
        """The discriminator, in evaluation mode on the CPU."""
        return _filled(AttGANDiscriminator, _discriminator_shape(self.shape, self.training), self.judge)

    def editor(self) -> AttGANEditor:
        """Both networks as an editor, for a counterfactual search or to save."""
        return AttGANEditor(self.generator(), self.names, self.discriminator())

    @property
    def sheet_columns(self) -> tuple[str, ...]:
        """Titles of the sheet's columns."""
        return ("original", "reconstructed", *self.names)

    def sheet(self) -> Tensor:
        """Make a sheet of some faces, a row each: original, reconstructed, and with each attribute inverted.

        Returns
        -------
        Tensor
            ``(m, 2 + A, 3, H, W)`` in [0, 1].
        """
        network = self.generator()
        count = self.attributes.shape[1]
        rows = []
        with torch.inference_mode():
            for face, attributes in zip(self.faces.float() / 255, self.attributes, strict=True):
                edited = attributes.float().repeat(count + 1, 1)
                edited[torch.arange(1, count + 1), torch.arange(count)] = 1 - attributes.float()
                rows.append(torch.cat([face[None], network.folded(face)(edited)]))
        return torch.stack(rows).clone()

    def __repr__(self) -> str:
        return f"<TrainedAttGAN: update {self.step:,} of {self.training['updates']:,}>"

    def _repr_html_(self) -> str:
        sheet = self.sheet()
        rows, columns, _, height, width = sheet.shape
        data = base64.b64encode(
            encode(sheet.permute(2, 0, 3, 1, 4).reshape(3, rows * height, columns * width), "png")
        ).decode()
        recent = self.losses[-_RECENT:].mean(0).tolist() if self.step else []
        losses = ", ".join(
            f"{name} {value:.3g}" for name, value in zip(self.loss_names, recent, strict=False)
        )
        text = html.escape(
            f"update {self.step:,} of {self.training['updates']:,} in {self.seconds:,.0f} s; {losses}"
        )
        order = html.escape(
            f"original, reconstructed, and with one attribute inverted: {', '.join(self.names)}"
        )
        return f'<p>{text}</p><img alt="{order}" src="data:image/png;base64,{data}"><p>{order}</p>'


@names_checked
@dataclass(frozen=True)
class AttGANTraining:
    """Train an AttGAN (He et al. 2019, equations 1 to 7) with the gradient penalty of WGAN-GP.

    The generator reconstructs each face with its own attributes, and generates it with those of another face
    of the batch, such that the critic rates it as real and the classifier recognises these attributes.

    Parameters
    ----------
    updates
        Updates of the generator in total.
    batch_size
        Faces an update.
    critic_updates
        Updates of the discriminator for each of the generator.
    dim, layers, shortcut_layers, inject_layers
        Settings of the generator: see `cfwidgets.networks.AttGAN`. The discriminator has as many channels and
        layers.
    hidden
        Hidden units of the discriminator's two heads.
    rate
        Learning rate of Adam with β = (0.5, 0.999).
    decay_from
        The share of the updates after which the learning rate falls linearly to 0.
    reconstruction, attributes, classifier, penalty
        Weights of the losses: λ1, λ2, λ3 of the paper and that of the gradient penalty.
    mirror
        Mirror half of the faces.
    b_distribution
        How strongly the attributes of another face are painted in training. ``"none"``: as they are, 0 and 1.
        ``"uniform"``: on the same side of ½, at a distance of 0 to 1 from it, not always ½: values from −½ to
        1½, as a search uses them, are trained too. ``"truncated_normal"``: as that, but the distance is a
        normal number of mean ½ and deviation ¼, within 0 and 1. The classifier is to see 0 and 1 in any case.
    mean_decay
        Decay of the running mean of the generator's weights.
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
    >>> faces, attributes = torch.rand(20, 3, 32, 32), torch.rand(20, 2) > 0.5
    >>> training = AttGANTraining(updates=2, batch_size=4, dim=4, layers=3, hidden=8, report_every=1)
    >>> trained = training.train(faces, attributes, names=("Bald", "Young"))
    >>> trained.sheet().shape
    torch.Size([4, 4, 3, 32, 32])

    In a notebook, with live samples and losses, and a button to stop and to resume::

        file = "mine.safetensors"
        steps = training.steps(faces, attributes, names, checkpoint=file)
        cfwidgets.TrainingProgress(steps, checkpoint=file)

    After a restart of the kernel, pass ``resume=TrainedAttGAN.load(file)``.
    """

    updates: int = 5000
    batch_size: int = 32
    critic_updates: int = 5
    dim: int = 64
    layers: int = 5
    shortcut_layers: int = 1
    inject_layers: int = 1
    hidden: int = 1024
    rate: float = 2e-4
    decay_from: float = 0.5
    reconstruction: float = 100.0
    attributes: float = 10.0
    classifier: float = 1.0
    penalty: float = 10.0
    mirror: bool = True
    b_distribution: Literal["none", "uniform", "truncated_normal"] = "none"
    mean_decay: float = 0.99
    precision: Literal["float32", "bfloat16"] = "float32"
    report_every: int = 10
    device: str = "cpu"
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("updates", "batch_size", "critic_updates", "report_every", "dim", "layers", "hidden"):
            positive_int(name, getattr(self, name))
        for name in ("seed", "shortcut_layers", "inject_layers"):
            positive_int(name, getattr(self, name), minimum=0)
        if self.batch_size < 2:
            raise ValueError("batch_size must be at least 2: attributes come from another face of the batch")
        for name in ("rate", "reconstruction", "attributes", "classifier", "penalty"):
            non_negative(name, getattr(self, name))
        share("decay_from", self.decay_from)
        share("mean_decay", self.mean_decay)
        choice("b_distribution", self.b_distribution, ("none", "uniform", "truncated_normal"))
        choice("precision", self.precision, ("float32", "bfloat16"))

    def steps(
        self,
        faces: Tensor,
        attributes: Tensor,
        names: Sequence[str],
        *,
        resume: TrainedAttGAN | None = None,
        checkpoint: str | Path | None = None,
    ) -> Generator[Update[TrainedAttGAN], None, None]:
        """Train, and yield the networks as they stand. A `cfwidgets.Run` drives, stops and resumes it.

        Parameters
        ----------
        faces
            ``(N, 3, H, H)``, uint8 or floats in [0, 1]; H is a multiple of ``2 ** layers``. The data sets of
            `cfwidgets.data` return them with their attributes: ``faces.load(names)``.
        attributes
            ``(N, A)`` bool, or 0 and 1.
        names
            Names of the A attributes.
        resume
            A checkpoint of the same settings and faces to resume.
        checkpoint
            A file that the networks last yielded are saved to every 250 updates, at the end, and when the
            steps are closed or fail.

        Raises
        ------
        ValueError
            Faces, attributes and names that do not fit; a checkpoint of another training.
        """
        pixels, has = _read(faces, attributes, names)
        shape = {"size": pixels.shape[2], "attributes": has.shape[1]}
        if resume is not None:
            here = _described(asdict(self), shape, tuple(names))
            # Before there was a choice.
            before = {"b_distribution": "none", **resume.training}
            there = _described(before, resume.shape, resume.names)
            require_same(here, there, free=("report_every", "device"))
        yield from training_steps(
            _Work(self, shape, tuple(names), pixels, has, resume),
            self.updates,
            report_every=self.report_every,
            save_every=_SAVED_EVERY,
            checkpoint=checkpoint,
        )

    train = to_the_end(steps, "train")


class _Work:
    """The networks in training, with their optimisers and random state."""

    def __init__(
        self,
        settings: AttGANTraining,
        shape: dict[str, int],
        names: tuple[str, ...],
        pixels: Tensor,
        has: Tensor,
        resume: TrainedAttGAN | None,
    ) -> None:
        self._settings, self._shape, self._names = settings, shape, names
        self._device = torch.device(settings.device)
        self._pixels, self._has = pixels.to(self._device), has.to(self._device)
        self._random = torch.Generator().manual_seed(settings.seed)
        whole = asdict(settings)
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(settings.seed)
            self._g = AttGAN(**_generator_shape(shape, whole)).to(self._device)
            self._d = AttGANDiscriminator(**_discriminator_shape(shape, whole)).to(self._device)
            self._mean = AttGAN(**_generator_shape(shape, whole)).to(self._device)
        self._mean.load_state_dict(self._g.state_dict())
        betas = (0.5, 0.999)
        self._adam_g = torch.optim.Adam(self._g.parameters(), lr=settings.rate, betas=betas)
        self._adam_d = torch.optim.Adam(self._d.parameters(), lr=settings.rate, betas=betas)
        self.step, self._seconds = 0, 0.0
        self._losses: list[list[float]] = []
        if resume is not None:
            self._resume(resume)

    def update(self) -> None:
        """Update the discriminator ``critic_updates`` times, then the generator once."""
        began = time.perf_counter()
        s = self._settings
        rate = s.rate * min(1.0, (1 - self.step / s.updates) / max(1 - s.decay_from, 1e-9))
        for adam in (self._adam_g, self._adam_d):
            for group in adam.param_groups:
                group["lr"] = rate
        for _ in range(s.critic_updates):
            of_critic = self._judge_learns()
        self._d.requires_grad_(requires_grad=False)
        of_generator = self._painter_learns()
        self._d.requires_grad_(requires_grad=True)
        self.step += 1
        self._follow()
        self._losses.append([*of_generator, *of_critic])
        self._seconds += time.perf_counter() - began

    def _judge_learns(self) -> tuple[float, float, float]:
        s = self._settings
        real, has = self._drawn()
        other = has[torch.randperm(len(has), generator=self._random).to(self._device)]
        with torch.no_grad(), self._arithmetic():
            fake = self._g(real, self._strengths(other)).float()
        with self._arithmetic():
            # One pass for both: the discriminator normalises each image by itself.
            critic, logits = self._d(torch.cat([real, fake]))
        on_real, on_fake = critic.float().chunk(2)
        between = torch.rand(len(real), 1, 1, 1, generator=self._random).to(self._device)
        with self._arithmetic():
            penalty = _penalty(self._d, real, fake, between)
        wrong = F.binary_cross_entropy_with_logits(logits[: len(real)].float(), has)
        distance = on_fake.mean() - on_real.mean()
        self._adam_d.zero_grad(set_to_none=True)
        (distance + s.penalty * penalty + s.classifier * wrong).backward()
        self._adam_d.step()
        return distance.item(), penalty.item(), wrong.item()

    def _painter_learns(self) -> tuple[float, float, float]:
        s = self._settings
        real, has = self._drawn()
        other = has[torch.randperm(len(has), generator=self._random).to(self._device)]
        with self._arithmetic():
            features = self._g.encode(real)
            twice = [torch.cat([feature, feature]) for feature in features]
            both = torch.cat([has, self._strengths(other)])
            again, edited = self._g.decode(twice, both).float().chunk(2)
            critic, logits = self._d(edited)
        # In [-1, 1], as in the papers: twice the value in [0, 1].
        apart = 2 * (again - real).abs().mean()
        wrong = F.binary_cross_entropy_with_logits(logits.float(), other)
        real_looking = -critic.float().mean()
        self._adam_g.zero_grad(set_to_none=True)
        (s.reconstruction * apart + s.attributes * wrong + real_looking).backward()
        self._adam_g.step()
        return apart.item(), wrong.item(), real_looking.item()

    def trained(self) -> TrainedAttGAN:
        state = {
            **prefixed("generator", self._g.state_dict()),
            **adam_state("adam_g", self._adam_g),
            **adam_state("adam_d", self._adam_d),
            "random": self._random.get_state(),
        }
        return TrainedAttGAN(
            training=asdict(self._settings),
            shape=self._shape,
            names=self._names,
            step=self.step,
            weights=copied(self._mean.state_dict()),
            judge=copied(self._d.state_dict()),
            state=copied(state),
            losses=torch.tensor(self._losses).view(-1, len(TrainedAttGAN.loss_names)),
            faces=self._pixels[:_SHOWN].cpu().clone(),
            attributes=self._has[:_SHOWN].cpu().clone(),
            seconds=self._seconds,
        )

    def _resume(self, resume: TrainedAttGAN) -> None:
        self._g.load_state_dict(under("generator", resume.state))
        self._d.load_state_dict(resume.judge)
        self._mean.load_state_dict(resume.weights)
        set_adam_state(self._adam_g, under("adam_g", resume.state))
        set_adam_state(self._adam_d, under("adam_d", resume.state))
        self._random.set_state(resume.state["random"])
        self.step, self._seconds = resume.step, resume.seconds
        self._losses = resume.losses.tolist()

    def _arithmetic(self) -> torch.autocast:
        return arithmetic(self._device, self._settings.precision)

    def _drawn(self) -> tuple[Tensor, Tensor]:
        n = self._settings.batch_size
        places = torch.randint(len(self._pixels), (n,), generator=self._random).to(self._device)
        images = self._pixels[places].float() / 255
        if self._settings.mirror:
            mirrored = torch.rand(n, generator=self._random).to(self._device) < 0.5
            images = torch.where(mirrored[:, None, None, None], images.flip(3), images)
        return images, self._has[places].float()

    def _strengths(self, attributes: Tensor) -> Tensor:
        """Draw how strongly attributes ``(n, A)`` of 0 and 1 are painted: on the same side of ½."""
        if self._settings.b_distribution == "none":
            return attributes
        draw = torch.rand if self._settings.b_distribution == "uniform" else torch.randn
        distance = draw(attributes.shape, generator=self._random).to(self._device)
        if self._settings.b_distribution == "truncated_normal":
            distance = (distance.fmod(2) + 2) / 4
        return 0.5 + (2 * attributes - 1) * distance

    @torch.no_grad()
    def _follow(self) -> None:
        # Early on the weights move too fast for a long mean.
        weight = max(1 - self._settings.mean_decay, 1 / (1 + self.step))
        now = self._g.state_dict()
        for name, mean in self._mean.state_dict().items():
            mean.lerp_(now[name], weight) if mean.is_floating_point() else mean.copy_(now[name])


def _penalty(judge: nn.Module, real: Tensor, fake: Tensor, between: Tensor) -> Tensor:
    """Compute the gradient penalty between real and generated faces (Gulrajani et al. 2017)."""
    mixed = real.lerp(fake, between).requires_grad_()
    gradient = torch.autograd.grad(judge(mixed)[0].float().sum(), mixed, create_graph=True)[0]
    # Per pixel in [-1, 1], as in the papers: half the value in [0, 1].
    return ((gradient.float().flatten(1).norm(dim=1) / 2 - 1) ** 2).mean()


def _described(training: dict[str, Any], shape: dict[str, int], names: tuple[str, ...]) -> dict[str, Any]:
    """Merge settings and data by name, with prefixes, as some names are in both."""
    return {**training, **{f"data: {key}": value for key, value in shape.items()}, "names": names}


def _read(faces: Tensor, attributes: Tensor, names: Sequence[str]) -> tuple[Tensor, Tensor]:
    if faces.ndim != 4 or faces.shape[1] != 3 or faces.shape[2] != faces.shape[3] or not len(faces):
        raise ValueError(f"faces are (N, 3, H, H), at least one; got {tuple(faces.shape)}")
    if attributes.shape != (len(faces), len(names)):
        raise ValueError(
            f"attributes are (N, A) for {len(faces)} faces and {len(names)} names; got "
            f"{tuple(attributes.shape)}"
        )
    if not bool(((attributes == 0) | (attributes == 1)).all()):
        raise ValueError("attributes must be bool, or 0 and 1")
    if faces.is_floating_point():
        low, high = faces.aminmax()
        if not bool((low >= 0) & (high <= 1)):  # NaN is neither
            raise ValueError(f"faces must be in [0, 1], or uint8; got {float(low):.3g} to {float(high):.3g}")
        faces = as_bytes(faces)
    elif faces.dtype != torch.uint8:
        raise ValueError(f"faces must be uint8, or floats in [0, 1]; got {faces.dtype}")
    return faces, attributes.bool()


def _generator_shape(shape: dict[str, int], training: dict[str, Any]) -> dict[str, int]:
    return {
        **shape,
        **{name: training[name] for name in ("dim", "layers", "shortcut_layers", "inject_layers")},
    }


def _discriminator_shape(shape: dict[str, int], training: dict[str, Any]) -> dict[str, int]:
    return {**shape, **{name: training[name] for name in ("dim", "layers", "hidden")}}


def _filled(kind: type[Any], shape: dict[str, int], weights: dict[str, Tensor]) -> Any:
    with torch.device("meta"):  # no initial weights, and no random numbers drawn for them
        network = kind(**shape)
    network.load_state_dict({name: value.clone() for name, value in weights.items()}, assign=True)
    return network.eval()
