"""The losses of the counterfactual translator: the paper's equations 1 to 6, repaired and as printed.

Each class is an expectation of its own, so that classes count alike however many images a batch has of each;
a class that a batch lacks adds nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from cfwidgets.checks import choice, positive_int

__all__ = [
    "FORMS",
    "adversarial_loss",
    "against_the_rest",
    "applications",
    "class_loss",
    "class_means",
    "discriminator_loss",
]  # fmt: skip

FORMS = ("opposite", "bounded", "printed")
"""Ways in which the generator may be trained: see `adversarial_loss`."""

_LEAST_LOG = -16.0


def class_means(values: Tensor, labels: Tensor, classes: int = 2) -> Tensor:
    """Sum over classes of the mean of the values of each.

    Parameters
    ----------
    values
        ``(N,)``.
    labels
        ``(N,)`` int64.
    classes
        How many.

    Examples
    --------
    >>> class_means(torch.tensor([1.0, 3.0, 10.0]), torch.tensor([0, 0, 1]))
    tensor(12.)
    """
    of_class = F.one_hot(labels, classes).to(values.dtype)
    return (values @ of_class / of_class.sum(0).clamp(min=1)).sum()


def class_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy, each class an expectation of its own (equation 3, and the first part of equation 1).

    Examples
    --------
    >>> float(class_loss(torch.zeros(4, 2), torch.tensor([0, 0, 0, 1])))  # 2 ln 2
    1.3862943649291992
    """
    return class_means(F.cross_entropy(logits, labels, reduction="none"), labels)


def discriminator_loss(real: Tensor, labels: Tensor, painted: Tensor) -> Tensor:
    """Equation 1: real images are of their class, and painted ones are painted.

    Parameters
    ----------
    real
        Logits ``(N, 3)``: class 0, class 1, painted.
    labels
        ``(N,)`` of the real images.
    painted
        Logits ``(M, 3)`` of painted ones.
    """
    return class_loss(real, labels) - painted.log_softmax(1)[:, -1].mean()


def adversarial_loss(
    logits: Sequence[Tensor], labels: Tensor, *, form: str = "opposite", cycle_weight: float = 1.0
) -> Tensor:
    """Equations 2 and 6: how little the discriminator takes twins for real images of the other class.

    Parameters
    ----------
    logits
        The discriminator's ``(N, 3)`` for the generator applied once, twice, and so on.
    labels
        ``(N,)``: of the images that it was first applied to.
    form
        ``"opposite"``: minus the log-probability of the class that the twin is to have, the other class after
        an odd number of applications and the first again after an even one. More of it is less of both
        others, so that looking painted needs no term of its own.

        ``"bounded"``: minus the log of one less the probability of the class that it is to leave, and of
        looking painted.

        ``"printed"``: the log-probabilities of the class of the image and of looking painted, with a sign
        that alternates, each log at least -16. It has no lower bound but that, and after an even number of
        applications it rewards what looks painted.
    cycle_weight
        λc: each further application counts this many times the one before.

    Examples
    --------
    >>> zero, labels = torch.zeros(2, 3), torch.tensor([0, 1])
    >>> round(float(adversarial_loss([zero, zero], labels)), 4)  # 4 ln 3
    4.3944
    >>> float(adversarial_loss([zero, zero], labels, form="printed"))
    0.0
    """
    choice("form", form, FORMS)
    total = logits[0].new_zeros(())
    for place, each in enumerate(logits):
        logs = each.float().log_softmax(1)
        back = place % 2 == 1
        wanted = labels if back else 1 - labels
        if form == "printed":
            bounded = logs.clamp(min=_LEAST_LOG)
            term = class_means(_of(bounded, labels), labels) + bounded[:, -1].mean()
            total = total + (-cycle_weight) ** place * term
        elif form == "bounded":
            term = -class_means(_log_not(_of(logs, 1 - wanted)), labels) - _log_not(logs[:, -1]).mean()
            total = total + cycle_weight**place * term
        else:
            total = total - cycle_weight**place * class_means(_of(logs, wanted), labels)
    return total


def applications(cycles: int) -> int:
    """Count how often the generator is applied: once without cycles, and two times for each, there and back.

    Examples
    --------
    >>> [applications(cycles) for cycles in (0, 1, 2)]
    [1, 2, 4]
    """
    positive_int("cycles", cycles, minimum=0)
    return max(1, 2 * cycles)


def against_the_rest(labels: Tensor, target: int) -> Tensor:
    """Labels of one class against all others: 1 where it is the class.

    With more than two classes, the paper trains a translator for each in this way.

    Examples
    --------
    >>> against_the_rest(torch.tensor([0, 2, 1, 2]), 2)
    tensor([0, 1, 0, 1])
    """
    return (labels == target).long()


def _of(logs: Tensor, classes: Tensor) -> Tensor:
    return logs.gather(1, classes[:, None])[:, 0]


def _log_not(logs: Tensor) -> Tensor:
    """log(1 - p) of log p, also where p is nearly 1."""
    return torch.log1p(-logs.clamp(max=-1e-6).exp())
