"""What every view and explorer promises: see `cfwidgets.widgets.view` and `cfwidgets.widgets.explorer`."""

from __future__ import annotations

import gc
import inspect
import weakref

import ipywidgets
import pytest
import small
from comparing import differences
from explainers import EXPLAINERS
from torch import nn
from waiting import until

import cfwidgets as cf
from cfwidgets.widgets.explorer import Explorer
from cfwidgets.widgets.view import View


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


def test_what_it_cannot_use_is_refused_at_once(explainer, clf, result):
    before = widgets()
    given = explainer.given(clf, 0)
    with pytest.raises(TypeError, match=r"clf must be a Classifier, not Small: wrap it"):
        explainer.view(clf.require_module(), *given, **explainer.keywords)
    with pytest.raises(TypeError, match="engine must be"):
        explainer.view(clf, *given, engine="fast", **explainer.keywords)
    with pytest.raises(ValueError, match="result"):
        explainer.view(clf, *painter(explainer, clf))
    with pytest.raises(TypeError, match="checkpoint must be"):
        explainer.view(clf, *given, checkpoint=7, **explainer.keywords)
    with pytest.raises(ValueError, match="checkpoint: there is no folder"):
        explainer.view(clf, *given, checkpoint="nowhere/run.safetensors", **explainer.keywords)
    with pytest.raises(ValueError, match="no class has the label 'nonsense'"):
        explainer.view(clf, *given[:-1], "nonsense", **explainer.keywords)
    other = next(one for one in EXPLAINERS if one.engine.result_type is not type(result))
    with pytest.raises((TypeError, ValueError), match="result"):
        other.view(clf, *painter(other, clf), result=result)
    gc.collect()
    assert widgets() <= before


@pytest.mark.parametrize(
    "explainer", [one for one in EXPLAINERS if one.data], indirect=True, ids=lambda one: one.name
)
@pytest.mark.parametrize("kind", ["view", "explorer"])
@pytest.mark.parametrize(
    "wrong", [7, None, nn.Flatten(), small.Small, object()], ids=lambda one: str(one)[:8]
)
def test_what_is_no_generator_or_editor_is_refused_at_once(explainer, clf, result, kind, wrong):
    before, make = widgets(), getattr(explainer, kind)
    name = getattr(wrong, "__name__", type(wrong).__name__)
    run = dict(zip(("image", "target"), explainer.given(clf, 0)[1:], strict=True))
    for given in ({"result": result}, run):
        with pytest.raises(ValueError, match=rf"an? (generator|editor) is an object with .*; got {name}"):
            make(clf, wrong, engine=explainer.engine, **given)
    gc.collect()
    assert widgets() <= before


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


def test_a_run_is_stopped_and_resumed(explainer, result, closed):
    view = made(explainer, explainer.view)
    closed.append(view)
    view.stop()
    until(lambda: view.state in {"stopped", "done"})
    view.resume()
    view.run.result(timeout=120)
    until(lambda: view.state == "done")
    assert differences(view.result, result, ignore=frozenset({"seconds", "evaluations", "model"})) == []


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


def test_a_checkpoint_is_written_and_resumed(explainer, result, tmp_path, closed):
    path = tmp_path / "run.safetensors"
    for _ in range(2):
        view = made(explainer, explainer.view, checkpoint=path)
        closed.append(view)
        view.run.result(timeout=120)
    assert path.exists()
    assert differences(view.result, result, ignore=frozenset({"seconds", "evaluations"})) == []


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


def test_the_explorer_is_the_view_and_a_chart(explainer, clf, result, closed):
    explorer = explainer.explorer(clf, *painter(explainer, clf), result=result, engine=explainer.engine)
    closed.append(explorer)
    assert isinstance(explorer, Explorer)
    assert isinstance(explorer.view, explainer.view)
    assert explorer.children == (explorer.view, explorer.chart)
    assert explorer.result is explorer.view.result
    assert explorer.run is None


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
