"""Every test of this folder holds for every explainer of the list."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import small
from explainers import EXPLAINERS, Explainer

import cfwidgets as cf


@pytest.fixture(params=EXPLAINERS, ids=lambda explainer: explainer.name, scope="package")
def explainer(request: pytest.FixtureRequest) -> Explainer:
    return request.param


@pytest.fixture(scope="package")
def clf() -> cf.Classifier:
    return small.classifier()


@pytest.fixture(scope="package")
def updates(explainer: Explainer, clf: cf.Classifier) -> list:
    return list(explainer.engine.steps(clf, *explainer.given(clf, 0), **explainer.keywords))


@pytest.fixture(scope="package")
def result(updates: list):
    return updates[-1].partial


@pytest.fixture
def closed() -> Iterator[list]:
    """Widgets to close at the end, also of a test that fails."""
    widgets: list = []
    yield widgets
    for widget in widgets:
        widget.close()
