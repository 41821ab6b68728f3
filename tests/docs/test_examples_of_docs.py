"""The Python of the how-tos and the concepts runs, page by page, and gives what is printed below it.

The blocks of a page run in order, in one namespace and a temporary folder, as the cells of a notebook do. A
block ``text`` right after one of Python is its output: what it prints, the value of its last line, its
warnings and the error that ends it; ``…`` stands for anything, and lines may be broken anywhere. A block
without one may print what it likes, but ends without an error. Lines that begin with ``%|`` are comments of
MyST: what the page takes for granted, such as a photograph of the reader's, is made there.
"""

from __future__ import annotations

import ast
import contextlib
import io
import re
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from waiting import until

ROOMS = ("how-to", "concepts")
DOCS = Path(__file__).parents[2] / "docs"
# A notebook shows tables with all their columns.
TABLES = ("display.width", 110, "display.max_columns", None, "display.precision", 2)
# Pages of more than two seconds of a processor.
SLOW = {
    "concepts/agreement",
    "concepts/pareto",
    "concepts/superpixels",
    "concepts/transitions",
    "concepts/translation",
    "how-to/cluster",
    "how-to/onnx",
    "how-to/transformers",
    "how-to/two-class-inspection",
    "how-to/your-data",
    "how-to/your-model",
}
NAMES = [f"{room}/{page.stem}" for room in ROOMS for page in sorted((DOCS / room).glob("*.md"))]
PAGES = [pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in NAMES]


@dataclass
class Block:
    """Some code of a page: its first line, and the output that the page shows, if it shows one."""

    code: str
    line: int
    output: str | None = None


def blocks_of(text: str) -> list[Block]:
    """Read the Python of a page: hidden lines, blocks, and the output that follows one."""
    found: list[Block] = []
    rows = text.splitlines()
    before: Block | None = None  # the block of Python that nothing but empty lines have followed
    at = 0
    while at < len(rows):
        first, fence = at, rows[at].strip()
        if fence.startswith("%|"):
            while at < len(rows) and rows[at].startswith("%|"):
                at += 1
            found.append(Block("\n".join(row[3:] for row in rows[first:at]), first + 1))
            before = None
        elif fence.startswith("```"):
            at = rows.index("```", first + 1) + 1
            inside = "\n".join(rows[first + 1 : at - 1])
            if fence == "```python":
                before = Block(inside, first + 2)
                found.append(before)
            elif fence == "```text" and before is not None:
                before.output, before = inside, None
            else:
                before = None
        else:
            before = before if not fence else None
            at += 1
    return found


def run(block: Block, page: str, names: dict[str, Any], shown: list[object]) -> str:
    """Run a block as a cell of a notebook, and return all that it prints, shows, warns of and raises."""
    where = f"{page}, line {block.line}"
    body = ast.parse(block.code, where).body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    printed, ended = io.StringIO(), []
    with (
        contextlib.redirect_stdout(printed),
        warnings.catch_warnings(record=True) as warned,
        pd.option_context(*TABLES),
    ):
        warnings.simplefilter("always", UserWarning)
        try:
            exec(compile(ast.Module(body, []), where, "exec"), names)
            value = None if last is None else eval(compile(ast.Expression(last.value), where, "eval"), names)
            if value is not None:
                shown.append(value)
                print(repr(value), file=printed)
        except Exception as error:
            if block.output is None:
                error.add_note(where)
                raise
            ended = [f"{type(error).__name__}: {error}"]
    said = [f"{one.category.__name__}: {one.message}" for one in warned if one.filename == where]
    return "\n".join(filter(None, [*said, printed.getvalue(), *ended]))


def is_shown(output: str, page: str) -> bool:
    """Tell if an output is the one on the page, in which ``…`` stands for anything."""
    parts = [r"\s+".join(map(re.escape, part.split())) for part in page.split("…")]
    return re.fullmatch(r"\s*" + r"[\s\S]*?".join(rf"{part}\s*" for part in parts), output) is not None


@pytest.fixture
def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """The values that a page shows; the explorers among them are closed at the end, and end their step."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CFWIDGETS_CACHE", str(tmp_path / "cache"))
    values: list[object] = []
    yield values
    for value in values:
        if hasattr(value, "close") and hasattr(value, "stop"):
            value.close()
    until(lambda: not any(thread.name.startswith("cfwidgets") for thread in threading.enumerate()))


@pytest.mark.parametrize("page", PAGES)
def test_page_runs_and_gives_what_it_shows(page: str, shown: list[object]):
    torch.manual_seed(0)
    names: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks_of((DOCS / f"{page}.md").read_text("utf-8")):
        output = run(block, page, names, shown)
        if block.output is not None:
            assert is_shown(output, block.output), (
                f"{page}, line {block.line}: the page shows\n{block.output}\nbut it gives\n{output}"
            )
    shown.extend(names.values())


def test_an_output_may_break_its_lines_and_leave_parts_out():
    assert is_shown("one two\n   three  4.25\n", "one\ntwo three 4.…")
    assert not is_shown("one two three", "one two")
    assert not is_shown("one two", "one … three")


def test_hidden_lines_blocks_and_outputs_are_read():
    page = (
        "%| a = 1\n\ntext\n\n```python\na + 1\n```\n\n```text\n2\n```\n\n```sh\nls\n```\n\n```text\nb\n```\n"
    )
    assert [(block.code, block.output) for block in blocks_of(page)] == [("a = 1", None), ("a + 1", "2")]


def test_an_error_that_a_page_does_not_show_fails_it(shown):
    with pytest.raises(ZeroDivisionError):
        run(Block("1 / 0", 1), "page.md", {}, shown)
    assert run(Block("1 / 0", 1, "…"), "page.md", {}, shown) == "ZeroDivisionError: division by zero"
