"""Every test of this folder holds for every explainer of the list."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import small
from explainers import EXPLAINERS, Explainer

import cfwidgets as cf
from cfwidgets.widgets.opening import EXPLORERS


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every explainer; of the tests of views, those that have one; of what is written, those that can be.

    Those of the package all can: `test_every_explorer_can_be_saved`.
    """
    # Not by a fixture of the same name in that module: what depends on the one of the package would be stale.
    chosen = {mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")}
    if "explainer" in metafunc.fixturenames and "explainer" not in chosen:
        of = metafunc.definition.path.stem
        some = [
            one
            for one in EXPLAINERS
            if (of != "test_views" or one.view is not None)
            and (of not in ("test_charts", "test_exporting", "test_saving") or one.explorer in EXPLORERS)
        ]
        metafunc.parametrize("explainer", some, indirect=True, ids=lambda one: one.name, scope="package")


@pytest.fixture(scope="package")
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
