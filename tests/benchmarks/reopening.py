"""How long a saved explorer takes to come back, and how large its file is, at the default size of each.

Run it with ``python tests/benchmarks/reopening.py``; seconds are of the processor. Searches are cut short,
which changes neither: pictures, phases, faces and methods are as many as by default.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cfwidgets as cf

MOST = 2.0  # seconds


def explorers() -> Iterator[tuple[Any, dict[str, Any]]]:
    """Make each, with the models that it is opened with beside the classifier."""
    digits, clf = cf.data.digits("test"), cf.zoo.classifier("digits")
    yield cf.SurveyExplorer(clf, digits, engine=cf.Survey(trust=False)), {}
    generator = cf.zoo.generator("digits")
    quick = cf.Transitions(updates=10, trust=False)
    yield (
        cf.TransitionExplorer(clf, generator, digits.images[473], "4", engine=quick),
        {"generator": generator},
    )
    photo = cf.data.portraits(1, size=224)[0].image
    imagenet = cf.zoo.classifier("efficientnet-lite0")
    yield cf.SuperpixelExplorer(imagenet, photo, engine=cf.ELime(generations=3, trust=False)), {}
    maps = cf.Relevance(("rap", "grad_cam", "saliency"), layers=6, trust=False)
    yield cf.RelevanceExplorer(imagenet, photo, engine=maps), {}
    faces, male = cf.data.portraits(200, size=64), cf.zoo.classifier("portraits/male-blond")
    yield cf.FaceXExplorer(male, faces, "Male", engine=cf.FaceX(trust=False)), {}
    editor = cf.zoo.attribute_editor("portraits")
    edits = cf.PlausibleCounterfactuals(evaluations=1000, trust=False)
    yield cf.ParetoExplorer(male, editor, faces[0].image, engine=edits), {"editor": editor}
    pair, translator = cf.zoo.translator("concrete")
    twins = cf.CounterfactualTranslator(trust=False)
    images = cf.data.concrete(64, size=128)
    yield cf.TranslationExplorer(pair, translator, images, engine=twins), {"translator": translator}


def main() -> int:
    folder, slow = Path(tempfile.mkdtemp()), 0
    for explorer, models in explorers():
        name, clf = type(explorer).__name__, explorer.view._clf
        explorer.run.result()
        path = folder / name
        began = time.process_time()
        explorer.save(path)
        saved = time.process_time()
        explorer.close()
        opening = time.process_time()
        cf.open(path, clf, **models).close()
        with_model = time.process_time()
        cf.open(path).close()
        without = time.process_time() - with_model
        with_model -= opening
        size = path.stat().st_size / 1e6
        print(
            f"{name:20} {size:6.1f} MB  saved {saved - began:5.2f} s  opened {with_model:5.2f} s, "
            f"without a model {without:5.2f} s",
            flush=True,
        )
        slow += with_model > MOST or without > MOST
    return slow


if __name__ == "__main__":
    sys.exit(main())
