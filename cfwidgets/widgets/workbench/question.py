"""The question of a case in words: what the picture is, and why the model takes it for what it does."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Any

from cfwidgets.engines.survey.truth import UNKNOWN
from cfwidgets.models.classifier import Classifier
from cfwidgets.text import cut, quoted

__all__ = ["in_text", "name_of", "question_of"]

_LONGEST = 40  # characters of a label, or of a file's name
_VOWEL = re.compile(r"[aeiou]|8|11(?!\d)|18(?!\d)")  # as they are said: an 8, an 11, an 18


def name_of(data: Any, number: int, path: str) -> str:
    """Name a picture: by its file, or by what the data set's pictures are called and its number.

    Examples
    --------
    >>> name_of([], 7, "photos/cat.jpg"), name_of([], 7, "")
    ('cat.jpg', 'Picture 7')
    """
    if path:
        return cut(PurePath(path).name, _LONGEST)
    return f"{str(getattr(data, 'noun', 'picture')).capitalize()} {number}"


def question_of(clf: Classifier, name: str, truth: int, predicted: int) -> list[dict[str, str]]:
    """Ask why a picture is taken for what it is taken for.

    Parameters
    ----------
    clf
        Names the classes.
    name
        The picture's.
    truth, predicted
        Numbers of its true class, `UNKNOWN` where that is not known, and of the predicted one.

    Returns
    -------
    list of dict
        Parts of the sentence: their ``text``, and their ``role``, "truth", "prediction" or "".

    Examples
    --------
    >>> clf = Classifier(lambda images: images.mean((2, 3)), labels=["cat", "owl", "Male"])
    >>> for truth, predicted in ((0, 1), (1, 1), (UNKNOWN, 0), (2, 0)):
    ...     print(in_text(question_of(clf, "Picture 7", truth, predicted)))
    Picture 7 is a cat. Why owl?
    Picture 7 is an owl, as predicted. What speaks for it?
    Picture 7 is taken for a cat. Why?
    Picture 7 is Male. Why cat?
    """
    says = clf.label(predicted)
    if truth == UNKNOWN:
        return [_said(f"{name} is taken for {_article(says)}"), _said(says, "prediction"), _said(". Why?")]
    label = clf.label(truth)
    begins = [_said(f"{name} is {_article(label)}"), _said(label, "truth")]
    if truth == predicted:
        return [*begins, _said(", as predicted. What speaks for it?")]
    return [*begins, _said(". Why "), _said(says, "prediction"), _said("?")]


def in_text(parts: list[dict[str, str]]) -> str:
    """Join the parts of a sentence."""
    return "".join(part["text"] for part in parts)


def _said(text: str, role: str = "") -> dict[str, str]:
    return {"text": quoted(cut(text, _LONGEST)) if role else text, "role": role}


def _article(label: str) -> str:
    """Give the article of a label that is a noun, as far as its letters tell."""
    noun = label[:1].isdigit() or (label.islower() and quoted(label) == label)
    if not noun or label.startswith("class "):
        return ""
    return "an " if _VOWEL.match(label) else "a "
