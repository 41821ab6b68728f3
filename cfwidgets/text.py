"""Text that is not ours: labels, and the names of files."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

__all__ = ["LINE", "cut", "did_you_mean", "is_address", "made_by_name", "quoted", "without_surrogates"]

_CLOSE, _MOST = 3, 4  # names that are close, and all that are suggested
LINE = 200
"""The most characters of what is written in a line, such as a result's repr."""


def without_surrogates(text: str) -> str:
    r"""Replace lone surrogates, which no font draws and no file or browser takes.

    Python reads a file name that is no UTF-8 into such characters.

    Examples
    --------
    >>> without_surrogates("caf\udce9 ✓")
    'caf� ✓'
    """
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def cut(text: str, most: int) -> str:
    r"""Give a text on one line, cut where it has more than ``most`` characters.

    Examples
    --------
    >>> cut("Golden_Retriever", 8), cut("two\nlines", 20)
    ('Golden_…', 'two lines')
    """
    line = without_surrogates(" ".join(text.split()))
    return line if len(line) <= most else f"{line[: most - 1]}…"


def quoted(label: str) -> str:
    """Put a label in quotes that would run into the sentence that it stands in.

    Examples
    --------
    >>> f"Why {quoted('not Male')} rather than {quoted('Male')}?"
    'Why “not Male” rather than Male?'
    """
    return f"“{label}”" if label.startswith(("not ", "no ")) else label


def did_you_mean(given: object, known: Iterable[str]) -> str:
    """Suggest what a misspelt name was meant to be, as the end of a message; empty where nothing is close.

    Small and capital letters, blanks, hyphens and underscores count alike. Names that contain the one given
    are suggested too.

    Examples
    --------
    >>> did_you_mean("gradcam", ["rap", "grad_cam"]), did_you_mean("cat", ["tiger cat", "dog"])
    ("; did you mean 'grad_cam'?", "; did you mean 'tiger cat'?")
    >>> did_you_mean("zebra", ["cat", "dog"])
    ''
    """
    wanted = _folded(str(given))
    by_folded = {_folded(name): name for name in known if name}
    close = difflib.get_close_matches(wanted, by_folded, n=_CLOSE)
    longer = [name for name in by_folded if wanted and wanted in name and name not in close]
    names = [repr(by_folded[name]) for name in [*close, *sorted(longer, key=len)][:_MOST]]
    return f"; did you mean {' or '.join(names)}?" if names else ""


def is_address(given: object) -> bool:
    """Tell if a text is the address of something in a network, which nothing here fetches.

    Examples
    --------
    >>> is_address("https://example.org/cat.jpg"), is_address("cat.jpg")
    (True, False)
    """
    return isinstance(given, str) and "://" in given


def made_by_name(given: object, maker: str) -> str:
    """Suggest to make by its name what was given by its name, as the end of a message; empty for no text.

    Examples
    --------
    >>> made_by_name("digits", "generator")
    "; cfwidgets.zoo.generator('digits') makes one by its name"
    """
    return f"; cfwidgets.zoo.{maker}({given!r:.60}) makes one by its name" if isinstance(given, str) else ""


def _folded(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name.lower())
