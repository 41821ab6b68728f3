"""The models that tell the classes: classifier, class branch and second classifier, to ask and to attack."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from cfwidgets.attribution.network import network_of
from cfwidgets.engines.translation.given import second_columns
from cfwidgets.models.classifier import ClassifierError
from cfwidgets.models.guard import untouched

if TYPE_CHECKING:
    from cfwidgets.engines.translation.translations import Translations
    from cfwidgets.models.classifier import Classifier
    from cfwidgets.models.translator import Translator

__all__ = ["Judge", "judges_of"]

Attack = Callable[[Callable[[Tensor], Tensor], Tensor, Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class Judge:
    """A model that tells the classes.

    Parameters
    ----------
    name
        ``"classifier"``, ``"class branch"`` or ``"second"``.
    predict
        Gives probabilities ``(n, K)`` of the classes of real images.
    target
        The column of the target.
    columns
        The columns of these classes in its logits.
    module, logits
        Its network, and the function from images to differentiable logits; None for a black box.
    device
        Where the network is.
    """

    name: str
    predict: Callable[[Tensor], Tensor]
    target: int
    columns: list[int]
    module: nn.Module | None
    logits: Callable[[Tensor], Tensor] | None
    device: torch.device

    def attacked(self, images: Tensor, to_target: Tensor, attack: Attack) -> Tensor:
        """Lead images to the target or, where ``to_target`` is not set, to the likeliest other class.

        Raises
        ------
        ClassifierError
            A black box, whose gradient is not known.
        """
        if self.logits is None or self.module is None:
            raise ClassifierError(
                f"an attack follows the gradient, and the {self.name} is a black box: only noise can be added"
            )
        others = self.predict(images)
        others[:, self.target] = -1
        goals = torch.where(to_target, self.target, others.argmax(1))
        goals = torch.tensor(self.columns)[goals]
        with untouched(self.module):
            return attack(self.logits, images.to(self.device), goals.to(self.device)).cpu()


def judges_of(
    clf: Classifier, translator: Translator, second: Classifier | None, found: Translations
) -> list[Judge]:
    """Make those that there are, the classifier first."""
    judges = [_of_classifier("classifier", clf, found.real, found.real_target)]
    if found.branch is not None:
        module = translator.require_module() if translator.has_module else None
        judges.append(
            Judge(
                name="class branch",
                predict=partial(_branch, translator),
                target=found.branch_target,
                columns=list(range(found.branch.shape[1])),
                module=module,
                logits=None if module is None else lambda images: module(images)[1],
                device=translator.device,
            )
        )
    if second is not None:
        classes = second.probabilities(found.images[:1]).shape[1]
        columns = second_columns(second, found.labels, found.painted, classes)
        judges.append(_of_classifier("second", second, columns, found.real_target))
    return judges


def _of_classifier(name: str, clf: Classifier, columns: list[int], target: int) -> Judge:
    network = network_of(clf, "pgd") if clf.has_module else None

    def logits(images: Tensor) -> Tensor:
        assert network is not None  # noqa: S101 - see below
        rows = network.logits(images)
        return torch.cat([torch.zeros_like(rows), rows], 1) if rows.shape[1] == 1 else rows

    return Judge(
        name=name,
        predict=lambda images: clf.probabilities(images)[:, columns],
        target=target,
        columns=columns,
        module=None if network is None else network.module,
        logits=None if network is None else logits,
        device=clf.device,
    )


def _branch(translator: Translator, images: Tensor) -> Tensor:
    logits = translator.translate(images).logits
    assert logits is not None  # noqa: S101 - a translator has a branch for all images or for none
    return logits.softmax(1)
