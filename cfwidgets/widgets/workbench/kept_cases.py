"""The cases that a workbench has kept, and the file that they are saved to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cfwidgets.checkpoint import checkpoint_path
from cfwidgets.widgets.workbench import archive
from cfwidgets.widgets.workbench.kept import table
from cfwidgets.widgets.workbench.matching import require_match, what_of

if TYPE_CHECKING:
    import pandas as pd

    from cfwidgets.engines.survey.result import SurveyResult
    from cfwidgets.models.classifier import Classifier
    from cfwidgets.widgets.workbench.kept import Kept
    from cfwidgets.widgets.workbench.pictures import Pictures

__all__ = ["KeptCases"]


class KeptCases:
    """The kept cases of a workbench.

    Parameters
    ----------
    clf, pictures
        The classifier and the data set that they are of.
    path
        The file that they are saved to as they are kept; None for none.

    Attributes
    ----------
    cases
        By the numbers of their pictures, in the order in which they were kept.
    """

    def __init__(self, clf: Classifier, pictures: Pictures, path: str | Path | None) -> None:
        self._clf, self._pictures = clf, pictures
        self.path = None if path is None else checkpoint_path(path)
        self.cases: dict[int, Kept] = {}

    def read(self) -> tuple[SurveyResult | None, Mapping[str, Any]]:
        """Read the cases of the file, if it is there.

        Returns
        -------
        SurveyResult or None
            The survey that was saved with them.
        Mapping
            The filters of its gallery.

        Raises
        ------
        ResultError
            The file is none of a workbench, or of another model or data set.
        """
        if self.path is None or not self.path.exists():
            return None, {}
        earlier = archive.read(self.path)
        require_match(self.path, earlier.of, earlier.cases, self._clf, self._pictures)
        self.cases = {one.case.number: one for one in earlier.cases}
        return earlier.survey, earlier.filters

    def put(self, kept: Kept) -> None:
        """Keep a case as the newest; an earlier one of the same picture is replaced."""
        self.cases.pop(kept.case.number, None)
        self.cases[kept.case.number] = kept

    def table(self) -> pd.DataFrame:
        """Return one row a case: see `cfwidgets.widgets.workbench.kept.table`."""
        return table(list(self.cases.values()), self._clf)

    def rows(self) -> list[dict[str, Any]]:
        """Return the table as the page shows it."""
        return [
            {
                "number": int(row["index"]),
                "question": row["question"],
                "note": row["note"],
                "explainers": row["explainers"],
                "at": row["kept at"].isoformat(),
            }
            for _, row in self.table().iterrows()
        ]

    def write(self, path: str | Path, survey: SurveyResult | None, filters: Mapping[str, Any]) -> None:
        """Write all cases, with the survey and the filters of its gallery, to one file.

        Raises
        ------
        OSError
            The disk is full, the folder is not there, or the like.
        """
        of = what_of(self._clf, self._pictures)
        archive.write(Path(path), archive.Archive(of, tuple(self.cases.values()), survey, filters))
