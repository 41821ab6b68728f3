"""Questions that a page answers without a kernel, and the networks that it answers with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from cfwidgets.export.network import Network, Precision

__all__ = ["Travel"]


@dataclass(frozen=True)
class Travel:
    """The needs of a view that is answered in a page.

    Attributes
    ----------
    kind
        The name of who answers: a key of ``ANSWERERS`` in js/src/page/answers/index.ts.
    answers
        The traits whose change is a question.
    network
        Makes the network that is asked, in full or in half precision; raises `CannotTravelError` where there
        is none. None for a view that asks no network: still pages answer it, too.
    arrays
        ``(3, H, W)`` pictures in [0, 1], and other numbers, that answers are computed from.
    values
        Plain values that answers are computed from.
    still
        The name of who follows the view in a page without the network; empty where nobody does.
    """

    kind: str
    answers: tuple[str, ...]
    network: Callable[[Precision], Network] | None
    arrays: dict[str, Tensor] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    still: str = ""
