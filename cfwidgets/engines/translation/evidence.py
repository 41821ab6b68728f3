"""The numbers that say how far twins can be trusted, from what a result holds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from torch import Tensor

from cfwidgets.brief import brief
from cfwidgets.engines.translation.translations import Translations
from cfwidgets.evaluation.doubt import auroc
from cfwidgets.evaluation.segmentation import segmentation_curve

__all__ = ["Evidence", "Side"]


@dataclass(frozen=True)
class Side:
    """Twins of the images on one side of the decision.

    Attributes
    ----------
    name
        Of the class, or of the rest.
    count
        Images that are predicted it.
    flips
        Share of their twins on the other side.
    dealt
        Share of images on the other side after the change of another image; NaN where it was not measured.
    """

    name: str
    count: int
    flips: float
    dealt: float


@dataclass(frozen=True, eq=False)
class Evidence:
    """Shares, correlations and areas, each NaN where it was not measured, or where there is none.

    Parameters
    ----------
    found
        A result.
    """

    __repr__ = brief

    found: Translations

    @cached_property
    def on_target(self) -> Tensor:
        """``(m,)`` bool: the side of each image."""
        return self.found.on_target(self.found.predictions)

    @cached_property
    def flipped(self) -> Tensor:
        """``(m,)`` bool."""
        return self.found.flipped

    @cached_property
    def sides(self) -> list[Side]:
        """Both sides, without one that has no images."""
        rows = []
        probes = self.found.probes
        of_probes = self.on_target[probes.places]
        for name, on in zip(self.found.sides, (False, True), strict=True):
            side = self.on_target == on
            has = (of_probes == on) & ~probes.dealt.isnan().any(1)
            dealt = mean(self.found.on_target(probes.dealt[has]) != on)
            if bool(side.any()):
                rows.append(Side(name, int(side.sum()), mean(self.flipped[side]), dealt))
        return rows

    @cached_property
    def second_flips(self) -> float:
        """Share of the flips in which the second classifier changes sides too, from the side with fewer."""
        before, after = self.found.second_predictions, self.found.second_twin_predictions
        if before is None or after is None:
            return float("nan")
        too = self.found.on_real_target(after) != self.found.on_real_target(before)
        sides = [self.flipped & (self.on_target == on) for on in (False, True)]
        return min((mean(too[side]) for side in sides if bool(side.any())), default=float("nan"))

    @cached_property
    def inside(self) -> float:
        """Share of the flips that only the strongest tenth of the mask makes too."""
        return self._kept(self.found.probes.inside)

    @cached_property
    def elsewhere(self) -> float:
        """The same of a place that is as large, elsewhere."""
        return self._kept(self.found.probes.elsewhere)

    @cached_property
    def surviving(self) -> float:
        """Share of the flips that are left where the twin is disturbed, over the disturbances."""
        probes = self.found.probes
        wanted = ~self.on_target[probes.places]
        same = self.found.on_target(probes.disturbed_twins) == wanted[:, None]
        return mean(same[self.flipped[probes.places]])

    @cached_property
    def steady(self) -> float:
        """Share of the images whose twins flip that stay on their side where they are disturbed."""
        probes = self.found.probes
        wanted = self.on_target[probes.places]
        same = self.found.on_target(probes.disturbed) == wanted[:, None]
        return mean(same[self.flipped[probes.places]])

    @cached_property
    def returned(self) -> float:
        """Share of the flips whose twin's twin is on the side of the image again."""
        back = self.found.on_target(self.found.returned_predictions) == self.on_target
        return mean(back[self.flipped])

    @cached_property
    def returned_difference(self) -> float:
        """Mean absolute difference of the twin's twin to the image."""
        return mean((self.found.returned - self.found.images[: self.found.done]).abs())

    @cached_property
    def changed(self) -> float:
        """Mean absolute difference of the twin to the image."""
        return mean(self.found.changed)

    @cached_property
    def variants(self) -> float:
        """Correlation of the masks of variants."""
        return mean(self.found.probes.variants)

    @cached_property
    def others(self) -> float:
        """Correlation of the masks of different images."""
        values = self.found.probes.others
        return mean(values[~values.isnan()])

    @cached_property
    def randomised(self) -> float:
        """Correlation with the masks of the translator with random weights."""
        return mean(self.found.probes.randomised)

    @cached_property
    def certainty(self) -> float:
        """Mean probability of the predicted class, among the classes of real images."""
        real = self.found.probabilities
        return mean(real.amax(1) / real.sum(1).clamp(min=1e-12))

    @cached_property
    def branch_agreement(self) -> float:
        """Cohen's kappa of the class branch and the classifier: 1 is the same, 0 is chance."""
        if self.found.branch is None or not self.found.done:
            return float("nan")
        branch, on = self.found.branch.argmax(1) == self.found.branch_target, self.on_target
        p, q = mean(branch), mean(on)
        chance = p * q + (1 - p) * (1 - q)
        return (mean(branch == on) - chance) / (1 - chance) if chance < 1 else float("nan")

    @cached_property
    def truth(self) -> Tensor | None:
        """``(m,)`` bool: the side on which each image really is."""
        truth = self.found.truth
        return None if truth is None else truth[: self.found.done] == self.found.target

    @cached_property
    def accuracy(self) -> float:
        """Share of the images on their true side."""
        return float("nan") if self.truth is None else mean(self.on_target == self.truth)

    @cached_property
    def commonest(self) -> float:
        """Share of the larger true side: the accuracy of one who always says the same."""
        if self.truth is None:
            return float("nan")
        share = mean(self.truth)
        return max(share, 1 - share)

    @cached_property
    def doubt(self) -> float:
        """Area under the ROC curve of fakeness for errors."""
        fakeness = self.found.fakeness
        if fakeness is None or self.truth is None:
            return float("nan")
        return auroc(fakeness, self.on_target != self.truth)

    @cached_property
    def errors(self) -> int:
        """Images on the wrong side."""
        return 0 if self.truth is None else int((self.on_target != self.truth).sum())

    @cached_property
    def overlap(self) -> float:
        """IoU with the true masks that are not empty, over all their pixels."""
        return self._iou(self.found.masks)

    @cached_property
    def chance_overlap(self) -> float:
        """The same of the masks moved by half the image."""
        height, width = self.found.images.shape[2:]
        return self._iou(self.found.masks.roll((height // 2, width // 2), (1, 2)))

    def _iou(self, masks: Tensor) -> float:
        true = self.found.true_masks
        if true is None:
            return float("nan")
        true = true[: self.found.done]
        marked = true.flatten(1).any(1)
        if not bool(marked.any()):
            return float("nan")
        curve = segmentation_curve(masks[marked], true[marked])
        return float(curve.iou[curve.place(min(self.found.threshold, 255 / 256))])

    def _kept(self, predictions: Tensor) -> float:
        probed = self.found.probes.places
        other = self.found.on_target(predictions) != self.on_target[probed]
        return mean(other[self.flipped[probed]])


def mean(values: Tensor) -> float:
    """Average bools or numbers; NaN of none."""
    return float(values.double().mean())
