"""Other programs than JupyterLab that show notebooks, each on a page with every explorer."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import platformdirs
import pytest
from playwright.sync_api import Page

from harness.lab import KERNEL

TESTS = Path(__file__).parents[2]
FRONT_ENDS = ("anywidget", "bqplot", "bqscales", "jupyterlab_widgets")
NAMES = ("superpixels", "transitions", "facex", "pareto", "translation", "relevance", "survey", "training")
SET_UP = f"""
import sys
sys.path[:0] = [{str(TESTS / "conformance")!r}, {str(TESTS / "support")!r}]
import explainers, small, torch, workbenches, cfwidgets as cf
torch.set_num_threads(1)
"""
WORKBENCH = """
cf.Workbench(small.classifier(), workbenches.pictures(), workbenches.LABELS, **workbenches.all_given())
"""


@dataclass(frozen=True)
class Host:
    """One of them.

    Attributes
    ----------
    command
        What is started, once it is where it can be; see `Lab`.
    answers
        See `Lab`.
    page
        The page on which the explorers are shown.
    write
        Writes what is shown into a folder.
    start
        Runs the cells, where that needs a click.
    dark
        Changes to the dark theme; the page may be loaded anew.
    charts
        Whether bqplot is there: where it is not, views are shown without charts, and no workbench.
    ignore
        Patterns of errors that are the host's own.
    """

    name: str
    command: Callable[[], tuple[str, ...]]
    answers: str
    page: str
    write: Callable[[Path], None]
    start: Callable[[Page], None]
    dark: Callable[[Page], None]
    charts: bool = True
    ignore: tuple[str, ...] = ()


def write_notebook(folder: Path) -> None:
    import nbformat

    cells = [SET_UP, *(f"explainers.begun({name!r})" for name in NAMES), WORKBENCH]
    content = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    content.metadata["kernelspec"] = {"name": KERNEL, "display_name": KERNEL, "language": "python"}
    nbformat.write(content, folder / "all.ipynb")


def write_marimo(folder: Path) -> None:
    cells = [
        SET_UP.replace("\n", "\n    ") + "import marimo as mo\n    return explainers, mo",
        *(f"mo.ui.anywidget(explainers.begun({name!r}, alone=True))\n    return" for name in NAMES),
    ]
    given = ["", *["explainers, mo"] * len(NAMES)]
    functions = [
        f"@app.cell\ndef _({names}):\n    {cell}\n" for names, cell in zip(given, cells, strict=True)
    ]
    head = 'import marimo\n\napp = marimo.App(width="full")\n'
    (folder / "all.py").write_text("\n\n".join([head, *functions]))
    (folder / "pyproject.toml").write_text('[tool.marimo.display]\ntheme = "system"\n')


def run_all(page: Page) -> None:
    """Run all cells of the notebook that is open in JupyterLab or Notebook."""
    page.wait_for_function(
        """() => {
          const panel = window.jupyterapp?.shell?.currentWidget;
          return panel?.content?.widgets?.length && panel.sessionContext?.session?.kernel?.status === 'idle';
        }"""
    )
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")


def dark_jupyter(page: Page) -> None:
    page.evaluate(
        "() => window.jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Dark' })"
    )


def dark_system(page: Page) -> None:
    page.emulate_media(color_scheme="dark")


def nothing(_page: Page) -> None:
    """Do nothing: the cells are run when the page is opened."""


def here(module: str, *arguments: str) -> Callable[[], tuple[str, ...]]:
    """What is installed beside the tests."""
    return lambda: (sys.executable, "-m", module, *arguments)


def lab_4_4() -> tuple[str, ...]:
    """JupyterLab 4.4, in an environment that is kept, with the front ends of widgets that are here."""
    environment = platformdirs.user_cache_path("cfwidgets") / "tests" / "jupyterlab-4.4"
    program = environment / "bin/python"
    if not (environment / "made").exists():
        shutil.rmtree(environment, ignore_errors=True)
        venv.create(environment, with_pip=True)
        widgets = [f"{name}=={version(name)}" for name in FRONT_ENDS]
        install = [str(program), "-m", "pip", "install", "--quiet"]
        subprocess.run([*install, "jupyterlab==4.4.*"], check=True, timeout=600)
        subprocess.run([*install, "--no-deps", *widgets], check=True, timeout=600)
        (environment / "made").touch()
    return str(program), "-m", "jupyterlab"


HOSTS = (
    pytest.param(
        Host(
            name="lab-4.4",
            command=lab_4_4,
            answers="/api/status",
            page="/lab/tree/all.ipynb",
            write=write_notebook,
            start=run_all,
            dark=dark_jupyter,
        ),
        marks=pytest.mark.hosts,
    ),
    Host(
        name="notebook",
        command=here("notebook"),
        answers="/api/status",
        page="/notebooks/all.ipynb",
        write=write_notebook,
        start=run_all,
        dark=dark_jupyter,
        ignore=(r"reading 'schema'\)\n.*/static/notebook/notebook_core",),  # while it starts
    ),
    Host(
        name="voila",
        command=here("voila", "{folder}/all.ipynb", "--no-browser", "--port={port}"),
        answers="/voila/static/voila.js",
        page="/?theme=dark",
        write=write_notebook,
        start=nothing,
        dark=nothing,
        # its icons; and Notebook's extension, which it tries to load
        ignore=("fontawesome", "net::ERR_FAILED", "@jupyter-notebook/lab-extension"),
    ),
    Host(
        name="marimo",
        command=here(
            "marimo", "--quiet", "run", "{folder}/all.py", "--headless", "--no-token", "--port={port}"
        ),
        answers="/health",
        page="/",
        write=write_marimo,
        start=nothing,
        dark=dark_system,
        charts=False,
    ),
)
