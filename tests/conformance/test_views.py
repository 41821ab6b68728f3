"""What every view and explorer promises: see `cfwidgets.widgets.view` and `cfwidgets.widgets.explorer`."""

from __future__ import annotations

import errno
import gc
import inspect
import os
import pydoc
import re
import threading
import time
import weakref
from dataclasses import replace

import ipywidgets
import pytest
import small
from comparing import differences
from explainers import EXPLAINERS
from torch import nn
from traitlets import Bunch
from waiting import PATIENCE, until

import cfwidgets as cf
from cfwidgets.widgets.explorer import Explorer
from cfwidgets.widgets.view import View

# parts of a view that export, save and open ask for
_ASKED_BY_THEM = {"account", "travel", "findings", "clicks", "recover"}
SEEN = [one for one in EXPLAINERS if one.view is not None]


def arguments(callable_, kind):
    return [name for name, one in inspect.signature(callable_).parameters.items() if one.kind is kind]


def made(explainer, kind, clf=None, **keywords):
    clf = small.classifier() if clf is None else clf
    keywords = {"engine": explainer.engine, **explainer.keywords, **keywords}
    return kind(clf, *explainer.given(clf, 0), **keywords)


def painter(explainer, clf):
    """The arguments before the data: a generator or an editor, where there is one."""
    return explainer.given(clf, 0)[: explainer.data]


def widgets():
    return set(ipywidgets.widgets.widget._instances)


def threads():
    return {thread.name for thread in threading.enumerate() if thread.name.startswith("cfwidgets")}


def test_an_interrupted_result_is_shown_as_stopped(explainer, clf, updates):
    partial = replace(updates[len(updates) // 2].partial, stopped="43% (searching)")
    view = explainer.view(
        clf, *painter(explainer, clf), engine=explainer.engine, result=partial, **explainer.keywords
    )
    try:
        assert (view.state, view.progress) == ("stopped", 0.43)
        assert "stopped at 43%" in repr(view)
        assert any("interrupted at 43%" in one for one in view.caveats)
        view.resume()
        assert view.resumable == (view.run is not None)
        if view.run is not None:  # the result holds the picture
            view.run.result(timeout=PATIENCE)
            until(lambda: view.state == "done")
            assert view.caveats == list(view.result.caveats)
            assert not view.result.stopped
    finally:
        view.close()


def test_the_arguments_come_in_one_order(explainer):
    positional, named = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY
    of_engine = [name for name in arguments(type(explainer.engine).steps, positional) if name != "self"]
    assert arguments(explainer.view, positional) == of_engine
    keywords = arguments(explainer.view, named)
    assert {"engine", "result", "checkpoint"} <= set(keywords)
    more = set(arguments(type(explainer.engine).steps, named)) - {"resume"}
    assert more <= set(keywords)
    assert inspect.signature(explainer.explorer) == inspect.signature(explainer.view)
    documented = inspect.getdoc(explainer.view)
    assert [name for name in (*of_engine, *keywords) if name not in documented] == []


@pytest.mark.costly
def test_it_fills_in_while_the_engine_runs(explainer, closed):
    view = made(explainer, explainer.view)
    closed.append(view)
    assert isinstance(view, View)
    assert view.state in {"running", "done"}
    result = view.run.result(timeout=120)
    until(lambda: view.state == "done")
    assert view.progress == 1
    assert view.error == ""
    assert view.result is result
    assert view.counts
    assert view.trust
    assert all({"name", "value", "note", "help", "ok"} <= row.keys() for row in view.trust)
    assert view.caveats == list(result.caveats)


def test_it_shows_a_finished_result(explainer, clf, result, closed):
    view = explainer.view(clf, *painter(explainer, clf), result=result, engine=explainer.engine)
    closed.append(view)
    assert (view.state, view.progress, view.error, view.run) == ("done", 1.0, "", None)
    assert differences(view.result, result) == []
    assert view.counts
    assert view.trust


@pytest.mark.costly
def test_whoever_has_waited_for_the_run_finds_its_result_in_the_view(explainer, closed, monkeypatch):
    report = explainer.view._report

    def late(view, run, turn):
        if run.state != "running":
            time.sleep(0.2)
        report(view, run, turn)

    monkeypatch.setattr(explainer.view, "_report", late)
    explorer = made(explainer, explainer.explorer)
    closed.append(explorer)
    result = explorer.run.result(timeout=120)
    assert explorer.result is result
    assert explorer.view.state == "done"


@pytest.mark.costly
def test_it_is_written_in_a_line(explainer, closed):
    explorer = made(explainer, explainer.explorer)
    closed.append(explorer)
    for one in (explorer, explorer.view, explorer.run):
        until(lambda one=one: " at " in repr(one))
    result = explorer.run.result(timeout=120)
    until(lambda: explorer.view.state == "done")
    for one in (explorer, explorer.view, explorer.run):
        written = repr(one)
        assert len(written) <= 200
        assert "\n" not in written
        assert written.startswith(f"<{type(one).__name__} done at 100%: {repr(result)[:50]}")
    explorer.close()
    for one in (explorer, explorer.view):
        assert repr(one) == f"<{type(one).__name__} closed>"


@pytest.mark.costly
def test_what_it_cannot_use_is_refused_at_once(explainer, clf, result):
    before = widgets()
    given = explainer.given(clf, 0)
    with pytest.raises(TypeError, match=r"clf must be a Classifier, not Small: wrap it"):
        explainer.view(clf.require_module(), *given, **explainer.keywords)
    with pytest.raises(TypeError, match="engine must be"):
        explainer.view(clf, *given, engine="fast", **explainer.keywords)
    with pytest.raises(TypeError, match=r"engine must be .*, not the class \w+: make one of it first"):
        explainer.view(clf, *given, engine=type(explainer.engine), **explainer.keywords)
    for name in {"second", "feature_model"} & set(inspect.signature(explainer.view).parameters):
        with pytest.raises(TypeError, match=rf"{name} must be a Classifier, not Small: wrap it"):
            explainer.view(clf, *given, **{name: small.Small()}, **explainer.keywords)
    with pytest.raises(ValueError, match="result"):
        explainer.view(clf, *painter(explainer, clf))
    with pytest.raises(TypeError, match="checkpoint must be"):
        explainer.view(clf, *given, checkpoint=7, **explainer.keywords)
    with pytest.raises(ValueError, match="checkpoint: there is no folder"):
        explainer.view(clf, *given, checkpoint="nowhere/run.safetensors", **explainer.keywords)
    nonsense = "nonsense" if explainer.target else ["nonsense"] * len(given[-1])
    with pytest.raises(ValueError, match="no class has the label 'nonsense'"):
        explainer.view(clf, *given[:-1], nonsense, **explainer.keywords)
    other = next(one for one in SEEN if one.engine.result_type is not type(result))
    with pytest.raises((TypeError, ValueError), match="result"):
        other.view(clf, *painter(other, clf), result=result)
    gc.collect()
    assert widgets() <= before


@pytest.mark.costly
def test_an_address_and_a_folder_are_refused_at_once(explainer, clf, tmp_path):
    before, given = widgets(), list(explainer.given(clf, 0))
    reads = r"cfwidgets\.data\.(ImageFolders|CelebAMaskHQ)\(…\)"
    for wrong, said in (
        ("https://example.org/cat.jpg", "is an address: download the picture|must be a data set, not a path"),
        (tmp_path, reads),
    ):
        given[explainer.data] = wrong
        with pytest.raises((TypeError, ValueError), match=said):
            explainer.explorer(clf, *given, **explainer.keywords)
    gc.collect()
    assert widgets() <= before


@pytest.mark.parametrize(
    "explainer", [one for one in SEEN if one.data], indirect=True, ids=lambda one: one.name
)
@pytest.mark.parametrize("kind", ["view", "explorer"])
@pytest.mark.parametrize(
    "wrong", [7, None, nn.Flatten(), small.Small, object()], ids=lambda one: str(one)[:8]
)
def test_what_is_no_generator_or_editor_is_refused_at_once(explainer, clf, result, kind, wrong):
    before, make = widgets(), getattr(explainer, kind)
    name = getattr(wrong, "__name__", type(wrong).__name__)
    names = list(inspect.signature(type(explainer.engine).steps).parameters)[3:5]
    run = dict(zip(names, explainer.given(clf, 0)[1:], strict=True))
    refused = (
        rf"(an? (generator|editor) is an object with .*; got|translator must be a Translator, not) {name}"
    )
    for given in ({"result": result}, run):
        with pytest.raises((TypeError, ValueError), match=refused):
            make(clf, wrong, engine=explainer.engine, **given)
    gc.collect()
    assert widgets() <= before


@pytest.mark.costly
def test_a_result_of_another_model_is_shown_with_a_note(explainer, clf, result, closed):
    other = small.classifier(seed=1)
    view = explainer.view(other, *painter(explainer, other), result=result, engine=explainer.engine)
    closed.append(view)
    assert "The finding is of another model, or of other weights (Small)." in view.notes
    view = explainer.view(clf, *painter(explainer, clf), result=result, engine=explainer.engine)
    closed.append(view)
    assert "another model" not in view.notes


def test_a_result_of_other_classes_is_refused(explainer, clf, result):
    three = cf.Classifier(lambda images: images.mean((2, 3)), labels=["red", "green", "blue"])
    with pytest.raises(ValueError, match="the result is of a model of 2 classes; clf has 3"):
        explainer.view(three, *painter(explainer, clf), result=result, engine=explainer.engine)


def test_a_page_that_missed_the_end_gets_all_again(explainer, clf, result, monkeypatch):
    view = explainer.view(
        clf, *painter(explainer, clf), engine=explainer.engine, result=result, **explainer.keywords
    )
    view.wait_for_answers()  # which are sent, too
    sent = []
    monkeypatch.setattr(type(view), "send_state", lambda _view, key=None: sent.append(key))
    try:
        view._handle_custom_msg({"kind": "shown", "progress": 0.9}, [])
        (names,) = sent
        assert set(names) == set(view.keys) - (view.linked - set(view.clicked))
        view.state = "running"
        sent.clear()
        view._handle_custom_msg({"kind": "shown", "progress": view.progress}, [])
        assert not any(len(names or view.keys) > 1 for names in sent)
        for name in view.linked & set(view.clicked):  # clicked meanwhile, and told
            view.set_state({name: getattr(view, name)})
        view.state = "done"
        view.wait_for_answers()
        sent.clear()
        view._handle_custom_msg({"kind": "shown", "progress": 0.9}, [])
        assert set(sent[-1]) == set(view.keys) - view.linked
    finally:
        view.close()


@pytest.mark.costly
def test_a_run_is_stopped_and_resumed(explainer, result, closed):
    view = made(explainer, explainer.view)
    closed.append(view)
    view.stop()
    until(lambda: view.state in {"stopped", "done"})
    view.resume()
    view.run.result(timeout=120)
    until(lambda: view.state == "done")
    assert differences(view.result, result, ignore=frozenset({"seconds", "evaluations", "model"})) == []


@pytest.mark.costly
def test_a_resume_right_after_a_stop_is_never_lost(explainer, closed):
    view = made(explainer, explainer.view)
    closed.append(view)
    while view.run.state == "running":
        view.stop()
        view.resume()
        time.sleep(0.001)  # lets the run on, which else waits for this loop
    view.run.result(timeout=120)
    until(lambda: view.state == "done")


@pytest.mark.costly
def test_a_resume_after_the_end_leaves_nothing_running(explainer, clf, result, closed):
    view = made(explainer, explainer.view)
    closed.append(view)
    view.run.result(timeout=120)
    until(lambda: view.state == "done")
    view.resume()  # a search may go on for as long again
    until(lambda: view.run.state == view.state == "done")
    shown = explainer.view(clf, *painter(explainer, clf), result=result, engine=explainer.engine)
    closed.append(shown)
    shown.resume()
    until(lambda: shown.state == "done" and (shown.run is None or shown.run.state == "done"))


def test_a_closed_view_ends_with_its_step(explainer):
    view = made(explainer, explainer.view)
    run = view.run
    view.close()
    view.resume()
    assert run.wait(timeout=120) in {"stopped", "done"}
    state, partial = run.state, run.partial
    view.resume()
    assert (run.state, run.partial) == (state, partial)


@pytest.mark.costly
def test_a_model_that_breaks_is_told_and_the_run_resumed(explainer, result, closed):
    clf = small.classifier()
    module = clf.require_module()
    given = explainer.given(clf, 0)
    module.fails_after = module.images + 12
    view = explainer.view(clf, *given, engine=explainer.engine, **explainer.keywords)
    closed.append(view)
    until(lambda: view.state == "failed")
    assert "the network broke" in view.error
    assert isinstance(view.last_error, RuntimeError)
    module.fails_after = float("inf")
    view.resume()
    until(lambda: view.state == "done")
    assert view.error == ""
    assert differences(view.result, result, ignore=frozenset({"seconds", "evaluations"})) == []


@pytest.mark.costly
def test_a_checkpoint_is_written_and_resumed(explainer, result, tmp_path, closed):
    path = tmp_path / "run.safetensors"
    for _ in range(2):
        view = made(explainer, explainer.view, checkpoint=path)
        closed.append(view)
        view.run.result(timeout=120)
    assert path.exists()
    assert differences(view.result, result, ignore=frozenset({"seconds", "evaluations"})) == []


@pytest.mark.costly
def test_a_disk_that_was_full_is_told_and_the_run_resumed(explainer, result, tmp_path, monkeypatch, closed):
    path = tmp_path / "run.safetensors"

    def full(_tensors, scratch, **_more):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), scratch)

    with monkeypatch.context() as patched:
        patched.setattr("cfwidgets.results.save_file", full)
        view = made(explainer, explainer.view, checkpoint=path)
        closed.append(view)
        until(lambda: view.state == "failed")
    assert "No space left on device" in view.error
    assert str(path) in view.error
    assert list(tmp_path.iterdir()) == []
    view.resume()  # there is room again
    until(lambda: view.state == "done")
    assert view.error == ""
    assert differences(view.result, result, ignore=frozenset({"seconds", "evaluations"})) == []
    loaded = type(result).load(path)
    assert differences(loaded, view.result, ignore=frozenset({"seconds", "evaluations"})) == []


def test_the_page_sets_only_what_it_may(explainer, clf, result, closed):
    view = explainer.view(clf, *painter(explainer, clf), result=result, engine=explainer.engine)
    closed.append(view)
    kept = [name for name in ("state", "progress", "counts", "trust") if name not in view.from_page]
    for name in kept:
        before = getattr(view, name)
        view.set_state({name: "running" if name == "state" else before})
        assert getattr(view, name) == before
        assert f"may not set {name}" in view.error
    for name in view.linked:  # for a chart; the kernel takes no note
        view.set_state({name: [1e9, "nonsense"]})
    assert view.from_page | view.linked <= set(view.keys)
    view.set_state({})
    assert view.error == ""


@pytest.mark.parametrize("nonsense", [True, -7, 10**9, "x", [], {}, None, float("nan")], ids=repr)
def test_nonsense_from_the_page_is_refused_and_seen(explainer, clf, result, closed, nonsense):
    view = explainer.view(clf, *painter(explainer, clf), result=result, engine=explainer.engine)
    closed.append(view)
    for name in sorted(view.from_page):
        before = getattr(view, name)
        view.set_state({name: nonsense})
        now = getattr(view, name)
        assert now == before or (now == nonsense and type(now) is type(nonsense) and view.error == ""), name


def test_a_message_that_is_not_known_is_told(explainer, clf, result, closed):
    view = explainer.view(clf, *painter(explainer, clf), result=result, engine=explainer.engine)
    closed.append(view)
    view._on_message(view, {"kind": "explode"}, [])
    assert "explode" in view.error


@pytest.mark.costly
def test_the_explorer_is_the_view_and_a_chart(explainer, clf, result, closed):
    explorer = explainer.explorer(clf, *painter(explainer, clf), result=result, engine=explainer.engine)
    closed.append(explorer)
    assert isinstance(explorer, Explorer)
    assert isinstance(explorer.view, explainer.view)
    assert explorer.children == (explorer.view, explorer.chart)
    assert explorer.result is explorer.view.result
    assert explorer.run is None


@pytest.mark.costly
@pytest.mark.parametrize("ended", [False, True], ids=["while it runs", "at the end"])
def test_close_frees_everything(explainer, ended):
    gc.collect()
    before = widgets()
    parts = []

    def make_and_close():
        explorer = made(explainer, explainer.explorer)
        until(lambda: explorer.result is not None)
        if ended:
            explorer.run.wait(timeout=120)
        parts.extend(weakref.ref(part) for part in (explorer.result, explorer.view, explorer.chart, explorer))
        explorer.close()
        explorer.close()

    for _ in range(2):
        make_and_close()
    until(lambda: gc.collect() is not None and all(part() is None for part in parts))
    assert widgets() <= before


@pytest.mark.costly
def test_an_explorer_that_nobody_refers_to_stops_and_frees_everything(explainer):
    gc.collect()
    before = widgets()
    explorer = made(explainer, explainer.explorer)
    parts = [weakref.ref(part) for part in (explorer, explorer.view, explorer.run)]
    until(lambda: parts[1]().result is not None)
    gc.disable()  # nothing holds another in a circle, which would wait for the collector
    try:
        del explorer
        until(lambda: all(part() is None for part in parts))
    finally:
        gc.enable()
    assert widgets() <= before
    until(lambda: threads() == set())


@pytest.mark.costly
def test_a_view_that_the_program_refers_to_goes_on_without_its_explorer(explainer, closed):
    view = made(explainer, explainer.explorer).view
    closed.append(view)
    assert view.run.result(timeout=120) is not None
    until(lambda: view.state == "done")
    assert view.trust


@pytest.mark.costly
def test_a_run_that_the_program_refers_to_goes_on_without_its_view(explainer):
    assert made(explainer, explainer.explorer).run.result(timeout=120) is not None
    until(lambda: threads() == set())


@pytest.mark.costly
def test_explorers_in_a_list_go_on(explainer, closed):
    kept = [made(explainer, explainer.explorer) for _ in range(3)]
    closed.extend(kept)
    gc.collect()
    for explorer in kept:
        explorer.run.result(timeout=120)
        until(lambda explorer=explorer: explorer.view.state == "done")


@pytest.mark.costly
def test_a_chart_is_drawn_under_the_view_s_lock(explainer, clf, result, closed, monkeypatch):
    drawn = []
    draw = explainer.explorer.chart_type.draw

    def watched(chart):
        drawn.append(chart._view._wire._is_owned())
        draw(chart)

    monkeypatch.setattr(explainer.explorer.chart_type, "draw", watched)
    running = made(explainer, explainer.explorer)
    shown = explainer.explorer(clf, *painter(explainer, clf), result=result, engine=explainer.engine)
    closed.extend((running, shown))
    running.run.result(timeout=120)
    until(lambda: running.view.state == "done")
    at_first = len(drawn)
    assert at_first >= 2
    trait = shown.chart_type.drawn_from[0]
    now = getattr(shown.view, trait)  # a cell may set it, on the main thread
    shown.view.notify_change(Bunch(owner=shown.view, name=trait, old=None, new=now, type="change"))
    assert len(drawn) > at_first
    assert all(drawn)


@pytest.mark.costly
def test_traits_are_set_from_two_threads(explainer, clf, result, closed):
    view = explainer.view(clf, *painter(explainer, clf), result=result, engine=explainer.engine)
    closed.append(view)
    failures = []

    def publish(names):
        try:
            for number in range(300):
                with view.together():
                    for name in names:
                        setattr(view, name, str(number))
        except RuntimeError as failure:
            failures.append(failure)

    other = threading.Thread(target=publish, args=(["counts", "notes"],))
    other.start()
    for number in range(2000):
        view.activity = view.error = str(number)
    other.join()
    assert failures == []


@pytest.mark.costly
def test_a_chart_that_fails_takes_all_with_it(explainer, clf, result, monkeypatch):
    gc.collect()
    before = widgets()

    def fails(_chart):
        raise ZeroDivisionError("no chart")

    monkeypatch.setattr(explainer.explorer.chart_type, "draw", fails)
    with pytest.raises(ZeroDivisionError, match="no chart") as failure:  # its trace holds the explorer
        made(explainer, explainer.explorer)
    until(lambda: threads() == set())
    assert widgets() <= before
    with pytest.raises(ZeroDivisionError, match="no chart"):
        explainer.explorer(clf, *painter(explainer, clf), result=result, engine=explainer.engine)
    assert widgets() <= before
    assert failure.traceback


@pytest.mark.costly
def test_a_view_that_fails_takes_its_run_with_it(explainer, clf, result, monkeypatch):
    gc.collect()
    before = widgets()

    def fails(view, steps):
        start(view, steps)
        raise ZeroDivisionError("no view")

    start = View.start
    monkeypatch.setattr(View, "start", fails)
    with pytest.raises(ZeroDivisionError, match="no view") as failure:  # its trace holds the view
        made(explainer, explainer.view)
    until(lambda: threads() == set())
    assert widgets() <= before
    monkeypatch.setattr(explainer.view, "_publish", lambda view, result: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        explainer.view(clf, *painter(explainer, clf), result=result, engine=explainer.engine)
    assert widgets() <= before
    assert failure.traceback


@pytest.mark.costly
def test_the_page_sets_nothing_around_the_view(explainer, clf, result, closed):
    explorer = explainer.explorer(clf, *painter(explainer, clf), result=result, engine=explainer.engine)
    closed.append(explorer)
    boxes = [explorer, explorer.layout, explorer.view.layout]
    if isinstance(explorer.chart, ipywidgets.HBox):
        boxes += [explorer.chart, explorer.chart.layout]
    for box in boxes:
        before = box.get_state()
        hostile = {"children": [], "display": "none", "width": "1px", "layout": None, "box_style": "info"}
        box._handle_msg({"content": {"data": {"method": "update", "state": hostile}}, "buffers": []})
        assert box.get_state() == before, type(box)


@pytest.mark.filterwarnings("ignore:Widget:DeprecationWarning")  # pydoc looks at all that a widget has
@pytest.mark.parametrize("kind", ["view", "explorer"])
def test_help_names_what_one_does_with_it(explainer, kind):
    kind = getattr(explainer, kind)
    documented = inspect.getdoc(kind)
    own = [
        name for name, value in vars(kind).items() if isinstance(value, property) or inspect.isfunction(value)
    ]
    named = {"run", "result", "stop", "resume", "close", *(name for name in own if not name.startswith("_"))}
    if "account" in vars(explainer.view):
        named = {*named, "export", "save"} - _ASKED_BY_THEM
    missing = [
        name for name in named if not re.search(rf"^(\w+, )*{name}(, \w+)*$", documented, re.MULTILINE)
    ]
    assert missing == []
    example = documented.partition("Examples\n--------\n")[2]  # it runs: see tests/test_examples.py
    assert f"{kind.__name__}(" in example
    assert ".close()" in example
    shown = pydoc.plain(pydoc.render_doc(kind))
    for name in arguments(explainer.view, inspect.Parameter.KEYWORD_ONLY):
        assert re.search(rf"\|\s+(\w+, )*{name}(, \w+)*\n", shown), name
