"""Files that are replaced at once, and what killed writers leave behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from cfwidgets.models.backends import cache
from cfwidgets.scratch import clear, replacing


def aged(path, seconds=3600):
    os.utime(path, (time.time() - seconds,) * 2)
    return path


WRITES = """
import sys, time
from pathlib import Path
from cfwidgets.scratch import replacing
with replacing(Path(sys.argv[1])) as scratch:
    scratch.write_text("half")
    print("written", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def writer(tmp_path):
    """Another process that writes a file, and does not end."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITES, str(tmp_path / "run.safetensors")], stdout=subprocess.PIPE
    )
    assert process.stdout.readline() == b"written\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_killed_writer_s_file_is_cleared_once_it_is_old(tmp_path, writer):
    path = tmp_path / "run.safetensors"
    (scratch,) = tmp_path.iterdir()
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    with replacing(path) as new:
        new.write_text("whole")
    assert set(tmp_path.iterdir()) == {path, scratch}  # it may be somebody's who has just begun
    aged(scratch)
    with replacing(path) as new:
        new.write_text("whole again")
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_text() == "whole again"


@pytest.mark.skipif(os.name == "nt", reason="without locks a file's age alone tells")
def test_a_file_in_use_is_left_alone_however_old(tmp_path, writer):
    (scratch,) = tmp_path.iterdir()
    aged(scratch)
    clear(tmp_path)
    assert list(tmp_path.iterdir()) == [scratch]
    writer.kill()
    writer.wait()
    clear(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_no_other_file_is_cleared(tmp_path):
    kept = {
        aged(path)
        for name in (
            "run",
            "run.part",
            "run-2024.part",
            "other12345678.part",
            "runABCDEFGH.part",
            "run12345678",
        )
        if (path := tmp_path / name).write_text(name)
    }
    left = tmp_path / "runabcd_123.part"
    left.write_text("left")
    aged(left)
    with replacing(tmp_path / "run") as scratch:
        scratch.write_text("new")
    assert set(tmp_path.iterdir()) == kept


def test_a_failure_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "run"
    path.write_text("old")

    def fail():
        with replacing(path) as scratch:
            scratch.write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_cache_of_exported_networks_is_cleared_when_it_is_used(tmp_path, monkeypatch):
    monkeypatch.setenv("CFWIDGETS_CACHE", str(tmp_path))
    cache.write("key", b"network")
    left = cache.folder() / "another-0123.onnxabcdefgh.part"
    left.write_bytes(b"half a network")
    aged(left)
    assert cache.read("key") == b"network"
    assert not left.exists()
