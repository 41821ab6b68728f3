"""Formulas as MathML, and as they stand where that cannot be."""

from __future__ import annotations

import sys

import pytest

from cfwidgets.export.formulas import formula, formulas


@pytest.mark.parametrize(
    "tex",
    [
        r"\frac{a}{b}",
        r"\begin{equation}a = b\end{equation}",
        r"\begin{align*} a &= b \\ c &= d \end{align*}",
        r"\begin{gather} a \\ b \end{gather}",
    ],
)
def test_a_formula_is_drawn_by_the_browser(tex: str) -> None:
    assert formula(tex, block=True).startswith(
        '<div><math xmlns="http://www.w3.org/1998/Math/MathML" display'
    )
    assert formula(tex, block=False).startswith("<math")


@pytest.mark.parametrize("tex", [r"\nonsense{x < 1}", r"\begin{align} a", r"\color{red}", "\\"])
def test_what_is_not_known_stays_readable_and_is_no_markup(tex: str) -> None:
    assert formula(tex, block=False) == f"<code>{tex.replace('<', '&lt;')}</code>"


def test_without_the_library_it_stays_readable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "docutils.utils.math.latex2mathml", None)
    assert formula("x^2", block=True) == "<div><code>x^2</code></div>"


def test_a_text_with_formulas_keeps_the_rest_as_text() -> None:
    found = formulas("<b> $x$ and $$y$$ cost 3 $")
    assert found.startswith("&lt;b&gt; <math")
    assert found.count("<math") == 2
    assert found.count('display="block"') == 1
    assert found.endswith("</div> cost 3 $")
