"""Train the attribute editor of the zoo: ``python -m cfwidgets.zoo.recipes.portrait_editor``.

Writes the weights of a `cfwidgets.networks.AttGAN` and of its discriminator, and their model card, measured
by the same command. It takes some hours on two cores; with ``--checkpoint`` it may be stopped, and the same
command resumes it.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cfwidgets.checks import positive_int
from cfwidgets.data.portraits import ATTRIBUTES, portraits
from cfwidgets.evaluation import frechet_distance
from cfwidgets.models.attgan_editor import AttGANEditor
from cfwidgets.networks import AttGAN, FaceCNN
from cfwidgets.training.attgan import AttGANTraining, TrainedAttGAN
from cfwidgets.training.flac import before_last
from cfwidgets.zoo.recipes.command import add_checkpoint, add_faces, kept, parsed, parser_of, wrapped

__all__ = ["EDITED", "SIZE", "faces", "judge", "main", "model_card", "training"]

SIZE = 64
_FACES = 8000
_TESTED = 500
_TEST_FIRST = 1_000_000  # numbers of faces that are in no training set
_JUDGED_FIRST = 2_000_000
_JUDGE_SEED = 1
_JUDGE_EPOCHS = 10
_BATCH = 100
EDITED = ATTRIBUTES[:13]
"""The attributes that are edited: those of AttGAN, in its order."""

_ALIKE = {
    "Young": 0.55,
    "Bald": 0.12,
    "Black_Hair": 0.26,
    "Blond_Hair": 0.26,
    "Brown_Hair": 0.26,
    "Bangs": 0.3,
    "Bushy_Eyebrows": 0.4,
    "Eyeglasses": 0.4,
    "Mouth_Slightly_Open": 0.45,
    "Pale_Skin": 0.3,
    "Smiling": 0.45,
    "Wearing_Hat": False,
}
_MEN = {"Male": True, "Mustache": 0.4, "No_Beard": 0.45, "Wearing_Lipstick": 0.03, "Wearing_Earrings": 0.1}
_WOMEN = {"Male": False, "Mustache": 0.1, "No_Beard": 0.9, "Wearing_Lipstick": 0.5, "Wearing_Earrings": 0.3}


def faces(n: int, *, first: int = 0, seed: int = 0, size: int = SIZE) -> tuple[Tensor, Tensor]:
    """Draw faces to train an editor: rare attributes are common, and attributes are hardly correlated.

    With the usual tendencies, few faces are bald and blond hair is correlated with the absence of Male: an
    editor trained on them changes one with the other. Hats are left out, since they hide the hair.

    Parameters
    ----------
    n
        The number of faces, half of them Male.
    first
        Number of the first face: other numbers are other people.
    seed
        Seed of the portraits.
    size
        Side in pixels.

    Returns
    -------
    Tensor, Tensor
        ``(n, 3, size, size)`` uint8 and ``(n, 13)`` bool; men and women in turn.
    """
    positive_int("n", n, minimum=2)
    halves = [
        portraits(count, size, seed, attributes={**_ALIKE, **own}, first=first + start)
        for own, count, start in ((_MEN, (n + 1) // 2, 0), (_WOMEN, n // 2, (n + 1) // 2))
    ]
    order = torch.arange(n) // 2 + (torch.arange(n) % 2) * len(halves[0])
    pixels = torch.cat([half.pixels for half in halves])[order]
    attributes = torch.cat([half.attributes for half in halves])[order, : len(EDITED)]
    return pixels, attributes


def training(updates: int = 4500, seed: int = 0) -> AttGANTraining:
    """Return the settings by which the zoo's editor of portraits was trained.

    Parameters
    ----------
    updates
        Updates of the generator in total.
    seed
        0 for the weights of the zoo.
    """
    return AttGANTraining(
        updates=updates,
        critic_updates=2,
        dim=32,
        layers=4,
        hidden=256,
        precision="bfloat16",
        report_every=10,
        seed=seed,
    )


def judge(
    examples: Tensor, attributes: Tensor, *, epochs: int = _JUDGE_EPOCHS, seed: int = _JUDGE_SEED
) -> FaceCNN:
    """Train a network to recognise attributes, to judge edited faces.

    Parameters
    ----------
    examples, attributes
        Faces and attributes from `faces`, of other people than the editor was trained on.
    epochs
        Passes over the faces, which are mirrored at random.
    seed
        Seed of the initial weights, the order and the mirroring.

    Returns
    -------
    FaceCNN
        A network with one logit an attribute, in evaluation mode.
    """
    positive_int("epochs", epochs)
    random = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        network = FaceCNN(attributes.shape[1])
    adam = torch.optim.Adam(network.parameters(), lr=2e-3, weight_decay=1e-4)
    steps = epochs * -(-len(examples) // _BATCH)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, steps)
    network.train()
    for _ in range(epochs):
        for places in torch.randperm(len(examples), generator=random).split(_BATCH):
            images = examples[places].float() / 255
            turned = torch.rand(len(places), generator=random) < 0.5
            images[turned] = images[turned].flip(3)
            adam.zero_grad()
            F.binary_cross_entropy_with_logits(network(images), attributes[places].float()).backward()
            adam.step()
            schedule.step()
    return network.eval()


@torch.no_grad()
def model_card(editor: AttGANEditor, judged_by: FaceCNN, *, made: str, tested: int = _TESTED) -> str:
    """Measure an editor of portraits on people that it has not seen, and write its model card.

    Parameters
    ----------
    editor
        The editor as shipped.
    judged_by
        See `judge`.
    made
        A sentence on how it was made: the command, the seed, the time.
    tested
        Test faces.

    Returns
    -------
    str
        Markdown.
    """
    generator, discriminator = editor.networks
    pixels, has = faces(tested, first=_TEST_FIRST)
    images = pixels.float() / 255
    repainted = _generated(generator, images, has.float())
    predicted = _answers(judged_by, images)
    own = torch.cat([editor.recognise(some) for some in images.split(_BATCH)]) > 0.5
    again = _answers(judged_by, repainted)
    rows, preserved, short = [], [], []
    together = has.float().T @ has.float()
    for place, name in enumerate(EDITED):
        lacking, never = ~has[:, place], together[place] == 0
        hits = []
        for far in (1, 2):  # the farther last: the fewest attributes are preserved there
            wanted = _inverted(has, place, never, far)
            edited = _generated(generator, images, wanted)
            answers = _answers(judged_by, edited)
            hits.append(answers[:, place] == lacking)
        same = (answers == again)[wanted == has].float().mean()
        preserved.append(same)
        seen = hits[-1].float().mean()
        if seen < _ENOUGH:
            short.append(f"{name} ({seen:.1%})")
        change = (edited - repainted).abs().amax(1).flatten(1)
        rows.append(
            f"| {name} | {' | '.join(f'{_of(hit, lacking)} | {_of(hit, ~lacking)}' for hit in hits)} "
            f"| {seen:.1%} | {(predicted[:, place] == has[:, place]).float().mean():.1%} "
            f"| {same:.1%} | {(change > _VISIBLE).float().mean():.1%} |"
        )
    shuffled = has[torch.randperm(len(has), generator=torch.Generator().manual_seed(0))].float()
    real = _features(judged_by, images)
    other = faces(tested, first=_TEST_FIRST + 500_000)[0].float() / 255
    noise = torch.rand(images.shape, generator=torch.Generator().manual_seed(0))
    return _CARD.format(
        made=made,
        parameters=_count(generator),
        judge_parameters=0 if discriminator is None else _count(discriminator),
        tested=tested,
        judge=(predicted == has).float().mean(),
        own=(own == has).float().mean(),
        apart=(repainted - images).abs().mean(),
        rows="\n".join(rows),
        preserved=torch.stack(preserved).mean(),
        enough=_ENOUGH,
        short=", ".join(short) or "none",
        painted=frechet_distance(_features(judged_by, repainted), real),
        edited=frechet_distance(_features(judged_by, _generated(generator, images, shuffled)), real),
        floor=frechet_distance(_features(judged_by, other), real),
        ceiling=frechet_distance(_features(judged_by, noise), real),
    )


def _inverted(has: Tensor, place: int, never: Tensor, far: float) -> Tensor:
    """Invert one attribute; where it is added, remove those that never occur with it."""
    wanted = has.float()
    wanted[:, place] = 0.5 + far * (0.5 - wanted[:, place])
    return torch.where(~has[:, place, None] & never, 0.0, wanted)


_ENOUGH = 0.8
_VISIBLE = 0.1  # of a channel's range: pixels that change by more count as changed


def _count(network: nn.Module) -> int:
    return sum(weights.numel() for weights in network.parameters())


def _of(hit: Tensor, among: Tensor) -> str:
    return f"{hit[among].float().mean():.1%}"


def _generated(generator: AttGAN, images: Tensor, attributes: Tensor) -> Tensor:
    parts = zip(images.split(_BATCH), attributes.split(_BATCH), strict=True)
    return torch.cat([generator(some, wanted) for some, wanted in parts])


def _answers(network: nn.Module, images: Tensor) -> Tensor:
    return torch.cat([network(some) for some in images.split(_BATCH)]) > 0


def _features(network: FaceCNN, images: Tensor) -> Tensor:
    return torch.cat([before_last(network, some) for some in images.split(_BATCH)])


_CARD = """\
# portraits

`cfwidgets.zoo.attribute_editor("portraits")`: edits the attributes of a drawn portrait of 64 x 64
pixels, the 13 of AttGAN. A `cfwidgets.networks.AttGAN` ({parameters:,} parameters) with its discriminator
({judge_parameters:,}), which rates how real a portrait looks and recognises its attributes. It is meant
neither for photographs nor for statements about people: see `cfwidgets.data.portraits`.

## How it was made

{made} Data: `cfwidgets.zoo.recipes.portrait_editor.faces`, 8,000 portraits in which what is rare is common
and hardly anything goes together, so that an edit changes its attribute and not others that are usually
correlated with it. Settings: `cfwidgets.zoo.recipes.portrait_editor.training`.

## Quality

On {tested:,} other people. The judge is a `cfwidgets.networks.FaceCNN` with one logit an attribute, trained
on 6,000 others again, which has seen no generated image; it is right about {judge:.1%} of the attributes of
real portraits, the editor's own classifier about {own:.1%}.

Reconstructed without a change, a portrait differs from itself by {apart:.3f}, in the mean over pixels and
channels in [0, 1].

One attribute inverted, from 0 to 1 or from 1 to 0, and twice as far, from 0 to 1.5 or from 1 to -0.5, as
AttGAN's authors measure: how often the judge then sees it where it was absent (added), no longer sees it
where it was present (removed), and both together; how often it is right about real portraits; and, twice as
far, how many of the attributes that are to stay it sees as before, and how many pixels change by more than a
tenth of their range. What never goes with an attribute that is added (a second hair colour; hair, with Bald)
is taken away with it.

| attribute | added | removed | twice: added | removed | both | real ones | others kept | pixels changed |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
{rows}

Of the attributes that are to stay {preserved:.1%} do, in the mean.

Fréchet distance to the real portraits, in the 96 features of the judge's last layer but one (so it compares
with no FID of Inception features):

| | distance |
| --- | --- |
| reconstructed | {painted:.2f} |
| with the attributes of another | {edited:.2f} |
| other real portraits (as near as one can expect to come) | {floor:.2f} |
| noise | {ceiling:.2f} |

## Known weaknesses

The table shows its weaknesses. Edits that the judge sees in fewer than {enough:.0%}, twice as far: {short}.
To take all hair away, or to change shapes as Male and Young do, is hardest for a generator whose shortcut
carries what was there. Fine detail is blurred, as the distance of a reconstructed portrait shows. It has seen
no hats, no photograph, no face turned away, and no other size.

Tried, and not shipped, since Male got no better: 1,000 further updates with other attributes
from -½ to 1½ (`b_distribution="uniform"`), twice the weight on attributes (`attributes=20`) and half the
learning rate, falling from the 300th on; 6 minutes on two cores. Twice as far, the judge then sees Young in
82.2%, Bald in 41.2%, Male in 74.0%. At single strength blond hair is gone in 36.9%, instead of 17.8%. The
loss of attributes was still falling (0.23 to 0.14).

## Licences

The weights and the drawings are under this package's licence.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, measure and write the weights and their card.

    Parameters
    ----------
    arguments
        Arguments of the command line: ``--to FOLDER`` (the current one), ``--seed`` (0), ``--updates`` and
        ``--checkpoint FILE``.
    """
    parser = parser_of(
        "portrait_editor",
        "Train the attribute editor of cfwidgets.zoo, and write its weights and model card.",
    )
    add_checkpoint(parser, training().updates)
    add_faces(parser, _FACES, _TESTED)
    chosen = parsed(parser, arguments)
    resume = kept(chosen.checkpoint, TrainedAttGAN)
    pixels, has = faces(chosen.faces)
    trained = training(chosen.updates, chosen.seed).train(
        pixels, has, EDITED, resume=resume, checkpoint=chosen.checkpoint
    )
    if trained.step < chosen.updates:
        parser.exit(1, "Interrupted: nothing is shipped; a checkpoint is resumed.\n")
    # Shipped in half precision, and measured as it is shipped.
    path = chosen.to / "portraits_editor.safetensors"
    trained.editor().save(path, half=True)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    made = wrapped(
        f"`{parser.prog} --updates {chosen.updates} --seed {chosen.seed}`: "
        f"{chosen.updates:,} updates in {trained.seconds / 60:.0f} minutes with torch {torch.__version__} on "
        f"{platform.machine()} (another machine or another number of threads gives other weights). "
        f"The file's sha256: {digest}."
    )
    judged_by = judge(*faces(max(2 * chosen.tested, 3 * chosen.faces // 4), first=_JUDGED_FIRST))
    card = model_card(AttGANEditor.load(path), judged_by, made=made, tested=chosen.tested)
    (chosen.to / "portraits_editor.md").write_text(card, encoding="utf-8")


if __name__ == "__main__":
    main()
