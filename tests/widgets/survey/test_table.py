"""The table of a survey as the browser reads it, the order of surprise, and the names of files."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
import small

from cfwidgets import Survey
from cfwidgets.widgets.survey.filters import Filters
from cfwidgets.widgets.survey.table import NONE, names_of, surprising, table

PICTURES = [small.picture(number) for number in range(12)]
LABELS = [small.LABELS[number % 2] if number % 5 else None for number in range(12)]


@pytest.fixture(scope="module")
def result():
    first, second = small.classifier(), small.classifier(seed=1)
    return Survey(batch_size=5, trust=False).explain(first, PICTURES, LABELS, second=second)


def columns(blob, count, *, second):
    (length,) = struct.unpack_from("<I", blob)
    data = zlib.decompress(blob[4:])
    assert len(data) == length
    kinds = ["<i4"] * (3 if second else 2) + ["<u2"] * (5 if second else 4)
    found, at = [], 0
    for kind in kinds:
        found.append(np.frombuffer(data, kind, count, at))
        at += found[-1].nbytes
    assert at == length
    return found


def test_the_columns_are_those_of_the_result(result):
    truth, first, second, loss, entropy, margin, confidence, sure = columns(table(result), 12, second=True)
    assert truth.tolist() == result.truth.tolist()
    assert first.tolist() == result.answers.predictions.tolist()
    assert second.tolist() == result.second_answers.predictions.tolist()
    known = ~np.isnan(result.answers.loss.numpy())
    assert (loss == NONE).tolist() == (~known).tolist()
    assert not known.all()
    assert np.abs(loss[known] / 2048 - result.answers.loss.numpy()[known]).max() < 1 / 2048
    assert np.abs(entropy / 2048 - result.answers.entropy.numpy()).max() < 1 / 2048
    assert np.abs(margin / 65534 - result.answers.margin.numpy()).max() < 1e-4
    assert np.abs(confidence / 65534 - result.answers.confidence.numpy()).max() < 1e-4
    assert np.abs(sure / 65534 - result.second_answers.confidence.numpy()).max() < 1e-4


def test_what_is_not_answered_yet_is_in_no_order(result):
    steps = Survey(batch_size=5, trust=False).steps(small.classifier(), PICTURES, LABELS)
    next(steps)
    partial = next(steps).partial
    assert columns(table(partial), 12, second=False)[1].tolist()[5:] == [-1] * 7
    assert sorted(surprising(partial).tolist()) == [0, 1, 2, 3, 4]
    steps.close()


def test_the_most_surprising_comes_first_by_loss_or_by_entropy(result):
    keys = np.where(result.truth < 0, result.answers.entropy, result.answers.loss)
    order = surprising(result)
    assert sorted(order.tolist()) == list(range(12))
    assert (np.diff(keys[order]) <= 1 / 2048).all()
    assert keys[order[0]] > keys[order[-1]]


def test_the_folder_that_all_files_are_in_is_left_out():
    assert names_of(["/a/b/cat/1.png", "/a/b/cow/1.png"]) == ["cat/1.png", "cow/1.png"]
    assert names_of([r"c:\a\1.png", r"c:\a\2.png", ""]) == ["1.png", "2.png", ""]
    assert names_of(["1\n2.png", "x/y.png"]) == ["1 2.png", "x/y.png"]
    assert names_of(["", ""]) == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"sorting": "order"}, "no filter 'sorting'"),
        ({"sort": "size"}, "sort must be one of"),
        ({"wrong": 1}, "wrong must be True or False"),
        ({"truth": 2}, "truth must be a class from 0 to 1"),
        ({"prediction": True}, "prediction must be a class"),
        ({"change": "better"}, "change must be one of fixed, broken"),
        ({"text": "x" * 201}, "at most 200"),
    ],
)
def test_filters_that_there_are_not_are_refused(given, said):
    with pytest.raises(ValueError, match=said):
        Filters.read(given, classes=2)
