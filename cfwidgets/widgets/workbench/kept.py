"""Cases that were kept: what was asked, what was clicked, what was found, and a note."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

import pandas as pd
import torch
from torch import Tensor

from cfwidgets.checks import choice
from cfwidgets.engines.base import ExplainerResult
from cfwidgets.engines.survey.truth import UNKNOWN
from cfwidgets.evaluation.hiding import FILLS
from cfwidgets.models.classifier import Classifier
from cfwidgets.regions import checked
from cfwidgets.schema import check

__all__ = ["COLUMNS", "Case", "Kept", "table"]

COLUMNS = ("index", "path", "truth", "prediction", "question", "note", "explainers", "kept at")
"""The columns of the table of cases."""


@dataclass(frozen=True)
class Case:
    """A kept case without its results: plain values, as a file holds them.

    Attributes
    ----------
    number, path
        The picture's number in the data set, and its file; empty where that is not known.
    picture
        The fingerprint of what the model saw; empty where the picture was gone.
    truth
        The number of its true class; -1 where that is not known.
    probabilities
        The model's answer to it: the probability of each of the C classes.
    question, note
        In words; the note is the user's.
    kept_at
        When it was kept: an ISO date and time with its zone.
    tab, region, fill
        The open tab; the region that was hidden, rings ``[x0, y0, …]``; and what stood there instead.
    clicked
        What was clicked in the explorers, by their names: values by the names of traits.
    """

    schema: ClassVar[dict[str, str]] = {"number": "0 inf", "truth": "-1 inf"}

    number: int
    path: str
    picture: str
    truth: int
    probabilities: tuple[float, ...]
    question: str
    note: str
    kept_at: str
    tab: str
    region: list[list[float]]
    fill: str
    clicked: dict[str, dict[str, Any]]

    @classmethod
    def read(cls, given: Any) -> Case:
        """Read it from JSON.

        Raises
        ------
        ValueError
            A field is missing, one too many, or holds something else.
        """
        if not isinstance(given, dict) or given.keys() != cls.__annotations__.keys() - {"schema"}:
            raise ValueError("a case lacks a field, or has one that is not known")
        if isinstance(given["probabilities"], list):
            given = {**given, "probabilities": tuple(given["probabilities"])}
        case = cls(**given)
        check(case, cls)
        classes = len(case.probabilities)
        if classes < 1 or case.truth >= classes:
            raise ValueError(f"truth is class {case.truth}, of {classes}")
        if not all(0 <= value <= 1 for value in case.probabilities):
            raise ValueError("probabilities are from 0 to 1")
        choice("fill", case.fill, FILLS)
        checked(case.region)
        datetime.fromisoformat(case.kept_at)
        return case

    @property
    def row(self) -> Tensor:
        """``(C,)``: the model's answer."""
        return torch.tensor(self.probabilities)


Found = ExplainerResult | tuple[ExplainerResult, ...]


@dataclass(frozen=True)
class Kept:
    """A kept case: what it is, and the results of its explainers by their names."""

    case: Case
    results: dict[str, Found] = field(default_factory=dict)


def table(kept: list[Kept], clf: Classifier) -> pd.DataFrame:
    """Return one row a kept case, with the columns of `COLUMNS`."""
    rows = []
    for one in kept:
        case = one.case
        truth = None if case.truth == UNKNOWN else clf.label(case.truth)
        predicted = clf.label(int(case.row.argmax()))
        when = pd.Timestamp(case.kept_at)
        found = ", ".join(one.results)
        rows.append((case.number, case.path, truth, predicted, case.question, case.note, found, when))
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"index": int})
