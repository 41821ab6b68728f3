"""Names and changes of attributes in words."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from cfwidgets.text import cut

__all__ = ["attribute", "changes_in_words", "largest_changes"]


def attribute(name: str) -> str:
    """Write an attribute's name as words.

    Examples
    --------
    >>> attribute("Blond_Hair")
    'blond hair'
    """
    return name.replace("_", " ").lower()


def largest_changes(names: Sequence[str], deltas: Tensor, most: int = 3, least: float = 0.1) -> list[str]:
    """Write the largest of the changes ``(A,)``, a line each; a long name is cut.

    Examples
    --------
    >>> import torch
    >>> largest_changes(("Bald", "Young", "Pale_Skin"), torch.tensor([0.05, -0.25, 0.8]))
    ['pale skin +0.80', 'young −0.25']
    """
    order = deltas.abs().argsort(descending=True, stable=True)[:most].tolist()
    lines = [(attribute(names[i]), float(deltas[i])) for i in order]
    return [f"{cut(name, 22)} {_signed(by)}" for name, by in lines if abs(by) >= least]


def changes_in_words(names: Sequence[str], deltas: Tensor) -> str:
    """Write the three largest of the changes ``(A,)``, and how many there are besides.

    Examples
    --------
    >>> import torch
    >>> changes_in_words(("Bald", "Young", "Pale_Skin", "Male"), torch.tensor([0.05, -0.25, 0.8, 0.3]))
    'pale skin +0.80, male +0.30, young −0.25 and 1 more'
    >>> changes_in_words(("Bald",), torch.zeros(1))
    'nothing is changed'
    """
    rows = largest_changes(names, deltas, least=1e-9)
    more = int((deltas != 0).sum()) - len(rows)
    return (", ".join(rows) or "nothing is changed") + (f" and {more} more" if more else "")


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")
