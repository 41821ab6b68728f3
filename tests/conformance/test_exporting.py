"""What every explorer promises that becomes a page: see `cfwidgets.widgets.explorer.Explorer.export`."""

from __future__ import annotations

import inspect


def test_it_is_exported_as_one_file_or_with_the_runtime_beside_it(explainer, clf, result, tmp_path, closed):
    assert inspect.signature(explainer.explorer.export) == inspect.signature(explainer.view.export)
    explorer = explainer.explorer(
        clf, *explainer.given(clf, 0)[: explainer.data], result=result, engine=explainer.engine
    )
    closed.append(explorer)
    one = explorer.export(tmp_path / "page.html")
    assert (one.beside, list(tmp_path.iterdir())) == (None, [one.path])
    two = explorer.export(one.path, runtime="beside")
    assert two.live == one.live == (two.beside is not None)
    assert set(tmp_path.iterdir()) == {two.path, two.beside} - {None}
    assert not two.live or two.bytes < one.bytes - 4_000_000
