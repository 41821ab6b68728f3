"""Small models, painters and faces, on which an explainer ends within a second."""

from __future__ import annotations

from types import SimpleNamespace

import torch
from torch import Tensor, nn

from cfwidgets import Classifier

SIDE = 16
LABELS = ("plain $x_1$ and $", "<b>bold</b>")  # text, whatever Matplotlib or a browser reads into it


class Count:
    """Images that a network and its copies were given."""

    def __init__(self) -> None:
        self.images = 0

    def __deepcopy__(self, _memo: object) -> Count:
        return self


class Small(nn.Module):
    """A network with all that an explainer might disturb: dropout, running statistics, the mode.

    ``images`` counts the images that it was given, ``count`` those of its copies too; from the
    ``fails_after``-th on it raises ``failure``.
    """

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.features = nn.Sequential(
                nn.Conv2d(3, 6, 3, padding=1),
                nn.BatchNorm2d(6),
                nn.ReLU(),
                nn.Conv2d(6, 6, 3, padding=1),
                nn.ReLU(),
            )
            self.pool = nn.AdaptiveAvgPool2d(1)
            self.head = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(6, 2))
        with torch.no_grad():
            self.head[2].weight.mul_(40)
        self.images, self.count = 0, Count()
        self.fails_after: float = float("inf")
        self.failure: BaseException = RuntimeError("the network broke")

    def forward(self, images: Tensor) -> Tensor:
        self.images += len(images)
        self.count.images += len(images)
        if self.images > self.fails_after:
            raise self.failure
        return self.head(self.pool(self.features(images)))


def classifier(seed: int = 0) -> Classifier:
    return Classifier(Small(seed).train(), labels=LABELS, device="cpu")


def picture(seed: int = 0) -> Tensor:
    """``(3, SIDE, SIDE)``: blots of colour."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(1, 3, 4, 4, generator=generator)
    return nn.functional.interpolate(coarse, SIDE, mode="bilinear")[0].clamp(0, 1)


def other_class(clf: Classifier, image: Tensor) -> str:
    """The label that the classifier does not predict."""
    return LABELS[1 - int(clf.probabilities(image[None]).argmax())]


class Painter(nn.Module):
    """A generator of random blots, in which the class moves the colour."""

    latent_size, classes = 4, 2

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.paint = nn.Linear(6, 3 * 16)

    def sample(self, n: int, seed: int) -> Tensor:
        return torch.randn(n, self.latent_size, generator=torch.Generator().manual_seed(seed))

    def generate(self, z: Tensor, c: Tensor) -> Tensor:
        coarse = self.paint(torch.cat([z, 3 * c], 1)).sigmoid().view(-1, 3, 4, 4)
        return nn.functional.interpolate(coarse, SIDE, mode="bilinear")


class Blotter(nn.Module):
    """A network of twins: it darkens or brightens blots, takes noise, and has a class branch."""

    noise = 3

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.see = nn.Sequential(
                nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.5)
            )
            self.paint, self.shift = nn.Conv2d(4, 3, 1), nn.Linear(self.noise, 3)
            self.branch = nn.Linear(4, 2)

    def forward(self, images: Tensor, noise: Tensor | None = None) -> tuple[Tensor, Tensor]:
        seen = self.see(images)
        shift = 0 if noise is None else self.shift(noise)[:, :, None, None]
        twins = (images + 0.5 * (self.paint(seen) + 0.1 * shift).tanh()).clamp(0, 1)
        return twins, self.branch(seen.mean((2, 3)))


class Tint:
    """An editor that adds colours; its critic likes what is grey, and it knows what it sees."""

    attributes = ("red", "green", "blue")

    def encode(self, image: Tensor) -> Tensor:
        return image

    def decode(self, image: Tensor, attributes: Tensor) -> Tensor:
        return (image + attributes[:, :, None, None] / 2).clamp(0, 1)

    def critic(self, images: Tensor) -> Tensor:
        colours = images.mean((2, 3))
        return -(colours - colours.mean(1, keepdim=True)).abs().sum(1)

    def recognise(self, images: Tensor) -> Tensor:
        return images.mean((2, 3))


class Bare(Tint):
    """An editor that does no more than it must."""

    critic = recognise = None


def faces(n: int = 9, seed: int = 0) -> list[SimpleNamespace]:
    """Pictures with masks of three regions as bits."""
    generator = torch.Generator().manual_seed(100 + seed)
    return [
        SimpleNamespace(
            image=picture(100 * seed + number),
            masks=torch.randint(0, 8, (4, 4), generator=generator)
            .int()
            .repeat_interleave(4, 0)
            .repeat_interleave(4, 1),
            name=f"face {number}",
        )
        for number in range(n)
    ]


def redness(threshold: float = 0.4) -> Classifier:
    """A model that predicts red by the redness alone."""

    def answer(images: Tensor) -> Tensor:
        red = torch.sigmoid(20 * (images[:, 0].mean((1, 2)) - threshold))
        return torch.stack([1 - red, red], 1)

    return Classifier(answer, labels=["plain", "red"])
