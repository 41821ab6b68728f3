"""A model without a finite answer at times: what every explainer makes of it."""

from __future__ import annotations

import pytest
import small
import torch

import cfwidgets as cf


class Gaps(small.Small):
    """Gives NaN for pictures whose first pixel is darker in red than ``limit``."""

    limit = float("-inf")

    def forward(self, images):
        rows = super().forward(images)
        with torch._C.DisableTorchFunction():  # unseen by rules of relevance
            rows.data[images.data[:, 0, 0, 0] < self.limit] = torch.nan
        return rows


def clf_with(limit):
    module = Gaps()
    module.limit = limit
    return cf.Classifier(module, labels=small.LABELS, device="cpu")


def ended(explainer, clf):
    given = explainer.given(small.classifier(), 0)
    return list(explainer.engine.steps(clf, *given, **explainer.keywords))[-1].partial


@pytest.fixture
def limit(explainer):
    """Between the values that the explainer comes across."""
    seen = []

    class Watched(small.Small):
        def forward(self, images):
            seen.extend(images[:, 0, 0, 0].tolist())
            return super().forward(images)

    clf = cf.Classifier(Watched(), labels=small.LABELS, device="cpu")
    list(explainer.engine.steps(clf, *explainer.given(small.classifier(), 0), **explainer.keywords))
    own = seen[0]  # of the image itself, or of the first
    darker = sorted(value for value in seen if value < own - 1e-3)
    return (own + darker[len(darker) // 2]) / 2


COUNTED = {"superpixels", "lime", "transitions", "facex", "pareto", "relevance", "survey"}


@pytest.mark.costly
def test_a_model_that_has_no_answer_at_times(explainer, limit, tmp_path):
    clf = clf_with(limit)
    if explainer.name not in COUNTED:  # said, then: translations have a place for each image
        with pytest.raises(cf.ClassifierError, match="NaN or infinite"):
            ended(explainer, clf)
        return
    result = ended(explainer, clf)
    assert getattr(result, "invalid", 0) or result.skipped
    if explainer.name not in {"facex", "survey"}:  # they name the pictures
        row = result.trust().set_index("measure").loc["predictions not finite"]
        assert 0 < row["value"] < 1
        assert row["ok"] is False
    assert result.summary()
    assert result.to_frame() is not None
    result.plot()
    result.save(tmp_path / "result")
    assert type(result).load(tmp_path / "result").summary() == result.summary()


def test_a_model_that_never_has_an_answer_is_refused_at_once(explainer):
    clf = clf_with(float("inf"))
    with pytest.raises(cf.ClassifierError, match="NaN or infinite"):
        ended(explainer, clf)
