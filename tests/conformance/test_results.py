"""What every result promises: see `cfwidgets.engines.base`."""

from __future__ import annotations

import html
import inspect
import json
from dataclasses import FrozenInstanceError, fields, is_dataclass, replace

import numpy as np
import pandas as pd
import pytest
import small
import torch
from comparing import differences, tensors
from explainers import EXPLAINERS
from matplotlib.figure import Figure
from matplotlib.text import Text

from cfwidgets.engines.base import Measure
from cfwidgets.results import ResultError


def test_it_says_what_it_is_of(explainer, clf, result):
    assert result.model == clf.name
    assert result.labels == small.LABELS
    assert result.prediction.shape == (2,)
    assert float(result.prediction.sum()) == pytest.approx(1, abs=1e-5)
    assert result.predicted == int(result.prediction.argmax())
    assert result.seconds > 0
    asked_for = {one.name for one in fields(explainer.engine)}
    assert asked_for < set(result.settings)
    if explainer.target:
        assert 0 <= result.target < len(result.labels)
        assert result.settings["target"] == result.labels[result.target]
    json.dumps(result.settings)
    assert result.fingerprints["model"] == clf.fingerprint() != ""
    assert len(result.fingerprints) > 1


def test_it_is_frozen_and_plain(result):
    with pytest.raises(FrozenInstanceError):
        result.seconds = 0
    found = list(tensors(result))
    assert found
    assert all(one.device.type == "cpu" and not one.requires_grad for one in found)


def test_each_field_is_documented(result):
    documented = "\n".join(inspect.getdoc(kind) or "" for kind in type(result).__mro__)
    assert [one.name for one in fields(result) if one.name not in documented] == []


def test_the_images_are_in_0_to_1(result):
    if hasattr(result, "image"):
        assert result.image.dtype == torch.float32
        assert 0 <= float(result.image.min()) <= float(result.image.max()) <= 1


def test_the_answer_has_a_place_in_the_picture(explainer, clf, result, updates):
    assert updates[0].partial.placed((16, 16)) == {}
    for size in ((16, 16), (5, 7), (40, 30)):
        maps = result.placed(size)
        assert tuple(maps) == explainer.placed
        for one in maps.values():
            assert one.pixels.shape == size
            assert one.pixels.dtype == torch.float32
            assert one.pixels.isfinite().all()
            assert one.pixels.any()
            assert one.signed or explainer.name == "transitions" or float(one.pixels.min()) >= 0
            assert all(copy.shape == size and copy.isfinite().all() for copy in one.randomised)
    if explainer.placed or explainer.name == "pareto":
        assert result.explained is not None
    elif explainer.name in {"facex", "translation", "survey"}:
        assert result.explained is None
    if not explainer.placed:
        return
    assert torch.equal(clf.view(result.explained), clf.view(small.picture(0)))
    assert result.about[0] == result.target
    copy = clf.randomised(0, (16, 16))
    found = result.randomised_maps(copy, (5, 7))
    assert found.keys() == maps.keys()
    assert all(one.shape == (5, 7) and one.any() for one in found.values())


def test_it_is_a_table(result):
    frame = result.to_frame()
    assert isinstance(frame, pd.DataFrame)
    assert len(frame) > 1
    assert all(isinstance(name, str) for name in frame.columns)


def test_the_measures_of_trust_are_sentences(result):
    trust = result.trust()
    assert list(trust.columns) == list(Measure._fields)
    assert len(trust) > 0
    assert trust["measure"].is_unique
    assert np.isfinite(trust["value"]).all()
    for row in trust.itertuples():
        assert row.meaning.endswith(".")
        assert row.meaning[0].isupper()
        assert row.against
        assert row.meaning in " ".join(repr(trust).split())
        assert html.escape(row.meaning, quote=False) in trust._repr_html_()


@pytest.mark.costly
def test_it_is_a_figure_with_labels_as_they_are(result, tmp_path):
    figure = result.plot()
    assert isinstance(figure, Figure)
    path = tmp_path / "figure.svg"
    figure.savefig(path)  # a label with dollars is no mathematics
    assert path.stat().st_size > 1000
    assert len(figure.axes) > 0
    assert not any(text.get_parse_math() for text in texts(figure) if "$" in text.get_text())


def texts(figure):
    from matplotlib.text import Text

    return figure.findobj(Text)


@pytest.mark.costly
def test_in_a_notebook_it_is_a_sentence_and_a_picture(result):
    shown = result._repr_html_()
    assert "<img alt=" in shown
    assert 'src="data:image/png;base64,' in shown
    assert "<b>" not in shown.replace("&lt;b&gt;", "")
    sentence = result.summary()
    assert "\n" not in sentence
    assert len(sentence) > 20


@pytest.mark.costly
def test_before_there_is_anything_to_draw_it_is_a_sentence(updates):
    first = updates[0].partial
    assert first._repr_html_().startswith("<p>")
    assert isinstance(first.to_frame(), pd.DataFrame)
    assert list(first.trust().columns) == list(Measure._fields)


def test_it_is_a_file(result, updates, tmp_path):
    for which in (result, updates[0].partial, updates[len(updates) // 2].partial):
        which.save(tmp_path / "result.safetensors")
        assert differences(which, type(which).load(tmp_path / "result.safetensors"), ignore=frozenset()) == []
    assert [path.name for path in tmp_path.iterdir()] == ["result.safetensors"]


def test_the_file_of_another_kind_is_refused(explainer, result, tmp_path):
    result.save(tmp_path / "result.safetensors")
    other = next(one for one in EXPLAINERS if one.engine.result_type is not type(result))
    with pytest.raises(ResultError, match=type(result).__name__):
        other.engine.result_type.load(tmp_path / "result.safetensors")


WRONG = ("text", -7, 2.5, True, None, [], {}, torch.zeros(2, 3), torch.full((2,), float("nan")))


@pytest.mark.costly
def test_a_file_with_a_wrong_value_is_refused(result, tmp_path):
    """Every field, with each of these in its place: refused, or what the field may hold."""
    path = tmp_path / "result.safetensors"
    for one in fields(result):
        for wrong in WRONG:
            replace(result, **{one.name: wrong}).save(path)
            try:
                kept = type(result).load(path)
            except ResultError:
                continue
            assert kept.summary()
            kept.trust()
            kept.to_frame()


@pytest.mark.costly
def test_no_flipped_bit_is_read_as_an_answer(result, tmp_path):
    path = tmp_path / "result.safetensors"
    result.save(path)
    data = path.read_bytes()
    for at in range(0, len(data), max(1, len(data) // 150)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :])
        with pytest.raises(ResultError):
            type(result).load(path)
    for length in range(0, len(data), max(1, len(data) // 20)):
        path.write_bytes(data[:length])
        with pytest.raises(ResultError):
            type(result).load(path)


def test_it_is_written_in_a_line(result, updates):
    long = replace(result, labels=("n" * 300, "two\nlines"), model="m" * 300)
    for which in (result, updates[0].partial, long):
        written = repr(which)
        assert is_a_line(written)
        assert written.startswith(f"<{type(which).__name__}: {which.summary()[:20]}".partition("\n")[0])
        assert written.endswith(">")
    assert is_a_line(repr(updates[1]))
    assert result.summary()[:60] in repr(updates[-1])


def test_its_parts_are_written_in_a_line(result):
    assert [repr(part) for part in parts(result) if not is_a_line(repr(part))] == []


def is_a_line(text):
    return len(text) <= 200 and "\n" not in text and "tensor(" not in text


def parts(value):
    if is_dataclass(value):
        yield value
        for one in fields(value):
            yield from parts(getattr(value, one.name))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from parts(one)


@pytest.mark.costly
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ["n" * 300, "two\nlines", "caf\udce9 $"], ids=["long", "lines", "no text"])
def test_any_name_fits_into_the_figure(result, name):
    named = replace(result, labels=(name, name), model=name)
    figure = named.plot()
    texts = [text.get_text() for text in figure.findobj(Text)]
    assert any(name[:3] in text for text in texts)
    assert not any("n" * 50 in text or "two\nlines" in text for text in texts)
    figure.canvas.draw()


def test_each_measure_says_whether_it_is_as_it_should_be(result, updates):
    for which in (result, updates[0].partial):
        ok = which.trust()["ok"]
        assert ok.dtype == object
        assert all(value is None or isinstance(value, bool) for value in ok)
    assert result.trust()["ok"].notna().any()


def test_the_model_was_asked_about_other_pictures(result, updates):
    assert updates[0].partial.elsewhere is None
    assert result.elsewhere.shape == (15, 2)
    assert {"difference of answers", "change of the answer"} <= set(result.trust()["measure"])


@pytest.mark.costly
def test_the_caveats_are_sentences_and_stand_first(result, tmp_path):
    blind = replace(result, elsewhere=torch.full((15, 2), 0.5), prediction=torch.tensor([0.5, 0.5]))
    said = blind.caveats
    assert "hardly depends on the picture" in said[0]
    assert all(one.endswith(".") for one in said)
    assert blind._repr_html_().startswith("<ul><li>The answer hardly depends")
    assert "<b>" not in blind._repr_html_().replace("&lt;b&gt;", "")
    blind.save(tmp_path / "result.safetensors")
    assert type(result).load(tmp_path / "result.safetensors").caveats == said


@pytest.mark.costly
def test_a_probe_that_fails_costs_no_answer(explainer, clf, monkeypatch):
    def fails(_image):
        raise RuntimeError("no such picture")

    monkeypatch.setattr("cfwidgets.engines.base.engine.pictures", fails)
    engine = explainer.engine
    found = list(engine.steps(clf, *explainer.given(clf, 0), **explainer.keywords))[-1].partial
    assert found.elsewhere is None
    assert "no such picture" in found.missing["answers to other pictures"]
