"""Files that nobody should send: each `load` refuses one with its own error, or gives something sound."""

from __future__ import annotations

import copy
import inspect
import json
from contextlib import suppress

import pytest
import torch
from explainers import EXPLAINERS
from hostile import bounded, in_package, values
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import save_file
from saved import SAVED, played

import cfwidgets as cf
from cfwidgets.engines.base import ExplainerResult
from cfwidgets.models.editor import EditorError
from cfwidgets.models.translator import TranslatorError
from cfwidgets.results import _SUM, Result, ResultError, _checksum
from cfwidgets.widgets.opening import EXPLORERS

REFUSED = (ResultError, EditorError, TranslatorError)


def test_everything_that_is_loaded_is_in_the_list():
    kinds = {
        kind
        for module in in_package()
        for kind in vars(module).values()
        if inspect.isclass(kind) and isinstance(inspect.getattr_static(kind, "load", None), classmethod)
    }
    own = {kind.__name__ for kind in kinds if kind is not Result and not inspect.isabstract(kind)}
    # A workbench is a zip of such files: see tests/widgets/workbench/test_file.py.
    assert own - {"Workbench"} == set(SAVED)


def places(value, place=()):
    """Every place in JSON, from the outermost."""
    yield place
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(item, (*place, key))


def changed(draw, header):
    """Change one thing in JSON: another value, a key that is gone, or one too many."""
    header = copy.deepcopy(header)
    found = list(places(header))
    *path, last = found[draw(st.integers(1, len(found) - 1))]
    inside = header
    for key in path:
        inside = inside[key]
    match draw(st.sampled_from(["value", "gone", "more", "number"])):
        case "value":
            inside[last] = draw(values)
        case "number":
            inside[last] = draw(st.sampled_from([-1, 0, 1, 2, 3, 10**6, 10**18, 0.5, float("nan"), True]))
        case "gone":
            del inside[last]
        case "more":
            if isinstance(inside, list):
                inside.append(draw(values))
            else:
                inside["more"] = draw(values)
    return header


TENSORS = st.sampled_from(
    [
        torch.zeros(()),
        torch.zeros(0),
        torch.zeros(2, 3),
        torch.full((2,), float("nan")),
        torch.full((3, 16, 16), float("inf")),
        torch.ones(4, dtype=torch.int64),
        -torch.ones(9, dtype=torch.int32),
        torch.zeros(9, dtype=torch.bool),
        torch.zeros(1, 1, 1, 1, 1, dtype=torch.bfloat16),
    ]
)


def other_tensors(draw, tensors):
    """Change one tensor: another, one that is like it, one that is gone, or another name."""
    tensors = dict(tensors)
    name = draw(st.sampled_from(sorted(tensors)))
    kept = tensors.pop(name)
    match draw(st.sampled_from(["other", "like", "gone", "name"])):
        case "other":
            tensors[name] = draw(TENSORS).clone()
        case "like":
            ways = [
                lambda: kept[:-1] if kept.ndim and len(kept) else kept[None],
                lambda: kept.double() if kept.is_floating_point() else kept.float(),
                lambda: torch.full_like(kept, -1 if kept.dtype != torch.bool else 1),
                kept.flatten,
                lambda: kept * float("nan") if kept.is_floating_point() else kept + 100,
            ]
            tensors[name] = draw(st.sampled_from(ways))().contiguous().clone()
        case "name":
            tensors[f"{name}x"] = kept
    return tensors


def require_sound(value, path):
    """It is used without an error of another kind, and saved again."""
    if isinstance(value, ExplainerResult):
        assert value.summary()
        value.trust(), value.to_frame(), value.caveats
        with suppress(ValueError):  # there is nothing to draw
            value.plot()
    value.save(path)


def attack(path, use, ignored=(), examples=60):
    """Rewrite a file in many ways, and use it after each.

    Parameters
    ----------
    path
        The file.
    use
        Called without arguments after each rewriting; it raises nothing but what refuses the file.
    ignored
        Fields of the outermost object that are left as they are in some of the ways, to come to the others.
    examples
        How many in each way.
    """
    whole = path.read_bytes()
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a mapping
    about = next(key for key in metadata if key != _SUM)
    header = json.loads(metadata[about])

    def require_refused_or_sound():
        with suppress(*REFUSED):
            use()

    def write(here, numbers):
        text = json.dumps(here)
        save_file(numbers, path, metadata={about: text, _SUM: _checksum(text, numbers)})

    @settings(bounded, max_examples=examples)
    @given(st.data())
    def crafted(data):
        if data.draw(st.booleans()):
            write(changed(data.draw, header), tensors)
        else:
            write(header, other_tensors(data.draw, tensors))
        require_refused_or_sound()

    @settings(bounded, max_examples=examples)
    @given(st.data())
    def crafted_within(data):
        fields = header["value"]["fields"]
        some = changed(data.draw, {name: one for name, one in fields.items() if name not in ignored})
        kept = {name: fields[name] for name in ignored}
        write({**header, "value": {**header["value"], "fields": {**some, **kept}}}, tensors)
        require_refused_or_sound()

    @settings(bounded, max_examples=examples)
    @given(st.integers(0, len(whole) - 1), st.binary(max_size=9), st.integers(0, 9))
    def damaged(at, put, over):
        path.write_bytes(whole[:at] + put + whole[at + over :])
        require_refused_or_sound()

    @settings(bounded, max_examples=examples // 2)
    @given(values)
    def other_metadata(about_it):
        write(about_it, tensors)
        require_refused_or_sound()

    crafted()
    damaged()
    other_metadata()
    if ignored:
        crafted_within()


@pytest.mark.slow
@pytest.mark.parametrize("name", SAVED)
def test_a_hostile_file_is_refused_or_sound(name, tmp_path):
    value, path = SAVED[name](), tmp_path / "saved"
    value.save(path)
    load = type(value).load
    attack(path, lambda: require_sound(load(path), tmp_path / "again"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "one",
    [one for one in EXPLAINERS if one.name != "lime" and one.explorer in EXPLORERS],
    ids=lambda one: one.name,
)
def test_a_hostile_explorer_is_refused_or_plays(one, tmp_path):
    path = tmp_path / "explorer"
    explorer = played(one)
    explorer.save(path)
    explorer.close()

    def play():
        opened = cf.open(path)
        try:
            assert repr(opened)
            json.dumps(opened.view.get_state(), default=lambda value: value.hex(), allow_nan=False)
            opened.save(tmp_path / "again")
        finally:
            opened.close()
        cf.open(tmp_path / "again").close()

    attack(path, play, ignored=("found",), examples=30)
