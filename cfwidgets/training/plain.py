"""Train a network with a label or a mask for each image: what a translator is measured against."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from weakref import WeakSet

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cfwidgets.checks import names_checked, non_negative, positive_int
from cfwidgets.engines.base import Update
from cfwidgets.progress import progress_bar
from cfwidgets.training.checks import labels_for, masks_for, square_images
from cfwidgets.training.seeded import seeded_step
from cfwidgets.training.state import copied
from cfwidgets.training.trained_plainly import Groups, TrainedPlainly, groups_checked, hardest_and_right
from cfwidgets.training.variations import varied

__all__ = ["PlainTraining"]

_RISE = 0.1  # share of the time in which the learning rate rises
_TAKEN: WeakSet[nn.Module] = WeakSet()  # networks in training
_TAKING = threading.Lock()


@names_checked
@dataclass(frozen=True)
class PlainTraining:
    """Train a classifier or a network that marks pixels, in the ordinary way.

    Parameters
    ----------
    updates
        How many at most.
    seconds
        After which it ends, if that is earlier; the learning rate follows whichever ends sooner.
    batch_size
        Images an update, as many of each class.
    rate
        The largest learning rate of AdamW, which rises for a tenth of the time and then falls to 0 as a
        cosine does.
    turned, light, tint, blur
        How images are varied: see `cfwidgets.training.variations.varied`.
    halved
        Share of the updates in which images are half as large.
    bfloat16
        The networks' arithmetic in bfloat16; weights and sums stay float32.
    device
        Where to train.
    seed
        Same seed, same machine and threads, same weights on a CPU, unless ``seconds`` end it.

    Examples
    --------
    >>> images, labels = torch.rand(8, 3, 8, 8), torch.arange(8) % 2
    >>> network = nn.Sequential(nn.Flatten(), nn.Linear(3 * 64, 2))
    >>> PlainTraining(updates=2, batch_size=4).train(network, images, labels)(images).shape
    torch.Size([8, 2])
    """

    updates: int = 2000
    seconds: float = math.inf
    batch_size: int = 32
    rate: float = 2e-3
    turned: bool = True
    light: float = 0.1
    tint: float = 0.03
    blur: float = 0.0
    halved: float = 0.0
    bfloat16: bool = False
    device: str = "cpu"
    seed: int = 0

    def __post_init__(self) -> None:
        positive_int("updates", self.updates)
        positive_int("batch_size", self.batch_size, minimum=2)
        non_negative("rate", self.rate)

    def train(
        self,
        network: nn.Module,
        images: Tensor,
        labels: Tensor,
        masks: Tensor | None = None,
        *,
        progress: bool | None = None,
    ) -> nn.Module:
        """Train a network where it is.

        Parameters
        ----------
        network
            Gives logits ``(N, K)``; with masks ``(N, 1, H, W)``.
        images
            ``(N, 3, H, H)``, uint8 or floats in [0, 1].
        labels
            ``(N,)`` int64, 0 or 1.
        masks
            ``(N, H, H)`` bool: what is marked, in place of the labels.
        progress
            True for a progress bar; False for none; None for one in a notebook, and where the standard error
            is a terminal. An interrupt is raised, and leaves the network with what it has learnt.

        Returns
        -------
        nn.Module
            The same, on the CPU, in evaluation mode.

        Raises
        ------
        ValueError
            Images, labels and masks that do not fit.
        RuntimeError
            The network is in training already.
        """
        images = square_images(images)
        labels = labels_for(len(images), labels)
        if masks is not None:
            masks = masks_for(images, masks)
        learning = self._in_training(network, images, labels, masks, [])
        with closing(learning), progress_bar(progress) as report:
            for step, done in learning:
                report(done, f"update {step:,} of {self.updates:,}")
        return network

    def steps(
        self,
        network: nn.Module,
        images: Tensor,
        labels: Tensor,
        *,
        held_out: Groups,
        report_every: int = 20,
    ) -> Generator[Update[TrainedPlainly], None, None]:
        """Train a network where it is, and yield how far it is: for `cfwidgets.TrainingProgress`, or a `Run`.

        The network itself is trained; at the end, and when the steps are closed, it is on the CPU, in
        evaluation mode. The first step raises RuntimeError for a network that is in training already.

        Parameters
        ----------
        network, images, labels
            See `train`.
        held_out
            Groups of other images, by name, with their labels: how many of each are right is measured at each
            report, and the hardest are its samples. All are of one size.
        report_every
            Updates between two reports.

        Raises
        ------
        ValueError
            Images and labels that do not fit.

        Examples
        --------
        >>> images, labels = torch.rand(8, 3, 8, 8), torch.arange(8) % 2
        >>> network = nn.Sequential(nn.Flatten(), nn.Linear(3 * 64, 2))
        >>> training = PlainTraining(updates=2, batch_size=4)
        >>> *_, last = training.steps(network, images, labels, held_out={"all": (images, labels)})
        >>> last.partial.step, last.partial.measure_names
        (2, ('update', 'all'))
        """
        images = square_images(images)
        labels = labels_for(len(images), labels)
        positive_int("report_every", report_every)
        return self._reporting(network, images, labels, groups_checked(held_out), report_every)

    def _reporting(
        self,
        network: nn.Module,
        images: Tensor,
        labels: Tensor,
        groups: dict[str, tuple[Tensor, Tensor]],
        report_every: int,
    ) -> Generator[Update[TrainedPlainly], None, None]:
        losses: list[Tensor] = []
        measured: list[list[float]] = []
        began = time.perf_counter()
        with closing(self._in_training(network, images, labels, None, losses)) as learning:
            for _, done in learning:
                if done < 1 and (not losses or len(losses) % report_every):
                    continue
                hardest, right = hardest_and_right(network, groups, torch.device(self.device))
                measured.append([len(losses), *right])
                yield Update(
                    done,
                    TrainedPlainly(
                        training=asdict(self),
                        step=len(losses),
                        weights=copied(network.state_dict()),
                        loss=torch.stack(losses).cpu() if losses else torch.empty(0),
                        measure_names=("update", *groups),
                        measured=torch.tensor(measured),
                        hardest=hardest,
                        seconds=time.perf_counter() - began,
                    ),
                    f"update {len(losses):,} of {self.updates:,}",
                )

    def _in_training(
        self, network: nn.Module, images: Tensor, labels: Tensor, masks: Tensor | None, losses: list[Tensor]
    ) -> Generator[tuple[int, float], None, None]:
        """Bring the network and what it learns from to the device, learn, and bring the network back."""
        device = torch.device(self.device)
        places = [(labels == label).nonzero()[:, 0].to(device) for label in (0, 1)]
        places = [some for some in places if len(some)]
        images, labels = images.to(device), labels.to(device)
        masks = None if masks is None else masks.to(device)
        with _taken(network):
            try:
                network.to(device).to(memory_format=torch.channels_last).train()
                yield from self._learning(network, images, labels, masks, places, losses)
            finally:
                network.to("cpu").to(memory_format=torch.contiguous_format).eval()

    def _learning(
        self,
        network: nn.Module,
        images: Tensor,
        labels: Tensor,
        masks: Tensor | None,
        places: list[Tensor],
        losses: list[Tensor],
    ) -> Generator[tuple[int, float], None, None]:
        """Make the updates; yield the number of each before it is made, and the share that is done."""
        adam = torch.optim.AdamW(network.parameters(), lr=self.rate, weight_decay=1e-2)
        began = time.perf_counter()
        for step in range(self.updates):
            done = max(step / self.updates, (time.perf_counter() - began) / self.seconds)
            if done >= 1:
                break
            yield step, done
            for group in adam.param_groups:
                group["lr"] = self.rate * min(1.0, (done + 1e-3) / _RISE, _falling(done))
            with seeded_step(images.device, self.seed, step):
                loss = self._loss(network, images, labels, masks, places)
            losses.append(loss.detach())
            adam.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            adam.step()
        yield self.updates, 1.0

    def _loss(
        self, network: nn.Module, images: Tensor, labels: Tensor, masks: Tensor | None, places: list[Tensor]
    ) -> Tensor:
        each = self.batch_size // len(places)
        drawn = torch.cat([some[torch.randint(len(some), (each,), device=images.device)] for some in places])
        batch = images[drawn].float() / 255
        marked = torch.zeros_like(batch[:, :1]) if masks is None else masks[drawn, None].float()
        turned = varied(torch.cat([batch, marked], 1), turned=self.turned, light=0, tint=0, blur=0)
        batch, marked = turned[:, :3], turned[:, 3:]
        batch = varied(batch, turned=None, light=self.light, tint=self.tint, blur=self.blur)
        if self.halved and float(torch.rand(())) < self.halved:
            batch, marked = F.avg_pool2d(batch, 2), F.avg_pool2d(marked, 2)
        batch = batch.contiguous(memory_format=torch.channels_last)
        with torch.autocast(images.device.type, torch.bfloat16, enabled=self.bfloat16):
            logits = network(batch).float()
        if masks is None:
            return F.cross_entropy(logits, labels[drawn])
        chance = logits.sigmoid()
        # Cross-entropy alone finds too little of what is rare.
        dice = 1 - (2 * (chance * marked).sum() + 1) / (chance.sum() + marked.sum() + 1)
        return F.binary_cross_entropy_with_logits(logits, marked) + dice


def _falling(done: float) -> float:
    return 0.5 + 0.5 * math.cos(math.pi * max(0.0, done - _RISE) / (1 - _RISE))


@contextmanager
def _taken(network: nn.Module) -> Iterator[None]:
    """Keep a network from a second training, which would change the weights amid an update of the first."""
    with _TAKING:
        if network in _TAKEN:
            raise RuntimeError(
                "this network is in training already: wait for its end, or close that run or view, or train "
                "a copy (copy.deepcopy(network))"
            )
        _TAKEN.add(network)
    try:
        yield
    finally:
        _TAKEN.discard(network)
