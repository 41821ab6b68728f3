"""The table of the measures of trust, whose sentences are shown in full."""

from __future__ import annotations

import textwrap

import pandas as pd

__all__ = ["TrustTable"]

_WIDTH = 100  # of text, in characters
_LEFT = '<td style="text-align: left; white-space: normal">'


class TrustTable(pd.DataFrame):
    """A data frame with a column ``meaning`` that is shown with whole sentences: pandas cuts them.

    Examples
    --------
    >>> sentence = "Rank correlation of two halves."
    >>> TrustTable({"measure": ["agreement"], "value": [0.5], "meaning": [sentence]})
         measure  value
    0  agreement    0.5
    <BLANKLINE>
    0 agreement: Rank correlation of two halves.
    """

    @property
    def _constructor(self) -> type[TrustTable]:
        return TrustTable

    def __repr__(self) -> str:
        if not {"measure", "meaning"} <= {*self.columns}:
            return str(super().__repr__())
        sentences = [
            textwrap.fill(f"{place} {measure}: {meaning}", _WIDTH, subsequent_indent="  ")
            for place, measure, meaning in zip(self.index, self["measure"], self["meaning"], strict=True)
        ]
        with pd.option_context("display.precision", 3):
            table = pd.DataFrame(self).drop(columns="meaning").to_string(na_rep="–")
        return "\n".join([table, "", *sentences])

    def _repr_html_(self) -> str:
        with pd.option_context("display.max_colwidth", None, "display.precision", 3):
            # a notebook aligns cells to the right, sentences too
            return str(self.to_html(na_rep="–")).replace("<td>", _LEFT)
