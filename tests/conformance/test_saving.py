"""What every explorer promises that is saved and opened again: see `cfwidgets.open`."""

from __future__ import annotations

import errno
import json
import os
import re
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import ipywidgets
import pytest
import small
from comparing import differences
from explainers import EXPLAINERS
from safetensors import safe_open
from safetensors.torch import save_file
from waiting import PATIENCE, until

import cfwidgets as cf
from cfwidgets.export.refusal import CannotTravelError
from cfwidgets.results import _HEADER, _SUM, ResultError, _checksum
from cfwidgets.widgets.opening import EXPLORERS
from cfwidgets.widgets.workbench.case_view import CaseView

TWO_SECONDS = 2.0


@dataclass(frozen=True)
class Clicks:
    """What a user clicks in an explorer, and when all answers to it are there."""

    sets: dict[str, Any]
    answered: Any


def _curves(view: Any) -> bool:
    return all(len(view.curves.get(name, ())) == 21 for name in ("most", "least"))


def _split(view: Any) -> bool:
    return view.path.get("ends") == [0, 1] and len(view.path["at"]) == view.phases and bool(view.answer)


MASKED = Clicks(
    {"following": False, "shown": [0, 1], "region": [[0.0, 0.0, 0.5, 0.0, 0.5, 0.5]]},
    lambda view: (view.answer or {}).get("shown") == [0, 1],
)
CLICKS = {
    "superpixels": MASKED,
    "lime": MASKED,
    "transitions": Clicks({"picked": [0, 1], "following": False}, _split),
    "facex": Clicks(
        {"quantity": "effect", "chosen": "nose", "opened": 1}, lambda view: view.face.get("image") == 1
    ),
    "pareto": Clicks(
        {
            "chosen": 2,
            "brushed": [1, 2],
            "edit": [0.5, -0.25, 0.0],
            "across_0": [0.25, 1.0],
            "point": [0.5, 1.0],
        },
        lambda view: view.edited.get("deltas") == [0.5, -0.25, 0.0],
    ),
    "translation": Clicks(
        {"chosen": 3, "threshold": 0.25, "stressed": [0.125, 0.0], "curves": "noise"},
        lambda view: view.stress.get("chosen") == 3 and view.measured.get("noise") == 7,
    ),
    "relevance": Clicks(
        {"hiding": {"method": "lrp", "percent": 40, "least": True, "fill": "mean"}},
        lambda view: view.answer.get("hiding", {}).get("percent") == 40 and _curves(view),
    ),
    "survey": Clicks({"chosen": 2, "filters": {"wrong": True}}, lambda view: bool(view.kept)),
}


def widgets():
    return set(ipywidgets.widgets.widget._instances)


def painters(explainer, clf):
    """The models beside the classifier, by the names of arguments."""
    return dict(zip(explainer.view.needs, explainer.given(clf, 0), strict=False))


def shown_state(view):
    """All that the page is sent of a view."""
    state = view.get_state()
    return {name: value for name, value in state.items() if name != "layout" and not name.startswith("_")}


def quiet(view):
    """Wait until all is answered: the thread that answers, if there is one, waits for a question."""
    answers = view._answers

    def idle():
        with answers._asked:
            return not answers._question and (not answers._begun or answers._asked._waiters)

    until(idle)


@pytest.fixture(scope="package")
def saved(explainer, clf, result, tmp_path_factory):
    """The file of an explorer that was played with, and what its page was sent."""
    path = tmp_path_factory.mktemp("saved") / "explorer.safetensors"
    given = explainer.given(clf, 0)
    more = given[explainer.data :] if explainer.view.data == ("data", "labels") else ()
    explorer = explainer.explorer(
        clf, *given[: explainer.data], *more, result=result, engine=explainer.engine, **explainer.keywords
    )
    if explainer.view.data == ("faces",):
        explorer.close()
        explorer = explainer.explorer(clf, given[0], result=result, engine=explainer.engine)
    view, clicks = explorer.view, CLICKS[explainer.name]
    for name, value in clicks.sets.items():
        setattr(view, name, value)
    until(lambda: clicks.answered(view))
    if "phase" in view.from_page:
        view.phase = 7
    quiet(view)
    assert view.error == ""
    explorer.save(path)
    state = shown_state(view)
    explorer.close()
    return path, state, result


def test_every_explorer_can_be_saved():
    assert {one.explorer for one in EXPLAINERS} == set(EXPLORERS)
    assert {one.name for one in EXPLAINERS} == set(CLICKS)


def test_all_comes_back_and_the_model_is_not_asked(explainer, clf, saved, closed):
    (path, state, result), models = saved, painters(explainer, clf)
    before, began = clf.require_module().count.images, time.perf_counter()
    explorer = cf.open(path, clf, **models)
    took = time.perf_counter() - began
    closed.append(explorer)
    view = explorer.view
    quiet(view)
    assert clf.require_module().count.images == before
    assert took < TWO_SECONDS
    assert (type(explorer), explorer.run, view.state, view.error) == (explainer.explorer, None, "done", "")
    now = shown_state(view)
    assert {name for name in state if now[name] != state[name]} == set()
    # A run that is resumed is of the same settings; a layer that was looked for is known now.
    found = {"layer": view._engine.layer} if explainer.name == "transitions" else {}
    assert view._engine == replace(explainer.engine, **found)
    # What was measured or generated since the end of the run is part of the result that is shown.
    same = {"path", "attribution", "agreement", "randomised_model", "stress"}
    assert differences(view.result, result, ignore=frozenset(same)) == []


def test_it_plays_without_any_model(explainer, clf, saved, closed):
    path, state, _ = saved
    explorer = cf.open(path)
    closed.append(explorer)
    view = explorer.view
    quiet(view)
    now = shown_state(view)
    expected = {"opens_with", "attackable"}  # an attack needs the network
    assert {name for name in state if now[name] != state[name]} <= expected
    named = "".join(f", {name}=…" for name in explainer.view.needs)
    assert view.opens_with == f"cf.open(path, clf{named})"
    assert explorer.result.summary()
    view.state = "stopped"
    view.start(view._steps())
    until(lambda: view.state != "running")
    if view.state == "failed":
        assert view.last_error is not None


def test_it_is_exported_as_a_still_page_without_any_model(explainer, saved, tmp_path, closed):
    explorer = cf.open(saved[0])
    closed.append(explorer)
    quiet(explorer.view)
    exported = explorer.export(tmp_path / "page.html")
    assert not exported.live
    if explainer.name in {"superpixels", "lime", "relevance"}:  # the others lack more than the classifier
        assert "there is no model to answer this: open the file with it" in exported.reason
    with pytest.raises(CannotTravelError, match="; live=False makes a still page"):
        explorer.export(tmp_path / "page.html", live=True)


def test_it_is_not_resumed_without_any_model(explainer, updates, clf, tmp_path, closed):
    result = replace(updates[len(updates) // 2].partial, stopped="43% (searching)")
    path = tmp_path / "stopped.safetensors"
    given = explainer.given(clf, 0)[: explainer.data]
    made = explainer.explorer(clf, *given, result=result, engine=explainer.engine, **explainer.keywords)
    made.save(path)
    made.close()
    explorer = cf.open(path)
    closed.append(explorer)
    view = explorer.view
    for resume in (explorer.resume, view.resume):
        with pytest.raises(ValueError, match=re.escape(f"open the file with it, {view.opens_with}")):
            resume()
    assert (view.state, explorer.run, view.error) == ("stopped", None, "")
    view._handle_msg({"content": {"data": {"method": "custom", "content": {"kind": "resume"}}}})
    assert "there is no model to resume with" in view.error
    explorer.close()
    explorer.resume()  # nothing, as for all that are closed


def test_it_goes_on_with_its_model(explainer, clf, saved, closed):
    path, _, _ = saved
    explorer = cf.open(path, clf, **painters(explainer, clf))
    closed.append(explorer)
    view, before = explorer.view, clf.require_module().count.images
    ask = {
        "superpixels": ("shown", [2]),
        "lime": ("shown", [2]),
        "transitions": ("picked", [2, 3]),
        "pareto": ("edit", [0.1, 0.1, 0.1]),
        "translation": ("stressed", [0.25, 0.0]),
        "relevance": ("hiding", {"method": "rap", "percent": 5, "least": False, "fill": "blur"}),
    }.get(explainer.name)
    if ask is None:  # the data were not given: all that can be asked needs them
        assert explainer.view.data
        return
    view.set_state(dict([ask]))
    until(lambda: clf.require_module().count.images > before)
    quiet(view)
    assert view.error == ""


def test_a_view_alone_comes_back_as_a_view(explainer, clf, result, tmp_path, closed):
    path = tmp_path / "view.safetensors"
    view = explainer.view(clf, *painters(explainer, clf).values(), result=result, engine=explainer.engine)
    closed.append(view)
    view.save(path)
    again = cf.open(path)
    closed.append(again)
    assert isinstance(again, explainer.view)
    assert differences(again.result, view.result) == []


def test_a_run_is_saved_as_it_stands_and_says_so(explainer, clf, updates, tmp_path, closed):
    path, gate = tmp_path / "running.safetensors", threading.Event()
    view = explainer.view(clf, *explainer.given(clf, 0), engine=explainer.engine, **explainer.keywords)
    closed.append(view)
    view.run.result(PATIENCE)
    partial = updates[len(updates) // 2]

    def waits():
        yield partial
        gate.wait(PATIENCE)
        yield partial

    view.start(waits())
    until(lambda: view.progress == partial.fraction and view.result is partial.partial)
    view.save(path)
    assert view.state == "running"
    gate.set()
    again = cf.open(path, clf, **painters(explainer, clf))
    closed.append(again)
    assert (again.state, again.run) == ("stopped", None)
    assert again.progress == pytest.approx(partial.fraction, abs=0.011)
    assert any("The run was interrupted at " in caveat for caveat in again.caveats)
    again.resume()
    assert again.resumable == (again.run is not None)
    if again.run is not None:  # the result holds the picture
        again.run.result(PATIENCE)
        until(lambda: again.state == "done")
        assert not again.result.stopped


def test_before_there_is_anything_nothing_is_saved(explainer, clf, tmp_path, closed):
    view = explainer.view(clf, *explainer.given(clf, 0), engine=explainer.engine, **explainer.keywords)
    closed.append(view)
    view.run.result(PATIENCE)
    view._result = None
    with pytest.raises(ValueError, match="nothing to export or save yet: the run has just begun"):
        view.save(tmp_path / "none.safetensors")
    view.state, view.error = "failed", "no network"
    with pytest.raises(ValueError, match="nothing to export or save yet: the run failed: no network"):
        view.save(tmp_path / "none.safetensors")
    assert list(tmp_path.iterdir()) == []


def test_of_what_is_closed_nothing_is_saved(explainer, clf, result, tmp_path):
    given = explainer.given(clf, 0)[: explainer.data]
    explorer = explainer.explorer(clf, *given, result=result, engine=explainer.engine, **explainer.keywords)
    explorer.close()
    for name, write in (
        ("page.html", explorer.export),
        ("file", explorer.save),
        ("view", explorer.view.save),
    ):
        with pytest.raises(ValueError, match="nothing can be exported or saved any more: it is closed"):
            write(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_another_model_is_refused(explainer, saved):
    path, _, _ = saved
    before = widgets()
    other = small.classifier(seed=1)
    with pytest.raises(
        ResultError, match=r"is of another model, or of other weights \(Small\), not of Small"
    ):
        cf.open(path, other, **painters(explainer, other))
    three = cf.Classifier(lambda images: images.mean((2, 3)), labels=["red", "green", "blue"])
    models = painters(explainer, small.classifier())
    if "generator" in models:
        models["generator"].classes = 3
    with pytest.raises(ResultError, match=r"is of a model with other labels \(Small\)"):
        cf.open(path, three, **models)
    assert widgets() <= before


def test_what_is_missing_or_not_taken_is_named(explainer, clf, saved):
    path, _, _ = saved
    before, name = widgets(), explainer.explorer.__name__
    for needed in explainer.view.needs:
        with pytest.raises(
            ValueError, match=rf"holds a {name}: give {needed} too, as in cf\.open\(path, clf"
        ):
            cf.open(path, clf)
        with pytest.raises(ValueError, match=f"holds a {name}: give clf too"):
            cf.open(path, **painters(explainer, clf))
    with pytest.raises(ValueError, match=f"holds a {name}, which was saved without second"):
        cf.open(path, clf, second=clf, **painters(explainer, clf))
    with pytest.raises(TypeError, match="clf must be a Classifier, not Small: wrap it"):
        cf.open(path, clf.require_module(), **painters(explainer, clf))
    assert widgets() <= before


def test_a_result_and_an_explorer_are_told_apart(saved, result, tmp_path):
    path, name = tmp_path / "result.safetensors", type(result).__name__
    result.save(path)
    with pytest.raises(
        ResultError, match=rf"holds a {name}, which {name}\.load reads; cfwidgets\.open does not"
    ):
        cf.open(path)
    with pytest.raises(ResultError, match=rf"which cfwidgets\.open reads; {name}\.load does not"):
        type(result).load(saved[0])


def test_a_path_is_asked_for(clf, saved):
    with pytest.raises(TypeError, match="path must be the path of a saved file, not Classifier"):
        cf.open(clf, saved[0])


@pytest.mark.parametrize("part", [0, 3, 0.1, 0.5, 0.999])
def test_a_truncated_file_is_refused(saved, tmp_path, part):
    content = saved[0].read_bytes()
    path = tmp_path / "cut.safetensors"
    path.write_bytes(content[: part if isinstance(part, int) else int(part * len(content))])
    with pytest.raises(ResultError, match=r"cut\.safetensors"):
        cf.open(path)


def test_flipped_bits_are_found(saved, tmp_path):
    content, path = saved[0].read_bytes(), tmp_path / "bits.safetensors"
    for place in range(11, len(content), len(content) // 7):
        damaged = bytearray(content)
        damaged[place] ^= 4
        path.write_bytes(damaged)
        with pytest.raises(ResultError, match=r"bits\.safetensors"):
            cf.open(path)


def rewritten(path: Path, target: Path, change) -> Path:
    """Copy a file with its header changed, and with the sum that belongs to it."""
    with safe_open(path, framework="pt") as file:
        header = file.metadata()[_HEADER]
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a mapping
    text = change(header)
    save_file(tensors, target, metadata={_HEADER: text, _SUM: _checksum(text, tensors)})
    return target


UNKNOWN = "traits that are not known"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda header, _: header.update(format=99), "has format 99; this version of cfwidgets reads 2"),
        (lambda header, _: header.update(type="Loot"), "holds a Loot"),
        (lambda _, fields: fields.update(shows="Loot"), "it shows 'Loot'; there are SuperpixelExplorer"),
        (lambda _, fields: fields.pop("shows"), "shows"),
        (lambda _, fields: fields.update(more=1), "more"),
        (lambda _, fields: fields.update(version=7), "version must be of type str"),
        (lambda _, fields: fields.update(of={"dict": {}}), "it must be of clf"),
        (lambda _, fields: fields["found"]["tuple"].append(3), r"found\[1|2\] must be of type tuple"),
        (lambda _, fields: fields.update(found={"tuple": []}), "it must have results"),
        (lambda _, fields: fields["clicked"]["dict"].update(state="done"), UNKNOWN),
        (lambda _, fields: fields["clicked"]["dict"].update(_esm="alert(1)"), UNKNOWN),
        (lambda _, fields: fields["answered"]["dict"].update(model="Loot"), UNKNOWN),
    ],
)
def test_a_file_that_is_not_as_it_must_be_is_refused(saved, tmp_path, change, said):
    def changed(text):
        header = json.loads(text)
        change(header, header["value"]["fields"])
        return json.dumps(header)

    before, path = widgets(), rewritten(saved[0], tmp_path / "hostile.safetensors", changed)
    with pytest.raises(ResultError, match=said):
        cf.open(path)
    assert widgets() <= before


def test_a_result_alone_is_no_explorer(result, tmp_path):
    path = tmp_path / "result.safetensors"
    result.save(path)
    with pytest.raises(ResultError, match=f"holds a {type(result).__name__}"):
        cf.open(path)


def test_folders_missing_files_and_full_disks_are_named(saved, tmp_path, monkeypatch, closed):
    with pytest.raises(FileNotFoundError, match="none"):
        cf.open(tmp_path / "none")
    with pytest.raises(IsADirectoryError, match=tmp_path.name):
        cf.open(tmp_path)
    explorer = cf.open(saved[0])
    closed.append(explorer)
    with pytest.raises(OSError, match=tmp_path.name):
        explorer.save(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"nowhere/x\.safetensors"):
        explorer.save(tmp_path / "nowhere/x.safetensors")
    path = tmp_path / "kept.safetensors"
    path.write_text("as it was")

    def full(_tensors, scratch, **_more):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), scratch)

    with monkeypatch.context() as patched:
        patched.setattr("cfwidgets.results.save_file", full)
        with pytest.raises(OSError, match=rf"No space left on device: '{path}'"):
            explorer.save(path)
    assert [one.name for one in tmp_path.iterdir()] == ["kept.safetensors"]
    assert path.read_text() == "as it was"


def test_the_answers_for_another_class_come_back_too(clf, tmp_path, closed):
    engine = next(one.engine for one in EXPLAINERS if one.name == "superpixels")
    explorer = cf.SuperpixelExplorer(clf, small.picture(), 0, engine=engine)
    closed.append(explorer)
    first = explorer.run.result(PATIENCE)
    until(lambda: explorer.view.state == "done")
    explorer.view.target = 1
    until(lambda: explorer.view.state == "done" and explorer.result.target == 1)
    explorer.save(tmp_path / "two")
    again = cf.open(tmp_path / "two", clf)
    closed.append(again)
    assert again.result.target == 1
    again.view.target = 0
    assert (again.run, again.view.state) == (None, "done")
    assert differences(again.result, first) == []


def test_two_models_come_back_together(clf, tmp_path, closed):
    engine = next(one.engine for one in EXPLAINERS if one.name == "facex")
    second = small.classifier(1)
    explorer = cf.FaceXExplorer(clf, small.faces(), small.LABELS[1], second=second, engine=engine)
    closed.append(explorer)
    pair = explorer.run.result(PATIENCE)
    until(lambda: explorer.view.state == "done")
    explorer.save(tmp_path / "pair")
    again = cf.open(tmp_path / "pair", clf, second=second, faces=small.faces())
    closed.append(again)
    assert differences(again.result, pair) == []
    with pytest.raises(ValueError, match=r"give second too, as in cf\.open\(path, clf, second=…\)"):
        cf.open(tmp_path / "pair", clf)
    with pytest.raises(ResultError, match="other weights"):
        cf.open(tmp_path / "pair", second, second=clf)
    alone = cf.open(tmp_path / "pair")
    closed.append(alone)
    assert alone.view.models == explorer.view.models


def test_what_has_no_result_of_its_own_is_not_saved(clf, tmp_path, closed):
    view = CaseView(clf)
    closed.append(view)
    with pytest.raises(ValueError, match="a CaseView cannot be saved"):
        view.save(tmp_path / "case")
