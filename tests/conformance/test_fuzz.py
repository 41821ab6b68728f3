"""Hostile messages and files: a view says so or takes no note, and lives; a file is refused, or sound."""

from __future__ import annotations

import json
import sys

import pytest
from explainers import views
from hostile import bounded, in_package, like, texts, values
from hypothesis import given
from hypothesis import strategies as st

from cfwidgets.widgets.view import View


def kinds_of(kind):
    return {kind} | {one for each in kind.__subclasses__() for one in kinds_of(each)}


def written(kind):
    """Tell a class of the package from those that traitlets makes of it, one for each widget made."""
    own = kind.__module__.startswith("cfwidgets.")
    return own and getattr(sys.modules[kind.__module__], kind.__name__) is kind


@pytest.fixture(params=views())
def view(request):
    made = views()[request.param]()
    yield made
    made.close()


@pytest.mark.slow
def test_every_view_is_in_the_list():
    in_package()
    made = [make() for make in views().values()]
    try:
        listed = {kind for view in made for kind in type(view).__mro__}  # traits that were added make a class
    finally:
        for view in made:
            view.close()
    own = {kind for kind in kinds_of(View) if written(kind)}
    assert own - listed == set()


def frames(view):
    """Draw messages of the page, most of them almost right."""
    names = sorted(view.from_page | view.linked)
    others = sorted(set(view.keys) - set(names))
    own = ((name, like(getattr(view, name))) for name in sorted(view.from_page))
    near = [drawn.map(lambda value, name=name: {name: value}) for name, drawn in own]
    several = st.fixed_dictionaries({}, optional=dict.fromkeys(names, values))
    foreign = st.dictionaries(st.sampled_from(others) | texts, values, min_size=1, max_size=2)
    state = st.one_of(*near, several, foreign, values)
    places = st.lists(st.sampled_from([*names, "x", 0, 1]), max_size=3)
    update = st.fixed_dictionaries(
        {"method": st.just("update"), "state": state},
        optional={"buffer_paths": st.lists(places, max_size=2) | values},
    )
    kinds = st.sampled_from(["stop", "resume", "explode", "anywidget-command"]) | values
    content = st.fixed_dictionaries({"kind": kinds}) | values
    custom = st.fixed_dictionaries({"method": st.just("custom"), "content": content})
    methods = st.sampled_from(["update", "custom", "request_state"]) | values
    broken = st.fixed_dictionaries({}, optional={"method": methods}) | values
    return st.tuples(
        st.one_of(update, update, update, custom, broken),
        st.lists(st.binary(max_size=4).map(memoryview), max_size=2),
    )


def require_sound(view):
    """What the page would get is JSON, and each trait holds what it may."""
    with view._wire:
        state = view.get_state()
        for name in view.from_page:
            view.traits()[name]._validate(view, getattr(view, name))
    sent = {name: value for name, value in state.items() if not isinstance(value, bytes | memoryview)}
    assert json.dumps(sent, allow_nan=False, ensure_ascii=False, default=lambda _bytes: "").encode()
    assert view.state in {"running", "done", "stopped"}


@pytest.mark.slow
def test_hostile_messages(view):
    fixed = {name: getattr(view, name) for name in ("_esm", "_view_name", "_model_module", "layout", "comm")}
    theirs = view.from_page | view.linked

    @bounded
    @given(st.lists(frames(view), min_size=1, max_size=3))
    def send(messages):
        for data, buffers in messages:
            view._handle_msg({"content": {"data": data}, "buffers": buffers})
            match data:
                case {"method": "update", "state": dict(state)} if set(state) - theirs:
                    assert view.error
                case {"method": "custom" | "request_state"}:
                    pass
                case {"method": "update", "state": dict()}:
                    pass
                case _:
                    assert "message that is not known" in view.error
            require_sound(view)
            assert {name: getattr(view, name) for name in fixed} == fixed

    send()
    view._handle_msg({"content": {"data": {"method": "update", "state": {}}}, "buffers": []})
    assert view.error == ""
