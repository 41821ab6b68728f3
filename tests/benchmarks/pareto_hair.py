"""Test whether a classifier of Male relies on hair colour: as published, and where the answer is known.

Run it with ``python tests/benchmarks/pareto_hair.py`` (``--quick`` for a look, ``--editor FILE`` for another
editor than the zoo's). It trains four classifiers on portraits: with their usual tendencies (a quarter of the
women blond), with those but without blond women (Barredo-Arrieta and Del Ser 2020, who found that hair colour
carries the first and not the second), and with blond hair telling about Male in 99 % and in half of the
faces. It searches counterfactuals for test faces without blond hair side by side, and prints which changes
are necessary, with 95 % intervals, beside what is known: the same people redrawn with blond hair. It prints;
it asserts nothing.

``--data FOLDER --editor FILE`` runs the two published experiments on photographs: the folder holds CelebA's
``img_align_celeba`` and ``list_attr_celeba.txt``, the file is what `AttGANEditor.save` wrote (published
weights, or one that `cfwidgets.training.attgan` has trained). Files 1 to 182,000 are trained on, 637 are for
validation, and test faces are drawn from the rest, blond or not, as in the paper; pictures are cut to 170
pixels, as AttGAN cuts them, and scaled by bicubic interpolation to the editor's size. A search has 100
particles, an archive of 100 and 25,000 evaluations. The paper states neither the classifier's training nor
the number of evaluations; PIL's interpolation smooths, TensorFlow's of the time did not.

Measured 2026-11-22, zoo editor, 50 men and 50 women, 1,000 candidates each, one thread of a busy machine
(2 cores, x86-64), 28 minutes. Of the men, all but one of the 200 searches flip, none by the editor's
reconstruction alone. Changes that are necessary for the flips, and one that is sufficient:

======================== =================== =================== ==================== =============
trained on               Blond_Hair          Male                Male, sufficient     redrawn blond
======================== =================== =================== ==================== =============
the usual tendencies     12 % (6 to 24 %)    100 % (93 to 100 %) 66 % (52 to 78 %)    0 % flip
without blond women      4 % (1 to 13 %)     100 % (93 to 100 %) 58 % (44 to 71 %)    0 % flip
blond tells in 99 %      92 % (81 to 97 %)   88 % (76 to 94 %)   12 % (6 to 24 %)     66 % flip
blond tells in 50 %      14 % (7 to 27 %)    100 % (93 to 100 %) 70 % (56 to 81 %)    0 % flip
======================== =================== =================== ==================== =============

Of the women, who are not blond either, Blond_Hair is necessary for 12, 10, 10 and 14 %, and Male for 98, 100,
80 and 100 %. The network with the bias predicts Male for 28 % of these women, and 20 % of the searches flip
by the reconstruction alone.

So on these portraits the published finding is not reproduced with the usual tendencies: shape determines
Male almost without fail, and no network relies on the hair, as redrawing confirms. It is reproduced where
hair does determine it: the search names the attribute, for the network that has the bias and for no other.
"""

from __future__ import annotations

import argparse
import time
from functools import partial
from pathlib import Path

import celeba
import torch

import cfwidgets as cf
from cfwidgets import zoo
from cfwidgets.data.portraits import portraits
from cfwidgets.data.portraits.attributes import ATTRIBUTES
from cfwidgets.engines.pareto.engine import PlausibleCounterfactuals
from cfwidgets.models.attgan_editor import AttGANEditor
from cfwidgets.networks import TargetCNN
from cfwidgets.search import SMPSO
from cfwidgets.zoo.recipes.portrait_classifier import train

SIZE = 64
TESTED = 3_000_000  # the number of the first face that nothing has seen
HAIR = ("Black_Hair", "Blond_Hair", "Brown_Hair")


def without_blond_women(faces):
    """The portraits less those with blond hair that are not Male."""
    keep = faces.attribute("Male") | ~faces.attribute("Blond_Hair")
    return type(faces)(
        faces.pixels[keep], faces.attributes[keep], faces.region_bits[keep], faces.seed, faces.first
    )


class Drawn:
    """Portraits, of which it is known how they look with blond hair."""

    def __init__(self, options, size):
        self.options, self.size = options, size

    def training_sets(self):
        """The faces of each classifier, by name."""
        usual = portraits(self.options.faces, self.size, self.options.seed)
        yield "the usual tendencies", usual
        yield "without blond women", without_blond_women(usual)
        for bias in (0.99, 0.5):
            correlate = {"Male": {"not Blond_Hair": bias}}
            yield (
                f"blond hair tells in {bias:.0%}",
                portraits(self.options.faces, self.size, self.options.seed, correlate=correlate),
            )

    def people(self, male):
        """Faces that are tested."""
        return portraits(
            self.options.images,
            self.size,
            self.options.seed,
            attributes={"Male": male, "Blond_Hair": False, "Bald": False, "Wearing_Hat": False},
            first=TESTED + 10_000 * male,
        )

    def truth(self, clf, people):
        """How often the same people are called something else once they are drawn with blond hair."""
        blond = people.edited(Blond_Hair=True)
        before, after = (clf.probabilities(one.images).argmax(1) for one in (people, blond))
        return f"drawn blond, {float((before != after).float().mean()):.0%} flip"


class Photographs:
    """CelebA as the paper has it."""

    def __init__(self, options, size):
        self.options = options
        self.train, self.valid, self.test = (
            celeba.part(options.data, name, size, options.seed) for name in celeba.PARTS
        )

    def training_sets(self):
        """The two experiments; pictures are read when they are trained on."""
        yield "all portraits", self._first(torch.ones(len(self.train), dtype=torch.bool))
        women = ~self.train.attribute("Male")
        yield "without blond women", self._first(~(women & self.train.attribute("Blond_Hair")))

    def _first(self, keep):
        places = keep.nonzero()[: self.options.faces, 0]
        pixels = self.train.pixels.only(places)
        return celeba.examples(pixels, self.train.attributes[places], self.options.seed)

    def people(self, male):
        """Faces that are tested, drawn from the test part."""
        random = torch.Generator().manual_seed(self.options.seed)
        fit = (self.test.attribute("Male") == male).nonzero()[:, 0]
        some = fit[torch.randperm(len(fit), generator=random)[: self.options.images]]
        return celeba.examples(self.test.pixels[some], self.test.attributes[some], self.options.seed)

    def truth(self, clf, _people):
        """The share of the validation part that is predicted rightly."""
        predicted = clf.probabilities(self.valid.pixels[:].float() / 255).argmax(1)
        right = float((predicted == self.valid.attribute("Male")).float().mean())
        return f"of the {len(self.valid)} for validation, {right:.0%} right"


def trained(faces, options, size=SIZE, device="cpu"):
    make = partial(TargetCNN, size)
    network = train(faces, make=make, epochs=options.epochs, seed=options.seed, device=device)
    return cf.Classifier(network, labels=["not Male", "Male"], input_size=size, activation="sigmoid")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--editor", help="a file that AttGANEditor.save wrote")
    parser.add_argument("--data", type=Path, help="folder with CelebA, to use photographs instead")
    parser.add_argument("--faces", type=int, help="to train on: 3000, or all photographs")
    parser.add_argument("--images", type=int, default=50, help="of each sex that are tested")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--evaluations", type=int, help="for each image: 1000, or 25,000 for each photograph")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.data and not options.editor:
        parser.error("--data needs --editor: the editor of portraits knows no photographs")
    swarm = 100 if options.data else 50
    usual = (
        {"faces": 182_000, "evaluations": 25_000} if options.data else {"faces": 3000, "evaluations": 1000}
    )
    if options.quick:
        options.faces, options.images, options.epochs, options.evaluations = 600, 6, 3, 300
    for name, value in usual.items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    device = "cuda" if options.data and torch.cuda.is_available() else "cpu"
    if options.editor:
        editor = AttGANEditor.load(options.editor, device=device)
    else:
        editor = zoo.attribute_editor("portraits")
    size = editor.size[0]
    source = (Photographs if options.data else Drawn)(options, size)
    columns = [ATTRIBUTES.index(name) for name in editor.attributes]
    groups = {sex: source.people(male) for sex, male in (("men", True), ("women", False))}
    engine = PlausibleCounterfactuals(
        SMPSO(population=swarm, archive=swarm),
        evaluations=options.evaluations,
        keep_groups=False,  # as published
    )
    for name, faces in source.training_sets():
        started = time.perf_counter()
        clf = trained(faces, options, size, device)
        print(f"{name}: {len(faces):,} faces, {time.perf_counter() - started:.0f} s of training")
        for sex, people in groups.items():
            right = (clf.probabilities(people.images).argmax(1) == people.attribute("Male")).float().mean()
            started = time.perf_counter()
            has = people.attributes[:, columns].float()
            survey = engine.explain_many(clf, editor, people.images, attributes=has)
            frame = survey.to_frame().set_index("attribute")
            print(
                f"  {len(people)} {sex}: {right:.0%} right; {float(survey.flipped.float().mean()):.0%} flip "
                f"({float(survey.reconstruction_flips.float().mean()):.0%} by the reconstruction alone), "
                f"{time.perf_counter() - started:.0f} s; {source.truth(clf, people)}"
            )
            if not bool(survey.flipped.any()):
                continue
            hair = [attribute for attribute in HAIR if attribute in frame.index]
            for attribute in dict.fromkeys((*frame.index[:5], *hair)):
                row = frame.loc[attribute]
                print(
                    f"    {attribute:<22} necessary for {row.necessary:4.0%} of the flips "
                    f"({row.low:.0%} to {row.high:.0%}), sufficient for {row.sufficient:4.0%} "
                    f"({row['sufficient low']:.0%} to {row['sufficient high']:.0%}), change {row.change:+.2f}"
                )


if __name__ == "__main__":
    main()
