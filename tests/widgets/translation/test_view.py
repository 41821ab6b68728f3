"""The translation view without a browser: the traits it sends, takes and refuses."""

from __future__ import annotations

import gc
import io
import struct
import threading
import time
import weakref
import zlib
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from ipywidgets import Widget
from PIL import Image
from traitlets import TraitError
from waiting import PATIENCE, until

from cfwidgets import (
    Classifier,
    ClassifierError,
    CounterfactualTranslator,
    ImageError,
    TranslationExplorer,
    TranslationView,
    Translator,
)
from cfwidgets.evaluation.segmentation import BINS, saliency, segmentation_curve
from cfwidgets.widgets.translation.chart import THRESHOLDS

SIZE = 16
LABELS = ["sound", "<b>spotted</b>", "painted"]
QUICK = CounterfactualTranslator(batch_size=2, variants=2, trust=False)


def spotted(images):
    """Log-odds of a spot: how bright the middle is beside the rest; and a constant for painted ones."""
    middle = images[:, :, 6:10, 6:10].mean((1, 2, 3)) - images.mean((1, 2, 3))
    odds = 20 * (middle - 0.2)
    return torch.stack([-odds, odds, torch.full_like(odds, -1.0)], 1).softmax(1)


def other(images, noise=None):
    """Paint a spot where there is none, and the reverse; noise makes it brighter or darker."""
    twins = images.clone()
    has = spotted(images)[:, 1] > 0.5
    shade = 0.1 if noise is None else 0.1 * noise[:, :1, None, None].sigmoid()
    spot = torch.where(
        has[:, None, None, None], images[:, :, :4, :4], images[:, :, :4, :4] * 0.2 + 0.7 + shade
    )
    twins[:, :, 6:10, 6:10] = spot.clamp(0, 1)
    return twins


CLF = Classifier(spotted, labels=LABELS)
TRANSLATOR = Translator(other, size=SIZE, noise=2, painted="painted", threshold=0.5)


def images(n=5):
    grey = 0.3 * torch.rand(n, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(0))
    masks = torch.zeros(n, SIZE, SIZE, dtype=torch.bool)
    for place in range(1, n, 2):
        grey[place, :, 6:10, 6:10] = 0.9
        masks[place, 6:10, 6:10] = True
    return SimpleNamespace(images=grey, labels=torch.arange(n) % 2, masks=masks)


def blobs(pack):
    (n,) = struct.unpack_from("<I", pack)
    ends = struct.unpack_from(f"<{n}I", pack, 4)
    start = 4 + 4 * n
    return [pack[start + a : start + b] for a, b in zip((0, *ends), ends, strict=False)]


def levels(blob):
    return np.frombuffer(zlib.decompress(blob), np.uint8).reshape(SIZE, SIZE)


def pixels(blob):
    return np.asarray(Image.open(io.BytesIO(blob)))


@pytest.fixture(scope="module")
def found():
    return QUICK.explain(CLF, TRANSLATOR, images())


@pytest.fixture
def view(found):
    made = TranslationView(CLF, TRANSLATOR, engine=QUICK, result=found)
    yield made
    made.close()


def test_the_toy_is_as_it_is_meant(found):
    assert found.flipped.all()
    assert found.predictions[:, :2].argmax(1).tolist() == [0, 1, 0, 1, 0]


def test_a_run_fills_the_view_in():
    made = TranslationView(CLF, TRANSLATOR, images(), engine=QUICK)
    assert made.run.result(PATIENCE).done == 5
    until(lambda: made.state == "done")
    assert (made.error, made.progress, made.total, made.size) == ("", 1, 5, [SIZE, SIZE])
    assert made.counts == "5 of 5 images · 5 flipped"
    assert (made.target, made.painted, made.labels) == (1, 2, LABELS)
    assert made.threshold == 0.5
    assert len(made.entries) == 5
    made.close()


def test_the_browser_gets_all_that_it_needs(view, found):
    bundles = blobs(view.pictures)
    assert len(bundles) == len(blobs(view.tiles)) == 5
    for place, bundle in enumerate(bundles):
        image, twin, returned, difference, mean, disagreement, truth, *rest = blobs(bundle)
        for blob, tensor in ((image, found.images), (twin, found.twins), (returned, found.returned)):
            shown = (tensor[place] * 255).round().to(torch.uint8).permute(1, 2, 0)
            assert np.array_equal(pixels(blob), shown.numpy())
        assert np.array_equal(levels(truth), found.true_masks[place].numpy())
        variants = found.variants[place]
        assert np.array_equal(pixels(rest[1]), variants[1].permute(1, 2, 0).numpy())
        masks = torch.cat(
            [
                found.masks[place][None],
                saliency(found.images[place].expand(2, -1, -1, -1), variants.float() / 255),
            ]
        )
        assert np.abs(levels(difference) / BINS - masks[0].numpy()).max() <= 1 / BINS
        assert np.abs(levels(rest[3]) / BINS - masks[2].numpy()).max() <= 1 / BINS
        assert np.abs(levels(mean) / BINS - masks.mean(0).numpy()).max() <= 1 / BINS
        assert np.abs(levels(disagreement) / BINS - 2 * masks.std(0, correction=0).numpy()).max() <= 1 / BINS


def test_levels_are_counted_at_each_threshold_as_the_curve_counts(view, found):
    for place, bundle in enumerate(blobs(view.pictures)):
        sent = levels(blobs(bundle)[3])
        curve = segmentation_curve(found.masks[place][None], found.true_masks[place][None])
        counted = [(sent >= level).sum() for level in range(BINS)]
        assert counted == curve.found[0].tolist()


def test_an_entry_says_what_is_known_of_an_image(view, found):
    entry = view.entries[1]
    assert (entry["from"], entry["to"], entry["flips"], entry["truth"]) == (1, 0, True, 1)
    assert entry["image"] == pytest.approx(found.predictions[1].tolist(), abs=1e-4)
    assert entry["twin"] == pytest.approx(found.twin_predictions[1].tolist(), abs=1e-4)
    assert entry["error"] == pytest.approx(-float(found.predictions[1, 1].log()), abs=1e-3)
    assert entry["area"] == pytest.approx(float((found.masks[1] >= 0.5).float().mean()), abs=1e-4)
    assert entry["away"] == pytest.approx(float((found.returned[1] - found.images[1]).abs().mean()), abs=1e-4)
    assert (entry["second"], entry["second_twin"]) == ([], [])


def test_without_truth_the_least_sure_are_found_and_nothing_is_marked():
    bare = images().images
    made = TranslationView(CLF, TRANSLATOR, bare, engine=QUICK, second=CLF)
    made.run.result(PATIENCE)
    until(lambda: made.state == "done")
    assert blobs(blobs(made.pictures)[0])[6] == b""
    entry = made.entries[0]
    assert entry["truth"] == -1
    assert entry["error"] == pytest.approx(1 - max(entry["image"]), abs=1e-3)
    assert entry["second"] == [*entry["image"][:2], None]  # it is asked for real images alone
    assert entry["second_twin"] == [*entry["twin"][:2], None]
    made.close()


def test_a_classifier_without_a_painted_class_has_no_doubt():
    two = Classifier(lambda batch: spotted(batch)[:, :2] / spotted(batch)[:, :2].sum(1, keepdim=True))
    made = TranslationView(two, Translator(other), images(), 1, engine=QUICK)
    made.run.result(PATIENCE)
    until(lambda: made.state == "done")
    assert made.painted == -1
    assert len(made.entries[0]["image"]) == 2
    # no noise, no variants
    assert len(blobs(blobs(made.pictures)[0])) == 7
    assert blobs(blobs(made.pictures)[0])[4:6] == [b"", b""]
    assert made.threshold == 0.5
    made.close()


def test_images_appear_before_their_twins_and_pictures_as_they_are_done():
    seen = threading.Event()

    def slow(batch):
        if not seen.is_set():
            time.sleep(0.2)  # a run reports ten times a second at most
        return other(batch)

    engine = CounterfactualTranslator(batch_size=2, variants=0, trust=False)
    made = TranslationView(CLF, Translator(slow, painted="painted"), images(60), engine=engine)
    until(lambda: 0 < len(made.entries) < 60)
    assert made.state == "running"
    done = len(made.entries)
    assert [len(blobs(bundle)) for bundle in blobs(made.pictures)] == [7] * done + [1] * (60 - done)
    seen.set()
    until(lambda: made.state == "done")
    assert len(made.entries) == 60
    made.close()


def test_what_is_not_at_hand_is_fetched_when_it_is_chosen(monkeypatch):
    monkeypatch.setattr("cfwidgets.widgets.translation.view._AT_HAND", 4 * SIZE * SIZE)
    made = TranslationView(CLF, TRANSLATOR, images(7), engine=QUICK)
    made.run.result(PATIENCE)
    until(lambda: made.state == "done")
    assert len(blobs(made.pictures)) == 4
    assert len(made.entries) == len(blobs(made.tiles)) == 7
    made.set_state({"chosen": 6})
    until(lambda: made.fetched.get("place") == 6)
    image = blobs(made.fetched["pictures"])[0]
    assert np.array_equal(
        pixels(image), np.asarray((images(7).images[6] * 255).round().byte().permute(1, 2, 0))
    )
    made.close()


def test_stress_is_answered_for_the_image_that_is_shown(view, found):
    view.set_state({"chosen": 1, "stressed": [0.0, 0.0]})
    until(lambda: view.stress.get("chosen") == 1)
    assert view.stress["image"] == pytest.approx(found.predictions[1].tolist(), abs=1e-4)
    assert np.array_equal(levels(view.stress["difference"]), levels(blobs(blobs(view.pictures)[1])[3]))
    view.set_state({"stressed": [0.2, 0.0]})
    until(lambda: view.stress["asked"] == [0.2, 0.0])
    noisy = pixels(view.stress["picture"]).astype(float) / 255 - found.images[1].permute(1, 2, 0).numpy()
    assert 0.05 < noisy.std() < 0.25
    assert view.stress["image"] != pytest.approx(found.predictions[1].tolist(), rel=0.1)
    again = view.stress["picture"]
    view.set_state({"stressed": [0.0, 0.0]})
    until(lambda: view.stress["asked"] == [0.0, 0.0])
    view.set_state({"stressed": [0.2, 0.0]})
    until(lambda: view.stress["asked"] == [0.2, 0.0])
    assert view.stress["picture"] == again  # the same noise: a slider that comes back shows the same


def test_a_black_box_is_not_attacked(view):
    assert not view.attackable
    view.set_state({"stressed": [0.0, 0.01]})
    until(lambda: view.error != "")
    assert "gradient" in view.error


def test_curves_under_stress_are_measured_when_they_are_asked_for(found):
    explorer = TranslationExplorer(CLF, TRANSLATOR, engine=QUICK, result=found, second=CLF)
    view = explorer.view
    assert len(explorer.chart.children) == 1
    view.set_state({"curves": "noise"})
    until(lambda: view.measured.get("noise") == 7)
    curve = explorer.result.stress["noise"]
    assert curve.levels.tolist() == pytest.approx([0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3])
    assert len(explorer.chart.children) == 2
    lines = explorer.chart.children[1].marks
    until(lambda: {len(values) for line in lines[:3] for values in (line.x, line.y)} == {7})
    assert np.allclose(lines[0].x, curve.levels)
    assert np.allclose(lines[0].y, curve.accuracy[:, 0])
    assert np.allclose(lines[2].y, curve.fakeness.mean(1))
    explorer.close()


RUBBISH = [
    ({"chosen": 5}, "chosen must be from 0 to 4, not 5"),
    ({"chosen": True}, "chosen must be from 0 to 4"),
    ({"threshold": 1.0}, "threshold must be from 0 to 0.9961, not 1.0"),
    ({"threshold": float("nan")}, "threshold must be"),
    ({"threshold": True}, "threshold must be"),
    ({"stressed": [0.1]}, "stressed must be the noise and the step of the attack, or empty"),
    ({"stressed": [9, 0]}, "the level of noise must be from 0 to 0.3, not 9"),
    ({"stressed": [0, "x"]}, "the level of pgd must be from 0 to 0.05, not 'x'"),
    ({"stressed": [0.1, 0.01]}, "give noise or an attack, not both"),
    ({"curves": "fog"}, "curves"),
    ({"stressed": "ab"}, "stressed must be"),
    ({"entries": []}, "the page may not set entries"),
]


@pytest.mark.parametrize(("sent", "text"), RUBBISH, ids=str)
def test_rubbish_is_refused_and_seen(view, sent, text):
    before = view.get_state(list(sent))
    view.set_state(sent)
    assert text in view.error
    assert view.get_state(list(sent)) == before
    view.set_state({"chosen": 2})
    assert view.error == ""


def test_what_is_shown_is_set_from_python(found):
    explorer = TranslationExplorer(CLF, TRANSLATOR, engine=QUICK, result=found)
    explorer.chosen, explorer.threshold = 3, 0.25
    assert (explorer.view.chosen, explorer.view.threshold) == (3, 0.25)
    assert (explorer.chosen, explorer.threshold) == (3, 0.25)
    with pytest.raises(TraitError, match="chosen must be from 0 to 4; got 5"):
        explorer.chosen = 5
    with pytest.raises(TraitError, match="threshold must be from 0 to 255/256; got 2"):
        explorer.threshold = 2
    explorer.close()


def test_the_chart_has_the_mean_of_the_images_that_have_a_true_mask(found):
    explorer = TranslationExplorer(CLF, TRANSLATOR, engine=QUICK, result=found)
    overlap = explorer.chart.children[0]
    mean = overlap.marks[1]
    curve = segmentation_curve(found.masks[[1, 3]], found.true_masks[[1, 3]]).iou_of_images
    assert np.allclose(mean.y, curve[(THRESHOLDS * BINS).astype(int)])
    names = overlap.marks[-1].text
    assert names[1] == "mean IoU of 2 images with a true mask"
    explorer.close()


def test_early_errors_are_the_callers():
    with pytest.raises(TypeError, match="translator must be a Translator, not other"):
        TranslationView(CLF, other, images(), engine=QUICK)
    with pytest.raises(ImageError):
        TranslationView(CLF, TRANSLATOR, torch.full((2, 3, 8, 8), 7.0), engine=QUICK)
    with pytest.raises(ValueError, match="give either images to translate or a finished result"):
        TranslationView(CLF, TRANSLATOR, engine=QUICK)
    with pytest.raises(ClassifierError, match="no class has the label 'rotten'"):
        TranslationView(CLF, TRANSLATOR, images(), "rotten", engine=QUICK)
    with pytest.raises(TypeError, match="second must be a Classifier"):
        TranslationView(CLF, TRANSLATOR, images(), second=spotted, engine=QUICK)


def test_close_frees_the_view_its_chart_and_its_pictures():
    made = []
    before = {id(widget) for widget in gc.get_objects() if isinstance(widget, Widget)}

    def make_and_close():
        explorer = TranslationExplorer(CLF, TRANSLATOR, images(), engine=QUICK)
        until(lambda: bool(explorer.view.entries))
        made.extend(weakref.ref(part) for part in (explorer.result, explorer.view, explorer.chart))
        explorer.close()
        explorer.close()

    for _ in range(3):
        make_and_close()

    def freed():
        gc.collect()
        return all(reference() is None for reference in made)

    until(freed)
    after = {id(widget) for widget in gc.get_objects() if isinstance(widget, Widget)}
    assert after <= before
