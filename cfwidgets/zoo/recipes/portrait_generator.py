"""Train the portrait generator of the zoo: ``python -m cfwidgets.zoo.recipes.portrait_generator``.

Writes ``portraits_generator.safetensors`` (the weights of a `cfwidgets.networks.BigGAN`, halves) and
``portraits_generator.md`` (its model card, measured by the same command). With ``--checkpoint`` it may be
stopped, and the same command resumes from the last 1,000th update.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator, Sequence

import torch
from safetensors.torch import save
from torch import Tensor

from cfwidgets import zoo
from cfwidgets.checks import positive_int
from cfwidgets.data.portraits import ATTRIBUTES, Portraits, portraits
from cfwidgets.evaluation import frechet_distance
from cfwidgets.networks import BigGAN, FaceCNN
from cfwidgets.training.biggan import BigGANTraining, TrainedBigGAN
from cfwidgets.training.flac import before_last
from cfwidgets.zoo.recipes import portrait_editor
from cfwidgets.zoo.recipes.command import (
    add_checkpoint,
    add_faces,
    kept,
    machine,
    parsed,
    parser_of,
    trained_aloud,
    write,
)
from cfwidgets.zoo.recipes.samples import FAR, copies_table, generated, percent

__all__ = ["CLASSES", "SIZE", "examples", "faces", "judge", "main", "model_card", "training"]

SIZE = 64
CLASSES = ("not Male", "Male")
"""Those of ``zoo.classifier("portraits/male-…")``, in their order."""

_FACES = 6000
_SHARES = {"Male": 0.5, "Wearing_Hat": False}
_ANY_HAIR = {"Male": {"not Blond_Hair": 0.5}}
_TESTED = 2000
_TEST_FIRST = 1_000_000  # numbers of faces that are in no training set
_JUDGED_FIRST = 2_000_000
_MALE, _BLOND = ATTRIBUTES.index("Male"), ATTRIBUTES.index("Blond_Hair")
_BATCH = 100
_WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)


def faces(n: int, *, first: int = 0, seed: int = 0) -> Portraits:
    """Draw faces to train a generator: half of them Male, and in each half every second is blond.

    So a generator can paint blond hair in either class, and where a classifier takes blond hair for the
    absence of Male, it can show so. Hats are left out: they are rare, and hide the hair.

    Parameters
    ----------
    n
        The number of faces.
    first
        Number of the first face: other numbers are other people.
    seed
        Seed of the portraits.
    """
    return portraits(n, SIZE, seed, attributes=_SHARES, correlate=_ANY_HAIR, first=first)


def examples(drawn: Portraits) -> tuple[Tensor, Tensor]:
    """Make the images and labels that are trained on: the faces, and their mirror images.

    Parameters
    ----------
    drawn
        ``n`` portraits.

    Returns
    -------
    Tensor, Tensor
        ``(2n, 3, 64, 64)`` float32 in [0, 1] and ``(2n,)`` int64, 1 for Male.
    """
    images, labels = drawn.images, drawn.attribute("Male").long()
    return torch.cat([images, images.flip(3)]), labels.repeat(2)


def training(updates: int = 5_500, seed: int = 0) -> BigGANTraining:
    """Return the settings by which the zoo's generator of portraits was trained.

    Parameters
    ----------
    updates
        Updates of the generator in total.
    seed
        0 for the weights of the zoo.
    """
    return BigGANTraining(
        updates=updates,
        batch_size=16,
        channels=8,
        critic_channels=16,
        latent_size=80,
        generator_rate=3e-4,
        discriminator_rate=6e-4,
        mean_decay=0.998,
        mean_from=2000,
        shift=1 / 16,
        cutout=0,
        precision="bfloat16",
        report_every=100,
        seed=seed,
    )


def judge(examples: Portraits) -> FaceCNN:
    """Train a network to recognise all attributes of a portrait, to judge generated ones.

    Parameters
    ----------
    examples
        Portraits from `faces`, of other people than the generator was trained on.
    """
    return portrait_editor.judge(examples.pixels, examples.attributes)


@torch.no_grad()
def model_card(
    network: BigGAN,
    judged_by: FaceCNN,
    train: Portraits,
    test: Portraits,
    *,
    made: str,
    seed: int = 0,
) -> str:
    """Measure a generator of portraits, and write its model card.

    Parameters
    ----------
    network
        The generator as shipped, in evaluation mode.
    judged_by
        A network that the generator was not trained with: see `judge`.
    train, test
        Portraits from `faces`: those that the generator was trained on, and at least 20 other people. As many
        samples are measured as there are of the latter.
    made
        A sentence on how it was made: the command, the seed, the time.
    seed
        Seed of the latent vectors.

    Returns
    -------
    str
        Markdown.
    """
    positive_int("test portraits", len(test), minimum=20)
    each = len(test) // 2
    z = network.sample(2 * each, seed)
    labels = torch.arange(2).repeat_interleave(each)
    images, real, known = generated(network, z, _one_hot(labels)), test.images, train.images
    truth = test.attribute("Male").long()
    features, test_features = _features(judged_by, images), _features(judged_by, real)
    seen, test_seen = judged_by[-1](features) > 0, judged_by[-1](test_features) > 0
    right, test_right = seen[:, _MALE] == labels.bool(), test_seen[:, _MALE] == truth.bool()
    noise = torch.rand(images.shape, generator=torch.Generator().manual_seed(seed))
    apart, real_apart = _mean_distances(images, labels), _mean_distances(real, truth)
    shares = _shares(seen, labels, test_seen, truth)
    painted, drawn, learnt = _shrunk(images), _shrunk(real), _shrunk(known)
    everyone = torch.cat([learnt, learnt.flip(3)])  # mirror images were trained on too
    return _CARD.format(
        made=made,
        parameters=sum(weights.numel() for weights in network.parameters()),
        latent_size=network.latent_size,
        faces=len(train),
        attributes=len(ATTRIBUTES),
        judge=(test_seen == test.attributes).float().mean(),
        samples=len(images),
        tests=len(test),
        distance=frechet_distance(features, test_features),
        floor=frechet_distance(_features(judged_by, known), test_features),
        ceiling=frechet_distance(_features(judged_by, noise), test_features),
        classes="\n".join(
            f"| {name} | {percent(right[labels == k])} | {percent(test_right[truth == k])} "
            f"| {apart[k]:.2f} | {real_apart[k]:.2f} |"
            for k, name in enumerate(CLASSES)
        ),
        accuracy=right.float().mean(),
        misread=(~right).float().mean(),
        real_misread=(~test_right).float().mean(),
        own=_own(images, labels, seen[:, _BLOND]),
        attribute_rows="\n".join(
            f"| {name} | " + " | ".join(f"{share:.1%}" for share in row) + " |"
            for name, row in zip(ATTRIBUTES, shares.tolist(), strict=True)
            if name not in ("Male", "Wearing_Hat")
        ),
        copies=copies_table(painted, everyone, drawn, "portraits"),
        walk=_walk(network, judged_by, z[:each]),
        variety=(apart / real_apart).mean(),
        farthest=_farthest(shares),
        sharpness=_edges(images) / _edges(real),
        far="\n".join(
            f"| {times:g} times as long | {percent(read == labels[::4].bool())} |"
            for times in FAR
            for read in [_predicted(judged_by, generated(network, z[::4] * times, _one_hot(labels[::4])))]
        ),
    )


def _one_hot(labels: Tensor) -> Tensor:
    return torch.nn.functional.one_hot(labels, 2).float()


def _features(network: FaceCNN, images: Tensor) -> Tensor:
    return torch.cat([before_last(network, some) for some in images.split(_BATCH)])


def _predicted(judged_by: FaceCNN, images: Tensor) -> Tensor:
    """Predict Male, ``(n,)`` bool."""
    return judged_by[-1](_features(judged_by, images))[:, _MALE] > 0


def _mean_distances(images: Tensor, labels: Tensor) -> Tensor:
    """Compute the mean distance between two images of a class, for each class."""
    return torch.stack([torch.pdist(images[labels == k].flatten(1)).mean() for k in range(2)])


def _shrunk(images: Tensor) -> Tensor:
    """Shrink images to half their side, by which millions of pairs are compared in a quarter of the time."""
    return torch.nn.functional.avg_pool2d(images, 2)


def _edges(images: Tensor) -> Tensor:
    """Compute the mean absolute difference of neighbours: low where images are blurred."""
    return (images.diff(dim=2).abs().mean() + images.diff(dim=3).abs().mean()) / 2


def _shares(seen: Tensor, labels: Tensor, test_seen: Tensor, truth: Tensor) -> Tensor:
    """Compute how often the judge sees each attribute, ``(18, 4)``: of each class, samples and real ones."""
    columns = [
        some[wanted == k].float().mean(dim=0)
        for k in range(2)
        for some, wanted in ((seen, labels), (test_seen, truth))
    ]
    return torch.stack(columns, dim=1)


def _farthest(shares: Tensor) -> str:
    """Name the attributes whose shares differ most between samples and real portraits."""
    differences = torch.stack([shares[:, 0] - shares[:, 1], shares[:, 2] - shares[:, 3]], dim=1)
    differences[_MALE] = 0  # it is the class, and has its own table
    order = differences.abs().flatten().argsort(descending=True)[:3].tolist()
    return ", ".join(
        f"{ATTRIBUTES[place // 2]} ({CLASSES[place % 2]}: {differences.flatten()[place] * 100:+.1f})"
        for place in order
    )


def _own(images: Tensor, labels: Tensor, blond: Tensor) -> str:
    """Make a table of how the zoo's classifiers of this size read the samples, by class and hair."""

    def rows() -> Iterator[str]:
        for name in ("portraits/male-any-hair", "portraits/male-blond"):
            network = zoo.classifier(name, device="cpu").require_module()
            right = torch.cat([network(some).argmax(1) for some in images.split(_BATCH)]) == labels
            cells = [
                percent(right[(labels == k) & (blond == hair)]) for k in range(2) for hair in (True, False)
            ]
            yield f"| `{name}` | {percent(right)} | {' | '.join(cells)} |"

    head = " | ".join(f"{name}, {hair}" for name in CLASSES for hair in ("blond", "other hair"))
    return "\n".join([f"| classifier | all | {head} |", "| --- | --- | --- | --- | --- | --- |", *rows()])


def _walk(network: BigGAN, judged_by: FaceCNN, z: Tensor) -> str:
    """Make a table of predictions along class vectors from one class to the other."""

    def rows() -> Iterator[str]:
        for weight in _WEIGHTS:
            c = torch.tensor([[1 - weight, weight]]).expand(len(z), 2)
            male = _predicted(judged_by, generated(network, z, c))
            yield f"| {1 - weight:.2f}, {weight:.2f} | {percent(~male)} | {percent(male)} |"

    head = f"| weights of {', '.join(CLASSES)} | read as {CLASSES[0]} | as {CLASSES[1]} |"
    return "\n".join([head, "| --- | --- | --- |", *rows()])


_CARD = """\
# portraits

`cfwidgets.zoo.generator("portraits")`: drawn portraits, Male or not, or between the two, painted from a
vector of {latent_size} normal numbers. A `cfwidgets.networks.BigGAN` ({parameters:,} parameters): 64 x 64
pixels in [0, 1], in colour. Its classes are those of `zoo.classifier("portraits/male-…")`. It serves to
explain those classifiers' mistakes. It is meant neither for photographs nor for statements about people: the
classes are a convention of drawing, see `cfwidgets.data.portraits`.

## How it was made

{made}
Data: `cfwidgets.zoo.recipes.portrait_generator.faces`, {faces:,} portraits and their mirror images: half of
them Male, in either class half of them blond, none with a hat, all else as it usually is. Settings:
`cfwidgets.zoo.recipes.portrait_generator.training`. The test portraits had no part in it.

## How it was measured

{samples:,} samples, as many of each class, against {tests:,} portraits of other people, drawn the same way.
The judge is a `cfwidgets.networks.FaceCNN` with one logit for each of the {attributes} attributes, trained on
others again, twice as many, which has seen no sample; it is right about {judge:.1%} of the attributes of the
test portraits.

## Fréchet distance

To the test portraits, in the 96 features of the judge's last layer but one (so it compares with no FID of
Inception features):

| | distance |
| --- | --- |
| samples | {distance:.2f} |
| the portraits it was trained on (as near as one can expect to come) | {floor:.2f} |
| noise, each pixel by itself | {ceiling:.2f} |

## Are they of their class, and how varied?

The judge reads {accuracy:.1%} of the samples as the class that they were painted as. The mean distance is
Euclidean, in pixels, between two of a class: smaller than among real portraits means less varied.

| class | samples read right | test portraits read right | mean distance of samples | of test portraits |
| --- | --- | --- | --- | --- |
{classes}

The zoo's classifiers of this size, by the class that samples were painted as and the hair that the judge
sees. What a biased classifier misreads here it misreads in real portraits too, as its own card says:

{own}

How often the judge sees an attribute, which shows what is painted too seldom:

| attribute | not Male: samples | test portraits | Male: samples | test portraits |
| --- | --- | --- | --- | --- |
{attribute_rows}

## Are they copies?

Euclidean distance to the nearest, in pixels of pictures halved to 32 x 32, of 1 %, 10 % and half of them at
most:

{copies}

Were samples copies, the first row would be far below the second. Were there real portraits that it cannot
paint, the third would be far above the second, though there are fewer samples than training portraits.

## Between classes

{walk}

## Known weaknesses

- Variety: averaged over the classes, the mean distance of two samples is {variety:.0%} of that of two test
  portraits.
- Attributes painted too seldom or too often, in percentage points, the three farthest off: {farthest}.
- Clear cases: the judge misreads {misread:.1%} of the samples and {real_misread:.1%} of the test portraits.
- Sharpness: neighbouring pixels differ {sharpness:.0%} as much as in test portraits: less is a blur, more a
  faint grid. Fine details such as glasses, jewellery and the pattern of clothes are smeared or missing.
- It paints no hats, no photograph, no face turned away, and no other size.
- Latent vectors longer than those it was trained on:

| latent vectors | read right |
| --- | --- |
{far}

## Licences

The weights and the drawings are under this package's licence.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, measure and write the weights and their card.

    Parameters
    ----------
    arguments
        Arguments of the command line: ``--to FOLDER`` (the current one), ``--seed`` (0), ``--updates``
        and ``--checkpoint FILE``, which is resumed if it exists; ``--faces`` to learn from (6,000) and
        ``--tested`` to measure with (2,000).
    """
    parser = parser_of(
        "portrait_generator",
        "Train the portrait generator of cfwidgets.zoo, and write its weights and model card.",
    )
    add_checkpoint(parser, training().updates)
    add_faces(parser, _FACES, _TESTED)
    chosen = parsed(parser, arguments)
    resume = kept(chosen.checkpoint, TrainedBigGAN)
    train = faces(chosen.faces)
    settings = training(chosen.updates, chosen.seed)
    trained = trained_aloud(settings.steps(*examples(train), resume=resume, checkpoint=chosen.checkpoint))
    halved = trained.network().half()
    made = (
        f"`{parser.prog} --seed {chosen.seed} --updates {chosen.updates}`,\n"
        f"in {trained.seconds / 60:.0f} min on {machine()}. Half precision; SHA-256 of the weights:\n"
        f"`{hashlib.sha256(save(halved.state_dict())).hexdigest()}`."
    )
    test = faces(chosen.tested, first=_TEST_FIRST)
    judged_by = judge(faces(2 * chosen.tested, first=_JUDGED_FIRST))
    # Measured as it is shipped.
    card = model_card(copy.deepcopy(halved).float(), judged_by, train, test, made=made)
    write(chosen.to, "portraits_generator", halved, card)


if __name__ == "__main__":
    main()
