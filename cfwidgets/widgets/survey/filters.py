"""Filters of the gallery: which pictures it shows, and in which order."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from cfwidgets.engines.survey.findings import CHANGES
from cfwidgets.text import did_you_mean
from cfwidgets.widgets.checks import is_whole

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SORTS", "Filters"]

SORTS = ("surprise", "entropy", "margin", "class", "order")
"""Orders of the pictures: by loss, where the true class is known, and else by entropy; by doubt; by true or
predicted class; as in the data set."""
_LONGEST = 200  # characters of a text to look for


@dataclass(frozen=True)
class Filters:
    """Filters that a picture has to pass, all of them, and the order of those that do.

    Attributes
    ----------
    sort
        One of `SORTS`.
    wrong
        True for those whose true class is not predicted.
    unsure
        True for those whose likeliest two classes are nearly as likely: less than 0.2 apart.
    truth, prediction
        The true and the predicted class, -1 for any.
    change
        One of `CHANGES`, the way in which a second classifier differs; empty for any.
    text
        Letters in the path, of either case; empty for any.
    """

    sort: str = SORTS[0]
    wrong: bool = False
    unsure: bool = False
    truth: int = -1
    prediction: int = -1
    change: str = ""
    text: str = ""

    @classmethod
    def read(cls, given: Mapping[str, Any], classes: int) -> Filters:
        """Read what the page or a user gives; what is left out filters nothing.

        Raises
        ------
        ValueError
            A filter that there is not, or a value that it cannot have.
        """
        names = [one.name for one in fields(cls)]
        for name in given:
            if name not in names:
                raise ValueError(f"there is no filter {name!r:.40}{did_you_mean(str(name), names)}")
        found = cls(**given)
        if found.sort not in SORTS:
            raise ValueError(f"sort must be one of {', '.join(SORTS)}, not {found.sort!r:.40}")
        for name in ("wrong", "unsure"):
            if not isinstance(getattr(found, name), bool):
                raise ValueError(  # noqa: TRY004 - as of all filters
                    f"{name} must be True or False, not {getattr(found, name)!r:.40}"
                )
        for name in ("truth", "prediction"):
            if not is_whole(getattr(found, name), -1, classes - 1):
                value = getattr(found, name)
                raise ValueError(f"{name} must be a class from 0 to {classes - 1}, or -1, not {value!r:.40}")
        if found.change not in ("", *CHANGES):
            known = ", ".join(CHANGES)
            raise ValueError(f"change must be one of {known}, or empty, not {found.change!r:.40}")
        text: Any = found.text
        if not isinstance(text, str) or len(text) > _LONGEST:
            raise ValueError(f"text must be a text of at most {_LONGEST} characters")
        return found
