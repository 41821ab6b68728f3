"""Docstrings on the site: names lead to where they are documented; those of other packages are plain code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.util.nodes import make_refnode

if TYPE_CHECKING:
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

_OURS = "cfwidgets"


def _resolve(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.TextElement
) -> nodes.Node | None:
    if node.get("refdomain") != "py":
        return None
    target = node["reftarget"].removesuffix("()")
    known = env.domains.python_domain.objects
    ends = {name for name in known if f".{name}".endswith(f".{target}")}
    if len({known[name].node_id for name in ends}) == 1:
        found = known[min(ends, key=len)]
        return make_refnode(app.builder, node["refdoc"], found.docname, found.node_id, content)
    return None if target.startswith(f"{_OURS}.") else content


def _without_methods(
    _app: Sphinx, _kind: str, _name: str, _documented: object, _options: object, lines: list[str]
) -> None:
    """Leave out the list of methods: each of them follows with its own docstring."""
    if "Methods" not in lines:
        return
    first = lines.index("Methods")
    rest = lines[first + 2 :]
    titles = [place for place, line in enumerate(rest) if line and set(line) == {"-"}]
    lines[first:] = rest[titles[0] - 1 :] if titles else []


def setup(app: Sphinx) -> dict[str, bool]:
    """Resolve what Sphinx itself has not, and prepare docstrings."""
    app.connect("missing-reference", _resolve)
    app.connect("autodoc-process-docstring", _without_methods, priority=400)  # before numpy style is read
    return {"parallel_read_safe": True}
