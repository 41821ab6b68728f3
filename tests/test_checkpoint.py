"""A result that is written now and then."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from cfwidgets.checkpoint import Checkpoint
from cfwidgets.results import Result, ResultError


@dataclass(frozen=True)
class Count(Result):
    n: int


def test_it_is_written_when_it_is_time(tmp_path):
    path = tmp_path / "count"
    seldom = Checkpoint(Count, path, every=3600)
    assert seldom.load() is None
    seldom.offer(Count(1))
    assert not path.exists()
    seldom.save(Count(2))
    assert seldom.load() == Checkpoint(Count, str(path)).load() == Count(2)
    seldom.offer(Count(3))
    assert seldom.load() == Count(2)
    Checkpoint(Count, path, every=0).offer(Count(4))
    assert seldom.load() == Count(4)
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_no_checkpoint(tmp_path):
    with pytest.raises(ValueError, match=r"there is no folder .*missing"):
        Checkpoint(Count, tmp_path / "missing" / "count")
    (tmp_path / "other").write_text("something else")
    with pytest.raises(ResultError, match="not a saved result") as caught:
        Checkpoint(Count, tmp_path / "other").load()
    assert "remove the file to start from the beginning" in caught.value.__notes__[0]
