"""The box in which the explorers of the open tab stand."""

from __future__ import annotations

from cfwidgets.widgets.lifetime import HOST, FixedBox, FixedLayout, Held

__all__ = ["Stage"]

_NARROW = "480px"  # an explorer's width from which on two stand side by side


class Stage(Held, FixedBox):
    """The explorers of the open tab, side by side where there is room, else one below the other."""

    def __init__(self) -> None:
        layout = FixedLayout(
            display="grid",
            grid_template_columns=f"repeat(auto-fit, minmax(min({_NARROW}, 100%), 1fr))",
            grid_gap="24px 36px",
            align_items="flex-start",
        )
        super().__init__([], layout=layout, _dom_classes=(HOST,))

    def close(self) -> None:
        """Take it off the page, with the layout, which ipywidgets would keep."""
        self.layout.close()
        super().close()
