"""The account that a page gives of itself."""

from __future__ import annotations

import html
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Protocol

import cfwidgets
from cfwidgets.text import cut, without_surrogates

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cfwidgets.engines.base import ExplainerResult

__all__ = ["About", "about_table", "account", "escaped", "settings_in_words", "software", "today"]

_MOST = 300  # characters of one setting


@dataclass(frozen=True)
class About:
    """The account of one explorer in a page.

    Attributes
    ----------
    title
        The question in words.
    rows
        Names and texts; several texts are paragraphs.
    asks
        What only a kernel answers, in words.
    lacks
        The same where the network travels with the page; empty where that changes nothing.
    """

    title: str
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    asks: str
    lacks: str


class RunTold(Protocol):
    """The run of a view, as it is told."""

    state: str
    progress: float
    caveats: Sequence[str]
    trust: Sequence[Mapping[str, Any]]


def today() -> str:
    """Write the date as a reader does, such as 1 May 2026."""
    now = datetime.now(UTC)
    return f"{now.day} {now:%B %Y}"


def software(packages: Iterable[str] = ("anywidget", "bqplot", "ipywidgets", "torch")) -> str:
    """Name the versions that a page was made with."""
    return ", ".join(
        [f"cfwidgets {cfwidgets.__version__}", *(f"{name} {version(name)}" for name in packages)]
    )


def escaped(text: str) -> str:
    """Write text that is not ours into HTML."""
    return html.escape(without_surrogates(text))


def settings_in_words(settings: Mapping[str, Any]) -> str:
    """Write settings in a line."""
    return ", ".join(f"{name} {value!s:.{_MOST}}" for name, value in settings.items())


def account(
    title: str, kind: str, result: ExplainerResult, view: RunTold, *, asks: str, lacks: str = ""
) -> About:
    """Say what a page shows of a result.

    Parameters
    ----------
    title
        The question, as a heading.
    kind
        The name of what is shown, such as "Superpixel explorer".
    result
        The result as it stands.
    view
        How far its run is.
    asks, lacks
        See `About`.
    """
    sums = ", ".join(f"{name} {value}" for name, value in result.fingerprints.items() if value)
    going = {
        "running": f"The run was at {view.progress:.0%} when the page was made: this is what it had found.",
        "stopped": f"The run was stopped at {view.progress:.0%}.",
        "failed": "The run failed: this is what it had found.",
    }
    trust = [_measure(row) for row in view.trust]
    rows: tuple[tuple[str, tuple[str, ...]], ...] = (
        ("Shown", (f"{kind}. {result.summary()}", going.get(view.state, ""))),
        ("Model", (f"{cut(result.model, _MOST)}, {len(result.labels):,} classes",)),
        ("Data", (f"fingerprints: {sums}" if sums else "",)),
        ("Settings", (settings_in_words(result.settings),)),
        ("Trust", (*view.caveats, "; ".join(trust))),
    )
    return About(title, rows, asks, lacks)


def _measure(row: Mapping[str, Any]) -> str:
    return f"{row['name']} {row['value']} ({row['note']})"


def about_table(rows: Iterable[tuple[str, Sequence[str]]]) -> str:
    """Write names and texts as a list of HTML."""
    found = [(name, [text for text in texts if text]) for name, texts in rows]
    items = (
        f"<dt>{escaped(name)}</dt><dd>{''.join(f'<p>{escaped(text)}</p>' for text in texts)}</dd>"
        for name, texts in found
        if texts
    )
    return f"<dl>{''.join(items)}</dl>"
