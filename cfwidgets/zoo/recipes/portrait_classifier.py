"""Train the face classifiers of the zoo: ``python -m cfwidgets.zoo.recipes.portrait_classifier``.

Writes, for training sets in which an attribute is correlated with Male and for others in which it is not, the
weights of a `cfwidgets.networks.FaceCNN` and their model card, measured by the same command on portraits that
it was not trained on. It takes some minutes on two cores.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cfwidgets.checks import choice, non_negative, positive_int
from cfwidgets.data.portraits import Portraits, portraits
from cfwidgets.data.portraits.shortcuts import SETS
from cfwidgets.networks import FaceCNN
from cfwidgets.training.flac import before_last
from cfwidgets.zoo.recipes.command import machine, parsed, parser_of, write

__all__ = ["Penalty", "Schedule", "answers", "main", "model_card", "train"]

Schedule = Literal["cosine", "thirds"]
"""The course of the learning rate: see `train`."""

Penalty = Callable[[Tensor, Tensor, Tensor], Tensor]
"""A function that adds to the loss of a batch, given the images ``(n, 3, h, w)``, the features ``(n, c)``
before the last layer, and the labels ``(n,)``: see `cfwidgets.training.flac.Flac`."""


_FACES = 3000
_TESTED = 500
_TEST_FIRST = 1_000_000  # numbers of faces that are in no training set


def train(
    examples: Portraits,
    target: str = "Male",
    *,
    make: Callable[[], nn.Sequential] = FaceCNN,
    penalty: Penalty | None = None,
    epochs: int = 8,
    batch_size: int = 64,
    learning_rate: float = 2e-3,
    schedule: Schedule = "cosine",
    seed: int = 0,
    device: str = "cpu",
) -> nn.Sequential:
    """Train a network to predict an attribute of faces.

    Parameters
    ----------
    examples
        Portraits.
    target
        The attribute; class 1 has it.
    make
        A function that makes the network: its last layer is linear and has two outputs, or one for the
        attribute.
    penalty
        A function whose value is added to the cross-entropy of each batch.
    epochs
        Passes over the faces, which are mirrored at random.
    batch_size
        Faces a step.
    learning_rate
        The initial learning rate of Adam.
    schedule
        ``"cosine"``: the rate falls to 0 as a cosine. ``"thirds"``: to a tenth after each third of the steps.
    seed
        Seed of the initial weights, the order and the mirroring. Same seed, same machine and threads, same
        weights. Torch's own random state is not used.
    device
        The device to train on.

    Returns
    -------
    nn.Sequential
        The network, on the CPU in evaluation mode.
    """
    positive_int("epochs", epochs)
    positive_int("batch_size", batch_size)
    non_negative("learning_rate", learning_rate)
    choice("schedule", schedule, get_args(Schedule))
    labels = examples.attribute(target).long()
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        network = make().to(device).to(memory_format=torch.channels_last)
    optimiser = torch.optim.Adam(network.parameters(), lr=learning_rate, weight_decay=1e-4)
    steps = epochs * -(-len(examples) // batch_size)
    falling = _falling(optimiser, schedule, steps)
    network.train()
    for _ in range(epochs):
        for batch in torch.randperm(len(examples), generator=generator).split(batch_size):
            images = examples.pixels[batch].to(device).float() / 255
            mirrored = torch.rand(len(batch), generator=generator) < 0.5
            images[mirrored] = images[mirrored].flip(3)
            optimiser.zero_grad()
            known, wanted = before_last(network, images), labels[batch].to(device)
            loss = _loss(network[-1](known), wanted)
            if penalty is not None:
                loss = loss + penalty(images, known, wanted)
            loss.backward()
            optimiser.step()
            falling.step()
    return network.eval().cpu()


def _falling(
    optimiser: torch.optim.Optimizer, schedule: Schedule, steps: int
) -> torch.optim.lr_scheduler.LRScheduler:
    if schedule == "cosine":
        return torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    return torch.optim.lr_scheduler.MultiStepLR(optimiser, [-(-steps // 3), -(-2 * steps // 3)])


def _loss(outputs: Tensor, labels: Tensor) -> Tensor:
    if outputs.shape[1] == 1:
        return F.binary_cross_entropy_with_logits(outputs[:, 0], labels.float())
    return F.cross_entropy(outputs, labels)


def answers(network: nn.Module, examples: Portraits) -> Tensor:
    """Compute the network's probability of class 1 for each portrait, ``(n,)``."""
    with torch.no_grad():
        chunks = [network(chunk.float() / 255).softmax(1)[:, 1] for chunk in examples.pixels.split(128)]
    return torch.cat(chunks)


def model_card(network: nn.Module, name: str, *, made: str, tested: int = _TESTED) -> str:
    """Measure a network on portraits that it was not trained on, and write its model card.

    Parameters
    ----------
    network
        The network that `train` returned.
    name
        A name in `SETS`.
    made
        A sentence on how it was made: the command, the seed, the time.
    tested
        Test faces of each kind.

    Returns
    -------
    str
        Markdown.
    """
    kind = SETS[name]
    alike = kind.draw(tested, first=_TEST_FIRST)
    same = (answers(network, alike) > 0.5) == alike.attribute("Male")
    even = replace(kind, bias=0.5).draw(tested, first=2 * _TEST_FIRST)
    right = (answers(network, even) > 0.5) == even.attribute("Male")
    male, has = even.attribute("Male"), even.attribute(kind.attribute)
    lacking = {kind.attribute: False, **({"Bald": False} if kind.attribute == "Blond_Hair" else {})}
    bare = portraits(tested, kind.size, 0, attributes=lacking, correlate=None, first=3 * _TEST_FIRST)
    before, after = answers(network, bare), answers(network, bare.edited(**{kind.attribute: True}))
    rows = "\n".join(
        f"| {'Male' if m else 'not Male'} | {'yes' if p else 'no'} "
        f"| {right[(male == m) & (has == p)].float().mean():.1%} |"
        for m in (True, False)
        for p in (True, False)
    )
    return _CARD.format(
        name=name,
        made=made,
        parameters=sum(weights.numel() for weights in network.parameters()),
        size=kind.size,
        thing=kind.thing,
        bias=kind.bias,
        faces=_FACES,
        tested=tested,
        same=same.float().mean(),
        even=right.float().mean(),
        rows=rows,
        before=before.mean(),
        after=after.mean(),
        flipped=((before > 0.5) != (after > 0.5)).float().mean(),
    )


_CARD = """\
# portraits/male-{name}

`cfwidgets.zoo.classifier("portraits/male-{name}")`: does a drawn portrait have the attribute Male? A
`cfwidgets.networks.FaceCNN` ({parameters:,} parameters) for images of {size} x {size} pixels in [0, 1]. It is
an example to be explained. It is meant neither for photographs nor for statements about people: the
attribute is a convention of drawing, see `cfwidgets.data.portraits`.

## How it was made

{made}
Data: {faces:,} portraits (`cfwidgets.data.portraits`, seed 0) in which {bias:.0%} of the faces with Male have
no {thing} and {bias:.0%} of the others do; all other attributes as they usually are. Adam, batches of 64,
cross-entropy, 8 epochs, mirrored half of the time.

## Quality

On {tested:,} others with the same tendency: {same:.1%} right. On {tested:,} others in which {thing} is
no cue: {even:.1%} right, and by group:

| | {thing} | right |
| --- | --- | --- |
{rows}

{tested:,} faces drawn without {thing} and again with it, and nothing else changed: the mean probability of
Male goes from {before:.3f} to {after:.3f}, and {flipped:.1%} of the answers change.

## Known weaknesses

The table and the line below it show its weaknesses. It has seen no photograph, no face turned away, and no
other size.

## Licences

The weights and the drawings are under this package's licence.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, measure and write weights and cards.

    Parameters
    ----------
    arguments
        Arguments of the command line: ``--to FOLDER`` (the current one), ``--only NAME …`` of `SETS` (all),
        and ``--seed`` (0).
    """
    parser = parser_of(
        "portrait_classifier",
        "Train the face classifiers of cfwidgets.zoo, and write their weights and model cards.",
    )
    parser.add_argument("--only", nargs="+", choices=SETS, default=list(SETS), help="some of them")
    chosen = parsed(parser, arguments)
    for name in chosen.only:
        start = time.perf_counter()
        network = train(SETS[name].draw(_FACES), seed=chosen.seed)
        seconds = time.perf_counter() - start
        made = (
            f"`{parser.prog} --only {name} --seed {chosen.seed}`, in {seconds:.0f} s with the drawing,\n"
            f"on {machine()}."
        )
        card = model_card(network, name, made=made, tested=_TESTED)
        write(chosen.to, f"portraits_male_{name.replace('-', '_')}", network, card)


if __name__ == "__main__":
    main()
