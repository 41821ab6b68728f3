"""A notebook that was run, as nbconvert writes it: with its widgets, and what shows where these cannot be."""

from __future__ import annotations

import json
import re

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter

SET_UP = """
import time, torch, cfwidgets as cf
def bright(images):
    share = images.mean((1, 2, 3))
    return torch.stack([1 - share, share], 1)
clf = cf.Classifier(bright, labels=["dark", "<b>bright</b>"])
engine = cf.ELime(segments=9, generations=2, trust=False)
"""
# nbclient hears of what threads send only while the cell that began them is running.
SHOW = """
w = cf.SuperpixelExplorer(clf, torch.rand(3, 32, 32), 1, engine=engine)
display(w)
print(w.run.result(60).summary())
while any(thread.name == "cfwidgets-stored" for thread in __import__("threading").enumerate()):
    time.sleep(0.05)
"""
STATE = "application/vnd.jupyter.widget-state+json"


@pytest.fixture(scope="module")
def notebook():
    cells = [nbformat.v4.new_code_cell(source) for source in (SET_UP, SHOW)]
    made = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(made, timeout=120, kernel_name="python3").execute()
    return made


def html_of(notebook) -> str:
    return HTMLExporter().from_notebook_node(notebook)[0]


@pytest.mark.slow
def test_the_finding_and_its_figure_are_in_the_page_without_any_script(notebook):
    says = next(one.text.strip() for one in notebook.cells[1].outputs if one.output_type == "stream")
    page = html_of(notebook)
    shown = page[page.index('<div class="cfw-stored">') :]
    shown = shown[: shown.index("</div>")]
    assert "This view plays as soon as a kernel is chosen" in shown
    assert says.replace("<b>", "&lt;b&gt;").replace("</b>", "&lt;/b&gt;") in shown
    assert re.search(r'<img alt="[^"]*" src="data:image/png;base64,[\w+/=]{2000,}"/?>', shown)
    assert "<b>bright" not in shown


@pytest.mark.slow
def test_the_views_are_in_the_page_with_all_that_they_play(notebook):
    page = html_of(notebook)
    state = json.loads(re.search(rf'<script type="{re.escape(STATE)}">(.*?)</script>', page, re.DOTALL)[1])
    views = [model["state"] for model in state["state"].values() if "_esm" in model["state"]]
    assert [(view["state"], view["progress"]) for view in views] == [("done", 1.0)]
    assert views[0]["count"] > 1
    assert len(re.findall(r'type="application/vnd\.jupyter\.widget-view\+json"', page)) >= 1
