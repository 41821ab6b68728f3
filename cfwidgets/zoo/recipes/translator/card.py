"""The model card of a translator."""

from __future__ import annotations

from typing import Any

from torch import nn

from cfwidgets.models.translator_pair import TranslatorPair
from cfwidgets.zoo.recipes.command import wrapped
from cfwidgets.zoo.recipes.translator.data import DATA_SETS

__all__ = ["model_card"]


def model_card(name: str, pair: TranslatorPair, found: dict[str, Any], made: str) -> str:
    """Write the model card of measurements.

    Parameters
    ----------
    name
        Of `DATA_SETS`.
    pair
        The translator.
    found
        As `measured` gives it.
    made
        A sentence on how it was made: the command, the seed, the time.

    Returns
    -------
    str
        Markdown.
    """
    kind = DATA_SETS[name]
    accuracy = "\n".join(f"| {who} | {value:.1%} |" for who, value in found["accuracy"].items())
    flips = "\n".join(f"| {who} | {a:.1%} | {b:.1%} |" for who, (a, b) in found["flips"].items())
    return _CARD.format(
        name=name,
        of=_count(pair.generator),
        judge=_count(pair.discriminator),
        size=found["size"],
        made=made,
        stride=pair.generator.stride,
        about=wrapped(kind.about),
        tested=found["tested"],
        accuracy=accuracy,
        flips=flips,
        sound=kind.labels[0],
        damaged=kind.labels[1],
        of_sound=found["difference"][0],
        of_damaged=found["difference"][1],
        back=found["back"],
        real=found["painted"]["real"],
        twins=found["painted"]["twins"],
        masks=_mask_table(found["masks"]) if "masks" in found else "",
        **{key.replace(" ", "_"): value for key, value in found["doubt"].items()},
    )


def _count(network: nn.Module) -> int:
    return sum(weights.numel() for weights in network.parameters())


def _mask_table(masks: dict[str, dict[str, float]]) -> str:
    columns = ("IoU", "IoU of images", "F1", "precision", "recall", "AUPRC", "best over test quantiles")
    rows = "\n".join(
        f"| {who} | {' | '.join(f'{values[column]:.3f}' for column in columns)} |"
        for who, values in masks.items()
    )
    ours = masks["translator"]["IoU"]
    ratios = "; ".join(
        f"{ours / values['IoU']:.2f} times {who}"
        for who, values in masks.items()
        if not who.startswith("translator") and values["IoU"]
    )
    return _MASKS.format(
        head=" | ".join(columns), lines=" | ".join(["---"] * len(columns)), rows=rows, ratios=ratios
    )


_CARD = """\
# {name} (translator)

`cfwidgets.zoo.translator("{name}")`: paints the twin of the other class for a picture, {sound} or
{damaged}, and says which it is. A `cfwidgets.networks.UNet` ({of:,} parameters) and the discriminator that it
was trained against ({judge:,}), which tells both classes and what is painted. For pictures of
{size} x {size} pixels, and others of 64 to 224 whose sides are multiples of {stride}.

## How it was made

{made}
{about}
Settings: `cfwidgets.zoo.recipes.translator.training`, also in the file.

## Quality

On {tested:,} pictures that it has not seen. The judge is another classifier, of another depth, width, pooling
and seed, which has seen nothing painted. An "ordinary" network is of the same kind as the translator's,
trained with labels alone.

| | accuracy |
| --- | --- |
{accuracy}

How many twins are put in the other class:

| by | of {sound} | of {damaged} |
| --- | --- | --- |
{flips}

Mean absolute difference of a twin: {of_sound:.4f} of {sound}, {of_damaged:.4f} of {damaged}, of a range of 1;
the twin of the twin is {back:.4f} away from the picture. The discriminator gives twins a probability of
{twins:.2f} to be painted, and real pictures {real:.2f}. That probability of a real picture and the
discriminator's loss on it have a Pearson correlation of {pearson:.3f} (of the branch's loss:
{pearson_of_the_branch:.3f}); it tells the discriminator's errors with an area under the ROC curve of
{auroc:.3f}.
{masks}
## Known weaknesses

The tables are its weaknesses, and the sheet of pictures that the command writes. It knows pictures as they
are drawn here, and no photograph of anything.

## Licences

The weights are under this package's licence.
"""

_MASKS = """
Difference and true mask, on the damaged pictures. The threshold is chosen on validation data, and the
translator's is in the file; "best over test quantiles" is the paper's figure, with the threshold chosen on
the test data themselves. All pixels count alike, but in "IoU of images", the mean of each picture's own.

| | {head} |
| --- | {lines} |
{rows}

The IoU is {ratios}.
"""
