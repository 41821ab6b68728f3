"""The widgets that a notebook was saved with, as a page brings them back."""

from __future__ import annotations

import base64
import copy
import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import ipywidgets as w

from cfwidgets.export.state import State, packed

__all__ = ["STATE", "VIEW", "Kept", "kept"]

VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"

_REFERENCE = "IPY_MODEL_"
_CONTROLS = "@jupyter-widgets/controls"
# What js/src/page/notebook.ts knows by itself.
_KNOWN = frozenset({"@jupyter-widgets/base", _CONTROLS, "@jupyter-widgets/output"})
# Packages whose front ends travel with the page as they are installed: this package needs them.
_FRONT_ENDS = frozenset({"anywidget", "bqplot", "bqscales"})
_OURS = "cfwidgets."
_ASKS = "needs the notebook: this page cannot answer it"  # as in js/src/shared/kernel.ts


@dataclass(frozen=True)
class Kept:
    """The widgets of a notebook that a page shows.

    Attributes
    ----------
    state
        Their state, and that of all they refer to.
    shown
        Ids of the models that the page can show.
    front_ends
        Packages whose front ends it needs.
    """

    state: State
    shown: frozenset[str]
    front_ends: tuple[str, ...]


def kept(models: Mapping[str, Any], views: Iterable[str]) -> Kept:
    """Find what a page can show of a notebook's widgets.

    Widgets of packages that no page knows stand in it as a line of text where they are within others.
    Controls that nothing in the page listens to are disabled.

    Parameters
    ----------
    models
        The saved state of all widgets, by id, in the widget manager's format.
    views
        Ids of the models that outputs show.
    """
    found = {name: model for name, model in models.items() if _is_model(model)}
    shown = {name: _with_all(name, found) for name in views if name in found and _is_known(found[name])}
    shown = {name: needed for name, needed in shown.items() if needed <= found.keys()}
    names = frozenset[str]().union(*shown.values())
    names |= {name for name, model in found.items() if _ends(model) and _ends(model) <= names}
    state = {name: _in_page(found[name]) for name in found if name in names}
    _disable(state)
    needs = {model["model_module"] for model in state.values()} & _FRONT_ENDS
    return Kept(packed(state), frozenset(shown), tuple(sorted(needs)))


def _is_model(model: object) -> bool:
    return (
        isinstance(model, Mapping)
        and isinstance(model.get("state"), Mapping)
        and all(isinstance(model.get(key), str) for key in ("model_name", "model_module"))
    )


def _is_known(model: Mapping[str, Any]) -> bool:
    # Code in the state of a widget runs in the page if it says that it is of one of our views. That is no
    # guard against the notebook's author, whose outputs may hold scripts all the same: it keeps away what was
    # not written to work without a kernel and a network. It runs as it was saved: so it fits its state.
    if model["model_module"] == "anywidget":
        return str(model["state"].get("_anywidget_id", "")).startswith(_OURS)
    return model["model_module"] in _KNOWN | _FRONT_ENDS


def _with_all(name: str, models: Mapping[str, Any]) -> frozenset[str]:
    """Return the ids of a model and of all that it refers to, there or not."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        if one in models and _is_known(models[one]):
            waiting += _references(models[one]["state"], models)
    return frozenset(seen)


def _references(value: object, models: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(value, str):
        if value.startswith(_REFERENCE):
            yield value.removeprefix(_REFERENCE)
    elif isinstance(value, Mapping):
        view = value.get(VIEW)  # in an Output, which has a text beside it where the view is not there
        if isinstance(view, Mapping) and view.get("model_id") in models:
            yield view["model_id"]
        for one in value.values():
            yield from _references(one, models)
    elif isinstance(value, list):
        for one in value:
            yield from _references(one, models)


def _ends(model: Mapping[str, Any]) -> frozenset[str]:
    """Return the ids of the models that a link ties; nothing for all that is no link."""
    if model["model_module"] != _CONTROLS or not model["model_name"].endswith("LinkModel"):
        return frozenset()
    return frozenset(_references([model["state"].get(key) for key in ("source", "target")], {}))


def _in_page(model: Mapping[str, Any]) -> dict[str, Any]:
    """Copy a model; one that the page does not know becomes a text."""
    if not _is_known(model):
        name, package = model["model_name"].removesuffix("Model"), model["model_module"]
        if "_anywidget_id" in model["state"]:
            package, _, name = str(model["state"]["_anywidget_id"]).rpartition(".")
        value = f"{name} of {package}: not in this page"
        about = {"model_module": _CONTROLS, "model_module_version": "2.0.0", "model_name": "LabelModel"}
        return about | {"state": {"value": value}}
    made: dict[str, Any] = copy.deepcopy(dict(model))
    made["buffers"] = [
        {**buffer, "encoding": "base64", "data": base64.b64encode(bytes.fromhex(buffer["data"])).decode()}
        if buffer.get("encoding") == "hex"
        else buffer
        for buffer in made.get("buffers", ())
    ]
    return made


def _disable(models: Mapping[str, dict[str, Any]]) -> None:
    """Disable the controls whose change is heard by nothing in the page, and say why."""
    heard: set[str] = set()
    for model in models.values():
        if _ends(model):
            both = model["model_name"] == "LinkModel"
            sides = ("source", "target") if both else ("source",)
            heard.update(_references([model["state"].get(key) for key in sides], {}))
    for name, model in models.items():
        if name not in heard and model["model_module"] == _CONTROLS and model["model_name"] in _asking():
            model["state"].update(disabled=True, tooltip=_ASKS)


@functools.cache
def _asking() -> frozenset[str]:
    """Return the names of ipywidgets' models that can be disabled."""
    known: Iterable[Any] = vars(w).values()
    classes: list[Any] = [one for one in known if isinstance(one, type) and issubclass(one, w.DOMWidget)]
    traits = [one.class_traits(sync=True) for one in classes]
    return frozenset(one["_model_name"].default_value for one in traits if "disabled" in one)
