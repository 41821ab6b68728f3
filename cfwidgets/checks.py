"""Checks of settings, whose errors name the setting."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields
from numbers import Integral, Real
from typing import Any, TypeGuard, TypeVar

from cfwidgets.text import LINE, cut, did_you_mean

T = TypeVar("T")


def positive_int(name: str, value: Any, *, minimum: int = 1) -> None:
    """Raise ValueError unless the value is a whole number of at least ``minimum``."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < minimum:
        raise ValueError(f"{name} must be a whole number of at least {minimum}, not {value!r}")


def positive(name: str, value: Any) -> None:
    """Raise ValueError unless the value is a finite number above 0."""
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 < float(value) < math.inf:
        raise ValueError(f"{name} must be a positive number, not {value!r:.60}")


def non_negative(name: str, value: Any) -> None:
    """Raise ValueError unless the value is a finite number of at least 0."""
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= float(value) < math.inf:
        raise ValueError(f"{name} must be a number of at least 0, not {value!r}")


def share(name: str, value: Any) -> None:
    """Raise ValueError unless the value is a number from 0 to 1."""
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= float(value) <= 1:
        raise ValueError(f"{name} must be a number from 0 to 1, not {value!r}")


def mapping(name: str, value: Any) -> None:
    """Raise ValueError unless the value is a mapping, such as a dict."""
    if not isinstance(value, Mapping):
        raise ValueError(f"{name} must be a dict, not {value!r:.60}")  # noqa: TRY004 - as of all settings


def one_place(index: Any) -> None:
    """Raise TypeError for a slice, in the place of the index of one item of a data set."""
    if isinstance(index, slice):
        start, stop, step = (("" if at is None else str(at)) for at in (index.start, index.stop, index.step))
        written = f"{start}:{stop}" + (f":{step}" if step else "")
        raise TypeError(
            f"[{written}]: a data set gives one item an index; torch.utils.data.Subset(data, range(…)) is a "
            "part of it"
        )


def choice(name: str, value: Any, accepted: Sequence[object]) -> None:
    """Raise ValueError unless the value is one of those accepted."""
    if not any(
        isinstance(value, type(one)) and value == one for one in accepted
    ):  # an array has no truth value
        hint = did_you_mean(value, filter(_is_text, accepted)) if _is_text(value) else ""
        raise ValueError(f"{name} must be one of {', '.join(map(repr, accepted))}, not {value!r}{hint}")


def names_checked(kind: type[T]) -> type[T]:
    """Make the errors of a dataclass of settings say which setting was meant. A decorator.

    Numbers of NumPy and the like become plain ones, which a file can hold and torch takes as seeds. Its repr
    is a line with the settings that are not as by default.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @names_checked
    ... @dataclass(frozen=True)
    ... class Search:
    ...     generations: int = 50
    >>> Search(generation=9)
    Traceback (most recent call last):
    TypeError: Search has no setting 'generation'; did you mean 'generations'?
    >>> Search(), Search(generations=9)
    (Search(), Search(generations=9))
    """
    init: Callable[..., None] = vars(kind)["__init__"]
    names = list(inspect.signature(init).parameters)[1:]

    @functools.wraps(init)
    def __init__(self: Any, *args: Any, **settings: Any) -> None:  # noqa: N807
        unknown = next((name for name in settings if name not in names), None)
        if unknown is not None:
            raise TypeError(f"{type(self).__name__} has no setting {unknown!r}{did_you_mean(unknown, names)}")
        init(self, *map(_plain, args), **{name: _plain(value) for name, value in settings.items()})

    kind.__init__ = __init__  # type: ignore[method-assign]
    kind.__repr__ = _changed  # type: ignore[method-assign]
    return kind


def _changed(settings: Any) -> str:
    """Write settings in a line: those that are not as by default."""
    parts = []
    for one in fields(settings):
        value = getattr(settings, one.name)
        default = one.default if one.default_factory is MISSING else one.default_factory()
        if type(value) is not type(default) or value != default:
            parts.append(f"{one.name}={value!r}")
    written = ", ".join(parts)
    return f"{cut(f'{type(settings).__name__}({written}', LINE - 1)})"


def _plain(value: Any) -> Any:
    """Make numbers, also those in a list or a tuple, Python's own."""
    if isinstance(value, bool):
        return value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    if type(value) in (list, tuple):
        return type(value)(map(_plain, value))
    return value


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str)
