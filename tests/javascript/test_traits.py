"""The traits that each view's front end declares are those that its Python side sends."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import anywidget
import pytest

import cfwidgets as cf
from cfwidgets.widgets.workbench.case_view import CaseView
from cfwidgets.widgets.workbench.notes_view import NotesView

VIEWS: dict[str, Any] = {
    "superpixels": cf.SuperpixelView,
    "transitions": cf.TransitionView,
    "facex": cf.FaceXView,
    "pareto": cf.ParetoView,
    "relevance": cf.RelevanceView,
    "survey": cf.SurveyView,
    "training": cf.TrainingView,
    "translation": cf.TranslationView,
    "case": CaseView,
    "notes": NotesView,
}


@pytest.fixture(scope="module")
def declared(build_hook: ModuleType, javascript: Path) -> dict[str, set[str]]:
    npm, environment = build_hook.npm()
    command = [*npm, "run", "--silent", "names"]
    printed = subprocess.run(command, cwd=javascript, env=environment, capture_output=True, check=True).stdout
    return {view: set(names) for view, names in json.loads(printed).items()}


def test_each_view_is_compared(declared: dict[str, set[str]]) -> None:
    assert declared.keys() == VIEWS.keys()


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_declares_what_python_sends(declared: dict[str, set[str]], view: str) -> None:
    sent = set(VIEWS[view].class_traits(sync=True)) - set(anywidget.AnyWidget.class_traits(sync=True))
    assert declared[view] == {name for name in sent if not name.startswith("_")}
