"""Training sets of portraits in which an attribute gives the class away, or does not."""

from __future__ import annotations

from dataclasses import dataclass

from cfwidgets.checks import share
from cfwidgets.data.portraits.sets import Portraits, portraits

__all__ = ["SETS", "TrainingSet"]


@dataclass(frozen=True)
class TrainingSet:
    """Portraits in which an attribute tells about Male.

    Parameters
    ----------
    attribute
        Which the faces with Male lack, and the others have, as often as `bias` says.
    bias
        0.5 is: it tells nothing.
    size
        In pixels.
    """

    attribute: str
    bias: float
    size: int

    @property
    def thing(self) -> str:
        """The attribute in words."""
        return self.attribute.removeprefix("Wearing_").replace("_", " ").lower()

    def draw(self, n: int, *, seed: int = 0, first: int = 0) -> Portraits:
        """Draw some of them."""
        share("bias", self.bias)
        correlate = {"Male": {f"not {self.attribute}": self.bias}}
        return portraits(n, self.size, seed, correlate=correlate, first=first)


SETS = {
    "biased": TrainingSet("Wearing_Lipstick", 0.99, 128),
    "balanced": TrainingSet("Wearing_Lipstick", 0.5, 128),
    "blond": TrainingSet("Blond_Hair", 0.99, 64),
    "any-hair": TrainingSet("Blond_Hair", 0.5, 64),
}
"""Training sets of the classifiers of the zoo, by the name that follows ``portraits/male-``."""
