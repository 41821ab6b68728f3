"""The lesson: its pages are made by its notebook's code, and its page for readers shows all of them."""

from __future__ import annotations

import html
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "lesson" / "index.md"


@pytest.fixture(scope="module")
def lesson() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pages_of_lesson", ROOT / "docs" / "pages_of_lesson.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def answers(text: str) -> int:
    """How many answers are folded away; each must be closed again."""
    assert text.count("<details>") == text.count("</details>") == text.count("<summary>")
    return text.count("<details>")


def test_each_page_is_an_explorer_of_the_notebook_and_all_but_the_training_are_pages(lesson):
    made = [
        found[1]
        for source in lesson.code_of(lesson.NOTEBOOK)
        for found in [re.search(r"^(\w+) = cf\.\w+Explorer\(", source, re.MULTILINE)]
        if found
    ]
    assert made == list(lesson.PAGES)


def test_the_page_for_readers_embeds_every_page_in_order(lesson):
    frames = re.findall(r'<iframe src="\.\./live/([^"]+)\.html" title="([^"]+)"', PAGE.read_text())
    assert frames == [
        (f"lesson-{name.replace('_', '-')}", title) for name, (title, _) in lesson.PAGES.items()
    ]


def test_answers_are_folded_and_questions_counted(lesson):
    cells = nbformat.read(lesson.NOTEBOOK, as_version=4).cells
    for text in (PAGE.read_text(), "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")):
        asked = [int(number) for number in re.findall(r"\*\*Question (\d+)\.\*\*", text)]
        assert asked == list(range(1, len(asked) + 1))
        assert len(asked) >= 12
        assert answers(text) >= 7
    assert all(
        cell.source.count("<details>") == cell.source.count("</details>")
        for cell in cells
        if cell.cell_type == "markdown"
    )


def test_the_teachers_plan_is_that_of_the_notebook(lesson):
    plan = PAGE.with_name("teacher.md").read_text()
    rows = re.findall(r"^\| (\d+) – (\d+) \| (?:\*\*(\d)\. )?", plan, re.MULTILINE)
    ends = [(int(begin), int(end)) for begin, end, _ in rows]
    assert [begin for begin, _ in ends] == [0, *(end for _, end in ends[:-1])]
    assert ends[-1][1] == 45
    told = {step: int(end) - int(begin) for begin, end, step in rows if step}
    text = "\n".join(cell.source for cell in nbformat.read(lesson.NOTEBOOK, as_version=4).cells)
    headed = re.findall(r"^## (\d)\. .*?(?:\((\d+) minutes\))?$", text, re.MULTILINE)
    assert {step: int(minutes) for step, minutes in headed} == told
    assert f"## Before you go ({ends[-1][1] - ends[-1][0]} minutes)" in text


def test_the_notebook_makes_the_pages(lesson, site):
    for name, (title, live) in lesson.PAGES.items():
        path = site / "live" / f"lesson-{name.replace('_', '-')}.html"
        text = path.read_text()
        assert html.escape(title) in text
        assert ("A live page" in text) == live
        assert path.stat().st_size < 3_000_000  # its network and pictures included
