"""What every chart beside a view promises: see `cfwidgets.widgets.explorer.Chart`."""

from __future__ import annotations

import json
import re
import time

import ipywidgets
import pytest
from ipywidgets.embed import dependency_state

import cfwidgets as cf
from cfwidgets.widgets.view import View

SLOW = 0.2  # seconds before an answer: longer than what an export or a file does before it waits


def made(explainer, clf, **keywords):
    given = explainer.given(clf, 0)
    if "result" in keywords:
        given = given[: explainer.data]
    return explainer.explorer(clf, *given, engine=explainer.engine, **explainer.keywords, **keywords)


def chart_of(explorer, page=None):
    """The state of a chart's models, by id, without what is linked with the view; as it is, or in a page."""
    shown = dependency_state([explorer], drop_defaults=False)
    links = [model["state"] for model in shown.values() if model["model_name"].endswith("LinkModel")]
    linked = {tuple(one[end]) for one in links for end in ("source", "target")}
    around = {one.model_id for one in (explorer, explorer.view) for one in (one, one.layout)}
    beside = [
        one for one in shown if one not in around and not shown[one]["model_name"].endswith("LinkModel")
    ]
    models = shown if page is None else page
    states = {}
    for one in beside:
        free = [name for name in models[one]["state"] if (f"IPY_MODEL_{one}", name) not in linked]
        sent = {sent["path"][0]: sent["data"] for sent in models[one].get("buffers", ())}
        states[one] = {name: [models[one]["state"][name], sent.get(name)] for name in free}
    return json.loads(json.dumps(states).replace("NaN", "null"))  # pages know none


def without_ids(chart):
    """The same for any two charts that show the same."""
    text, ids = json.dumps(chart), {}
    return re.sub("[0-9a-f]{32}", lambda one: str(ids.setdefault(one[0], len(ids))), text)


@pytest.fixture
def slow_answers(monkeypatch):
    answer = View._answer_safely

    def late(view, question):
        time.sleep(SLOW)
        answer(view, question)

    monkeypatch.setattr(View, "_answer_safely", late)


def test_a_page_that_missed_the_end_gets_the_chart_again(explainer, clf, result, monkeypatch, closed):
    explorer = made(explainer, clf, result=result)
    closed.append(explorer)
    explorer.view.wait_for_answers()
    expected = {one: set(state) for one, state in chart_of(explorer).items()}
    sent = {}
    monkeypatch.setattr(
        ipywidgets.Widget,
        "_send",
        lambda widget, message, buffers=None: sent.update({widget.model_id: set(message["state"])}),
    )
    explorer.view._handle_custom_msg({"kind": "shown", "progress": 0.9}, [])
    sent.pop(explorer.view.model_id)
    assert sent == expected
    assert any("x" in names for names in sent.values())
    sent.clear()
    explorer.view.state = "running"
    explorer.view._handle_custom_msg({"kind": "shown", "progress": explorer.view.progress}, [])
    assert set(sent) <= {explorer.view.model_id}


@pytest.mark.usefixtures("slow_answers")
def test_a_page_and_a_file_made_right_after_the_run_have_the_chart_of_its_end(
    explainer, clf, tmp_path, closed
):
    explorer = made(explainer, clf)
    closed.append(explorer)
    explorer.run.result(timeout=120)
    page = explorer.export(tmp_path / "page.html", live=False).path.read_text("utf-8")
    explorer.save(tmp_path / "explorer.safetensors")
    explorer.view.wait_for_answers()
    now = chart_of(explorer)
    text = re.search('<script type="application/json" id="page-state">(.*?)</script>', page)[1]
    assert chart_of(explorer, json.loads(text)["state"]["state"]) == now
    given = explainer.given(clf, 0)
    models = dict(zip(explainer.view.needs, given, strict=False))
    for those in ({}, {"clf": clf, **models}):
        again = cf.open(tmp_path / "explorer.safetensors", **those)
        closed.append(again)
        again.view.wait_for_answers()
        assert without_ids(chart_of(again)) == without_ids(now)


def test_whoever_is_told_of_the_end_may_export(explainer, clf, tmp_path, closed):
    explorer = made(explainer, clf)
    closed.append(explorer)
    exported = []

    def export(change):
        if change.new == "done":
            exported.append(explorer.export(tmp_path / "page.html", live=False))

    explorer.view.observe(export, "state")
    explorer.run.result(timeout=120)
    assert len(exported) == 1
