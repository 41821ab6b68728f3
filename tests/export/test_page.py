"""Assemble and write pages: their text, their policy, paths that cannot be written."""

from __future__ import annotations

import base64
import errno
import hashlib
import json
import os
import re
from pathlib import Path

import pytest

from cfwidgets.export.beside import Beside
from cfwidgets.export.foreign import FrontEnd
from cfwidgets.export.page import Page
from cfwidgets.export.words import about_table, escaped
from cfwidgets.export.writing import checked_path, write

HOSTILE = "</script><script>alert(1)</script><!-- <img src=x onerror=alert(1)>"


def page(**settings) -> str:
    given = {
        "title": "A page",
        "lead": "",
        "about": (),
        "state": {"state": {}},
        "texts": [],
        "views": (),
        "front_ends": (),
    }
    return Page(**given | settings).html().decode()


def test_what_is_not_ours_stays_within_its_place():
    text = page(title=HOSTILE, lead=HOSTILE, about=((HOSTILE, (HOSTILE,)),), state={"label": HOSTILE})
    assert HOSTILE not in text
    assert "<img" not in text
    (state,) = re.findall(r'<script type="application/json" id="page-state">(.*?)</script>', text, re.DOTALL)
    assert json.loads(state)["state"]["label"] == HOSTILE


def test_surrogates_are_replaced():
    assert escaped("caf\udce9") == "caf�"


def test_an_empty_row_is_left_out():
    assert about_table([("a", ("",)), ("b", ("c", ""))]) == "<dl><dt>b</dt><dd><p>c</p></dd></dl>"


def test_the_policy_lets_nothing_in_or_out_and_a_still_page_has_no_network():
    still = page()
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="(.*?)"', still)
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    for word in ("connect-src", "'unsafe-eval'", "wasm", "worker-src", "http:", "https:", "*"):
        assert word not in policy
    assert 'data-of="page-runtime"' not in still
    live = page(models={"page-network-0": b"network"})
    assert "'wasm-unsafe-eval'" in live
    assert "worker-src blob:" in live
    assert 'data-of="page-runtime"' in live
    assert 'data-of="page-network-0" data-bytes="7"' in live


def test_a_page_with_the_runtime_beside_it_lets_that_very_file_in_and_files_on_disk():
    file = Beside("cfwidgets-runtime-1.js", "cfwidgetsBeside={}")
    text = page(models={"page-network-0": b"network"}, beside=file)
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="(.*?)"', text)
    assert f"'{_sum('cfwidgetsBeside={}')}' file:;" in policy
    for word in ("connect-src", "'self'", "'unsafe-eval'", "http:", "https:", "*"):
        assert word not in policy
    assert 'data-of="page-runtime"' not in text
    (state,) = re.findall(r'id="page-state">(.*?)</script>', text, re.DOTALL)
    assert json.loads(state)["beside"] == {"name": file.name, "sum": file.sum}


def test_the_first_script_has_the_policys_sum_and_knows_those_of_the_others():
    odd = FrontEnd("odd", "1", f'define([], () => "{HOSTILE} caf\u00e9")', "")
    text = page(front_ends=(odd,))
    begin = text[text.rindex("<script>") + len("<script>") : text.rindex("</script>")]
    assert f"'{_sum(begin)}'" in text
    sums = json.loads(re.match(r"cfwidgetsSums=(\{.*?\});", begin)[1])
    assert list(sums) == ["page-jquery", "page-script", "page-front-odd"]
    for name, wanted in sums.items():
        start = text.index(f'id="{name}">') + len(f'id="{name}">')
        assert _sum(text[start : text.index("</script>", start)]) == wanted


def _sum(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def test_licences_travel_with_what_they_are_of():
    text = page()
    for package in ("@jupyter-widgets/base", "@lumino/widgets", "jquery", "onnxruntime-web"):
        assert f"{package} " in text
    assert "Permission is hereby granted" in text
    assert "Redistribution and use" in text


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ("", IsADirectoryError, "it is a folder"),
        ("page.txt", ValueError, r"must end in \.html"),
        ("gone/page.html", FileNotFoundError, "no such folder"),
    ],
)
def test_a_path_that_cannot_be_written_is_refused(tmp_path: Path, given: str, error: type, words: str):
    with pytest.raises(error, match=words):
        checked_path(tmp_path / given)


def test_a_full_disk_is_told_and_leaves_the_page_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "page.html"
    path.write_text("before")

    def full(*_args: object) -> int:
        raise OSError(errno.ENOSPC, "no space", "a scratch file")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match=re.escape(str(path))) as caught:
        write(path, b"after")
    assert caught.value.errno == errno.ENOSPC
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_page_is_replaced_and_may_be_read_by_others(tmp_path: Path):
    path = tmp_path / "page.html"
    path.write_text("before")
    write(path, b"after")
    assert path.read_text() == "after"
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask()


def umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
