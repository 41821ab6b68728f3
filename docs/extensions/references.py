"""Docstrings on the site: names lead to where they are documented; those of other packages are plain code."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any, TypeGuard

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.domains.python import PyObject
from sphinx.util.inspect import stringify_signature
from sphinx.util.nodes import make_refnode

from cfwidgets.widgets.explorer import Explorer

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.domains.python import ObjectEntry
    from sphinx.environment import BuildEnvironment

_OURS = "cfwidgets"
_SEVERAL = re.compile(r"\w+(, \w+)+")  # names with one description, which Sphinx takes for a type and a name
_ALONE = {"class", "data", "exception", "function", "module"}


def _resolve(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.TextElement
) -> nodes.Node | None:
    if node.get("refdomain") != "py":
        return None
    target = node["reftarget"].removesuffix("()")
    entry = _found(env.domains.python_domain.objects, target)
    if entry is not None:
        return make_refnode(app.builder, node["refdoc"], entry.docname, entry.node_id, content)
    return None if target.startswith(f"{_OURS}.") else content


def _found(known: dict[str, ObjectEntry], target: str) -> ObjectEntry | None:
    """Return what a name ends in: it may be cut, or that of the module in which something is defined."""
    parts = target.split(".")
    tails = [target]
    if len(parts) > 1 and target.startswith(_OURS):
        tails += [".".join(parts[-2:]), parts[-1]]
        if parts[-2][0].isupper():  # an attribute that has no entry of its own: its class
            tails.append(parts[-2])
    for tail in tails:
        ends = {one.node_id: one for name, one in known.items() if f".{name}".endswith(f".{tail}")}
        alone = [one for one in ends.values() if one.objtype in _ALONE]
        for found in (alone, list(ends.values())):
            if len(found) == 1:
                return found[0]
    return None


def _leave_paths(_app: Sphinx, doctree: nodes.document) -> None:
    """Leave ``Path`` in types alone: it is the standard library's, and Sphinx takes it for one of ours."""
    for node in list(doctree.findall(pending_xref)):
        if node["reftarget"] == "Path" and node.get("refspecific"):
            node.replace_self(node.children)


def _prepare(
    _app: Sphinx, _kind: str, _name: str, documented: object, _options: object, lines: list[str]
) -> None:
    """Leave out the list of methods, since each follows with its own docstring; list each attribute alone.

    An explorer has the parameters of its view in the place of a reference to them.
    """
    prepared: list[str] = []
    title, place = "", 0
    while place < len(lines):
        line = lines[place]
        end = place + 1
        if line and lines[end : end + 1] == ["-" * len(line)]:
            title = line
            if title == "Parameters" and _is_explorer(documented):
                prepared += [*inspect.getdoc(documented.__init__).splitlines(), ""]
                title = "Methods"
        if title == "Attributes" and _SEVERAL.fullmatch(line):
            while end < len(lines) and lines[end][:1] in {"", " "}:
                end += 1
            for name in line.split(", "):
                prepared += [name, *lines[place + 1 : end]]
        elif title != "Methods":
            prepared.append(line)
        place = end
    lines[:] = prepared


def _sign(
    _app: Sphinx, kind: str, _name: str, documented: Any, _options: object, given: str, _returned: str
) -> tuple[str, str] | None:
    """Show the arguments of ``__init__`` where a class of widgets has a ``__new__`` that takes all."""
    if kind != "class" or given != "(*args, **kwargs)":
        return None
    signature = inspect.signature(documented.__init__)
    without_self = list(signature.parameters.values())[1:]
    return stringify_signature(signature.replace(parameters=without_self), show_annotation=False), ""


def _is_explorer(documented: object) -> TypeGuard[type[Explorer[Any]]]:
    return isinstance(documented, type) and issubclass(documented, Explorer) and documented is not Explorer


def setup(app: Sphinx) -> dict[str, bool]:
    """Resolve what Sphinx itself has not, and prepare docstrings."""
    for field in PyObject.doc_field_types:
        if field.name == "variable":
            field.label = "Attributes"
            field.rolename = ""  # an attribute is named where it is described, and leads nowhere else
    app.connect("missing-reference", _resolve)
    app.connect("autodoc-process-docstring", _prepare, priority=400)  # before numpy style is read
    app.connect("autodoc-process-signature", _sign)
    app.connect("doctree-read", _leave_paths)
    return {"parallel_read_safe": True}
