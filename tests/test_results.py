"""Results: saved and read again, without pickle."""

from __future__ import annotations

import resource
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file

from cfwidgets.results import FORMAT, Result, ResultError


@dataclass(frozen=True)
class Part:
    values: torch.Tensor
    name: str


@dataclass(frozen=True)
class Answer(Result):
    parts = (Part,)

    mask: torch.Tensor
    items: tuple[Part, ...]
    plain: Any
    missing: float | None = None


@dataclass(frozen=True)
class Other(Result):
    mask: torch.Tensor


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(plain=plain)
def test_what_is_saved_is_what_is_read(tmp_path_factory, plain):
    path = tmp_path_factory.mktemp("result") / "answer.safetensors"
    base = torch.arange(6).reshape(2, 3)
    answer = Answer(torch.tensor([True, False]), (Part(base.T, "a/b"), Part(base[:0], "")), plain)
    answer.save(path)
    read = Answer.load(path)
    assert read.plain == plain
    assert type(read.plain) is type(plain)
    assert torch.equal(read.mask, answer.mask)
    assert read.mask.dtype == torch.bool
    assert [part.name for part in read.items] == ["a/b", ""]
    assert torch.equal(read.items[0].values, base.T)
    assert read.items[1].values.shape == (0, 3)
    assert read.missing is None


def test_a_failed_save_leaves_the_old_file(tmp_path):
    path = tmp_path / "answer.safetensors"
    Answer(torch.zeros(1), (), "old").save(path)
    with pytest.raises(TypeError, match=r"/plain: a object cannot be saved"):
        Answer(torch.zeros(1), (), object()).save(path)
    assert Answer.load(path).plain == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.fixture
def disk_that_is_full():
    """No file may have more than 16 MiB: as on a full disk, a part of a file is written, then no more."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 24, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_leaves_the_old_file_and_names_it(tmp_path, disk_that_is_full):
    path = tmp_path / "answer.safetensors"
    Other(torch.zeros(1)).save(path)
    with pytest.raises(OSError, match="too large") as caught:
        Other(torch.zeros(6_000_000)).save(path)
    assert caught.value.filename == str(path)
    assert ".part" not in str(caught.value)
    assert torch.equal(Other.load(path).mask, torch.zeros(1))
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_gone_is_told_with_the_file_that_was_given(tmp_path):
    path = tmp_path / "gone" / "answer.safetensors"
    with pytest.raises(FileNotFoundError, match=r"gone/answer\.safetensors'$"):
        Other(torch.zeros(1)).save(path)


def test_refuses_what_is_not_its_own(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"\x80\x04rubbish")
    with pytest.raises(ResultError, match=r"is not a saved result, or is damaged"):
        Answer.load(path)
    save_file({"x": torch.zeros(1)}, path)
    with pytest.raises(ResultError, match="not one that cfwidgets wrote"):
        Answer.load(path)
    Other(torch.zeros(1)).save(path)
    with pytest.raises(ResultError, match=r"holds a Other, which Other\.load reads; Answer\.load does not"):
        Answer.load(path)
    with pytest.raises(FileNotFoundError):
        Answer.load(tmp_path / "none")


def test_refuses_a_newer_format_and_a_cut_file(tmp_path, monkeypatch):
    path = tmp_path / "file"
    monkeypatch.setattr("cfwidgets.results.FORMAT", FORMAT + 1)
    Other(torch.zeros(1)).save(path)
    monkeypatch.undo()
    with pytest.raises(
        ResultError, match=f"has format {FORMAT + 1}; this version of cfwidgets reads {FORMAT}"
    ):
        Other.load(path)
    Other(torch.zeros(64)).save(path)
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(ResultError, match="damaged"):
        Other.load(path)
