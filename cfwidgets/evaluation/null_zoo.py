"""Networks that know nothing, to test whether an explanation of them says so.

Four kinds: one that gives every image the same answer; untrained ones, as their library makes them and made
sure of themselves; one trained on shuffled labels; and randomised copies of a trained one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from cfwidgets.models.classifier import Classifier

__all__ = ["Null", "constant", "null_zoo", "shuffled", "sure", "untrained"]

_STEPS = 30
_BATCH = 16
_LOGITS = 8.0  # standard deviation of the logits of a network that is sure of itself


@dataclass(frozen=True, eq=False)
class Null:
    """A classifier that knows nothing.

    Attributes
    ----------
    kind
        ``constant``, ``untrained``, ``untrained, sure``, ``shuffled labels`` or ``randomised copy``.
    name
        The kind with the architecture and the seed.
    classifier
        The classifier.
    """

    kind: str
    name: str
    classifier: Classifier


class _Constant(nn.Module):
    """Gives logits that do not depend on the image, though it convolves it."""

    def __init__(self, logits: Tensor) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.ReLU())
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(8, len(logits))
        with torch.no_grad():
            self.head.weight.zero_()
            self.head.bias.copy_(logits)

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.head(self.pool(self.features(images)).flatten(1))
        return logits


def constant(classes: int, seed: int) -> nn.Module:
    """Make a network that gives every image the same answer.

    Parameters
    ----------
    classes
        Number of classes.
    seed
        Seed of the answer, whose logits are normal with a deviation of 1.

    Examples
    --------
    >>> answers = constant(3, 0)(torch.rand(2, 3, 8, 8))
    >>> bool((answers[0] == answers[1]).all())
    True
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return _Constant(torch.randn(classes)).eval()


def untrained(make: Callable[[], nn.Module], seed: int) -> nn.Module:
    """Make a network with the weights that it begins its training with.

    Parameters
    ----------
    make
        Makes the network, such as ``partial(torchvision.models.resnet18, num_classes=10)``.
    seed
        Seed of the weights. Torch's own random state is left as it was.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make().eval()


def sure(network: nn.Module, images: Tensor) -> nn.Module:
    """Make an untrained network sure of itself: the answer depends on the image, and is near 0 or 1.

    The statistics of batch normalisation are measured on the images, and the last linear layer is centred on
    them and scaled until its logits have a standard deviation of 8 over images.

    Parameters
    ----------
    network
        The network, which is changed and returned.
    images
        ``(N, 3, H, W)``, at least 2.

    Raises
    ------
    ValueError
        The network has no linear layer.
    """
    linear = [layer for layer in network.modules() if isinstance(layer, nn.Linear)]
    if not linear:
        raise ValueError(f"{type(network).__name__} has no linear layer to scale")
    norms = [layer for layer in network.modules() if isinstance(layer, _BatchNorm)]
    for layer in norms:
        layer.reset_running_stats()
        layer.momentum = None
        layer.train()
    head = linear[-1]
    with torch.no_grad():
        network(images)
        network.eval()
        logits = network(images)
        scale = _LOGITS / float(logits.std(0).mean().clamp_min(1e-12))
        head.weight.mul_(scale)
        if head.bias is not None:
            head.bias.mul_(scale).sub_(scale * logits.mean(0))
    return network


def shuffled(network: nn.Module, images: Tensor, classes: int, seed: int) -> nn.Module:
    """Train a network on labels drawn by lot, for some steps.

    Parameters
    ----------
    network
        The network, which is changed and returned in evaluation mode.
    images
        ``(N, 3, H, W)``.
    classes
        Number of classes.
    seed
        Seed of labels and batches.
    """
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(classes, (len(images),), generator=generator)
    optimiser = torch.optim.Adam(network.parameters(), 1e-3)
    network.train()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # of dropout
        for _ in range(_STEPS):
            rows = torch.randint(len(images), (min(_BATCH, len(images)),), generator=generator)
            optimiser.zero_grad()
            F.cross_entropy(network(images[rows]), labels[rows]).backward()
            optimiser.step()
    return network.eval()


def null_zoo(
    trained: Classifier,
    images: Tensor,
    architectures: Mapping[str, Callable[[], nn.Module]],
    *,
    seeds: range = range(4),
) -> Iterator[Null]:
    """Make networks that know nothing, with the classes and the input of a trained one.

    Parameters
    ----------
    trained
        The classifier whose labels and size they have, and which the randomised copies are of.
    images
        ``(N, 3, H, W)`` in [0, 1], at least 2, of the size that the networks take: those that statistics are
        measured on, and that labels are dealt to.
    architectures
        Functions that make untrained networks from ``(N, 3, H, W)`` in [0, 1] to as many classes, by name.
    seeds
        One of each kind and architecture is made for each.

    Yields
    ------
    Null
        Made one after another, as asked for.
    """
    classes = trained.probabilities(images[:1]).shape[1]
    height, width = images.shape[2:]

    def null(kind: str, name: str, network: nn.Module) -> Null:
        clf = Classifier(network, labels=trained.labels, input_size=trained.input_size, device="cpu")
        return Null(kind, name, clf)

    for seed in seeds:
        yield null("constant", f"constant {seed}", constant(classes, seed))
        for name, make in architectures.items():
            yield null("untrained", f"{name} {seed}", untrained(make, seed))
            yield null("untrained, sure", f"{name} sure {seed}", sure(untrained(make, seed), images))
            network = shuffled(untrained(make, seed), images, classes, seed)
            yield null("shuffled labels", f"{name} shuffled {seed}", network)
        yield Null("randomised copy", f"randomised {seed}", trained.randomised(seed, (height, width)))
