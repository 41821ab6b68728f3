"""The notebooks, from the top, as a new user runs them; and as they are kept, to be read."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
VIEW = "application/vnd.jupyter.widget-view+json"
BAR = "%|"  # of tqdm
STORED = "cfw-stored"  # what stands in the place of a view where there is no widget
LARGEST = 900_000  # bytes of a file
TIME = re.compile(r"# (at once|waits for the end|about \d+ (s|min))")
EXPLORER = re.compile(r"(Explorer|Workbench)\(")
PRIVATE = re.compile(r"/(root|home|tmp|usr|Users)/|site-packages|Traceback|Warning")

each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def code_of(path):
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def kinds(cell):
    """What a cell shows, without bars of progress; an explorer and a picture of one are the same."""
    shown = []
    for output in cell.outputs:
        data = output.get("data", {output.output_type: ""})
        kind = {*data} & {"text/html", "stream"}
        bar = VIEW in data and BAR in data.get("text/plain", "")
        bar = bar or STORED in data.get("text/html", "")  # in the place of which stands a picture
        again = kind == {"stream"} and shown[-1:] == [kind]  # lines arrive in one part, or in several
        if not (bar or again):
            shown.append(kind)
    return shown


def test_there_are_notebooks():
    assert NOTEBOOKS


@each
def test_each_cell_says_how_long_it_takes(path):
    untold = [cell.id for cell in code_of(path) if not TIME.match(cell.source)]
    assert untold == []


@each
def test_the_cell_after_the_first_explorer_returns_at_once(path):
    cells = code_of(path)
    first = next(place for place, cell in enumerate(cells) if EXPLORER.search(cell.source))
    assert cells[first + 1].source.startswith("# at once")
    assert "result(" not in cells[first + 1].source


@each
def test_it_is_kept_with_outputs(path):
    assert path.stat().st_size < LARGEST
    notebook, cells = nbformat.read(path, as_version=4), code_of(path)
    assert "widgets" not in notebook.metadata
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert all(cell.metadata == {} for cell in cells)
    data = [output.get("data", {}) for cell in cells for output in cell.outputs]
    assert not any(VIEW in one for one in data)
    assert any({"image/png", "image/jpeg"} & {*one} for one in data)
    words = [text for one in data for kind, text in one.items() if not kind.startswith("image/")]
    words += [output.text for cell in cells for output in cell.outputs if output.output_type == "stream"]
    without_pictures = re.sub(r"data:image/[^\"]*", "", "\n".join(words))
    assert PRIVATE.search(without_pictures) is None
    assert not [o for cell in cells for o in cell.outputs if o.get("name") == "stderr"]


@pytest.mark.slow
@each
def test_it_runs_and_shows_what_is_kept(path, tmp_path):
    notebook = nbformat.read(path, as_version=4)
    kept = [kinds(cell) for cell in notebook.cells if cell.cell_type == "code"]
    NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        resources={"metadata": {"path": str(tmp_path)}},
    ).execute()
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    outputs = [output for cell in cells for output in cell.outputs]
    assert any(VIEW in output.get("data", {}) for output in outputs)
    assert not [output for output in outputs if output.output_type == "stream" and output.name == "stderr"]
    if any(kept):
        assert [kinds(cell) for cell in cells] == kept
