"""Exact oracles for every column, and data that break, change or are nonsense."""

from __future__ import annotations

import math
import threading
from contextlib import closing
from types import SimpleNamespace

import coloured
import numpy as np
import pandas as pd
import pytest
import torch
from coloured import LABELS, picture, pictures
from comparing import differences
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import Subset, TensorDataset

import cfwidgets as cf
from cfwidgets.data.reading import Skipped
from cfwidgets.engines.survey.engine import Survey
from cfwidgets.engines.survey.result import SurveyResult

QUICK = Survey(trust=False)
ROWS = [(0.75, 0.25, 0.0), (0.5, 0.25, 0.25), (0.25, 0.5, 0.25), (0.125, 0.0, 0.875)]

shares = st.lists(st.integers(0, 16), min_size=3, max_size=3).filter(lambda row: sum(row) > 0)
sets = st.lists(st.tuples(shares, st.one_of(st.none(), st.integers(0, 2))), min_size=1, max_size=25)


@given(sets, st.integers(1, 9))
def test_every_column_is_exact(rows, batch_size):
    images = pictures([tuple(value / 16 for value in row) for row, _ in rows])
    truth = [label for _, label in rows]
    found = Survey(batch_size=batch_size, trust=False).explain(coloured.classifier(), images, truth)
    frame = found.to_frame()
    assert frame["index"].tolist() == list(range(len(rows)))
    for row, (colour, label) in zip(frame.itertuples(), rows, strict=True):
        p = [value / sum(colour) for value in colour]
        first, second, _ = sorted(p, reverse=True)
        assert row.prediction == LABELS[p.index(first)]
        assert pd.isna(row.truth) if label is None else row.truth == LABELS[label]
        assert row.confidence == pytest.approx(first, abs=1e-6)
        assert row.margin == pytest.approx(first - second, abs=1e-6)
        assert row.entropy == pytest.approx(-sum(q * math.log(q) for q in p if q), abs=1e-5)
        if label is None:
            assert math.isnan(row.loss)
        elif p[label]:
            assert row.loss == pytest.approx(-math.log(p[label]), abs=1e-5)
        else:
            assert row.loss > 80
    known = [(colour, label) for colour, label in rows if label is not None]
    right = sum(colour.index(max(colour)) == label for colour, label in known)
    assert found.accuracy.share == pytest.approx(right / len(known)) if known else True
    confusion = torch.zeros(3, 3, dtype=torch.int64)
    for colour, label in known:
        confusion[label, colour.index(max(colour))] += 1
    assert torch.equal(found.confusion, confusion)
    assert int(found.worst_pairs()["count"].sum()) == len(known) - right


@given(sets, st.integers(1, 9), st.data())
def test_resumed_anywhere_it_is_the_same_to_the_bit(rows, batch_size, data):
    images = pictures([tuple(value / 16 for value in row) for row, _ in rows])
    engine, clf, labels = (
        Survey(batch_size=batch_size, trust=False),
        coloured.classifier(),
        [n for _, n in rows],
    )
    updates = list(engine.steps(clf, images, labels))
    before = data.draw(st.sampled_from(updates)).partial
    assert differences(updates[-1].partial, engine.explain(clf, images, labels, resume=before)) == []


def test_digits_are_as_the_classifier_predicts_them():
    clf, digits = cf.zoo.classifier("digits", device="cpu"), cf.data.digits("test")
    found = Survey(batch_size=100).explain(clf, digits)
    p = clf.probabilities(digits.images)
    assert torch.equal(found.answers.predictions, p.argmax(1))
    assert torch.equal(found.truth, digits.labels)
    assert found.accuracy.share == pytest.approx(float((p.argmax(1) == digits.labels).float().mean()))
    assert torch.allclose(found.answers.confidence, p.amax(1), atol=1e-5)
    assert found.caveats == ()
    assert found.trust()["ok"].dropna().all()
    assert "predicts the true class of" in found.summary()


def test_portraits_have_the_attribute_that_the_classifier_tells():
    people = cf.data.portraits(24, size=64)
    first, second = (
        cf.zoo.classifier(f"portraits/male-{name}", device="cpu") for name in ("blond", "any-hair")
    )
    found = QUICK.explain(first, people, second=second)
    assert torch.equal(found.truth == first.class_index("Male"), people.attribute("Male"))
    assert torch.equal(found.answers.predictions, first.probabilities(people.images).argmax(1))
    assert torch.equal(found.second_answers.predictions, second.probabilities(people.images).argmax(1))


def test_data_of_every_kind_give_the_same():
    clf, images, labels = coloured.classifier(), pictures(ROWS), [0, 1, 1, 2]
    tensor = torch.tensor(labels)
    whole = QUICK.explain(clf, images, labels)
    named = [LABELS[label] for label in labels]
    kinds = [
        (images, named),
        (images, tensor),
        (images.permute(0, 2, 3, 1).numpy(), np.array(labels)),
        ((images * 255).round().to(torch.uint8), labels),
        (list(images), labels),
        ([image.numpy() for image in images], tuple(labels)),
        (list(zip(images, labels, strict=True)), None),
        (list(zip(images, named, strict=True)), None),
        (TensorDataset(images, tensor), None),
        (Subset(TensorDataset(images, tensor), range(4)), None),
        (SimpleNamespace(images=images, labels=tensor), None),
        (
            [SimpleNamespace(image=image, label=label) for image, label in zip(images, tensor, strict=True)],
            None,
        ),
    ]
    for data, given_labels in kinds:
        found = QUICK.explain(clf, data, given_labels)
        assert torch.equal(found.truth, whole.truth)
        assert torch.equal(found.answers.predictions, whole.answers.predictions)
        assert torch.allclose(found.answers.loss, whole.answers.loss, atol=0.02)  # bytes are rounded


def test_sizes_and_modes_may_differ():
    mixed = [
        picture(0.75, 0.25, 0),
        picture(0.25, 0.5, 0.25, side=7).numpy(),
        np.full((9, 5), 0.5),
        torch.cat([picture(0.125, 0, 0.875), torch.ones(1, 8, 8)]),
    ]
    for clf in (coloured.classifier(), coloured.classifier(input_size=6)):
        frame = QUICK.explain(clf, mixed).to_frame()
        assert frame["prediction"].tolist() == ["red", "green", "red", "blue"]
        assert frame["confidence"].tolist() == pytest.approx([0.75, 0.5, 1 / 3, 0.875], abs=1e-5)
        assert frame["truth"].isna().all()


def test_where_two_models_differ_is_said_and_which_way():
    # The second reads its colours turned: red as green, green as blue, blue as red, under turned names.
    turned = cf.Classifier(lambda images: coloured.looks(images.roll(1, 1)), labels=LABELS)
    truth = [0, 1, 2, None, 0]
    found = QUICK.explain(
        coloured.classifier(), pictures([(1, 0, 0)] * 4 + [(1, 1e-3, 0)]), truth, second=turned
    )
    assert found.to_frame()["prediction"].tolist() == ["red"] * 5
    assert found.to_frame()["second"].tolist() == ["green"] * 5
    ways = ["broken", "fixed", "both wrong, differently", "differs", "broken"]
    assert found.to_frame()["disagreement"].tolist() == ways
    assert found.accuracy.share == 2 / 4
    assert found.second_accuracy.share == 1 / 4
    assert "; with " in found.summary()
    assert "1 fixed, 2 broken, 1 both wrong, differently, 1 differs" in found.summary()
    row = found.trust().set_index("measure").loc["accuracy of the second model"]
    assert (row["value"], row["reference"]) == (1 / 4, 2 / 4)


def test_a_second_model_may_have_its_classes_in_another_order():
    second = cf.Classifier(lambda images: coloured.looks(images).flip(1), labels=LABELS[::-1])
    found = QUICK.explain(coloured.classifier(), pictures(ROWS), [0, 0, 0, 0], second=second)
    assert set(found.to_frame()["disagreement"]) == {""}
    assert "no other prediction" in found.summary()
    assert torch.equal(found.second_answers.confidence, found.answers.confidence)


def test_a_second_model_of_other_classes_is_refused():
    two = cf.Classifier(lambda images: coloured.looks(images)[:, :1], labels=["red"])
    with pytest.raises(ValueError, match=r"second must tell the same 3 classes; .* tells 2"):
        QUICK.explain(coloured.classifier(), pictures(ROWS), second=two)
    other = cf.Classifier(coloured.looks, labels=["red", "green", "ultramarine"])
    with pytest.raises(ValueError, match="second must tell the same classes, 'red', 'green', 'blue'"):
        QUICK.explain(coloured.classifier(), pictures(ROWS), second=other)
    with pytest.raises(TypeError, match="second must be a Classifier, not Flatten"):
        QUICK.explain(coloured.classifier(), pictures(ROWS), second=torch.nn.Flatten())
    found = QUICK.explain(coloured.classifier(), pictures(ROWS), second=coloured.classifier())
    with pytest.raises(ValueError, match=r"resume: .* has second='looks', this run None"):
        QUICK.explain(coloured.classifier(), pictures(ROWS), resume=found)


class Shaky:
    """Breaks on red, gives NaN for blue; ``broken`` breaks on everything."""

    def __init__(self):
        self.broken = False

    def __call__(self, images):
        rows = coloured.looks(images)
        if self.broken or bool((rows[:, 0] > 0.9).any()):
            raise ZeroDivisionError("no red")
        return torch.where(rows[:, 2:] > 0.9, torch.nan, rows)


GREEN, RED, BLUE = (0.1, 0.8, 0.1), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)


@pytest.mark.parametrize("size", [1, 2, 7])
def test_pictures_that_the_model_fails_on_are_named_and_the_rest_is_found(size):
    clf = cf.Classifier(Shaky(), labels=LABELS)
    rows = [BLUE, GREEN, RED, GREEN, BLUE, RED, GREEN]
    found = Survey(batch_size=size, trust=False).explain(clf, pictures(rows), [1] * 7)
    assert found.to_frame()["index"].tolist() == [1, 3, 6]
    assert [one.number for one in found.skipped] == [0, 2, 4, 5]
    why = found.skipped_frame()["why"].tolist()
    assert why[1] == "ZeroDivisionError: no red"
    assert "NaN or infinite" in why[0]
    assert found.accuracy.share == 1
    assert "4 of 7 pictures (57%) could not be used: the figures are of the others." in found.caveats
    assert "4 pictures could not be used" in found.summary()


def test_the_first_picture_may_be_the_one_that_a_model_fails_on():
    clf = cf.Classifier(Shaky(), labels=LABELS)
    for first in (RED, BLUE):
        found = QUICK.explain(clf, pictures([first, GREEN]))
        assert [one.number for one in found.skipped] == [0]
        found = QUICK.explain(coloured.classifier(), pictures([first, GREEN]), second=clf)
        assert [one.number for one in found.skipped] == [0]
    with pytest.raises(ZeroDivisionError, match="no red"):
        QUICK.explain(clf, pictures([RED] * 3))
    two = cf.Classifier(coloured.looks, labels=["a", "b"])
    with pytest.raises(ValueError, match="the model has 3 classes; got 2 labels"):
        QUICK.explain(two, pictures([RED] * 3))


def test_labels_that_come_later_complete_what_was_predicted_without():
    clf, engine, second = coloured.classifier(), Survey(batch_size=2, trust=False), coloured.classifier()
    images, labels = pictures(ROWS), [0, None, 1, 2]
    bare = engine.explain(clf, images, second=second)
    found = engine.explain(clf, images, labels, second=second, resume=bare)
    assert differences(found, engine.explain(clf, images, labels, second=second)) == []
    with pytest.raises(ValueError, match="resume: the result given is of another labels"):
        next(engine.steps(clf, images, [1, None, 1, 2], second=second, resume=found))


def test_a_model_that_broke_is_no_fault_of_the_picture():
    model = Shaky()
    clf = cf.Classifier(model, labels=LABELS)
    with closing(Survey(batch_size=2).steps(clf, pictures([GREEN] * 9))) as updates:
        half = [next(updates), next(updates)][-1].partial
        model.broken = True
        with pytest.raises(ZeroDivisionError, match="no red"):
            list(updates)
    model.broken = False
    found = Survey(batch_size=2).explain(clf, pictures([GREEN] * 9), resume=half)
    assert int(found.answered.sum()) == 9


def test_a_second_model_that_fails_on_a_picture_costs_that_picture():
    shaky = cf.Classifier(Shaky(), labels=LABELS)
    found = QUICK.explain(coloured.classifier(), pictures([GREEN, RED, BLUE, GREEN]), second=shaky)
    assert found.to_frame()["index"].tolist() == [0, 3]
    only = QUICK.explain(coloured.classifier(), pictures([GREEN, RED]), second=shaky)
    assert [one.number for one in only.skipped] == [1]


def test_labels_come_one_by_one_and_are_checked_then():
    rows = list(zip(pictures(ROWS), [0, 1, 1, 7], strict=True))
    with pytest.raises(ValueError, match=r"labels, picture 3: classes are numbered from 0 to 2; got 7"):
        QUICK.explain(coloured.classifier(), rows)
    rows[3] = (rows[3][0], "ultramarine")
    with pytest.raises(ValueError, match=r"labels, picture 3: no class has the label 'ultramarine'"):
        QUICK.explain(coloured.classifier(), rows)
    rows[3] = (rows[3][0], torch.zeros(4))
    with pytest.raises(
        ValueError, match=r"labels, picture 3: a label is one class.*got Tensor of shape \(4,\)"
    ):
        QUICK.explain(coloured.classifier(), rows)
    kept = next(iter(Survey(batch_size=1, trust=False).steps(coloured.classifier(), rows))).partial
    found = QUICK.explain(coloured.classifier(), rows, [0, 1, 1, 2], resume=kept)  # those given go before
    assert found.truth.tolist() == [0, 1, 1, 2]


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ([0, 1], "labels must be of the 4 pictures of the data, one each; got 2"),
        ([0, 1, 2, 3], "labels, picture 3: classes are numbered from 0 to 2; got 3"),
        ([0, 1, 2, -1], "labels, picture 3: classes are numbered from 0 to 2; got -1"),
        (["red", "green", "ruby", "blue"], "labels, picture 2: no class has the label 'ruby'"),
        ([0, 1, 2, 0.5], "labels, picture 3: a class is named by its number or its label; got 0.5"),
        (
            [True, False, True, True],
            "labels, picture 0: a class is named by its number or its label; got True",
        ),
        ("red", "labels must be the classes of 4 pictures, one each; got 'red'"),
        ({0: 1}, "labels must be the classes of 4 pictures"),
    ],
)
def test_labels_that_cannot_be_right_are_refused_in_words(labels, said):
    with pytest.raises(ValueError, match=said):
        next(QUICK.steps(coloured.classifier(), pictures(ROWS), labels))


def test_numbers_beyond_an_unnamed_model_s_classes_are_refused():
    with pytest.raises(ValueError, match="labels, picture 3: classes are numbered from 0 to 2; got 3"):
        next(QUICK.steps(coloured.classifier(None), pictures(ROWS), [0, 1, 2, 3]))
    with pytest.raises(ValueError, match="the classifier has no labels, so a class is named by its number"):
        next(QUICK.steps(coloured.classifier(None), pictures(ROWS), ["red"] * 4))


@pytest.mark.parametrize(
    ("data", "error", "said"),
    [
        ([], ValueError, "there are no pictures"),
        (torch.zeros(0, 3, 4, 4), ValueError, "there are no pictures"),
        ("photos", TypeError, r"got 'photos': cfwidgets.data.ImageFolders\(…\) reads a folder"),
        (picture(1, 0, 0), ValueError, r"four axes.* data has \(3, 8, 8\).*\[data\] of one"),
        (iter([1]), TypeError, "got list_iterator"),
        ([object()] * 3, RuntimeError, "none of the pictures can be used; the first error: ImageError"),
        (torch.full((2, 3, 4, 4), 7.0), RuntimeError, "image values must be from 0 to 1"),
        (pictures([BLUE]), cf.ClassifierError, "none of the pictures can be used; .*NaN"),
    ],
)
def test_data_that_cannot_be_surveyed_are_refused(data, error, said):
    with pytest.raises(error, match=said):
        next(QUICK.steps(cf.Classifier(Shaky(), labels=LABELS), data))


def test_one_bad_picture_of_an_array_costs_only_itself():
    images = pictures([GREEN] * 6)
    images[2, 0, 0, 0] = torch.nan
    found = Survey(batch_size=4, trust=False).explain(coloured.classifier(), images)
    assert found.to_frame()["index"].tolist() == [0, 1, 3, 4, 5]
    assert found.skipped == (Skipped(2, found.skipped[0].why),)
    assert "1 are NaN" in found.skipped[0].why


class Changing:
    """A data set that changes after it has been read 20 times: the first, 8 marks, and a part of the rest."""

    def __init__(self, change):
        self._pictures, self._change, self._left = list(pictures([GREEN] * 20)), change, 20
        self._lock = threading.Lock()

    def __len__(self):
        return len(self._pictures)

    def __getitem__(self, index):
        with self._lock:
            self._left -= 1
            if self._left == 0:
                self._change(self._pictures)
            return self._pictures[index]


def darken(images):
    images[19] = images[19] / 2


def test_a_data_set_that_changes_is_said():
    changed = QUICK.explain(coloured.classifier(), Changing(darken))
    assert changed.caveats[0].startswith("The data set changed: picture 19 was read twice, with different")
    shorter = QUICK.explain(coloured.classifier(), Changing(lambda images: images.pop()))
    assert shorter.caveats[0] == "The data set changed: it had 20 pictures at first, and has 19 now."
    assert [one.number for one in shorter.skipped] == [19]
    assert "IndexError" in shorter.skipped[0].why
    assert QUICK.explain(coloured.classifier(), Changing(lambda images: None)).changed == ()


def test_caveats_say_what_the_figures_are_worth():
    clf = coloured.classifier()
    few = QUICK.explain(clf, pictures(ROWS), [0, 0, 1, 2])
    assert few.caveats == (
        "With labels there are only 4 pictures: an accuracy of 1.00 may as well be one of 0.51 or of 1.00.",
    )
    constant = QUICK.explain(clf, pictures([(0.75, 0.25, 0)] * 40), [0, 1] * 20)
    said = (
        "The accuracy, 0.500 (0.352 to 0.648), is not certainly better than always answering red, the "
        "commonest class, which is right for 0.500 of the pictures."
    )
    assert constant.caveats == (said, "The model predicts red for every picture.")
    one_class = QUICK.explain(clf, pictures(ROWS * 10), [1] * 40)
    said = (
        "All pictures are of one class, green: the accuracy is how often it is recognised, and does not tell "
        "how often other things are taken for it."
    )
    assert one_class.caveats == (said,)
    good = QUICK.explain(clf, pictures([RED, GREEN, BLUE] * 20), [0, 1, 2] * 20)
    assert good.caveats == ()
    unlabelled = QUICK.explain(clf, pictures([RED, GREEN, BLUE] * 20))
    assert unlabelled.caveats == ()
    assert QUICK.explain(clf, pictures(ROWS)).caveats == (
        "There are answers to only 4 pictures: their shares tell little of others.",
    )


def test_calibration_is_that_of_the_columns():
    rows = [(0.75, 0.25, 0), (0.75, 0.125, 0.125), (0.5, 0.25, 0.25), (1, 0, 0)] * 5
    found = QUICK.explain(coloured.classifier(), pictures(rows), [0, 1, 0, 0] * 5)
    assert found.reliability.error == pytest.approx((10 * 0.25 + 5 * 0.5 + 0) / 20)
    table = found.calibration()
    assert table["count"].tolist() == [5, 10, 5]
    assert table["accuracy"].tolist() == [1, 0.5, 1]
    assert table["confidence"].tolist() == pytest.approx([0.5, 0.75, 1])
    row = found.trust().set_index("measure").loc["calibration error"]
    assert row["value"] == found.reliability.error
    assert row["ok"] is False


def test_a_checkpoint_goes_on_where_it_was_left(tmp_path):
    path, clf = tmp_path / "survey.safetensors", coloured.classifier()
    engine, images = Survey(batch_size=3, trust=False), pictures(ROWS * 5)
    seen = []

    class Counted:
        def __len__(self):
            return len(images)

        def __getitem__(self, index):
            seen.append(index)
            return images[index], 0

    with closing(engine.steps(clf, Counted(), checkpoint=path)) as updates:
        for _ in range(4):
            next(updates)
    assert SurveyResult.load(path).seen == 9
    seen.clear()
    found = engine.explain(clf, Counted(), checkpoint=path)
    assert differences(found, engine.explain(clf, Counted())) == []
    assert differences(found, SurveyResult.load(path)) == []
    assert seen[:20].count(1) == seen[:20].count(4) == 0  # of those done, only the first and marks are read


def test_independent_classes_have_shares():
    net = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())
    clf = cf.Classifier(net, labels=LABELS, activation="sigmoid", device="cpu")
    found = QUICK.explain(clf, pictures(ROWS), [0, 1, 2, 0])
    p = pictures(ROWS).mean((2, 3)).sigmoid().double()
    q = p / p.sum(1, keepdim=True)
    assert torch.allclose(found.answers.confidence.double(), p.amax(1))
    assert torch.allclose(found.answers.entropy.double(), -(q * q.log()).sum(1), atol=1e-6)
    assert torch.allclose(found.answers.loss.double(), -q[range(4), [0, 1, 2, 0]].log(), atol=1e-6)


@pytest.mark.parametrize("setting", ["batch_size", "readers"])
@pytest.mark.parametrize("wrong", [0, -1, 1.5, True, "many"])
def test_wrong_settings_are_named(setting, wrong):
    with pytest.raises(ValueError, match=setting):
        Survey(**{setting: wrong})


def test_in_the_background_it_is_stopped_and_resumed():
    clf, images = coloured.classifier(), pictures(ROWS * 30)
    engine = Survey(batch_size=1, trust=False)
    run = cf.Run(engine.steps(clf, images))
    run.cancel()
    assert run.wait(timeout=60) in {"stopped", "done"}
    found = engine.explain(clf, images, resume=run.partial)
    assert differences(found, engine.explain(clf, images)) == []


def test_readers_stop_with_the_survey():
    images, read = pictures([GREEN] * 500), []

    class Slow:
        def __len__(self):
            return 500

        def __getitem__(self, index):
            read.append(index)
            return images[index]

    with closing(Survey(batch_size=2, trust=False).steps(coloured.classifier(), Slow())) as updates:
        for _ in range(5):
            next(updates)
    assert len(read) < 60  # the first, 8 marks, 8 pictures in use, and the batches that are read ahead
