"""The picture of a case that may have been kept: as it is now, or else as it was then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cfwidgets.widgets.workbench.pictures import Picture, PictureError

if TYPE_CHECKING:
    from cfwidgets.models.classifier import Classifier
    from cfwidgets.widgets.workbench.kept import Kept
    from cfwidgets.widgets.workbench.pictures import Pictures

__all__ = ["picture_of"]

_CHANGED = "{} has changed since the case was kept: what is shown was found on the earlier one."
_GONE = "{}: what is shown is what was kept."


def picture_of(
    pictures: Pictures, number: int, kept: Kept | None, clf: Classifier
) -> tuple[Picture, PictureError | None]:
    """Read a picture; where it is gone or another one now, return it as it was kept.

    Parameters
    ----------
    pictures, number
        The data set, and the number of the picture in it.
    kept
        The case as it was kept; None where it was not.
    clf
        The classifier, which shows a kept picture as it sees it.

    Returns
    -------
    Picture
        The picture.
    PictureError or None
        Why it is the kept one.

    Raises
    ------
    PictureError
        It cannot be read, or the model fails on it, and it was not kept.
    """
    try:
        picture = pictures.read(number)
    except PictureError as error:
        if kept is None:
            raise
        return _as_kept(kept, clf), PictureError(_GONE.format(error))
    if kept is not None and picture.mark != kept.case.picture:
        return _as_kept(kept, clf), PictureError(_CHANGED.format(f"picture {number}"))
    return picture, None


def _as_kept(kept: Kept, clf: Classifier) -> Picture:
    images = [getattr(found, "image", None) for found in kept.results.values()]
    seen = next((clf.view(image).cpu() for image in images if image is not None), None)
    case = kept.case
    return Picture(case.number, case.path, None, seen, case.truth, case.row)
