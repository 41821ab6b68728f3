"""A report on results, for a paper or an audit: one HTML file with figures, tables, trust and settings."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

import pandas as pd

from cfwidgets.engines.base import ExplainerResult
from cfwidgets.export.exported import Exported
from cfwidgets.export.page import plain
from cfwidgets.export.words import about_table, escaped, settings_in_words, software, today
from cfwidgets.export.writing import checked_path, write

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["report"]

_ROWS = 20  # of a table that are printed
_DPI = 150
_VERDICTS = {True: "yes", False: "no", None: "–"}
_MB = 1_000_000
_LARGEST = 100 * _MB


def report(
    results: Iterable[ExplainerResult], path: str | os.PathLike[str], *, title: str | None = None
) -> Exported:
    """Write a report on results: one HTML file without a script, to read, print and keep.

    Parameters
    ----------
    results
        Results of any explainers; one or more.
    path
        The file, ``….html``. An existing one is replaced only once all is written.
    title
        The heading; None for "Report on 3 explanations".

    Returns
    -------
    Exported
        ``path`` and ``bytes``; it is never ``live``.

    Raises
    ------
    TypeError
        Something that is not a result of an explainer.
    ValueError
        No result; the path does not end in .html; or so many results that the file would have more than
        100 MB, with the size it would have.
    OSError
        The path is a folder, its folder is not there, or the disk is full.

    Examples
    --------
    >>> import tempfile, torch
    >>> from pathlib import Path
    >>> from cfwidgets import Classifier, ELime
    >>> clf = Classifier(lambda x: torch.stack([1 - x.mean((1, 2, 3)), x.mean((1, 2, 3))], 1))
    >>> picture = torch.linspace(0, 1, 32).repeat(3, 32, 1)
    >>> result = ELime(segments=9, generations=2, trust=False).explain(clf, picture, 1)
    >>> written = report([result], Path(tempfile.mkdtemp()) / "report.html")
    >>> written.live, written.path.name
    (False, 'report.html')
    """
    if isinstance(results, ExplainerResult):
        results = [results]
    found = list(results)
    for one in found:
        if not isinstance(one, ExplainerResult):
            raise TypeError(f"results must be results of explainers, not {type(one).__name__}")
    if not found:
        raise ValueError("results is empty: there is nothing to report on")
    target: Path = checked_path(path)
    sections = [_section(found[0])]
    expected = len(sections[0]) * len(found)
    if expected > _LARGEST:
        raise ValueError(
            f"a report on {len(found):,} results would have about {expected / _MB:,.0f} MB, and "
            f"{_LARGEST / _MB:.0f} MB are the most: report on some of them"
        )
    sections += [_section(one) for one in found[1:]]
    count = f"{len(found)} explanation{'' if len(found) == 1 else 's'}"
    content = plain(
        title or f"Report on {count}",
        f"Of {today()}. This page has no script: nothing is fetched or sent.",
        [*sections, f'<footer class="page-about"><h2>Made</h2><p>{escaped(software())}</p></footer>'],
    )
    write(target, content)
    return Exported(target, live=False, bytes=len(content), reason=f"a report on {count}")


def _section(result: ExplainerResult) -> str:
    caveats = "".join(f"<li>{escaped(one)}</li>" for one in result.caveats)
    sums = ", ".join(f"{name} {value}" for name, value in result.fingerprints.items() if value)
    rows = (
        ("Model", (f"{result.model}, {len(result.labels):,} classes",)),
        ("Fingerprints", (sums,)),
        ("Settings", (settings_in_words(result.settings),)),
        ("Time", (f"{result.seconds:.1f} s",)),
    )
    return "".join(
        [
            f'<section class="page-result"><h2>{escaped(result.summary())}</h2>',
            f"<ul>{caveats}</ul>" if caveats else "",
            _figure(result),
            "<h3>How far to trust it</h3>",
            _table(_trust(result)),
            f"<h3>The finding as a table</h3>{_table(result.to_frame())}",
            about_table(rows),
            "</section>",
        ]
    )


def _trust(result: ExplainerResult) -> pd.DataFrame:
    rows = pd.DataFrame(result.trust().drop(columns="meaning"))
    return rows.assign(ok=[_VERDICTS[ok] for ok in rows["ok"]])


def _figure(result: ExplainerResult) -> str:
    try:
        figure = result.plot()
    except ValueError as nothing:
        return f"<p>{escaped(str(nothing))}</p>"
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=_DPI)
    data = base64.b64encode(png.getvalue()).decode("ascii")
    return f'<img alt="{escaped(result.summary())}" src="data:image/png;base64,{data}">'


def _table(frame: pd.DataFrame) -> str:
    if frame.empty:
        return "<p>none</p>"
    left = len(frame) - _ROWS
    more = f"<p>and {left:,} more rows</p>" if left > 0 else ""
    shown = pd.DataFrame(frame.head(_ROWS))
    with pd.option_context("display.max_colwidth", 80, "display.precision", 3):
        return f"{shown.to_html(na_rep='–', border=0, escape=True)}{more}"
