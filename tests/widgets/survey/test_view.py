"""The survey view without a browser: the traits it sends and takes, the thumbnails, and what is refused."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
import small
import torch
from PIL import Image
from traitlets import TraitError
from waiting import PATIENCE, until

from cfwidgets import Classifier, Survey, SurveyExplorer, SurveyView
from cfwidgets.images import to_uint8
from cfwidgets.widgets.survey.table import surprising

PICTURES = [small.picture(number) for number in range(40)]
LABELS = [small.LABELS[number % 3 % 2] for number in range(40)]
ENGINE = Survey(batch_size=8)


@pytest.fixture(scope="module")
def clf():
    return small.classifier()


@pytest.fixture(scope="module")
def found(clf):
    return ENGINE.explain(clf, PICTURES, LABELS)


@pytest.fixture
def sent(monkeypatch):
    """What the view sends that is no trait: (content, buffers)."""
    messages = []
    monkeypatch.setattr(
        SurveyView, "send", lambda _view, content, buffers=None: messages.append((content, buffers))
    )
    return messages


@pytest.fixture
def show():
    views = []

    def make(*args, **keywords):
        views.append(SurveyView(*args, **keywords))
        return views[-1]

    yield make
    for view in views:
        view.close()


def ended(view):
    view.run.result(PATIENCE)
    until(lambda: view.state == "done")
    return view


def numbers_in(messages):
    return [
        number
        for content, buffers in messages
        if content["kind"] == "thumbnails"
        for number in np.frombuffer(buffers[0], "<u4").tolist()
    ]


def kept_numbers(view):
    (count,) = struct.unpack_from("<I", view.kept)
    ends = struct.unpack_from(f"<{count}I", view.kept, 4)
    blobs = [view.kept[4 + 4 * count :][a:b] for a, b in zip((0, *ends), ends, strict=False)]
    return [number for blob in blobs[::3] for number in np.frombuffer(blob, "<u4").tolist()]


def test_each_picture_is_read_once_and_its_thumbnail_sent_once(clf, found, sent, show):
    class Counted(list):
        read: list[int] = []  # noqa: RUF012

        def __getitem__(self, number):
            self.read.append(number)
            return super().__getitem__(number)

    view = ended(show(clf, Counted(PICTURES), LABELS, engine=ENGINE))
    until(lambda: view.kept)
    assert sorted(numbers_in(sent)) == list(range(40))
    # The marks of the data set read eight of them twice more, and the first is tried first.
    assert len(Counted.read) == 40 + 16 + 1
    assert (view.side, view.exact, view.pictures) == (32, True, 40)
    assert kept_numbers(view) == surprising(found).tolist()


def test_the_finding_is_told_in_words_and_numbers(clf, found, show):
    view = show(clf, result=found)
    assert view.sentence == found.summary()
    assert view.counts == "40 pictures"
    assert (view.labelled, view.skipped_count, view.confidence) == (True, 0, [])
    assert [row["count"] for row in view.calibration] == found.calibration()["count"].tolist()
    assert view.paths == b""


def test_without_labels_there_is_the_confidence(clf, show):
    view = ended(show(clf, PICTURES, engine=ENGINE))
    assert not view.labelled
    assert view.calibration == []
    assert sum(view.confidence) == 40


def test_a_finished_result_gets_its_thumbnails_from_the_data_the_most_surprising_first(
    clf, found, sent, show
):
    view = show(clf, PICTURES, result=found)
    until(lambda: view.kept)
    first = np.frombuffer(sent[0][1][0], "<u4").tolist()
    assert sorted(first) == list(range(40))
    assert kept_numbers(view) == surprising(found).tolist()
    with pytest.raises(ValueError, match="the result is of 40 pictures; data has 39"):
        show(clf, PICTURES[:-1], result=found)


def test_the_page_gets_what_it_asks_for_again(clf, sent, show):
    view = ended(show(clf, PICTURES, LABELS, engine=ENGINE))
    until(lambda: view.kept)
    sent.clear()
    view._on_message(view, {"kind": "thumbnails", "numbers": [7, 3]}, [])
    until(lambda: sent)
    assert {3, 7} <= set(numbers_in(sent))


@pytest.mark.parametrize("numbers", [[40], [-1], ["1"], [True], [1.5]])
def test_it_asks_for_pictures_that_there_are(clf, found, show, numbers):
    view = show(clf, PICTURES, result=found)
    with pytest.raises(ValueError, match="a number of a picture must be from 0 to 39"):
        view._on_message(view, {"kind": "thumbnails", "numbers": numbers}, [])


def test_files_are_named_and_those_that_are_damaged_too(clf, tmp_path, sent, show):
    paths = []
    for number, picture in enumerate(PICTURES[:12]):
        paths.append(tmp_path / ("even" if number % 2 == 0 else "odd") / f"{number}.png")
        paths[-1].parent.mkdir(exist_ok=True)
        Image.fromarray(to_uint8(picture)).save(paths[-1])
    paths[4].write_bytes(b"not a picture")
    view = ended(show(clf, paths, LABELS[:12], engine=ENGINE))
    assert view.skipped_count == 1
    (row,) = view.skipped
    assert (row["number"], row["path"]) == (4, str(paths[4]))
    assert row["why"]
    names = zlib.decompress(view.paths[4:]).decode().split("\n")
    assert names[:3] == ["even/0.png", "odd/1.png", "even/2.png"]
    until(lambda: view.kept)
    result = view.result
    again = show(clf, result=result)  # without data: from the files
    until(lambda: again.kept)
    assert sorted(kept_numbers(again)) == [number for number in range(12) if number != 4]
    for path in paths:
        path.unlink()
    gone = show(clf, result=result)
    until(lambda: gone.kept)
    assert kept_numbers(gone) == []
    assert gone.error == ""


def test_what_is_chosen_and_filtered_is_kept_and_checked(clf, found, show):
    view = show(clf, PICTURES, result=found)
    view.chosen = 39
    view.filters = {"truth": 1, "prediction": 0, "sort": "order"}
    with pytest.raises(TraitError, match="chosen must be from 0 to 39"):
        view.chosen = 40
    with pytest.raises(TraitError, match="truth must be a class from 0 to 1"):
        view.filters = {"truth": 2}
    view.set_state({"chosen": 40})
    assert "chosen must be from -1 to 39" in view.error
    view.set_state({"filters": {"wrong": "yes"}})
    assert "wrong must be True or False" in view.error
    assert (view.chosen, view.filters["truth"]) == (39, 1)
    view.set_state({"chosen": 3, "filters": {"wrong": True}})
    assert (view.chosen, view.filters, view.error) == (3, {"wrong": True}, "")


def test_the_explorer_passes_them_on(clf, found):
    explorer = SurveyExplorer(clf, PICTURES, result=found)
    explorer.chosen, explorer.filters = 5, {"unsure": True}
    assert (explorer.view.chosen, explorer.view.filters) == (5, {"unsure": True})
    assert (explorer.chosen, explorer.filters) == (5, {"unsure": True})
    explorer.close()


def test_the_chart_draws_each_bin_with_its_interval(clf, found):
    explorer = SurveyExplorer(clf, PICTURES, result=found)
    bars, _, spans, points, name = explorer.chart.marks
    table = found.calibration()
    assert bars.y.tolist() == pytest.approx(table["accuracy"].tolist())
    assert points.x.tolist() == pytest.approx(table["confidence"].tolist())
    assert np.allclose(np.asarray(spans.y), table[["low", "high"]].to_numpy())
    assert name.text[0] == f"calibration error {found.reliability.error:.3f}".replace(" 0.", " .")
    explorer.close()
    unlabelled = SurveyExplorer(clf, PICTURES, engine=ENGINE)
    ended(unlabelled.view)
    bars, ideal, *_ = unlabelled.chart.marks
    assert bars.y.sum() == pytest.approx(1)
    assert not ideal.visible
    unlabelled.close()


def test_a_second_model_is_named(clf, show):
    other = small.classifier(seed=1)
    other.name = "other"
    view = ended(show(clf, PICTURES, LABELS, second=other, engine=ENGINE))
    assert view.second == "other"
    assert "with other: " in view.sentence


def test_pictures_of_all_sizes_and_modes_have_thumbnails(sent, show):
    seen = Classifier(lambda images: images.mean((2, 3)).softmax(1), labels=["red", "green", "blue"])
    pictures = [
        Image.new(mode, (10 + 9 * number, 40)) for number, mode in enumerate(("L", "RGB", "P", "RGBA", "1"))
    ]
    view = ended(show(seen, pictures, engine=ENGINE))
    until(lambda: view.kept)
    assert sorted(kept_numbers(view)) == [0, 1, 2, 3, 4]
    shapes = {
        number: tuple(size)
        for _, buffers in sent
        for number, size in zip(
            np.frombuffer(buffers[0], "<u4").tolist(),
            np.frombuffer(buffers[1], np.uint8).reshape(-1, 2).tolist(),
            strict=True,
        )
    }
    assert shapes[0] == (10, 40)
    assert Image.open(io.BytesIO(sent[0][1][2])).width == 16 * view.side


def test_a_data_set_without_pictures_is_refused_at_once(clf):
    with pytest.raises(ValueError, match="there are no pictures"):
        SurveyView(clf, [])
    with pytest.raises(ValueError, match="labels must be of the 40 pictures of the data, one each; got 39"):
        SurveyView(clf, PICTURES, LABELS[:-1])


def test_a_large_data_set_is_arranged_by_surprise(sent, show, monkeypatch):
    monkeypatch.setattr("cfwidgets.widgets.survey.view._SCATTERED", 30)
    view = ended(show(small.classifier(), PICTURES, LABELS, engine=ENGINE))
    until(lambda: any(content["again"] for content, _ in sent))
    again = [message for message in sent if message[0]["again"]]
    assert numbers_in(again) == surprising(view.result).tolist()
    until(lambda: view._arranged_by is view.result)


def test_pictures_that_an_earlier_run_has_answered_are_read_for_their_thumbnails(clf, sent, show, tmp_path):
    path = tmp_path / "survey.safetensors"
    steps = ENGINE.steps(clf, PICTURES, LABELS, checkpoint=path)
    for update in steps:
        if update.fraction >= 0.5:
            break
    steps.close()
    view = ended(show(clf, PICTURES, LABELS, engine=ENGINE, checkpoint=path))
    until(lambda: view.kept)
    assert sorted(set(numbers_in(sent))) == list(range(40))
    assert torch.equal(view.result.answered, torch.ones(40, dtype=torch.bool))
