"""Make an engine's ``explain`` from its ``steps``: the arguments, the signature and the docstring."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Generator, Mapping
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, overload

from cfwidgets.docstrings import section
from cfwidgets.engines.base.driving import run_to_end
from cfwidgets.engines.base.update import Update
from cfwidgets.text import did_you_mean

__all__ = ["Explain", "to_the_end"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
P = ParamSpec("P")


class Explain(Protocol[P, T_co]):
    """A method that drives ``steps`` to the end: its arguments, and ``progress``."""

    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T_co: ...

    @overload
    def __call__(self, *args: Any, progress: bool | None, **kwargs: Any) -> T_co: ...


class _Method(Protocol[P, T_co]):
    def __get__(self, instance: Any, owner: type[Any] | None = None, /) -> Explain[P, T_co]: ...


def to_the_end(
    steps: Callable[Concatenate[Any, P], Generator[Update[T], None, None]], name: str = ""
) -> _Method[P, T]:
    """Make ``explain`` from ``steps``: the same arguments and ``progress``, and the last result.

    Parameters
    ----------
    steps
        The method that yields updates.
    name
        The name of the one that is made; empty for that of ``steps``, with "explain" in the place of "steps".
    """
    called = name or steps.__name__.replace("steps", "explain")

    accepted = inspect.signature(steps)

    def explain(self: Any, /, *args: Any, progress: bool | None = None, **kwargs: Any) -> T:
        _require_arguments(called, accepted, (self, *args), kwargs)
        return run_to_end(steps(self, *args, **kwargs), progress=progress, call=called)

    method: Any = functools.update_wrapper(explain, steps)
    method.__name__ = called
    method.__qualname__ = f"{steps.__qualname__.rpartition('.')[0]}.{called}"
    method.__doc__ = _documented(steps, called)
    method.__signature__ = _with_progress(accepted)
    made: _Method[P, T] = method
    return made


def _documented(steps: Callable[..., Any], called: str) -> str:
    """Write the docstring of what `to_the_end` makes."""
    parameters = (
        section(steps, "Parameters") or f"Parameters\n----------\nothers\n    See `{steps.__name__}`.\n"
    )
    return f"""Run to the end and return the result.

{parameters}{_PROGRESS}
Returns
-------
object
    The last result of `{steps.__name__}`. After an interrupt (Ctrl-C, the button of a notebook) the result
    so far, with a warning: ``{called}(…, resume=…)`` continues from it. A second one within two seconds is
    raised.

{section(steps, "Raises")}"""


_PROGRESS = """progress
    True for a progress bar with the time that is left; False for none; None for one in a notebook, and
    where the standard error is a terminal.
"""


def _require_arguments(
    called: str, signature: inspect.Signature, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> None:
    """Refuse arguments that ``steps`` does not take, in the name of the method that was called."""
    names = [name for name in signature.parameters if name != "self"]
    by_any_name = any(one.kind is one.VAR_KEYWORD for one in signature.parameters.values())
    unknown = next((name for name in kwargs if name not in names), None)
    if unknown is not None and not by_any_name:
        hint = did_you_mean(unknown, [*names, "progress"])
        raise TypeError(f"{called}() has no argument {unknown!r}{hint}")
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        raise TypeError(f"{called}(): {error}") from None


def _with_progress(signature: inspect.Signature) -> inspect.Signature:
    """Give the signature of ``steps`` with ``progress`` added, and with the result in place of updates."""
    progress = inspect.Parameter(
        "progress", inspect.Parameter.KEYWORD_ONLY, default=None, annotation="bool | None"
    )
    result = re.search(r"Update\[(\w+)\]", str(signature.return_annotation))
    return signature.replace(
        parameters=[*signature.parameters.values(), progress],
        return_annotation=result[1] if result else inspect.Signature.empty,
    )
