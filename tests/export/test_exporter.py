"""Notebooks as pages: what is in them, what is not, and what is said where something is missing."""

from __future__ import annotations

import base64
import hashlib
import importlib
import json
import re
import sys
from importlib.metadata import entry_points

import nbformat
import pytest

from cfwidgets.export.exporter import OfflineExporter
from cfwidgets.export.kept import STATE, VIEW

LABEL = {
    "model_name": "LabelModel",
    "model_module": "@jupyter-widgets/controls",
    "model_module_version": "2.0.0",
    "state": {"value": "</script><script>alert(1)</script><!--"},
}


def notebook(*outputs: dict[str, object], models: dict[str, object] | None = None, source: str = ""):
    shown = [nbformat.v4.new_output("display_data", one) for one in outputs]
    made = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell(source), nbformat.v4.new_code_cell("show", outputs=shown)]
    )
    if models is not None:
        made.metadata["widgets"] = {STATE: {"state": models, "version_major": 2, "version_minor": 0}}
    return made


def view(name: str, **beside: str) -> dict[str, object]:
    return {VIEW: {"model_id": name, "version_major": 2, "version_minor": 0}, **beside}


def page(made, **settings) -> str:
    return OfflineExporter(**settings).from_notebook_node(made)[0]


def test_nbconvert_finds_it_by_name():
    found = entry_points(group="nbconvert.exporters", name="cfwidgets")
    assert [one.load() for one in found] == [OfflineExporter], "run `pip install .` again"
    assert OfflineExporter.export_from_notebook  # and JupyterLab has it in its menu


def test_nothing_is_fetched():
    text = page(notebook(view("a"), models={"a": LABEL}))
    assert re.findall(r"<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)\s*=", text) == []
    assert re.findall(r"url\((?!['\"]?data:)[^)]*\)|@import\b[^;]{0,80};", text.partition("</head>")[0]) == []
    (policy,) = re.findall(r'<meta content="([^"]*)" http-equiv="Content-Security-Policy"', text)
    assert policy.startswith("default-src 'none'; ")
    for word in ("connect-src", "http:", "https:", "*"):
        assert word not in policy


def test_the_state_is_in_it_once_and_is_no_markup():
    text = page(notebook(view("a"), view("a"), models={"a": LABEL, "b": LABEL}))
    assert text.count('data-widget="a"') == 2
    assert "alert(1)</script>" not in text
    (state,) = re.findall(r'<script id="page-state" type="application/json">(.*?)</script>', text, re.DOTALL)
    assert json.loads(state)["state"]["state"]["a"]["state"] == LABEL["state"]
    assert list(json.loads(state)["state"]["state"]) == ["a"]
    assert STATE not in text


def test_the_scripts_come_through_as_their_sums_say():
    text = page(notebook(view("a"), models={"a": LABEL}))
    sums = json.loads(re.search(r"cfwidgetsSums=(\{.*?\});", text)[1])
    for name, wanted in sums.items():
        start = re.search(rf'<script id="{name}"[^>]*>', text).end()
        script = text[start : text.index("</script>", start)]
        found = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert wanted == f"sha256-{found}"


def test_a_notebook_without_views_has_no_script_of_ours():
    text = page(notebook({"text/plain": "words"}, source="$x$"))
    assert "page-script" not in text
    assert "About this page" not in text
    assert "<math" in text


@pytest.mark.parametrize(
    ("models", "says"),
    [
        (None, "1 view(s) of widgets are not in the page: the notebook was saved without their state"),
        ({"b": LABEL}, "1 view(s) of widgets are not in the page, which does not know them"),
        (
            {"a": LABEL | {"model_module": "far-away"}},
            "1 view(s) of widgets are not in the page, which does not know them",
        ),
    ],
)
def test_what_stands_beside_a_view_is_shown_where_the_view_cannot_be(models, says, monkeypatch):
    heard: list[str] = []
    exporter = OfflineExporter()
    monkeypatch.setattr(exporter.log, "warning", lambda words, *values: heard.append(words % values))
    text, _ = exporter.from_notebook_node(
        notebook(view("a", **{"text/html": "<p>beside</p>", "text/plain": "plain"}), models=models)
    )
    assert "<p>beside</p>" in text
    assert "data-widget=" not in text
    assert len(heard) == 1
    assert heard[0].startswith(says)


def test_what_stands_beside_a_view_is_not_shown_twice():
    text = page(notebook(view("a", **{"text/html": "<p>beside</p>"}), models={"a": LABEL}))
    assert "<p>beside</p>" not in text


def test_without_nbconvert_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(sys.modules, "cfwidgets.export.exporter")
    monkeypatch.setitem(sys.modules, "nbconvert.exporters.html", None)
    with pytest.raises(ImportError, match="needs nbconvert: pip install nbconvert"):
        importlib.import_module("cfwidgets.export.exporter")
