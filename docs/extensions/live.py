"""Live pages: made by the scripts in ``docs/live``, and embedded by the directive ``live``."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import html
import runpy
import shutil
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

import cfwidgets
from cfwidgets.export.beside import beside

if TYPE_CHECKING:
    from collections.abc import Callable

    from sphinx.application import Sphinx

_PACKAGE = Path(cfwidgets.__file__).parent
_FOLDER = "live"
_LOG = logging.getLogger(__name__)


class Live(SphinxDirective):
    """Embed a live page: its name, and its height in pixels."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {"height": directives.nonnegative_int}

    def run(self) -> list[nodes.Node]:
        """Return the frame, and a link to the page alone."""
        name = self.arguments[0]
        if not (_kept(self.env.srcdir) / f"{name}.html").exists():
            raise self.error(f"nothing in docs/live makes {name}.html")
        address = f"{'../' * self.env.docname.count('/')}{_FOLDER}/{name}.html"
        frame = (
            f'<iframe src="{html.escape(address)}" title="{html.escape(name)}, live" loading="lazy" '
            f'height="{self.options["height"]}"></iframe>'
        )
        alone = f'<a class="alone" href="{html.escape(address)}" target="_blank">Open it alone</a>'
        return [nodes.raw("", f'<div class="live">{frame}{alone}</div>', format="html")]


def make(source: Path, folder: Path) -> None:
    """Make the pages that are not there, or are of other code, and the file that they share.

    Parameters
    ----------
    source
        The folder of the documentation.
    folder
        Where pages are kept.
    """
    folder.mkdir(parents=True, exist_ok=True)
    package = _sum_of_package()
    for script in sorted((source / _FOLDER).glob("*.py")):
        _make_once(folder, script.stem, package + script.read_bytes(), partial(_run, script, folder))
    lesson = source / "pages_of_lesson.py"
    notebook = source.parent / "notebooks" / "lesson.ipynb"
    of = package + lesson.read_bytes() + notebook.read_bytes()
    _make_once(folder, "lesson", of, partial(runpy.run_path(str(lesson))["pages"], folder, runtime="beside"))
    _clear(folder)
    beside().put(folder)


def _clear(folder: Path) -> None:
    """Delete the files of earlier versions that pages shared."""
    for path in folder.glob("cfwidgets-runtime-*.js"):
        if path.name != beside().name:
            path.unlink()


def _run(script: Path, folder: Path) -> None:
    with contextlib.chdir(folder):  # it writes a page of its name there
        runpy.run_path(str(script))["explorer"].close()


def _make_once(folder: Path, name: str, of: bytes, made: Callable[[], object]) -> None:
    kept, key = folder / f"{name}.key", hashlib.sha256(of).hexdigest()
    if kept.exists() and kept.read_text() == key:
        return
    _LOG.info("making the live page %s", name)
    kept.unlink(missing_ok=True)
    made()
    kept.write_text(key)


def _sum_of_package() -> bytes:
    """Sum up what a page depends on: code without its docstrings, front ends, weights."""
    found = hashlib.sha256()
    for path in sorted(_PACKAGE.rglob("*")):
        if path.suffix == ".py":
            found.update(ast.dump(_without_docstrings(path)).encode())
        elif path.suffix in {".css", ".gz", ".js", ".safetensors"}:
            found.update(path.read_bytes())
    return found.digest()


def _without_docstrings(path: Path) -> ast.Module:
    tree = ast.parse(path.read_bytes())
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            node.value.value = None
    return tree


def _kept(source: str | Path) -> Path:
    return Path(source) / "_build" / "pages"


def _make(app: Sphinx) -> None:
    if app.builder.format == "html":
        make(Path(app.srcdir), _kept(app.srcdir))


def _copy(app: Sphinx, error: Exception | None) -> None:
    if error is None and app.builder.format == "html":
        target = Path(app.outdir) / _FOLDER
        target.mkdir(exist_ok=True)
        _clear(target)
        for file in (*_kept(app.srcdir).glob("*.html"), _kept(app.srcdir) / beside().name):
            shutil.copyfile(file, target / file.name)
        for source_map in Path(app.outdir).rglob("*.map"):  # for those who mend the theme
            source_map.unlink()


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive, and make the pages before anything is read."""
    app.add_directive("live", Live)
    app.connect("builder-inited", _make)
    app.connect("build-finished", _copy)
    return {"parallel_read_safe": True}
