"""Formulas that need no script: as MathML, which browsers draw by themselves."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from contextlib import suppress

__all__ = ["formula", "formulas"]

_MATH = re.compile(r"\$\$(?P<block>.+?)\$\$|\$(?P<inline>.+?)\$", re.DOTALL)
_ENVIRONMENT = re.compile(r"\\begin\{(equation|align|gather)\*?\}(.*)\\end\{\1\*?\}", re.DOTALL)


def formula(tex: str, *, block: bool) -> str:
    r"""Write a formula of TeX as MathML; as it stands where that cannot be.

    Where docutils, which knows how, is not installed, and for what it does not know, it stays TeX.

    Parameters
    ----------
    tex
        Without dollars.
    block
        True for a formula with a line of its own.

    Examples
    --------
    >>> formula(r"\unknown", block=False)
    '<code>\\unknown</code>'
    """
    write = _writer()
    environment = _ENVIRONMENT.fullmatch(tex.strip())
    inner = tex if environment is None else environment[2]
    if environment is not None and environment[1] != "equation":
        inner = rf"\begin{{aligned}}{inner}\end{{aligned}}"
    made = f"<code>{html.escape(tex.strip())}</code>"
    if write is not None:
        with suppress(Exception):  # for what it does not know it raises errors of several kinds
            made = write(inner, as_block=block)
    return f"<div>{made}</div>" if block else made


def formulas(text: str) -> str:
    r"""Write a text with formulas between dollars as HTML.

    Examples
    --------
    >>> formulas(r"where $\unknown$ < 1")
    'where <code>\\unknown</code> &lt; 1'
    """
    parts: list[str] = []
    end = 0
    for found in _MATH.finditer(text):
        parts += [html.escape(text[end : found.start()]), _of(found)]
        end = found.end()
    return "".join([*parts, html.escape(text[end:])])


def _of(found: re.Match[str]) -> str:
    block: str | None = found["block"]
    return formula(found["inline"] if block is None else block, block=block is not None)


def _writer() -> Callable[..., str] | None:
    try:
        from docutils.utils.math.latex2mathml import tex2mathml
    except ImportError:
        return None
    return tex2mathml
