"""Notebooks as pages that play offline: ``jupyter nbconvert --to cfwidgets notebook.ipynb``.

nbconvert finds `OfflineExporter` by the entry point in pyproject.toml; nothing else imports this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cfwidgets.export.foreign import front_end
from cfwidgets.export.formulas import formula, formulas
from cfwidgets.export.kept import STATE, VIEW, Kept, kept
from cfwidgets.export.page import licences, scripts
from cfwidgets.export.parts import static
from cfwidgets.export.words import about_table, software, today

try:
    from jinja2 import pass_context
    from nbconvert.exporters.html import HTMLExporter
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
    from traitlets import default
except ImportError as error:
    raise ImportError("to write a notebook as a page needs nbconvert: pip install nbconvert") from error

__all__ = ["OfflineExporter"]

_PLACE = "application/vnd.cfwidgets.place"
# What the author's outputs hold runs, as in any notebook that nbconvert writes; but no address is reached.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' blob: data:; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:; media-src data: blob:; frame-src data: blob:; worker-src blob:; "
    "base-uri 'none'; form-action 'none'"
)
_SYSTEM = "system"
_UNSAVED = (
    "%d view(s) of widgets are not in the page: the notebook was saved without their state. In JupyterLab "
    'tick "Save Widget State Automatically" in its menu Settings, run all, and save; or add --execute.'
)
_UNKNOWN = "%d view(s) of widgets are not in the page, which does not know them: what stands beside them is."


@dataclass(frozen=True)
class _Parts:
    """The parts of the page besides the notebook."""

    style: str
    about: str
    licences: str
    scripts: str


class _Renderer(IPythonRenderer):
    """Markdown whose formulas need no script."""

    def block_math(self, body: str) -> str:
        return formula(body, block=True)

    def inline_math(self, body: str) -> str:
        return formula(body, block=False)

    def latex_environment(self, name: str, body: str) -> str:
        return formula(rf"\begin{{{name}}}{body}\end{{{name}}}", block=True)


class OfflineExporter(HTMLExporter):
    """Write a notebook as one HTML file in which the widgets it was saved with play, without a network.

    It is `nbconvert.HTMLExporter` with its template ``lab`` and all its settings, except that nothing is
    fetched: no widget manager, no MathJax. The page is as dark as its reader's other windows; with
    ``--theme light`` or ``--theme dark`` it is the one or the other.
    """

    export_from_notebook = "HTML that plays offline"

    @default("template_name")
    def _template_name_default(self) -> str:
        return "cfwidgets"

    @default("extra_template_basedirs")
    def _default_extra_template_basedirs(self) -> list[str]:
        return [str(Path(__file__).parent / "templates"), *super()._default_extra_template_basedirs()]

    @default("theme")
    def _theme_default(self) -> str:
        return _SYSTEM

    @default("embed_images")
    def _embed_images_default(self) -> bool:
        return True

    def default_filters(self) -> Iterator[tuple[str, Callable[..., Any]]]:
        """Add how formulas in outputs are written."""
        yield from super().default_filters()
        yield "formulas", formulas

    @pass_context
    def markdown2html(self, context: Any, source: str) -> str:
        """Write Markdown as nbconvert does, but for the formulas."""
        renderer = _Renderer(
            escape=False,
            attachments=context.get("cell", {}).get("attachments", {}),
            embed_images=self.embed_images,
            path=context.get("resources", {}).get("metadata", {}).get("path", ""),
            anchor_link_text=self.anchor_link_text,
            exclude_anchor_links=self.exclude_anchor_links,
            **self.lexer_options,
        )
        return MarkdownWithMath(renderer=renderer).render(source)

    def _init_resources(self, resources: Any) -> Any:
        resources = super()._init_resources(resources)
        follows = self.theme == _SYSTEM
        resources["theme"] = "light" if follows else self.theme
        resources["cfwidgets"] = {"policy": _POLICY, "place": _PLACE, "follows": follows, "dark": self._dark}
        return resources

    def _dark(self) -> str:
        return str(self.environment.loader.get_source(self.environment, "static/theme-dark.css")[0])

    def _preprocess(self, nb: Any, resources: Any) -> Any:
        # After all preprocessors, of which one may run the notebook.
        nb, resources = super()._preprocess(nb, resources)
        saved = nb.metadata.pop("widgets", {}).get(STATE, {}).get("state", {})
        outputs = [
            output
            for cell in nb.cells
            for output in cell.get("outputs", ())
            if VIEW in output.get("data", {})
        ]
        found = kept(saved, [output.data[VIEW]["model_id"] for output in outputs])
        for output in outputs:
            name = output.data.pop(VIEW)["model_id"]
            if name in found.shown:
                output.data[_PLACE] = name
        self._tell_missing(outputs, saved=bool(saved))
        resources["cfwidgets"]["page"] = _parts(found, resources["metadata"]["name"]) if found.shown else None
        return nb, resources

    def _tell_missing(self, outputs: list[Any], *, saved: bool) -> None:
        missing = sum(_PLACE not in output.data for output in outputs)
        if missing:
            self.log.warning(_UNKNOWN if saved else _UNSAVED, missing)


def _parts(found: Kept, name: str) -> _Parts:
    front_ends = [front_end(package) for package in found.front_ends]
    state = {
        "state": found.state.answering({}),
        "texts": found.state.texts,
        "travelled": {},
        "networks": {},
    }
    begin, elements = scripts("notebook.js", state, front_ends)
    about = (
        ("Made", (f"{today()}, from {name}.ipynb, with {software()}",)),
        ("Works here", ("what needs no kernel: pictures, charts, replays, controls linked in the browser",)),
        ("Needs the notebook", ("what Python computes, such as new predictions: its controls are disabled",)),
    )
    return _Parts(
        style=static("notebook.css"),
        about=about_table(about),
        licences=licences(front_ends),
        scripts="".join([*elements, f"<script>{begin}</script>"]),
    )
